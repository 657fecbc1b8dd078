"""What a random split would have said, and labels known at once: a quick model on the same rows."""

from typing import Any

import numpy as np

from steelyard.comparison.protocol import Protocol
from steelyard.inspection.leak_free import QuickTable, precision_of, scores_in_folds
from steelyard.inspection.leaks import quick_table
from steelyard.jobs.folds import make_splits
from steelyard.tables import Table

MOST_ROWS = 60_000


def quick_figures(table: Table, protocol: Protocol) -> dict[str, Any] | None:
    """Average precision of quick trees on the scored rows: in random folds and in time.

    Returns: `random`, `in_time`, and `at_once` (in time, were every label known at once) where
        labels come late; None with too few rows of the class.
    """
    rng = np.random.default_rng(protocol.seed)
    kept = np.zeros(len(protocol.y), dtype=bool)
    kept[rng.permutation(len(kept))[:MOST_ROWS]] = True
    quick = quick_table(table, protocol.positive)
    scored = np.zeros(len(kept), dtype=bool)
    scored[protocol.scored] = True
    shown = scored & kept

    def in_time(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float | None:
        few = [(train[kept[train]], test[kept[test]]) for train, test in pairs]
        score = scores_in_folds(quick, few, protocol.seed)
        return None if score is None else precision_of(quick.only(shown), score[shown])

    found = {"in_time": in_time([(s.train, s.test) for s in protocol.splits if s.scored])}
    if protocol.lag > 0.0:
        at_once = make_splits(
            protocol.y,
            folds=sum(split.scored for split in protocol.splits),
            repeats=1,
            seed=protocol.seed,
            times=table.times,
        )
        found["at_once"] = in_time([(s.train, s.test) for s in at_once if s.scored])
    found["random"] = in_time(_random(quick, protocol, kept))
    if found["random"] is None or found["in_time"] is None:
        return None
    return {"metric": "average_precision", "rows": int(shown.sum()), **found}


def _random(
    quick: QuickTable, protocol: Protocol, kept: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedGroupKFold

    rows = np.flatnonzero(kept)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=protocol.seed)
    owner = quick.owner[rows]
    if len(np.unique(owner[quick.positive[rows]])) < 5:
        return []
    parts = folds.split(np.empty((len(rows), 0)), quick.positive[rows], owner)
    return [(rows[train], rows[test]) for train, test in parts]
