"""Labelled rows that `sample_below` drew: what they tell of the positives that are missed."""

from typing import Any

from steelyard.errors import DataError
from steelyard.stats.missed import missed
from steelyard.stats.predictions import Predictions
from steelyard.tables.features import weights

CHANCE = "inclusion_probability"


def drawn_below(data: Any, rows: Predictions) -> dict[str, Any] | None:
    """`missed` and `recall` with intervals (`stats.missed`); None of rows drawn otherwise.

    Of rows that have the column `inclusion_probability`; `flagged` and `below` count those of
    either kind, `positives_below` the missed positives among the latter.

    Raises: DataError: a chance that is none, or flagged rows of which only some were drawn.
    """
    chance = weights(data, CHANCE)
    if chance is None:
        return None
    wrong = ~((chance > 0) & (chance <= 1))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"column {CHANCE!r} holds {chance[row]:g} in data row {row + 1:,}; a chance lies above "
            "0 and is at most 1"
        )
    flagged, positive = rows.d == rows.positive, rows.y == rows.positive
    below = ~flagged
    if (chance[flagged] < 1).any():
        raise DataError(
            f"{int((chance[flagged] < 1).sum()):,} rows drawn below the threshold are flagged now: "
            "the decision has changed since; draw again with sample-below"
        )
    found = {
        "flagged": int(flagged.sum()),
        "below": int(below.sum()),
        "positives_below": int((below & positive).sum()),
    }
    least = float(chance[below].min()) if below.any() else 1.0
    told = missed(int((flagged & positive).sum()), chance[below & positive], least)
    if not flagged.any():
        told["recall"] = {"value": None, "low": None, "high": None}
    return found | told
