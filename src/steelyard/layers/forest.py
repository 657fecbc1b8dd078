"""A boosted ensemble of trees as plain arrays, whatever library grew it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.errors import RequestError


@dataclass(frozen=True)
class Branch:
    """An inner node: where a row goes by one column.

    A number goes left where it is <= `threshold`. A category goes left where it is in
    `left_levels`; where `known_levels` is given, a level outside it counts as missing. A missing
    value goes left where `missing_left`, a missing category of LightGBM always right.
    """

    feature: int
    threshold: float
    missing_left: bool
    left: "Branch | float"
    right: "Branch | float"
    left_levels: tuple[int, ...] | None = None
    known_levels: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Forest:
    """Trees laid out node by node; a row walks from a root until it stands still.

    Node arrays, shape (nodes,): `feature` int32; `threshold` float32; `left` int32, the left
    child's position, the right child being the next one, a leaf its own child; `missing_left`
    bool; `levels` int32, the node's row in `left_levels` or -1 for a number; `value` float64, what
    a leaf adds. `left_levels`: (category nodes, highest level + 2) bool, who goes left; the last
    column stands for all other levels and for a missing value. `roots`: (trees,) int32. `output`:
    (trees,) int32, which raw score a tree adds to. `start`: (outputs,) float64, the scores before
    any tree. `depth`: the longest walk.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    missing_left: np.ndarray
    levels: np.ndarray
    value: np.ndarray
    left_levels: np.ndarray
    roots: np.ndarray
    output: np.ndarray
    start: np.ndarray
    depth: int

    @classmethod
    def of_trees(
        cls, trees: Sequence["Branch | float"], output: Sequence[int], start: Sequence[float]
    ) -> "Forest":
        """Lay out `trees`, each adding to the raw score `output[tree]`."""
        layout = _Layout()
        roots = [layout.add(tree) for tree in trees]
        rows = np.array(layout.rows, dtype=object).reshape(-1, 6)
        return cls(
            feature=rows[:, 0].astype("int32"),
            threshold=at_most_float32(rows[:, 1].astype("float64")),
            left=rows[:, 2].astype("int32"),
            missing_left=rows[:, 3].astype(bool),
            levels=rows[:, 4].astype("int32"),
            value=rows[:, 5].astype("float64"),
            left_levels=_level_table(layout.branches),
            roots=np.array(roots, "int32"),
            output=np.array(output, "int32"),
            start=np.array(start, "float64"),
            depth=layout.depth,
        )

    @classmethod
    def side_by_side(cls, forests: Sequence["Forest"]) -> "Forest":
        """One forest whose raw scores are those of all `forests`, in order."""
        nodes = np.cumsum([0] + [len(forest.left) for forest in forests])
        scores = np.cumsum([0] + [len(forest.start) for forest in forests])
        sets = np.cumsum([0] + [len(forest.left_levels) for forest in forests])
        width = max(forest.left_levels.shape[1] for forest in forests)

        def joined(name: str, shifts: Any = None) -> np.ndarray:
            parts = [getattr(forest, name) for forest in forests]
            if shifts is not None:
                # A node without levels stays at -1.
                parts = [
                    np.where(p < 0, p, p + shift) for p, shift in zip(parts, shifts, strict=False)
                ]
            return np.concatenate(parts).astype(parts[0].dtype)

        return cls(
            feature=joined("feature"),
            threshold=joined("threshold"),
            left=joined("left", nodes),
            missing_left=joined("missing_left"),
            levels=joined("levels", sets),
            value=joined("value"),
            left_levels=np.concatenate([_widened(f.left_levels, width) for f in forests]),
            roots=joined("roots", nodes),
            output=joined("output", scores),
            start=joined("start"),
            depth=max(forest.depth for forest in forests),
        )


class _Layout:
    """Numbers the nodes so that the children of a node stand next to each other."""

    def __init__(self) -> None:
        self.rows: list[tuple | None] = []
        self.branches: list[Branch] = []
        self.depth = 0

    def add(self, tree: "Branch | float") -> int:
        root = len(self.rows)
        self.rows.append(None)
        waiting = [(tree, root, 0)]
        while waiting:
            node, at, depth = waiting.pop()
            self.depth = max(self.depth, depth)
            if not isinstance(node, Branch):
                # Everything is <= infinity and a gap goes left as well: the row stays here.
                self.rows[at] = (0, np.inf, at, True, -1, node)
                continue
            left = len(self.rows)
            self.rows += [None, None]
            levels = -1
            if node.left_levels is not None:
                levels = len(self.branches)
                self.branches.append(node)
            self.rows[at] = (node.feature, node.threshold, left, node.missing_left, levels, 0.0)
            waiting += [(node.left, left, depth + 1), (node.right, left + 1, depth + 1)]
        return root


def at_most_float32(threshold: np.ndarray) -> np.ndarray:
    """The largest float32 that is <= each threshold: float32 rows fall on the same side of it.

    >>> float(at_most_float32(np.array([0.1]))[0]) <= 0.1 < float(np.float32(0.1))
    True
    """
    with np.errstate(over="ignore"):
        rounded = threshold.astype("float32")
    too_high = rounded.astype("float64") > threshold
    return np.where(too_high, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def _level_table(branches: Sequence[Branch]) -> np.ndarray:
    named = [level for b in branches for level in (*(b.left_levels or ()), *(b.known_levels or ()))]
    if named and max(named) > MAX_LEVEL:
        raise RequestError(
            f"a category column holds the code {max(named):,}; number its levels from 0 "
            f"(at most {MAX_LEVEL:,})"
        )
    table = np.zeros((len(branches), max(named, default=-1) + 2), bool)
    for row, branch in zip(table, branches, strict=True):
        if branch.known_levels is not None:
            row[:] = branch.missing_left
            row[list(branch.known_levels)] = False
        row[list(branch.left_levels or ())] = True
    return table


MAX_LEVEL = 100_000


def _widened(table: np.ndarray, width: int) -> np.ndarray:
    """The same sets with more levels, each of which goes where all other levels went."""
    more = np.repeat(table[:, -1:], width - table.shape[1], axis=1)
    return np.concatenate([table, more], axis=1)
