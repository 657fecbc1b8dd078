"""What the members of a model say of rows that they held out, with one column permuted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.models.encoding import Categories
from steelyard.models.together import Together

ROWS_AT_ONCE = 1 << 16  # rows of one call: a few calls a member, whatever the number of columns

Shares = Callable[[np.ndarray, Categories], np.ndarray]


@dataclass(frozen=True)
class HeldOut:
    """Rows to look at that one model did not train on, and rows to take other values from.

    `rows`: positions looked at, (n,). `others`: positions, (permutations, n), whose values a
    permuted column takes.
    """

    shares: Shares
    rows: np.ndarray
    others: np.ndarray

    @classmethod
    def of(
        cls,
        shares: Shares,
        held_out: np.ndarray,
        rows: np.ndarray,
        permutations: int,
        rng: np.random.Generator,
    ) -> "HeldOut":
        """`rows` are some of `held_out`, which the values come from at their natural shares.

        Where all are looked at, each permutation uses every row's value once.
        """
        orders = [rng.permutation(held_out)[: len(rows)] for _ in range(permutations)]
        return cls(shares, rows, np.array(orders).reshape(permutations, len(rows)))

    def scores(
        self,
        numbers: np.ndarray,
        categories: Categories,
        columns: Sequence[Together],
        k: int,
    ) -> np.ndarray:
        """Shares of class k with each column permuted, (columns, permutations, n) float32.

        Several columns are asked for in one call; that the model is asked column by column or all
        together changes no result.
        """
        times, n = self.others.shape
        found = np.empty((len(columns), times, n), "float32")
        at_once = max(1, ROWS_AT_ONCE // max(1, times * n))
        here = _rows(numbers, categories, np.tile(self.rows, times))
        there = _rows(numbers, categories, self.others.ravel())
        for first in range(0, len(columns), at_once):
            part = columns[first : first + at_once]
            changed = [one.replaced(*here, by=there) for one in part]
            stacked = self.shares(*_stacked(changed))[:, k]
            found[first : first + at_once] = stacked.reshape(len(part), times, n)
        return found

    def as_they_are(self, numbers: np.ndarray, categories: Categories, k: int) -> np.ndarray:
        """Shares of class k of the rows themselves, (n,) float32."""
        return self.shares(*_rows(numbers, categories, self.rows))[:, k]


def _rows(
    numbers: np.ndarray, categories: Categories, rows: np.ndarray
) -> tuple[np.ndarray, Categories]:
    return numbers[rows], Categories(categories.codes[rows], categories.names)


def _stacked(parts: Sequence[tuple[np.ndarray, Categories]]) -> tuple[np.ndarray, Categories]:
    codes = np.concatenate([categories.codes for _, categories in parts])
    return np.concatenate([numbers for numbers, _ in parts]), Categories(codes, parts[0][1].names)
