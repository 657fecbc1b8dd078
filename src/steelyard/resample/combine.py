"""SMOTE followed by cleaning: SMOTEENN and SMOTETomek."""

from typing import Any

import imblearn.combine
import imblearn.over_sampling
import numpy as np
from sklearn.base import clone

from steelyard.resample._asked import tell_difference
from steelyard.resample._base import AnyTable, aligned
from steelyard.resample._table import Table, as_table
from steelyard.resample._target import Target, take_vector
from steelyard.resample.enn import EditedNearestNeighbours
from steelyard.resample.smote import SMOTE
from steelyard.resample.tomek import TomekLinks


class _SmoteThenClean(AnyTable):
    """Over-sample the table, then clean what came out; both steps see the table as it is."""

    def _resample(self, table: Table, target: Target) -> tuple[Any, Any, np.ndarray]:
        smote, cleaner = self.steps()
        # Cleaning sees new rows before they are rounded to the types of their columns, so it
        # drops the rows that imbalanced-learn drops.
        mixed = isinstance(smote, imblearn.over_sampling.SMOTENC)
        rows = table.native if mixed else self._matrix(table)
        grown, labels = smote.fit_resample(rows, target.labels)
        cleaner.fit_resample(grown, labels)
        kept, here = cleaner.sample_indices_, len(target.labels)
        self.source_rows_ = np.where(kept < here, kept, -1)
        whole = grown if mixed else table.append(grown[here:])
        X_new, y_new = as_table(whole).take(kept), take_vector(target.append(labels[here:]), kept)
        return *aligned(X_new, y_new), labels[kept]

    def steps(self) -> tuple[Any, Any]:
        """The over-sampler and the cleaner, as `fit_resample` runs them one after the other."""
        self.smote_ = (
            clone(self.smote)
            if self.smote is not None
            else SMOTE(sampling_strategy=self.sampling_strategy, random_state=self.random_state)
        )
        self.sampling_strategy_ = self.sampling_strategy
        return self.smote_, self._cleaner()

    def _tell(self, before: np.ndarray, after: np.ndarray) -> None:
        """Only of classes that are gone: cleaning decides how many rows stay."""
        tell_difference({}, "clean-sampling", before, after)

    def _cleaner(self) -> Any:
        raise NotImplementedError

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        """imbalanced-learn's hook: the same on plain arrays."""
        return self.fit_resample(X, y)[:2]


class SMOTEENN(_SmoteThenClean, imblearn.combine.SMOTEENN):
    """SMOTE, then EditedNearestNeighbours over all classes.

    Parameters and results are those of `imblearn.combine.SMOTEENN`.

    Source: Batista, Prati & Monard, "A study of the behavior of several methods for balancing
    machine learning training data", SIGKDD Explorations 6, 2004.
    """

    def _cleaner(self) -> Any:
        self.enn_ = (
            clone(self.enn)
            if self.enn is not None
            else EditedNearestNeighbours(sampling_strategy="all", n_jobs=self.n_jobs)
        )
        return self.enn_


class SMOTETomek(_SmoteThenClean, imblearn.combine.SMOTETomek):
    """SMOTE, then TomekLinks over all classes.

    Parameters and results are those of `imblearn.combine.SMOTETomek`.

    Source: Batista, Bazzan & Monard, "Balancing training data for automated annotation of
    keywords: a case study", WOB 2003.
    """

    def _cleaner(self) -> Any:
        self.tomek_ = (
            clone(self.tomek)
            if self.tomek is not None
            else TomekLinks(sampling_strategy="all", n_jobs=self.n_jobs)
        )
        return self.tomek_
