"""Raw columns that say one thing: what is permuted, or replaced, as one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.models.encoding import Categories
from steelyard.tables import Schema

STEM = re.compile(r"(.+?)[_=.:\- ][^_=.:\- ]*$")


@dataclass(frozen=True)
class Together:
    """One column, or the 0/1 columns that one category was written as.

    `numbers`, `codes`: their places among the number and among the category columns.
    """

    name: str
    columns: tuple[str, ...]
    numbers: tuple[int, ...] = ()
    codes: tuple[int, ...] = ()

    def replaced(
        self,
        numbers: np.ndarray,
        categories: Categories,
        by: tuple[np.ndarray, Categories],
    ) -> tuple[np.ndarray, Categories]:
        """Raw rows with these columns taken from as many other rows."""
        numbers, codes = numbers.copy(), categories.codes.copy()
        places = list(self.numbers)
        numbers[:, places] = by[0][:, places]
        places = list(self.codes)
        codes[:, places] = by[1].codes[:, places]
        return numbers, Categories(codes, categories.names)


def columns_together(schema: Schema, numbers: np.ndarray) -> list[Together]:
    """The features of a table, in its order; columns of one category that is written 0/1 as one.

    Columns are taken for such where their names begin alike, they hold nothing but 0 and 1, and
    every row of `numbers` (rows, numbers) has exactly one 1 among them.
    """
    place_of = {name: place for place, name in enumerate(schema.numbers)}
    code_of = {name: place for place, name in enumerate(schema.categories)}
    members: dict[str, list[int]] = {}
    for name, place in place_of.items():
        if stem := STEM.match(name):
            members.setdefault(stem[1], []).append(place)
    one_hot = {stem: places for stem, places in members.items() if _one_hot(numbers, places)}
    stem_of = {place: stem for stem, places in one_hot.items() for place in places}
    names, told = list(place_of), set()
    found: list[Together] = []
    for name in schema.features:
        if name in code_of:
            found.append(Together(name, (name,), codes=(code_of[name],)))
            continue
        of = stem_of.get(place_of[name])
        if of is None:
            found.append(Together(name, (name,), numbers=(place_of[name],)))
        elif of not in told:
            told.add(of)
            places = tuple(one_hot[of])
            columns = tuple(names[place] for place in places)
            found.append(Together(f"{of} ({len(places)} columns)", columns, places))
    return found


def _one_hot(numbers: np.ndarray, places: Sequence[int]) -> bool:
    if len(places) < 2 or not len(numbers):
        return False
    values = numbers[:, list(places)]
    return bool(np.isin(values, (0.0, 1.0)).all() and (values.sum(axis=1) == 1).all())
