"""What the core of every deployed model takes."""

from typing import Any

from steelyard._keras import keras
from steelyard.tables import Table


def core_inputs(table: Table) -> list[Any]:
    """All numbers side by side, all strings side by side; either may be of no width."""
    return [
        keras.Input((len(table.schema.numbers),), name="numbers"),
        keras.Input((len(table.schema.categories),), name="strings", dtype="string"),
    ]
