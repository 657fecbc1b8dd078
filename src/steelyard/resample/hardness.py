"""InstanceHardnessThreshold: keep the rows that a cross-validated model finds easy."""

from typing import Any, ClassVar

import imblearn.under_sampling
import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.utils import check_random_state

from steelyard.resample._base import Selecting


class InstanceHardnessThreshold(Selecting, imblearn.under_sampling.InstanceHardnessThreshold):
    """Keep, of each larger class, the rows whose own class a model finds most probable.

    As `imblearn.under_sampling.InstanceHardnessThreshold`, with three differences: labels may be
    of any type and any numbers; of rows with equal probability just as many are kept as asked
    for, the first in the table; missing values are left to the estimator.

    Source: Smith, Martinez & Giraud-Carrier, "An instance level analysis of data complexity",
    Machine Learning 95, 2014.
    """

    _checks: ClassVar[dict[str, Any]] = {"ensure_all_finite": "allow-nan"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _select(self, X: Any, labels: np.ndarray) -> np.ndarray:
        classes, codes = np.unique(labels, return_inverse=True)
        own = self._own_class_probability(X, codes)
        kept = []
        for code, label in enumerate(classes):
            rows = np.flatnonzero(codes == code)
            if label in self.sampling_strategy_:
                # Stable, so of equal rows the first stay.
                easiest = np.argsort(-own[rows], kind="stable")[: self.sampling_strategy_[label]]
                rows = rows[np.sort(easiest)]
            kept.append(rows)
        return np.concatenate(kept)

    def _own_class_probability(self, X: Any, codes: np.ndarray) -> np.ndarray:
        random_state = check_random_state(self.random_state)
        self._validate_estimator(random_state)
        folds = StratifiedKFold(n_splits=self.cv, shuffle=True, random_state=random_state)
        probability = cross_val_predict(
            self.estimator_, X, codes, cv=folds, n_jobs=self.n_jobs, method="predict_proba"
        )
        return probability[np.arange(len(codes)), codes]
