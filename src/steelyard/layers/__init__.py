"""Layers that let a true probability and a decision travel inside the saved model."""

from steelyard.layers.bias import PriorBias, prior_bias
from steelyard.layers.calibration import Calibration, TemperatureScaling
from steelyard.layers.decision import Decision
from steelyard.layers.normalized import NormalizedDense
from steelyard.layers.prior import PriorCorrection
from steelyard.layers.trees import TreeEnsemble

__all__ = [
    "Calibration",
    "Decision",
    "NormalizedDense",
    "PriorBias",
    "PriorCorrection",
    "TemperatureScaling",
    "TreeEnsemble",
    "prior_bias",
]
