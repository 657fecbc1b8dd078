"""Raw columns -> the matrix the networks read; everything here is fitted on training rows only.

Each number column gives its standardised value and its normal score by rank side by side (together
better than either alone), and an indicator where training rows had gaps. Each category column
gives one 0/1 column per frequent level and one for everything else, unseen levels included.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

KNOTS = 128  # points of the rank transform; more buys nothing below a million rows
MAX_LEVELS = 64  # frequent levels of one category column; the rest share a column
MIN_LEVEL_ROWS = 5
CLIP = 8.0  # standard deviations; a wild value must not own the first layer


@dataclass(frozen=True)
class Encoding:
    """What was learned from the training rows, as plain arrays and lists.

    `mean`, `scale`: (numbers,). `knots`, `scores`: (numbers, KNOTS), the rank transform.
    `gaps`: indexes of number columns with missing training values. `levels`: per category
    column its frequent levels ("" is a missing value).
    """

    mean: np.ndarray
    scale: np.ndarray
    knots: np.ndarray
    scores: np.ndarray
    gaps: np.ndarray
    levels: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        """Columns of the encoded matrix."""
        return 2 * len(self.mean) + len(self.gaps) + sum(self.level_columns)

    @property
    def level_columns(self) -> list[int]:
        """0/1 columns of each category column; they are the last ones of the matrix."""
        return [len(known) + 1 for known in self.levels]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, for the Keras layer's config."""
        return {
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "knots": self.knots.tolist(),
            "scores": self.scores.tolist(),
            "gaps": self.gaps.tolist(),
            "levels": [list(known) for known in self.levels],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Encoding":
        """The encoding that `to_dict` described."""
        numbers = len(values["mean"])
        return cls(
            mean=np.array(values["mean"], "float32"),
            scale=np.array(values["scale"], "float32"),
            knots=np.array(values["knots"], "float32").reshape(numbers, KNOTS),
            scores=np.array(values["scores"], "float32").reshape(numbers, KNOTS),
            gaps=np.array(values["gaps"], "int64"),
            levels=tuple(tuple(known) for known in values["levels"]),
        )


@dataclass(frozen=True)
class Categories:
    """Category columns coded once for a whole table: an integer per level is not learned from.

    `codes`: (rows, columns) int32 into `names[column]`.
    """

    codes: np.ndarray
    names: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, strings: np.ndarray) -> "Categories":
        """Code an object array (rows, columns) of strings."""
        pairs = [np.unique(column.astype(str), return_inverse=True) for column in strings.T]
        codes = np.empty(strings.shape, "int32")
        for j, (_, inverse) in enumerate(pairs):
            codes[:, j] = inverse
        return cls(codes, tuple(names for names, _ in pairs))


def fit(numbers: np.ndarray, categories: Categories, rows: np.ndarray) -> Encoding:
    """Learn the encoding from the training `rows` (positions) and nothing else."""
    columns = [_fit_number(column[rows]) for column in numbers.T]
    mean, scale, knots, scores, gaps = zip(*columns, strict=True) if columns else ((),) * 5
    shape = (len(columns), KNOTS)
    return Encoding(
        mean=np.array(mean, "float32"),
        scale=np.array(scale, "float32"),
        knots=np.array(knots, "float32").reshape(shape),
        scores=np.array(scores, "float32").reshape(shape),
        gaps=np.flatnonzero(np.array(gaps, bool)),
        levels=tuple(
            _frequent(categories.codes[rows, j], names) for j, names in enumerate(categories.names)
        ),
    )


def _fit_number(column: np.ndarray) -> tuple[Any, Any, np.ndarray, np.ndarray, bool]:
    """Mean, scale, knots, scores, and whether there are gaps. One column, to copy no table."""
    known = column[np.isfinite(column)]
    count = max(len(known), 1)
    mean = known.sum(dtype="float64") / count
    scale = np.sqrt(((known - mean) ** 2).sum(dtype="float64") / count)
    # A column that does not vary in these rows says nothing: leave it at zero.
    scale = scale if scale > 1e-6 * max(1, abs(mean)) else np.inf
    return mean, scale, *_rank_knots(known), len(known) < len(column)


def encode(
    encoding: Encoding, numbers: np.ndarray, categories: Categories, width: int | None = None
) -> np.ndarray:
    """The float32 matrix (rows, encoding.width); the Keras layer computes the same.

    `width`: with columns of zeros up to this one, so that who needs them makes no second matrix.
    """
    n = len(numbers)
    out = np.zeros((n, width or encoding.width), "float32")
    d = len(encoding.mean)
    for j in range(d):
        column = numbers[:, j]
        known = np.isfinite(column)
        scaled = (column - encoding.mean[j]) / encoding.scale[j]
        out[:, j] = np.where(known, np.clip(scaled, -CLIP, CLIP), 0)
        ranked = np.interp(column, encoding.knots[j], encoding.scores[j])
        out[:, d + j] = np.where(known, ranked, 0)
    for position, j in enumerate(encoding.gaps):
        out[:, 2 * d + position] = ~np.isfinite(numbers[:, j])
    start = 2 * d + len(encoding.gaps)
    slots = level_slots(encoding, categories)
    for j, known_levels in enumerate(encoding.levels):
        out[np.arange(n), start + slots[:, j]] = 1
        start += len(known_levels) + 1
    return out


def level_slots(encoding: Encoding, categories: Categories) -> np.ndarray:
    """Each category value's number among the frequent levels, from 1; 0 for everything else.

    (rows, columns) int32.
    """
    slots = np.zeros(categories.codes.shape, "int32")
    for j, known_levels in enumerate(encoding.levels):
        slot_of = {level: slot for slot, level in enumerate(known_levels, start=1)}
        by_name = np.array([slot_of.get(level, 0) for level in categories.names[j]], "int32")
        slots[:, j] = by_name[categories.codes[:, j]]
    return slots


def tree_columns(encoding: Encoding, numbers: np.ndarray, categories: Categories) -> np.ndarray:
    """What trees read, (rows, numbers + categories) float32: raw numbers, then level slots.

    Numbers stay as they are, gaps as NaN: trees ask for order only and find gaps a side.
    """
    if not encoding.levels:
        return numbers
    return np.hstack([numbers, level_slots(encoding, categories).astype("float32")])


def _rank_knots(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct increasing values and their normal scores; tied values get their middle rank."""
    if len(values) == 0:
        return np.arange(KNOTS), np.zeros(KNOTS)
    probability = np.linspace(0, 1, KNOTS)
    quantiles = np.quantile(values, probability)
    knots, start, times = np.unique(
        quantiles.astype("float32"), return_index=True, return_counts=True
    )
    if len(knots) == 1:
        return knots[0] + np.arange(KNOTS), np.zeros(KNOTS)
    middle = np.clip(probability[start + times // 2], 0.5 / KNOTS, 1 - 0.5 / KNOTS)
    # Past the last value the score stays where it is: knots go on, scores do not.
    more = KNOTS - len(knots)
    tail = knots[-1] + np.maximum(1, abs(knots[-1])) * np.arange(1, more + 1)
    scores = ndtri(middle)
    return np.concatenate([knots, tail]), np.concatenate([scores, np.full(more, scores[-1])])


def _frequent(codes: np.ndarray, names: np.ndarray) -> tuple[str, ...]:
    counts = np.bincount(codes, minlength=len(names))
    order = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    return tuple(str(names[code]) for code in order if counts[code] >= MIN_LEVEL_ROWS)
