"""Leaks that multiply every figure are found, with the figure without them; else there are none."""

import numpy as np
import pytest
from leaky_tables import copied_rows, drawn, frame, visits, with_mean_labels

from steelyard.inspection import inspect
from steelyard.inspection.encoded_columns import made_from_labels

LEAKS = {"SY016", "SY017", "SY020"}


def found(table):
    summary = inspect(table, "y").to_dict()
    codes = {one["code"]: one for one in summary["findings"] if one["code"] in LEAKS}
    return codes, {one["kind"]: one for one in summary["leaks"]}


def test_copied_rows_and_the_figure_without_them():
    codes, leaks = found(copied_rows())
    assert set(codes) == {"SY016"}
    assert leaks["copies"]["average_precision"] > 1.15 * leaks["copies"]["without"]
    assert (
        f"{leaks['copies']['without']:.3f} where they are kept in one fold"
        in codes["SY016"]["seen"]
    )


def test_several_visits_of_a_patient_with_and_without_the_number():
    codes, leaks = found(visits())
    assert set(codes) == {"SY016"}
    patient = np.random.default_rng(1).permutation(500) * 7 + 1000
    named, leaks_named = found(visits(patient=patient))
    assert set(named) == {"SY017"}
    assert named["SY017"]["subjects"] == ["patient"]
    for one in (leaks["twins"], leaks_named["group"]):
        assert one["average_precision"] > 0.4
        assert one["without"] < 0.25


@pytest.mark.parametrize("smoothing", [0.0, 10.0])
def test_a_category_encoded_by_its_own_labels(smoothing):
    codes, leaks = found(with_mean_labels(smoothing))
    assert set(codes) == {"SY020"}
    assert codes["SY020"]["subjects"] == ["shop"]
    assert leaks["encoded"]["average_precision"] > 1.8 * leaks["encoded"]["without"]


def test_a_column_of_true_rates_is_no_leak():
    """Ten values of which each is the true share: the labels scatter around it as they must."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        rate = rng.beta(1, 19, 300).round(4)
        values = rate[rng.integers(0, 300, 6000)]
        assert not made_from_labels(values, rng.random(6000) < values, seed)


def test_clean_tables_have_no_leaks():
    for seed in range(4):
        X, y, rng = drawn(2000, 0.1, 1.0, seed)
        codes, _ = found(
            frame(X, y, age=rng.integers(18, 90, 2000), zip=rng.integers(0, 400, 2000))
        )
        assert not codes


def test_a_group_that_the_user_named_is_no_leak_any_more():
    from steelyard.inspection.result import inspect_table
    from steelyard.tables import read_table

    patient = np.random.default_rng(1).permutation(500) * 7 + 1000
    table = read_table(visits(patient=patient), "y", group="patient")
    codes = {one["code"] for one in inspect_table(table).to_dict()["findings"]}
    assert not codes & LEAKS


@pytest.mark.parametrize(("make", "code"), [(copied_rows, "SY016"), (visits, "SY016"), (drawn, "")])
def test_rows_drawn_by_class_are_looked_at_too(make, code):
    """Of the class all rows are drawn, so its copies are there; figures are of the whole table."""
    from steelyard.inspection.result import inspect_table
    from steelyard.resample.drawn import drawn_table, rows_by_class

    table = frame(*drawn(2000, 0.1, 1.0)[:2]) if make is drawn else make()
    few = drawn_table(table, "y", lambda counts: rows_by_class(counts, 1200))
    assert few.population.sum() == table.height
    assert len(few.y) == 1200
    summary = inspect_table(few).to_dict()
    assert {one["code"] for one in summary["findings"]} & LEAKS == ({code} if code else set())
    for one in summary["leaks"]:
        share = few.population.min() / few.population.sum()
        assert share / 2 < one["without"] < one["average_precision"]
        assert one["average_precision"] < found(table)[1][one["kind"]]["average_precision"] + 0.1
