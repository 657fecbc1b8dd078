"""Rebalance a table before training: imbalanced-learn's samplers, on any table, made faster."""

import importlib
from typing import Any

# Name -> module, loaded on first use: rows are drawn and moved about without imbalanced-learn.
_HOME = {
    "ADASYN": "smote",
    "SMOTE": "smote",
    "SMOTEENN": "combine",
    "SMOTEN": "reexported",
    "SMOTENC": "smotenc",
    "SVMSMOTE": "reexported",
    "AllKNN": "enn",
    "BorderlineSMOTE": "smote",
    "ClusterCentroids": "reexported",
    "CondensedNearestNeighbour": "condensed",
    "EditedNearestNeighbours": "enn",
    "InstanceHardnessThreshold": "hardness",
    "KMeansSMOTE": "reexported",
    "NearMiss": "nearmiss",
    "NeighbourhoodCleaningRule": "cleaning_rule",
    "OneSidedSelection": "condensed",
    "RandomOverSampler": "random",
    "RandomUnderSampler": "random",
    "RepeatedEditedNearestNeighbours": "enn",
    "SMOTETomek": "combine",
    "TomekLinks": "tomek",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"steelyard.resample.{_HOME[name]}"), name)
    raise AttributeError(f"module 'steelyard.resample' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
