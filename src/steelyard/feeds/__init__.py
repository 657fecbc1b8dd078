"""Balanced batches for Keras, in memory and from Parquet or CSV."""

import importlib
from typing import Any

# Name -> module, loaded on first use: the facts of a feed need no TensorFlow.
_HOME = {
    "balanced": "memory",
    "natural": "memory",
    "Batches": "batches",
    "rebalance": "datasets",
    "from_parquet": "parquet",
    "from_csv": "parquet",
    "fit_parallel": "parallel",
    "Mixup": "blend",
    "Remix": "blend",
    "SMOTE": "blend",
    "FeedInfo": "info",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"steelyard.feeds.{_HOME[name]}"), name)
    raise AttributeError(f"module 'steelyard.feeds' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
