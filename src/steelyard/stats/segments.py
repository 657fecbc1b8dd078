"""Parts of the rows beside the rest: recall, precision and calibration, and what is beyond chance.

Many parts are looked at, so some look bad by chance alone: intervals are of each part by itself,
estimates are also given partially pooled, and only what stays beyond chance after Holm's adjustment
over all that was tested is said to differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.limits import TO_COMPARE
from steelyard.stats.paired import holm
from steelyard.stats.partial_pooling import partially_pooled
from steelyard.stats.segment_measures import (
    DecidedRows,
    Measure,
    observed_expected_of,
    precision_of,
    recall_of,
)

LEVEL = 0.05
MEASURES: dict[str, Callable[[DecidedRows, NDArray[np.bool_]], Measure]] = {
    "recall": recall_of,
    "precision": precision_of,
    "observed_expected": observed_expected_of,
}


class Cut(Protocol):
    """A column cut into parts: `codes` of each row, (n,), into `labels`."""

    @property
    def column(self) -> str: ...
    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def codes(self) -> NDArray[np.integer]: ...


def segments(rows: DecidedRows, columns: Sequence[Cut]) -> dict[str, Any]:
    """Each part's rows, positives and measures, and which differ from all other rows.

    Returns: `tests`, how many comparisons were adjusted for; `columns`, each with its `parts`:
        `label`, `rows`, `positives`, `judged` (enough positives; else only described) and, by
        measure, `{value, low, high, pooled, differs}`. `pooled` is drawn towards the column's mean
        (`partial_pooling`).
    Source: the tests are those of `segment_measures`, adjusted by Holm over all of them.
    """
    parts = [
        (one.column, [_Part.of(rows, one, code) for code in range(len(one.labels))])
        for one in columns
    ]
    tested = [name for _, own in parts for part in own for name in part.tested]
    adjusted = iter(holm([part.measures[name].p_value for _, own in parts for part in own
                          for name in part.tested]) if tested else [])  # fmt: skip
    told = []
    for column, own in parts:
        pooled = {name: _pooled(own, name) for name in MEASURES}
        differs = [{name: next(adjusted) < LEVEL for name in part.tested} for part in own]
        told.append(
            {
                "column": column,
                "parts": [
                    part.to_dict({name: pooled[name][i] for name in MEASURES}, differs[i])
                    for i, part in enumerate(own)
                    if part.rows
                ],
            }
        )
    return {"tests": len(tested), "columns": told}


@dataclass(frozen=True)
class _Part:
    label: str
    rows: int
    positives: int
    measures: dict[str, Measure]

    @classmethod
    def of(cls, rows: DecidedRows, cut: Cut, code: int) -> "_Part":
        inside = cut.codes == code
        measures = {name: measure(rows, inside) for name, measure in MEASURES.items()}
        return cls(cut.labels[code], int(inside.sum()), int(rows.positive[inside].sum()), measures)

    @property
    def judged(self) -> bool:
        """Whether there are positives enough to be held against the rest."""
        return self.positives >= TO_COMPARE

    @property
    def tested(self) -> list[str]:
        """Measures that are."""
        return [
            name for name, one in self.measures.items() if self.judged and one.value is not None
        ]

    def to_dict(self, pooled: dict[str, float | None], differs: dict[str, bool]) -> dict[str, Any]:
        """For run.json."""
        told = {"label": self.label, "rows": self.rows, "positives": self.positives}
        return told | {
            "judged": self.judged,
            **{
                name: {
                    "value": one.value,
                    "low": one.low,
                    "high": one.high,
                    "pooled": pooled[name],
                    "differs": differs.get(name, False),
                }
                for name, one in self.measures.items()
            },
        }


def _pooled(parts: Sequence[_Part], name: str) -> list[float | None]:
    """The parts' values, partially pooled; None where there is none."""
    found: list[float | None] = [None] * len(parts)
    places = [i for i, part in enumerate(parts) if part.measures[name].value is not None]
    known = [parts[i].measures[name] for i in places]
    if known:
        values = [float(one.value) for one in known if one.value is not None]
        drawn = partially_pooled(values, [one.size for one in known], known[0].variance)
        for i, value in zip(places, drawn.tolist(), strict=True):
            found[i] = value
    return found
