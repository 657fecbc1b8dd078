"""Any table -> features, class codes and a schema that later files are read by."""

from steelyard.tables.counts import count_classes
from steelyard.tables.features import (
    groups,
    iter_columns,
    iter_features,
    labels,
    read_features,
    weights,
)
from steelyard.tables.learnable import check_learnable
from steelyard.tables.reading import Table, read_table
from steelyard.tables.schema import Column, Schema
from steelyard.tables.sources import Source

__all__ = [
    "Column",
    "Schema",
    "Source",
    "Table",
    "check_learnable",
    "count_classes",
    "groups",
    "iter_columns",
    "iter_features",
    "labels",
    "read_features",
    "read_table",
    "weights",
]
