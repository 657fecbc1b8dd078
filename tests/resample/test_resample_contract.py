"""Every exported sampler keeps the contract of imbalanced-learn and scikit-learn."""

import pickle

import imblearn.combine
import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator as scikit_learn_checks

from steelyard import resample

ALL = [getattr(resample, name) for name in resample.__all__]


def instances():
    for kind in ALL:
        arguments = {"categorical_features": [0]} if kind is resample.SMOTENC else {}
        if "random_state" in kind(**arguments).get_params():
            arguments["random_state"] = 0
        if kind is resample.KMeansSMOTE:
            arguments["kmeans_estimator"] = 12
        if kind is resample.ClusterCentroids:
            arguments["voting"] = "soft"
        if kind is resample.InstanceHardnessThreshold:
            arguments["estimator"] = RandomForestClassifier(n_estimators=5, random_state=0)
        if kind is resample.NearMiss:
            yield from (kind(version=version) for version in (1, 2, 3))
        else:
            yield kind(**arguments)


def known_failures(sampler):
    # imbalanced-learn marks the same one: version 3 may have fewer candidates than asked for.
    if getattr(sampler, "version", None) == 3:
        return {"check_samplers_fit_resample": "NearMiss-3 has fewer candidates than asked for"}
    return {}


def theirs(kind):
    for module in (imblearn.over_sampling, imblearn.under_sampling, imblearn.combine):
        if hasattr(module, kind.__name__):
            return getattr(module, kind.__name__)
    return None  # a sampler of our own


# `parametrize_with_checks` hands pytest a generator, which it will refuse soon; this is its list.
CHECKS = [
    case
    for sampler in instances()
    if not isinstance(sampler, resample.SMOTENC)  # has no table to suit it among the checks
    for case in estimator_checks_generator(
        sampler, expected_failed_checks=known_failures(sampler), mark="xfail"
    )
]


def scikit_learn_cases():
    for sampler in instances():
        if isinstance(sampler, resample.SMOTENC):
            continue
        for estimator, check in scikit_learn_checks(sampler):
            # The array API is scikit-learn's experiment, off unless an environment variable is set.
            if check.func.__name__ != "check_array_api_input":
                yield estimator, check


def check_id(value):
    return value.func.__name__ if hasattr(value, "func") else repr(value)


@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=check_id)
@pytest.mark.filterwarnings("ignore")  # the checks feed odd data on purpose, to theirs and ours
def test_imbalanced_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("estimator", "check"), list(scikit_learn_cases()), ids=check_id)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_every_sampler_of_imbalanced_learn_is_here():
    names = set(imblearn.over_sampling.__all__) | set(imblearn.under_sampling.__all__)
    assert names | set(imblearn.combine.__all__) <= set(resample.__all__)


@pytest.mark.parametrize("sampler", [s for s in instances() if theirs(type(s))], ids=repr)
def test_same_parameters_and_kind_as_theirs(sampler):
    original = theirs(type(sampler))
    assert isinstance(sampler, original)
    same = original(**sampler.get_params(deep=False))
    assert same.get_params().keys() == sampler.get_params().keys()


# NearMiss-3 has fewer candidates than asked for and says so.
@pytest.mark.filterwarnings("ignore:The number of the samples")
@pytest.mark.parametrize("sampler", list(instances()), ids=repr)
def test_clone_pickle_and_input_untouched(sampler):
    X, y = make_classification(300, 6, n_informative=4, weights=[0.8], random_state=3)
    X[:, 0] = np.round(X[:, 0])
    X_before, y_before = X.copy(), y.copy()
    X_first, y_first = clone(sampler).fit_resample(X, y)
    again = pickle.loads(pickle.dumps(sampler))  # noqa: S301 - our own bytes
    X_again, y_again = again.fit_resample(X, y)
    np.testing.assert_array_equal(X_first, X_again)
    np.testing.assert_array_equal(y_first, y_again)
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


def test_works_in_a_pipeline_under_cross_validation():
    X, y = make_classification(400, 5, weights=[0.85], random_state=0)
    ours = make_pipeline(
        resample.SMOTE(random_state=0), resample.TomekLinks(), LogisticRegression()
    )
    reference = make_pipeline(
        imblearn.over_sampling.SMOTE(random_state=0),
        imblearn.under_sampling.TomekLinks(),
        LogisticRegression(),
    )
    np.testing.assert_array_equal(cross_val_score(ours, X, y), cross_val_score(reference, X, y))


@pytest.mark.parametrize(
    "strategy",
    ["auto", "majority", "not minority", "all", [0, 2], {0: 30, 2: 40}, lambda y: {0: 30}],
)
def test_every_form_of_sampling_strategy(strategy):
    X, y = make_classification(
        200, 6, n_classes=3, n_informative=4, weights=[0.5, 0.15], random_state=0
    )
    cleaning = not isinstance(strategy, dict) and not callable(strategy)
    name = "TomekLinks" if cleaning else "RandomUnderSampler"
    arguments = {"sampling_strategy": strategy} | ({} if cleaning else {"random_state": 0})
    ours = getattr(resample, name)(**arguments)
    reference = getattr(imblearn.under_sampling, name)(**arguments)
    ours.fit_resample(X, y)
    reference.fit_resample(X, y)
    assert ours.sampling_strategy_ == reference.sampling_strategy_
    np.testing.assert_array_equal(ours.sample_indices_, reference.sample_indices_)
