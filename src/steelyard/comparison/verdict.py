"""Which technique to use, why, and how sure that is: data first, one paragraph from it.

Under 10 positives nothing is compared; under 50 nothing is called best. A technique beats the
reference only if the corrected test, adjusted for having tried several, and the Bayesian
comparison both say so; otherwise the reference wins the tie.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from steelyard.errors import RequestError
from steelyard.report import verdict_text
from steelyard.stats.fold_table import FoldTable
from steelyard.stats.limits import TO_COMPARE, TO_NAME_BEST
from steelyard.stats.metrics import BY_NAME
from steelyard.stats.pairwise import (
    SURE,
    Detectable,
    Pair,
    PairwiseComparison,
    comparisons,
    reach,
)

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
        if self.positives < TO_COMPARE:
            return TO_NAME_BEST - self.positives
        if self.reach is None or self.reach.total is None:
            return None
        return max(self.reach.total, TO_NAME_BEST) - self.positives

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
    tables: Mapping[str, FoldTable | None],
    *,
    positives: int,
    metric: str = "average_precision",
    reference: str = "plain",
    test_train_ratio: float = 0.25,
) -> Verdict:
    """Judge techniques that were scored on the same folds.

    Args:
        tables: by technique, `metric` by repeat and fold; None where it is not defined. Leave
            baselines out: each technique tried makes it harder for the others to convince.
        positives: rows of the class of interest in the whole table.
        metric: as `ranking_metric` gives it.
        reference: the technique that wins ties.
        test_train_ratio: rows to test / rows to train in a fold.

    Raises: RequestError: no reference among the results, or tables of unequal folds.
    """
    if reference not in tables:
        raise RequestError(
            f"no results for {reference!r}, which wins ties; there are {', '.join(tables)}"
        )
    known = {name: table for name, table in tables.items() if table is not None}
    shapes = {name: table.folds.shape for name, table in known.items()}
    if len(set(shapes.values())) > 1:
        shown = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise RequestError(f"(repeats, rows): {shown}; give every technique the same folds")
    sign = 1.0 if BY_NAME[metric].better == "higher" else -1.0
    first = known.get(reference)
    rope = ROPE if first is None else too_little(metric, float(first.values.mean()))

    def pair(name: str, other: str) -> Pair:
        ours, theirs = known[name], known[other]
        return Pair(sign * (ours.by_fold - theirs.by_fold), ours.row_noise(theirs))

    rows: tuple[PairwiseComparison, ...] = ()
    if positives >= TO_COMPARE and len(known) == len(tables) > 1:
        rivals = [name for name in tables if name != reference]
        found = {name: pair(name, reference) for name in rivals}
        if min(len(one.differences) for one in found.values()) >= 2:
            rows = comparisons(found, test_train_ratio, rope)
    winner = _winner(rows, positives, reference)
    tied = _tied(rows, winner, reference, list(tables), pair, test_train_ratio, rope)
    return Verdict(
        metric=metric,
        positives=positives,
        reference=reference,
        winner=winner,
        recommended=winner or reference,
        tied=tied,
        reason=_reason(rows, winner, tied, positives, reference, len(tables)),
        rope=rope,
        reach=reach(rows, positives, rope) if rows else None,
        comparisons=rows,
    )


def too_little(metric: str, value: float) -> float:
    """The gain over a reference of this `value` that is too little to matter.

    A hundredth of the loss or cost that is left, for those and the skills made of them. Shares
    move by odds: a ROC-AUC of .995 has little room and an average precision of .014 a small scale,
    so ROPE is what it is for a share of a half and shrinks with value * (1 - value).

    >>> [round(too_little("average_precision", value), 4) for value in (0.5, 0.2, 0.014)]
    [0.01, 0.0064, 0.0006]
    """
    if metric in ("log_loss", "normalized_cost"):
        return ROPE * value
    if metric == "brier_skill":
        return ROPE * (1.0 - value)
    return ROPE * 4.0 * value * (1.0 - value)


def _winner(rows: tuple[PairwiseComparison, ...], positives: int, reference: str) -> str | None:
    if positives < TO_NAME_BEST or not rows:
        return None
    better = [row.name for row in rows if row.call == "better"]
    return better[0] if better else reference


def _tied(
    rows: tuple[PairwiseComparison, ...],
    winner: str | None,
    reference: str,
    names: list[str],
    pair: Callable[[str, str], Pair],
    ratio: float,
    rope: float,
) -> tuple[str, ...]:
    """Everything not clearly behind the winner; without a winner, behind the reference."""
    if not rows:
        return tuple(name for name in names if name != reference)
    if winner is None or winner == reference:
        return tuple(row.name for row in rows if row.call != "worse")
    others = [name for name in names if name not in (winner, reference)]
    return tuple(
        name for name in others if pair(name, winner).probabilities(ratio, rope).worse < SURE
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
    if positives < TO_COMPARE:
        return "too-few-positives"
    if not rows:
        return "too-few-folds"
    if winner is None:
        return "few-positives"
    if winner == reference:
        return "tie" if tied else "reference-best"
    return "several-winners" if tied else "beats-reference"
