"""Figures that stay honest when a class is rare: numpy functions and Keras metrics."""

import importlib
from typing import Any

from steelyard.metrics.calibration import calibration_error, observed_expected
from steelyard.metrics.costs import expected_cost, net_benefit, normalized_cost
from steelyard.metrics.proper import brier_score, brier_skill, log_loss
from steelyard.metrics.ranking import (
    average_precision,
    precision_at_recall,
    recall_at_precision,
    roc_auc,
)
from steelyard.metrics.table import per_class_table
from steelyard.metrics.thresholded import (
    balanced_accuracy,
    f1,
    fbeta,
    gmean,
    mcc,
    precision,
    recall,
)

# Keras metric -> module. Loaded on first use: the numpy functions need no TensorFlow.
_HOME = {
    "AveragePrecision": "keras_ranking",
    "BalancedAccuracy": "keras_decisions",
    "BrierSkill": "keras_probabilities",
    "CalibrationError": "keras_probabilities",
    "ConfusionMatrix": "keras_confusion",
    "ExpectedCost": "keras_costs",
    "F1": "keras_rates",
    "FBeta": "keras_rates",
    "GMean": "keras_decisions",
    "IoU": "keras_rates",
    "LogLoss": "keras_probabilities",
    "MCC": "keras_decisions",
    "NormalizedCost": "keras_costs",
    "ObservedExpected": "keras_probabilities",
    "Precision": "keras_rates",
    "PrecisionAtRecall": "keras_ranking",
    "ROCAUC": "keras_ranking",
    "Recall": "keras_rates",
    "RecallAtPrecision": "keras_ranking",
    "Specificity": "keras_rates",
}

__all__ = [  # noqa: PLE0604 - names, not objects
    *_HOME,
    "average_precision",
    "balanced_accuracy",
    "brier_score",
    "brier_skill",
    "calibration_error",
    "expected_cost",
    "f1",
    "fbeta",
    "gmean",
    "log_loss",
    "mcc",
    "net_benefit",
    "normalized_cost",
    "observed_expected",
    "per_class_table",
    "precision",
    "precision_at_recall",
    "recall",
    "recall_at_precision",
    "roc_auc",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"steelyard.metrics.{_HOME[name]}"), name)
    raise AttributeError(f"module 'steelyard.metrics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
