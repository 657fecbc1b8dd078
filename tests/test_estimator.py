"""The scikit-learn classifier: scikit-learn's own checks, all of them, and what only ours has."""

from sklearn.utils.estimator_checks import parametrize_with_checks

import steelyard


@parametrize_with_checks([steelyard.ImbalancedClassifier(folds=2)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)
