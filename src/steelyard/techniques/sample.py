"""First place: which rows the model sees, how often, and which are synthetic."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from steelyard.sampling_plan.ratios import rows_of, rows_over
from steelyard.techniques.needs import APPROXIMATE, CLOSED_FORM


class Rows(Protocol):
    """A table of which rows can be asked for; an array is one."""

    def __getitem__(self, rows: np.ndarray, /) -> np.ndarray:
        """(positions, columns)."""


@dataclass(frozen=True)
class MadeRows:
    """Synthetic rows as a sampler gave them: X (rows, columns) float32 and class codes y."""

    X: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def part(self, which: np.ndarray) -> "MadeRows":
        """Some of them, by position."""
        return MadeRows(self.X[which], self.y[which])


NONE_MADE = MadeRows(np.empty((0, 0), "float32"), np.empty(0, "int64"))


@dataclass(frozen=True)
class SampleIndices:
    """Training rows as a sampling member chose them, without copying a single one.

    Row i is `X[rows[i]] + share[i] * (X[partners[i]] - X[rows[i]])` with the label of `rows[i]`:
    an observed row where `share` is 0, a synthetic one on the line to its partner elsewhere. All
    three have shape (sampled rows,); rows may repeat or be left out. `made`: rows that lie on no
    such line, which come on top.
    """

    rows: np.ndarray
    partners: np.ndarray
    share: np.ndarray
    made: MadeRows = NONE_MADE

    @classmethod
    def observed(cls, rows: np.ndarray) -> "SampleIndices":
        """Only rows that exist."""
        return cls(rows, rows, np.zeros(len(rows), "float32"))

    def shifted(self, by: int) -> "SampleIndices":
        """The same sample of a table that starts `by` rows further down."""
        rows = self.rows + by
        # Where no row is synthetic, one array serves as both.
        partners = rows if self.partners is self.rows else self.partners + by
        return SampleIndices(rows, partners, self.share, self.made)

    def __len__(self) -> int:
        """With those made on top."""
        return len(self.rows) + len(self.made)

    def labels(self, y: np.ndarray) -> np.ndarray:
        """Class codes of the sampled rows, those made on top last."""
        return np.concatenate([y[self.rows], self.made.y])

    def table(self, X: Rows) -> np.ndarray:
        """The sampled rows themselves, shape (sampled rows, columns); none of those made on top."""
        first = X[self.rows]
        if not self.share.any():
            return first
        return first + self.share[:, None] * (X[self.partners] - first)

    def part(self, which: np.ndarray) -> "SampleIndices":
        """Some of the rows, by position, and none of those made on top."""
        return SampleIndices(self.rows[which], self.partners[which], self.share[which])


class Sample:
    """A member of the sample place. Subclasses are frozen dataclasses of plain values.

    `needs`: what a trainer must honour, of `needs.NEEDS`. `effect`: what it does to the prior.
    """

    kind: ClassVar[str] = "natural"
    needs: frozenset[str] = frozenset()
    effect: str = CLOSED_FORM

    def counts_after(self, counts: np.ndarray) -> np.ndarray:
        """Class counts the model trains on, shape (classes,), as far as counts alone tell."""
        return counts

    def totals_after(self, totals: np.ndarray) -> np.ndarray:
        """The same of weighted rows, where a class counts as much as its rows' weights sum to."""
        if np.array_equal(totals, np.rint(totals)):
            return self.counts_after(np.rint(totals).astype(np.int64))
        # What a sampler aims at are ratios, and those it takes of whole rows.
        scale = 1e6 / totals[totals > 0].min()
        return self.counts_after(np.rint(scale * totals).astype(np.int64)) / scale

    def unfit(self, numbers: int, categories: int) -> str | None:  # noqa: ARG002
        """Why a table of so many number and category columns cannot be sampled, or None."""
        return None

    def draw(
        self,
        X: Rows,  # noqa: ARG002
        y: np.ndarray,  # noqa: ARG002
        rows: np.ndarray,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> SampleIndices:
        """Choose among `rows` (positions, training rows only) of `X` (all, columns) with codes `y`.

        Positions and not a smaller X: most members never look at X, and a copy of it would be the
        largest thing in memory.
        """
        return SampleIndices.observed(rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, enough to build the member again."""
        return {"kind": self.kind} | asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The member that `to_dict` described."""
        return cls(**{name: value for name, value in values.items() if name != "kind"})


@dataclass(frozen=True)
class Natural(Sample):
    """Every row once."""


@dataclass(frozen=True)
class RandomOver(Sample):
    """Repeat rows of the smaller classes until each has `ratio` of the largest."""

    kind: ClassVar[str] = "random-over"
    ratio: float = 1.0

    def counts_after(self, counts: np.ndarray) -> np.ndarray:
        return np.where(counts > 0, np.maximum(counts, rows_of(self.ratio, int(counts.max()))), 0)

    def draw(
        self,
        X: Rows,  # noqa: ARG002
        y: np.ndarray,
        rows: np.ndarray,
        rng: np.random.Generator,
    ) -> SampleIndices:
        from steelyard.resample import RandomOverSampler

        return _selected(RandomOverSampler, self.counts_after, y, rows, rng)


@dataclass(frozen=True)
class RandomUnder(Sample):
    """Leave out rows of the larger classes until each has the smallest's count over `ratio`."""

    kind: ClassVar[str] = "random-under"
    ratio: float = 1.0

    def counts_after(self, counts: np.ndarray) -> np.ndarray:
        return np.minimum(counts, rows_over(int(counts[counts > 0].min()), self.ratio))

    def draw(
        self,
        X: Rows,  # noqa: ARG002
        y: np.ndarray,
        rows: np.ndarray,
        rng: np.random.Generator,
    ) -> SampleIndices:
        from steelyard.resample import RandomUnderSampler

        return _selected(RandomUnderSampler, self.counts_after, y, rows, rng)


def _selected(
    sampler: Any,
    counts_after: Any,
    y: np.ndarray,
    rows: np.ndarray,
    rng: np.random.Generator,
) -> SampleIndices:
    """What a random sampler of `steelyard.resample` selects of `rows`; it looks at no column."""
    after = counts_after(np.bincount(y[rows]))
    wanted = {code: int(n) for code, n in enumerate(after) if n}
    chosen = sampler(sampling_strategy=wanted, random_state=int(rng.integers(2**31)))
    chosen.fit_resample(rows[:, None], y[rows])
    return SampleIndices.observed(rows[chosen.sample_indices_])


@dataclass(frozen=True)
class Smote(Sample):
    """Make up rows on the lines between neighbours of a class (Chawla et al. 2002)."""

    kind: ClassVar[str] = "smote"
    needs = frozenset({"rows on lines"})
    effect = APPROXIMATE
    neighbours: int = 5

    def counts_after(self, counts: np.ndarray) -> np.ndarray:
        # A class of one row has no neighbour to go towards: it stays as it is.
        return np.where(counts > 1, counts.max(), counts)

    def draw(
        self, X: Rows, y: np.ndarray, rows: np.ndarray, rng: np.random.Generator
    ) -> SampleIndices:
        counts = np.bincount(y[rows])
        parts = [SampleIndices.observed(rows)]
        for code, extra in enumerate(self.counts_after(counts) - counts):
            if extra:
                parts.append(_between_neighbours(X, rows[y[rows] == code], extra, self, rng))
        return SampleIndices(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.partners for part in parts]),
            np.concatenate([part.share for part in parts]),
        )


def _between_neighbours(
    X: Rows, members: np.ndarray, extra: int, smote: Smote, rng: np.random.Generator
) -> SampleIndices:
    """`extra` points on lines from random `members` of a class to one of their neighbours in it."""
    from steelyard.neighbours import all_neighbours

    # A class with few rows can give fewer neighbours; it has at least two rows here.
    k = min(smote.neighbours, len(members) - 1)
    near = all_neighbours(X[members], k)
    base = rng.integers(len(members), size=extra)
    partner = near[base, rng.integers(k, size=extra)]
    return SampleIndices(members[base], members[partner], rng.random(extra, dtype="float32"))
