"""Rebalance a table before training: imbalanced-learn's samplers, on any table, made faster."""

from steelyard.resample.cleaning_rule import NeighbourhoodCleaningRule
from steelyard.resample.combine import SMOTEENN, SMOTETomek
from steelyard.resample.condensed import CondensedNearestNeighbour, OneSidedSelection
from steelyard.resample.enn import AllKNN, EditedNearestNeighbours, RepeatedEditedNearestNeighbours
from steelyard.resample.hardness import InstanceHardnessThreshold
from steelyard.resample.nearmiss import NearMiss
from steelyard.resample.random import RandomOverSampler, RandomUnderSampler
from steelyard.resample.reexported import SMOTEN, SVMSMOTE, ClusterCentroids, KMeansSMOTE
from steelyard.resample.smote import ADASYN, SMOTE, BorderlineSMOTE
from steelyard.resample.smotenc import SMOTENC
from steelyard.resample.tomek import TomekLinks

__all__ = [
    "ADASYN",
    "SMOTE",
    "SMOTEENN",
    "SMOTEN",
    "SMOTENC",
    "SVMSMOTE",
    "AllKNN",
    "BorderlineSMOTE",
    "ClusterCentroids",
    "CondensedNearestNeighbour",
    "EditedNearestNeighbours",
    "InstanceHardnessThreshold",
    "KMeansSMOTE",
    "NearMiss",
    "NeighbourhoodCleaningRule",
    "OneSidedSelection",
    "RandomOverSampler",
    "RandomUnderSampler",
    "RepeatedEditedNearestNeighbours",
    "SMOTETomek",
    "TomekLinks",
]
