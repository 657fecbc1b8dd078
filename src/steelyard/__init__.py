"""See class imbalance, treat it where it can be treated, and prove that the treatment helps."""

import importlib
from typing import Any

from steelyard._registration import register_with_keras
from steelyard._version import __version__
from steelyard.errors import SteelyardError

register_with_keras()

# Name -> module. Loaded on first use: `import steelyard` stays as quick as `import importlib`.
_HOME = {
    "inspect": "steelyard.inspection",
    "Inspection": "steelyard.inspection",
    "compare": "steelyard.comparison",
    "train": "steelyard.comparison",
    "judge": "steelyard.comparison",
    "Judgement": "steelyard.comparison",
    "verify_run": "steelyard.comparison.verify",
    "Study": "steelyard.runs",
    "load": "steelyard.runs",
    "load_model": "steelyard.runs",
    "json_schema": "steelyard.runs",
    "ImbalancedClassifier": "steelyard.estimator",
    "finish": "steelyard.finishing",
    "CostMatrix": "steelyard.decision",
    "Costs": "steelyard.decision",
    "Maximise": "steelyard.decision",
    "MinPrecision": "steelyard.decision",
    "MinRecall": "steelyard.decision",
    "Alerts": "steelyard.decision",
    "Bounds": "steelyard.decision",
    "ThreeWay": "steelyard.decision",
    "Threshold": "steelyard.decision",
}
_MODULES = (
    "callbacks",
    "decision",
    "feeds",
    "layers",
    "losses",
    "metrics",
    "resample",
    "sampling_plan",
    "surgery",
    "techniques",
    "weights",
)

__all__ = ["SteelyardError", "__version__", *_HOME, *_MODULES]  # noqa: PLE0604 - names, not objects


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"steelyard.{name}")
    raise AttributeError(f"module 'steelyard' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
