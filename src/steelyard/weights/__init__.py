"""Class weights: rules over counts, and a front end that lets nothing pass silently."""

from typing import Any

from steelyard.weights.counts import class_shares, log_prior
from steelyard.weights.fit import fit_arguments
from steelyard.weights.labels import label_weights, positive_weight
from steelyard.weights.rules import from_counts
from steelyard.weights.table import ClassWeights, class_weight

__all__ = [
    "ClassWeights",
    "class_shares",
    "class_weight",
    "fit_arguments",
    "from_counts",
    "label_weights",
    "log_prior",
    "positive_weight",
    "weighted",
]


def __getattr__(name: str) -> Any:
    if name == "weighted":  # the one name that needs TensorFlow
        from steelyard.weights.stream import weighted

        return weighted
    raise AttributeError(f"module 'steelyard.weights' has no attribute {name!r}")
