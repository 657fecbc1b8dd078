"""What each of some hundred thresholds flags, in whole rows: all that a page needs to move one.

Every threshold is the shortest decimal that parts the same rows, so that it can be read, typed
and handed to a command without flagging a row more or less.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.falling import Falling

Floats = NDArray[np.float64]
Ints = NDArray[Any]

AT_POSITIVES = 1000  # thresholds just below positives, at most
SPACED = 300  # thresholds at log-spaced numbers of flagged rows
FEWEST = 60  # of either, however many classes share the room
DIGITS = 9  # float32 tells apart no more
BINS = 40


def threshold_table(
    positive: NDArray[np.bool_],
    score: NDArray[Any],
    *,
    weights: Floats | None = None,
    repeats: int = 1,
    at: Sequence[float] = (),
    tables: int = 1,
) -> dict[str, Any]:
    """Rows flagged from each threshold on, falling from none flagged to all flagged.

    Args:
        positive: whether a row is of the class of interest, shape (rows,). Rows of several
            repeats stand one below the other.
        score: its predicted probability, shape (rows,).
        weights: how much each row counts, shape (rows,); by default 1.
        repeats: how often each source row occurs among `rows`.
        at: thresholds that must be among them as they are.
        tables: how many such tables share the room of one, as with several classes.
    Returns: plain values: `threshold`, `true_positives`, `false_positives` of equal length, and
        the totals `positives`, `negatives`, `repeats`. Counts are over all repeats. Of weighted
        rows they are sums of weights, and `one_row` holds what an effective row weighs (of the
        class, of the rest).

    >>> table = threshold_table(np.array([True, False, True]), np.array([0.9, 0.4, 0.2]))
    >>> table["threshold"], table["true_positives"], table["false_positives"]
    ([1.0, 0.6, 0.3, 0.0], [0, 1, 1, 2], [0, 0, 1, 1])
    """
    falling = Falling(score, positive)
    upper = np.asarray(falling.scores, dtype=np.float64)
    lower = np.append(upper[1:], 0.0)
    counted = falling.counts if weights is None else falling.weighed(weights)
    hits, misses = (np.append(0, np.cumsum(kind)) for kind in counted)  # from none flagged on
    of_rows: list[Ints] = [np.cumsum(kind) for kind in falling.counts]
    kept = _kept(of_rows[0], of_rows[1], tables)
    threshold = np.where(kept == len(upper) - 1, 0.0, shortest_between(lower[kept], upper[kept]))
    kept += 1
    if upper[0] < 1.0:
        threshold = np.append(shortest_between(upper[:1], np.ones(1)), threshold)
        kept = np.append(0, kept)
    for wanted in at:
        flagged = int(np.searchsorted(-upper, -wanted, side="right"))
        others = kept != flagged
        place = int(np.searchsorted(kept[others], flagged))
        kept = np.insert(kept[others], place, flagged)
        threshold = np.insert(threshold[others], place, wanted)
    found = {
        "true_positives": hits[kept],
        "false_positives": misses[kept],
        "positives": hits[-1],
        "negatives": misses[-1],
    }
    found = {"threshold": threshold.tolist()} | {name: plain(of) for name, of in found.items()}
    if weights is not None:
        kinds = weights[positive], weights[~positive]
        found["one_row"] = [float((own**2).sum() / own.sum()) for own in kinds]
    return found | {"repeats": repeats}


def plain(counts: Any) -> Any:
    """Counts of rows as they are, sums of weights to four digits, ready for JSON."""
    values = np.asarray(counts)
    return (values if values.dtype.kind in "iu" else np.maximum(values.round(4), 0.0)).tolist()


def insert(table: dict[str, Any], threshold: float, true: int, false: int) -> dict[str, Any]:
    """The table with one more threshold and what it flags, in place of one that flags the same."""
    columns = [np.array(table[name]) for name in ("threshold", "true_positives", "false_positives")]
    same = (columns[1] == true) & (columns[2] == false)
    new = (threshold, true, false)
    kept = [np.append(column[~same], one) for column, one in zip(columns, new, strict=True)]
    order = np.lexsort([kept[1] + kept[2], -kept[0]])
    return table | {
        "threshold": kept[0][order].tolist(),
        "true_positives": kept[1][order].tolist(),
        "false_positives": kept[2][order].tolist(),
    }


def score_histogram(
    positive: NDArray[np.bool_], score: NDArray[Any], weights: Floats | None = None
) -> dict[str, Any]:
    """(Weighted) rows of both kinds by predicted probability, in bins of equal width on the logit.

    Returns: `start` and `step` of the bins' edges on the logit, counts `positives`, `negatives`.
    """
    p = np.clip(np.asarray(score, dtype=np.float64), 1e-6, 1 - 1e-6)
    logit = np.log(p) - np.log1p(-p)
    start, end = float(np.floor(logit.min())), float(np.ceil(logit.max()))
    step = max(end - start, 1.0) / BINS
    bin_of = np.clip(((logit - start) / step).astype(int), 0, BINS - 1)

    def counted(rows: NDArray[np.bool_]) -> Any:
        own = None if weights is None else weights[rows]
        return plain(np.bincount(bin_of[rows], own, minlength=BINS))

    return {
        "start": start,
        "step": step,
        "positives": counted(positive),
        "negatives": counted(~positive),
    }


def shortest_between(lower: Floats, upper: Floats) -> Floats:
    """For each pair the number in (lower, upper] of fewest decimal digits, also as float32.

    >>> shortest_between(np.array([0.0231, 0.123]), np.array([0.0239, 0.1231]))
    array([0.0235 , 0.12305])
    """
    middle = lower + (upper - lower) / 2
    found = upper.copy()
    open_ = np.full(len(middle), True)
    exponent = np.floor(np.log10(np.maximum(middle, 1e-300)))
    for digits in range(1, DIGITS + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            scale = 10.0 ** (digits - 1 - exponent)
            rounded = np.round(middle * scale) / scale
        narrow = rounded.astype(np.float32).astype(np.float64)
        fits = (lower < rounded) & (rounded <= upper) & (lower < narrow) & (narrow <= upper)
        found = np.where(open_ & fits, rounded, found)
        open_ &= ~fits
    return found


def _kept(hits: Ints, misses: Ints, tables: int) -> Ints:
    """Indices of the thresholds to keep: below positives, log-spaced in rows, and the last.

    `hits`, `misses`: rows of both kinds that each flags.
    """
    flagged = hits + misses
    with_positive = np.flatnonzero(np.diff(hits, prepend=0))
    room = max(AT_POSITIVES // tables, FEWEST)
    if len(with_positive) > room:
        spread = np.linspace(0, len(with_positive) - 1, room).astype(int)
        with_positive = with_positive[spread]
    counts = np.unique(np.geomspace(1, flagged[-1], max(SPACED // tables, FEWEST)).astype(int))
    spaced = np.searchsorted(flagged, counts)
    return np.unique(np.concatenate([with_positive, spaced, [len(flagged) - 1]]))
