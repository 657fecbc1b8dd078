"""Which technique to use, why, and how sure that is: data first, one paragraph from it.

Under 10 positives nothing is compared; under 50 nothing is called best. A technique beats the
reference only if the corrected test, adjusted for having tried several, and the Bayesian
comparison both say so; otherwise the reference wins the tie.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import RequestError
from steelyard.report import verdict_text
from steelyard.stats.metrics import BY_NAME
from steelyard.stats.pairwise import (
    SURE,
    Detectable,
    Noise,
    PairwiseComparison,
    against,
    comparisons,
    reach,
)

Floats = NDArray[np.float64]

DESCRIBE_ONLY = 10
NO_BEST = 50
ROPE = 0.01
NEXT = {
    "nothing-to-compare": ("name-techniques",),
    "too-few-positives": ("collect-positives", "use-the-reference"),
    "too-few-folds": ("collect-positives", "use-the-reference"),
    "few-positives": ("use-the-reference", "tune-the-threshold", "collect-positives"),
    "tie": ("use-the-reference", "tune-the-threshold"),
    "reference-best": ("use-the-reference", "tune-the-threshold"),
    "beats-reference": ("use-the-winner",),
    "several-winners": ("use-the-winner",),
}
"""What to do next, by the code of the rule that decided."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a comparison found.

    `winner` is None where nothing may be called best; `recommended` always names a technique to
    use. `tied` are the other techniques that the data cannot tell from the winner, or without a
    winner from the reference. `reason` is the code of the rule that decided. `reach` and
    `comparisons` (best first) are empty where nothing was compared.
    """

    metric: str
    positives: int
    reference: str
    winner: str | None
    recommended: str
    tied: tuple[str, ...]
    reason: str
    rope: float
    reach: Detectable | None
    comparisons: tuple[PairwiseComparison, ...]

    @property
    def next_steps(self) -> tuple[str, ...]:
        """Codes of what to do, the first thing first."""
        return NEXT[self.reason]

    @property
    def more_positives(self) -> int | None:
        """How many more would most likely settle the leader's lead, were it real; None if open."""
        if self.positives < DESCRIBE_ONLY:
            return NO_BEST - self.positives
        if self.reach is None or self.reach.total is None:
            return None
        return max(self.reach.total, NO_BEST) - self.positives

    @property
    def paragraph(self) -> str:
        """The verdict for a reader without statistics."""
        return verdict_text.paragraph(dataclasses.asdict(self))

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON, with its sentences."""
        plain = dataclasses.asdict(self)
        lists = {name: list(plain[name]) for name in ("tied", "comparisons")}
        said = {"next_steps": list(self.next_steps), "more_positives": self.more_positives}
        return plain | lists | said | {"paragraph": self.paragraph}


def decide(
    results: Mapping[str, Floats],
    *,
    positives: int,
    metric: str = "average_precision",
    reference: str = "plain",
    folds: int = 5,
    test_train_ratio: float | None = None,
    noise: Noise | None = None,
) -> Verdict:
    """Judge techniques that were scored on the same folds.

    Args:
        results: by technique, `metric` in each fold, repeat by repeat; NaN where a fold has no
            value. Leave baselines out: each technique tried makes it harder for the others to
            convince.
        positives: rows of the class of interest in the whole table.
        metric: a ranking or proper metric.
        reference: the technique that wins ties.
        folds: folds in a repeat, at least 2.
        test_train_ratio: rows to test / rows to train in a fold, by default 1 / (folds - 1).
        noise: gives for two techniques the variance of their difference that the tested rows
            explain (`row_noise`). Without it all of the variance between folds is taken for
            what training does, which finds fewer of the real gains.

    Raises: RequestError: no reference among the results, or fold values of unequal number.

    >>> plain = [.60, .62, .58, .61, .59]
    >>> smote = [.61, .61, .58, .60, .60]
    >>> decide({"plain": plain, "smote": smote}, positives=120, metric="roc_auc").winner
    'plain'
    """
    if reference not in results:
        raise RequestError(
            f"no results for {reference!r}, which wins ties; there are {', '.join(results)}"
        )
    if len({len(values) for values in results.values()}) != 1:
        shown = ", ".join(f"{name} {len(values)}" for name, values in results.items())
        raise RequestError(f"fold values: {shown}; give every technique the same folds")
    sign = 1.0 if BY_NAME[metric].better == "higher" else -1.0
    signed = {name: sign * np.asarray(values, "float64") for name, values in results.items()}
    # A log loss has no natural scale, so what is too little to matter is 1 % of the reference's.
    rope = ROPE * abs(float(np.nanmean(signed[reference]))) if metric == "log_loss" else ROPE
    ratio = 1 / (folds - 1) if test_train_ratio is None else test_train_ratio
    shared = int(np.isfinite(np.sum(list(signed.values()), axis=0)).sum())
    rows: tuple[PairwiseComparison, ...] = ()
    if positives >= DESCRIBE_ONLY and shared >= 2 and len(signed) > 1:
        rows = comparisons(signed, reference, ratio, rope, noise)
    winner = _winner(rows, positives, reference)
    tied = _tied(rows, winner, reference, signed, ratio, rope, noise)
    return Verdict(
        metric=metric,
        positives=positives,
        reference=reference,
        winner=winner,
        recommended=winner or reference,
        tied=tied,
        reason=_reason(rows, winner, tied, positives, reference, len(signed)),
        rope=rope,
        reach=reach(rows, positives, rope) if rows else None,
        comparisons=rows,
    )


def _winner(rows: tuple[PairwiseComparison, ...], positives: int, reference: str) -> str | None:
    if positives < NO_BEST or not rows:
        return None
    better = [row.name for row in rows if row.call == "better"]
    return better[0] if better else reference


def _tied(
    rows: tuple[PairwiseComparison, ...],
    winner: str | None,
    reference: str,
    signed: Mapping[str, Floats],
    ratio: float,
    rope: float,
    noise: Noise | None,
) -> tuple[str, ...]:
    """Everything not clearly behind the winner; without a winner, behind the reference."""
    if not rows:
        return tuple(name for name in signed if name != reference)
    if winner in (None, reference):
        return tuple(row.name for row in rows if row.call != "worse")
    return tuple(
        name
        for name in signed
        if name not in (winner, reference)
        and against(
            signed[name] - signed[winner], ratio, rope, noise(name, winner) if noise else None
        )[1].worse
        < SURE
    )


def _reason(
    rows: tuple[PairwiseComparison, ...],
    winner: str | None,
    tied: tuple[str, ...],
    positives: int,
    reference: str,
    tried: int,
) -> str:
    if tried == 1:
        return "nothing-to-compare"
    if positives < DESCRIBE_ONLY:
        return "too-few-positives"
    if not rows:
        return "too-few-folds"
    if winner is None:
        return "few-positives"
    if winner == reference:
        return "tie" if tied else "reference-best"
    return "several-winners" if tied else "beats-reference"
