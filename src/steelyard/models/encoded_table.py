"""An encoded table: a matrix, or what makes the rows of one as they are asked for."""

from dataclasses import dataclass

import numpy as np

from steelyard._memory import room
from steelyard.models.encoding import Categories, Encoding, encode

TABLE_BYTES = 1 << 30  # an encoded table above this is not laid out whole


@dataclass(frozen=True)
class EncodedRows:
    """An encoded table (rows, columns) of which only the rows asked for are ever encoded."""

    encoding: Encoding
    numbers: np.ndarray
    categories: Categories

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and encoded columns."""
        return len(self.numbers), self.encoding.width

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        codes, names = self.categories.codes[rows], self.categories.names
        return encode(self.encoding, self.numbers[rows], Categories(codes, names))

    def laid_out(self, width: int | None = None) -> "Encoded":
        """The whole matrix, or itself where that takes more than `TABLE_BYTES` or what is left.

        `width`: as in `encode`.
        """
        if 4 * len(self) * self.encoding.width > room(TABLE_BYTES, 0.15):
            return self
        return encode(self.encoding, self.numbers, self.categories, width)


Encoded = np.ndarray | EncodedRows
