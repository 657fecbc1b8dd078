"""Class weights: rules over counts, and a front end that lets nothing pass silently."""

import importlib
from typing import Any

from steelyard.weights.counts import class_shares, log_prior
from steelyard.weights.fit import fit_arguments
from steelyard.weights.labels import label_weights, positive_weight
from steelyard.weights.rules import from_counts
from steelyard.weights.table import ClassWeights, class_weight

_HOME = {"weighted": "stream"}  # loaded on first use: it needs TensorFlow

__all__ = [  # noqa: PLE0604 - names, not objects
    *_HOME,
    "ClassWeights",
    "class_shares",
    "class_weight",
    "fit_arguments",
    "from_counts",
    "label_weights",
    "log_prior",
    "positive_weight",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"steelyard.weights.{_HOME[name]}"), name)
    raise AttributeError(f"module 'steelyard.weights' has no attribute {name!r}")
