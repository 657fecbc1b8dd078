"""The splits every technique shares: stratified and repeated, by group, or by time."""

import numpy as np

from steelyard.errors import RequestError, TargetError
from steelyard.jobs.job import Split


def make_splits(
    y: np.ndarray,
    *,
    folds: int,
    repeats: int,
    seed: int,
    classes: tuple = (),
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
    lag: float = 0.0,
) -> list[Split]:
    """The splits of a comparison.

    Plain: stratified k-fold, shuffled anew each repeat. With `groups`: no group on both sides.
    With `times`: `folds` test blocks in time order, each trained on all that came before; the
    first block only warms up the threshold, since no earlier prediction exists to tune it on.
    `lag`: rows stamped less than this before a block begins are in no training part of it, as their
    class is not known by then.
    """
    check_request(y, folds=folds, repeats=repeats, classes=classes)
    if times is not None:
        return _by_time(y, times, folds, lag)
    splits = []
    for repeat in range(repeats):
        if groups is None:
            pairs = _stratified(y, folds, seed + repeat)
        else:
            pairs = _by_group(y, groups, folds, seed + repeat)
        splits += [Split(repeat, fold, train, test) for fold, (train, test) in enumerate(pairs)]
    return splits


def check_request(y: np.ndarray, *, folds: int, repeats: int, classes: tuple = ()) -> None:
    """Refuse folds that cannot hold every class in every training part."""
    for name, value in (("folds", folds), ("repeats", repeats)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise RequestError(f"`{name}={value!r}`: it takes a whole number")
    if folds < 2 or repeats < 1:
        raise RequestError(
            f"`folds={folds}`, `repeats={repeats}`: compare with at least 2 folds and 1 repeat"
        )
    counts = np.bincount(y, minlength=len(classes))
    rarest = int(counts.argmin())
    name = repr(classes[rarest]) if classes else str(rarest)
    if len(y) < folds:
        raise TargetError(
            f"the table has {len(y)} rows, fewer than `folds={folds}`: ask for fewer folds"
        )
    if counts[rarest] < folds:
        advice = f"use `folds={counts[rarest]}`, " if counts[rarest] >= 2 else ""
        plural = "s" if counts[rarest] != 1 else ""
        raise TargetError(
            f"class {name} has {counts[rarest]} row{plural}, "
            f"fewer than the {folds} folds, so some folds would have none to score; {advice}merge it with "  # noqa: E501
            "another class, or leave its rows out"
        )


def _stratified(y: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return list(splitter.split(np.empty((len(y), 0)), y))


def _by_group(
    y: np.ndarray, groups: np.ndarray, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedGroupKFold

    have = len(np.unique(groups))
    if have < folds:
        raise RequestError(f"the group column has {have} groups, fewer than {folds} folds")
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    pairs = list(splitter.split(np.empty((len(y), 0)), y, groups))
    for train, test in pairs:
        if len(np.unique(y[train])) < len(np.unique(y)) or len(test) == 0:
            raise TargetError(
                "a class lives in too few groups to be in every training part; "
                f"use fewer than {folds} folds, or no group column"
            )
    return pairs


def _by_time(y: np.ndarray, times: np.ndarray, folds: int, lag: float) -> list[Split]:
    order = np.argsort(times, kind="stable")
    # Cut at time stamps, not between rows of one stamp: the past must be past.
    starts = np.searchsorted(
        times[order], times[order][np.arange(1, folds + 2) * len(order) // (folds + 2)]
    )
    edges = np.unique([*starts, len(order)])
    if len(edges) < folds + 2 or edges[0] == 0:
        raise RequestError(
            f"the time column has too few distinct values for {folds} folds; use fewer folds"
        )
    ends = np.searchsorted(times[order], times[order][edges[:-1]] - lag, side="right")
    ends = np.minimum(ends, edges[:-1]) if lag > 0.0 else edges[:-1]
    _check_known(y, order, edges, ends)
    _check_scored_blocks(y, order, edges)
    return [
        Split(
            0,
            block,
            np.sort(order[:end]),
            np.sort(order[start:stop]),
            scored=block > 0,
            earlier=np.sort(order[edges[0] : max(end, edges[0])]) if block else None,
        )
        for block, (start, stop, end) in enumerate(zip(edges[:-1], edges[1:], ends, strict=True))
    ]


def _check_known(y: np.ndarray, order: np.ndarray, edges: np.ndarray, ends: np.ndarray) -> None:
    """Every class is among the rows whose class is known when a block begins."""
    every = len(np.unique(y))
    if len(np.unique(y[order[: ends[0]]])) < every:
        raise TargetError(
            f"the first {ends[0]} rows in time lack a class, so nothing can be trained on them; "
            "use fewer folds, or leave the early rows out"
        )
    late = bool((ends < edges[:-1]).any())
    if late and len(np.unique(y[order[edges[0] : max(ends[1], edges[0])]])) < every:
        raise TargetError(
            "when the first scored block begins, the block before it has no known labels of every "
            "class to tune a threshold on; use fewer folds, or a shorter `delay` and `gap`"
        )


def _check_scored_blocks(y: np.ndarray, order: np.ndarray, edges: np.ndarray) -> None:
    """Every class is in a block that is scored: else nothing can be ranked, after all training."""
    scored = y[order[edges[1] :]]
    lost = np.setdiff1d(y, scored)
    if len(lost):
        last = np.flatnonzero(np.isin(y[order], lost)).max() + 1
        raise TargetError(
            f"a class has no row in any of the {len(edges) - 2} blocks of time that are scored: "
            f"its last row is number {last:,} of {len(y):,} in time, they begin at "
            f"{edges[1] + 1:,}; use "
            "more folds, or no time column"
        )
