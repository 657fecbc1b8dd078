"""SMOTE followed by cleaning: SMOTEENN and SMOTETomek."""

from typing import Any

import imblearn.combine
import numpy as np
from sklearn.base import clone

from steelyard.resample._base import AnyTable
from steelyard.resample._table import Table
from steelyard.resample._target import Target
from steelyard.resample.enn import EditedNearestNeighbours
from steelyard.resample.smote import SMOTE
from steelyard.resample.tomek import TomekLinks


class _SmoteThenClean(AnyTable):
    """Over-sample the table, then clean what came out; both steps see the table as it is."""

    def _resample(self, table: Table, target: Target) -> tuple[Any, ...]:
        _, cleaner = self.steps()
        if not target.one_hot:
            return cleaner.fit_resample(*self.smote_.fit_resample(table.native, target.native))
        X, labels = self.smote_.fit_resample(table.native, target.labels)
        X, labels = cleaner.fit_resample(X, labels)
        return X, target.replace(labels)

    def steps(self) -> tuple[Any, Any]:
        """The over-sampler and the cleaner, as `fit_resample` runs them one after the other."""
        self.smote_ = (
            clone(self.smote)
            if self.smote is not None
            else SMOTE(sampling_strategy=self.sampling_strategy, random_state=self.random_state)
        )
        self.sampling_strategy_ = self.sampling_strategy
        return self.smote_, self._cleaner()

    def _cleaner(self) -> Any:
        raise NotImplementedError

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        """imbalanced-learn's hook: the same on plain arrays."""
        return self.fit_resample(X, y)


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
