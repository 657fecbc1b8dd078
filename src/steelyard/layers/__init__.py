"""Layers that let a true probability and a decision travel inside the saved model."""

from steelyard.layers.bias import PriorBias, prior_bias
from steelyard.layers.calibration import Calibration, TemperatureScaling
from steelyard.layers.decision import Decision
from steelyard.layers.normalized import NormalizedDense
from steelyard.layers.prior import PriorCorrection
from steelyard.layers.row_decision import DecisionByRow
from steelyard.layers.three_way_decision import ThreeWayDecision
from steelyard.layers.trees import TreeEnsemble

__all__ = [
    "Calibration",
    "Decision",
    "DecisionByRow",
    "NormalizedDense",
    "PriorBias",
    "PriorCorrection",
    "TemperatureScaling",
    "ThreeWayDecision",
    "TreeEnsemble",
    "prior_bias",
]
