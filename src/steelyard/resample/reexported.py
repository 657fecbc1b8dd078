"""The samplers taken from imbalanced-learn as they are, for any kind of table.

Their time goes into the model that they fit (a forest, an SVM, k-means) or their use is rare; we
add reading and writing of tables and nothing else, except where a result was wrong.
"""

from typing import Any, ClassVar

import imblearn.over_sampling
import imblearn.under_sampling

from steelyard.resample._base import AnyTable


class SMOTEN(AnyTable, imblearn.over_sampling.SMOTEN):
    """SMOTE for tables of categories only; see `imblearn.over_sampling.SMOTEN`."""

    _checks: ClassVar[dict[str, Any]] = {"dtype": None}


class SVMSMOTE(AnyTable, imblearn.over_sampling.SVMSMOTE):
    """SMOTE from the support vectors of an SVM; see `imblearn.over_sampling.SVMSMOTE`."""


class KMeansSMOTE(AnyTable, imblearn.over_sampling.KMeansSMOTE):
    """SMOTE inside clusters of the smaller class; see `imblearn.over_sampling.KMeansSMOTE`."""


class ClusterCentroids(AnyTable, imblearn.under_sampling.ClusterCentroids):
    """Replace the larger classes by cluster centres; see imbalanced-learn's class of the name."""
