"""Losses for uneven classes: a formula as a plain function, a thin Keras class around it."""

from steelyard.losses.asymmetric import Asymmetric
from steelyard.losses.auc import AUCMargin, PairwiseSquaredHinge
from steelyard.losses.class_balanced import ClassBalanced
from steelyard.losses.equalization import Equalization
from steelyard.losses.focal import SparseFocal
from steelyard.losses.gaussian_clouded import GaussianClouded
from steelyard.losses.label_aware import LabelAwareSmoothing
from steelyard.losses.ldam import LDAM
from steelyard.losses.logit_adjusted import BalancedSoftmax, LogitAdjusted, posthoc_adjust
from steelyard.losses.region import Dice, FocalTversky, Tversky
from steelyard.losses.reweighted import Reweighted
from steelyard.losses.seesaw import Seesaw
from steelyard.losses.vector_scaling import ClassDependentTemperature, VectorScaling

__all__ = [
    "LDAM",
    "AUCMargin",
    "Asymmetric",
    "BalancedSoftmax",
    "ClassBalanced",
    "ClassDependentTemperature",
    "Dice",
    "Equalization",
    "FocalTversky",
    "GaussianClouded",
    "LabelAwareSmoothing",
    "LogitAdjusted",
    "PairwiseSquaredHinge",
    "Reweighted",
    "Seesaw",
    "SparseFocal",
    "Tversky",
    "VectorScaling",
    "posthoc_adjust",
]
