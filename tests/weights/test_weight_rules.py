"""Weights from counts and labels, against scikit-learn and the figures of the papers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from steelyard.errors import (
    ClassCountError,
    EmptyClassError,
    RequestError,
    TargetError,
    WeightError,
)
from steelyard.weights import class_weight, from_counts

COUNTS = [1000, 100, 10]
LABELS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=5, max_size=40).filter(
    lambda labels: len(set(labels)) > 1
)


@pytest.mark.parametrize(
    ("beta", "expected"),
    [
        (0.9, (0.848568, 0.848591, 1.302841)),
        (0.99, (0.230147, 0.363011, 2.406842)),
        (0.999, (0.042160, 0.280000, 2.677839)),
        (0.9999, (0.028362, 0.271255, 2.700382)),
    ],
)
def test_effective_number_oracle(beta, expected):
    np.testing.assert_allclose(from_counts(COUNTS, "effective", beta=beta), expected, atol=1e-6)


def test_effective_number_runs_from_ones_to_inverse_frequency():
    np.testing.assert_allclose(from_counts(COUNTS, "effective", beta=0), 1)
    np.testing.assert_allclose(from_counts(COUNTS, "effective", beta=1e-9), 1, atol=1e-8)
    inverse = from_counts(COUNTS)
    nearly_one = from_counts(COUNTS, "effective", beta=1 - 1e-12)
    np.testing.assert_allclose(nearly_one, inverse * 3 / inverse.sum(), rtol=1e-6)


def test_square_root_and_log_by_hand():
    np.testing.assert_allclose(from_counts([75, 25], "sqrt"), [(2 / 3) ** 0.5, 2**0.5])
    np.testing.assert_allclose(from_counts([75, 25], "log"), 1 / np.log([1.77, 1.27]))


@given(LABELS, st.sampled_from(["balanced", "sqrt", "log", "effective"]))
def test_rarer_never_weighs_less_and_normalised_rows_mean_one(labels, rule):
    table = class_weight(labels, rule)
    by_count = table.values[np.argsort(table.counts)]
    assert (np.diff(by_count) <= 1e-9).all()
    assert class_weight(labels, rule, normalise=True).rows(labels).mean() == pytest.approx(1)


@given(LABELS)
def test_balanced_is_scikit_learns(labels):
    table = class_weight(np.array(labels))
    np.testing.assert_array_equal(
        table.values, compute_class_weight("balanced", classes=table.classes, y=labels)
    )
    np.testing.assert_allclose(table.rows(labels), compute_sample_weight("balanced", labels))


@pytest.mark.parametrize(
    "labels",
    [["b", "a", "b"], [True, False, True], [7, -3, 7], [2.5, 0.5, 2.5]],
)
def test_labels_of_any_type_and_the_way_back(labels):
    for y in (labels, np.array(labels, dtype=object)):
        table = class_weight(y)
        codes = table.encode(y)
        assert codes.tolist() == [1, 0, 1]
        assert table.classes[codes].tolist() == labels
        assert table.for_keras == {0: 1.5, 1: 0.75}
        assert table.by_label == {labels[1]: 1.5, labels[0]: 0.75}


def test_bytes_are_read_as_text():
    table = class_weight([b"b", b"a", b"b"])
    assert table.by_label == {"a": 1.5, "b": 0.75}
    assert table.encode(np.array([b"a"], object)).tolist() == [0]


def test_own_order_of_columns():
    table = class_weight(["x", "y", "y"], classes=["y", "x"])
    assert table.for_keras == {0: 0.75, 1: 1.5}
    assert table.encode([["x"], ["y"]]).tolist() == [[1], [0]]


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        (([],), TargetError, "empty"),
        (([1, 1],), TargetError, r"one class, \[1\]"),
        (([[0, 1], [1]],), TargetError, "equal length"),
        (([0.0, 1.0, float("nan")],), TargetError, "misses 1 label"),
        ((["a", None],), TargetError, "NoneType"),
        ((["a", 1.5, 2],), TargetError, "classes|mixes"),
        (([0, 1], "inverse"), RequestError, "inverse"),
        (([0, 1], {0: 1.0}), WeightError, r"no weight for \[1\]"),
        (([0, 1], {0: 1.0, 1: 2.0, "2": 3.0}), WeightError, r"no such label \['2'\]"),
        (([0, 1], {0: 1.0, 1: -2.0}), WeightError, "weight -2"),
        (([0, 1], [0.0, 0.0]), WeightError, "every class weight is 0"),
        (([0, 1], [1.0]), WeightError, "1 weights for 2"),
    ],
)
def test_bad_requests_are_named(arguments, error, named):
    y = arguments[0]
    if y == ["a", 1.5, 2]:
        y = np.array(y, dtype=object)
    with pytest.raises(error, match=named):
        class_weight(y, *arguments[1:])


def test_classes_that_disagree_with_labels_are_named():
    with pytest.raises(EmptyClassError, match=r"class \[2\]"):
        class_weight([0, 1, 1], classes=[0, 1, 2])
    with pytest.raises(TargetError, match="label 2 is none"):
        class_weight([0, 1, 2], classes=[0, 1])
    with pytest.raises(TargetError, match="text"):
        class_weight([0, 1, 2], classes=["0", "1", "2"])
    with pytest.raises(ClassCountError, match="twice"):
        class_weight([0, 1], classes=[0, 0, 1])


@pytest.mark.parametrize("bad", [[5, 0], [5, -1], [5, float("nan")], [5], [[5, 1]], ["a", "b"]])
def test_bad_counts_are_named(bad):
    with pytest.raises(ClassCountError):
        from_counts(bad)


def test_bad_beta_is_named():
    with pytest.raises(RequestError, match="beta = 1"):
        from_counts(COUNTS, "effective", beta=1)
