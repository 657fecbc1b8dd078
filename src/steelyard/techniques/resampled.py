"""Any sampler of `steelyard.resample` as a member of the sample place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from steelyard.errors import RequestError
from steelyard.techniques.needs import APPROXIMATE, UNKNOWN
from steelyard.techniques.sample import MadeRows, Rows, Sample, SampleIndices

LINES, OWN = frozenset({"rows on lines"}), frozenset({"rows of its own"})
NEIGHBOURS = ("k_neighbors", "m_neighbors", "n_neighbors")


def to_largest(counts: np.ndarray) -> np.ndarray:
    """Every class as large as the largest; one of a single row has no neighbour to go towards."""
    return np.where(counts > 1, counts.max(), counts)


def to_smallest(counts: np.ndarray) -> np.ndarray:
    """Every class as small as the smallest."""
    return np.minimum(counts, counts[counts > 0].min())


def unchanged(counts: np.ndarray) -> np.ndarray:
    """What a cleaning sampler drops is up to the rows."""
    return counts


@dataclass(frozen=True)
class Method:
    """What is known of a sampler without looking at rows.

    `aims`: class counts it aims at. `needs`, `effect`: as in `Sample`. `columns`: "mixed" for one
    that needs categories beside numbers or alone, "categories" for one of categories only.
    """

    aims: Callable[[np.ndarray], np.ndarray] = unchanged
    needs: frozenset[str] = frozenset()
    effect: str = UNKNOWN
    columns: str = "any"


# Names as `steelyard resample --method` has them. New rows for the smaller classes change the
# class shares in a known way and the rest a little; what leaves rows out by their place among
# others bends probabilities in a way that no formula undoes.
METHODS = {
    "borderline-smote": Method(to_largest, LINES, APPROXIMATE),
    "adasyn": Method(to_largest, LINES, APPROXIMATE),
    "svm-smote": Method(to_largest, OWN, APPROXIMATE),
    "kmeans-smote": Method(to_largest, OWN, APPROXIMATE),
    "smotenc": Method(to_largest, OWN, APPROXIMATE, "mixed"),
    "smoten": Method(to_largest, OWN, APPROXIMATE, "categories"),
    "smote-enn": Method(needs=LINES),
    "smote-tomek": Method(needs=LINES),
    "tomek-links": Method(),
    "enn": Method(),
    "repeated-enn": Method(),
    "all-knn": Method(),
    "neighbourhood-cleaning": Method(),
    "condensed": Method(),
    "one-sided-selection": Method(),
    "near-miss-1": Method(to_smallest),
    "near-miss-2": Method(to_smallest),
    "near-miss-3": Method(to_smallest),
    "instance-hardness": Method(to_smallest),
    "cluster-centroids": Method(to_smallest, OWN),
}


@dataclass(frozen=True)
class Resampled(Sample):
    """What a sampler of `steelyard.resample` makes of the encoded rows.

    `method`: a key of `METHODS`. `settings`: pairs of a parameter's name and its value.
    """

    kind: ClassVar[str] = "resampled"
    method: str
    settings: tuple[tuple[str, Any], ...] = ()

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override]
        """Of the method."""
        return METHODS[self.method].needs

    @property
    def effect(self) -> str:  # type: ignore[override]
        """Of the method."""
        return METHODS[self.method].effect

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Resampled":
        pairs = tuple((name, value) for name, value in values["settings"])
        return cls(values["method"], pairs)

    def counts_after(self, counts: np.ndarray) -> np.ndarray:
        return METHODS[self.method].aims(counts)

    def unfit(self, numbers: int, categories: int) -> str | None:
        columns = METHODS[self.method].columns
        if columns == "categories" and numbers:
            return f"{self.method} takes categories only, and the table has number columns"
        if columns != "any" and not categories:
            return f"{self.method} needs category columns, and the table has none"
        if columns == "mixed" and not numbers:
            return f"{self.method} needs number columns beside the categories; use smoten"
        return None

    def draw(
        self, X: Rows, y: np.ndarray, rows: np.ndarray, rng: np.random.Generator
    ) -> SampleIndices:
        from steelyard.resample.lines import select

        kept, labels = X[rows], y[rows]
        sampler = self._sampler(kept, labels, int(rng.integers(2**31)))
        try:
            found = select(sampler, kept, labels)
        except ValueError as error:
            raise RequestError(
                f"the sampler {self.method} cannot treat these rows: {error}"
            ) from error
        made = MadeRows(found.made.astype("float32"), found.made_y.astype("int64"))
        step = found.step.astype("float32")
        return SampleIndices(rows[found.start], rows[found.end], step, made)

    def _sampler(self, X: np.ndarray, labels: np.ndarray, seed: int) -> Any:
        """The sampler, with no more neighbours than these rows have."""
        from steelyard import resample
        from steelyard.resample.job import METHODS as SAMPLERS

        name, arguments = SAMPLERS[self.method]
        counts = np.bincount(labels)
        after = self.counts_after(counts)
        if name == "SMOTENC":
            # In the encoded table a category column is several of 0 and 1.
            flags = np.flatnonzero(((X == 0) | (X == 1)).all(axis=0))
            arguments = arguments | {"categorical_features": flags}
        sampler = getattr(resample, name)(**(arguments | dict(self.settings)))
        given = sampler.get_params(deep=False)
        few: dict[str, Any] = {"random_state": seed} if "random_state" in given else {}
        if (after > counts).any():
            few["sampling_strategy"] = {
                code: int(n) for code, n in enumerate(after) if n > counts[code]
            }
        grown = counts[after > counts] if (after > counts).any() else counts[counts > 0]
        near = len(labels) if (after == counts).all() else int(grown.min())
        for parameter in NEIGHBOURS:
            if isinstance(given.get(parameter), int):
                few[parameter] = max(1, min(given[parameter], near - 1))
        if "cv" in given:
            few["cv"] = max(2, min(given["cv"], int(counts[counts > 0].min())))
        return sampler.set_params(**few)
