"""What the recommended technique is worth when the choosing is part of what is tested.

The best of twelve looks better than it is, since luck helped to choose it. Here each fold is scored
with the technique that the verdict recommends without any row of that fold, in any repeat.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from steelyard.comparison.judging import Judged, Protocol, cross_validated_metrics
from steelyard.comparison.verdict import NO_BEST, Verdict, decide
from steelyard.stats.pairwise import Noise
from steelyard.stats.pooled import fold_values
from steelyard.stats.row_variance import fold_influences, row_noise

REFERENCE = "plain"  # wins ties


def verdict_by(contenders: Sequence[Judged], protocol: Protocol, rows: np.ndarray) -> Verdict:
    """The verdict that the predictions of these rows (positions) give."""
    folds = [protocol.fold_of(repeat)[rows] for repeat in range(protocol.repeats)]
    scored = [split for split in protocol.splits if split.scored]
    options: dict[str, Any] = {"positive": protocol.positive}
    results = {
        one.technique.name: np.concatenate(
            [
                fold_values(
                    protocol.metric,
                    protocol.y[rows],
                    one.deployed[repeat, rows],
                    folds[repeat],
                    d=one.decided[repeat, rows],
                    **options,
                )
                for repeat in range(protocol.repeats)
            ]
        )
        for one in contenders
    }
    return decide(
        results,
        positives=int((protocol.y == protocol.positive).sum()),
        metric=protocol.metric,
        reference=REFERENCE,
        folds=len(scored) // protocol.repeats,
        test_train_ratio=float(np.mean([len(s.test) / len(s.train) for s in scored])),
        noise=_noise(contenders, protocol, rows, folds),
    )


def nested(contenders: Sequence[Judged], protocol: Protocol) -> dict[str, Any] | None:
    """Metrics of the choosing itself, and how often each technique was chosen.

    None where nothing could be chosen: too few positives, no reference, or one technique.
    """
    by_name = {one.technique.name: one for one in contenders}
    positives = int((protocol.y == protocol.positive).sum())
    if REFERENCE not in by_name or len(by_name) < 2 or positives < NO_BEST:
        return None
    p = np.full_like(contenders[0].deployed, np.nan)
    d = np.zeros_like(contenders[0].decided)
    chosen: Counter[str] = Counter()
    for split in protocol.splits:
        if not split.scored:
            continue
        rest = np.setdiff1d(protocol.scored, split.test)
        name = verdict_by(contenders, protocol, rest).recommended
        chosen[name] += 1
        p[split.repeat, split.test] = by_name[name].deployed[split.repeat, split.test]
        d[split.repeat, split.test] = by_name[name].decided[split.repeat, split.test]
    return {"metrics": cross_validated_metrics(p, d, protocol), "chosen": dict(chosen)}


def _noise(
    contenders: Sequence[Judged], protocol: Protocol, rows: np.ndarray, folds: list[np.ndarray]
) -> Noise:
    """The variance of two techniques' difference that the tested rows explain."""
    groups = None
    if protocol.groups is not None:
        groups = np.unique(protocol.groups[rows], return_inverse=True)[1]
    by_name = {one.technique.name: one for one in contenders}

    @cache
    def psi(name: str) -> np.ndarray:
        p = [deployed[rows] for deployed in by_name[name].deployed]
        return fold_influences(
            protocol.metric, protocol.y[rows], p, folds, positive=protocol.positive
        )

    return lambda name, other: row_noise(psi(name), psi(other), folds, groups)
