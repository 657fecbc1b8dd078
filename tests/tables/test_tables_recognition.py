"""Which columns are learned from: ids, constants and texts are not, measurements always are."""

import uuid

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from steelyard.errors import TargetError
from steelyard.tables import count_classes, read_table

N = 400
RNG = np.random.default_rng(0)
Y = np.arange(N) % 2


def role(values, name="x", rows=None):
    """Role and note of one column beside a good one."""
    frame = pl.DataFrame({name: values, "good": RNG.normal(size=len(values))}, strict=False)
    y = np.arange(len(values)) % 2
    return read_table(frame.with_columns(t=pl.Series(y)), "t").schema.column(name)


IDS = {
    "row counter": range(N),
    "row counter from 1": range(1, N + 1),
    "counter as float": np.arange(N).astype(float),
    "counter backwards": range(N, 0, -1),
    "shuffled counter": RNG.permutation(N) + 10_000,
    "counter with few gaps": np.delete(np.arange(N + 10), np.arange(5, 15)),
    "every tenth": range(0, 10 * N, 10),
    "counter over parts of files": np.r_[0 : N // 2, 10_000 : 10_000 + N // 2],
    "uuid": [str(uuid.UUID(int=int(i))) for i in RNG.integers(0, 2**60, N)],
    "names": [f"customer {i}" for i in range(N)],
    "ids with a few missing": [None if i % 50 == 0 else f"c{i}" for i in range(N)],
    "long whole numbers": [10**17 + i * 7919 for i in range(N)],
}


@pytest.mark.parametrize("case", IDS)
def test_ids_are_not_learned_from(case):
    column = role(list(IDS[case]))
    assert column.role == "identifier"
    assert "id" in column.note or "counts" in column.note


MEASUREMENTS = {
    "floats, all distinct": RNG.normal(size=N),
    "floats, sorted": np.sort(RNG.normal(size=N)),
    "whole numbers, all distinct": RNG.choice(10**6, N, replace=False),
    "whole numbers, sorted with uneven steps": np.sort(RNG.choice(10**6, N, replace=False)),
    "seconds since the start, with ties": np.sort(RNG.integers(0, 2 * N, N)),
    "counts": RNG.poisson(3, N),
    "dense but repeating": RNG.integers(0, N, N),
    "amounts in cents": np.round(RNG.lognormal(3, 2, N) * 100),
    "two values": RNG.integers(0, 2, N),
    "categories": RNG.choice(["a", "b", "c"], N),
    "many categories": [f"c{i % (N // 2)}" for i in range(N)],
    "one word beside missing": ["yes" if i % 3 else None for i in range(N)],
    "one number beside missing": [1.0 if i % 3 else None for i in range(N)],
    "sentences that repeat": [
        f"a rather long sentence about case number {i % 9}" for i in range(N)
    ],
}


@pytest.mark.parametrize("case", MEASUREMENTS)
def test_measurements_are_learned_from(case):
    column = role(list(MEASUREMENTS[case]))
    assert (column.role, column.note) == ("feature", "")


@pytest.mark.parametrize("name", ["id", "customer_id", "customerID", "PassengerId", "patient_nbr"])
def test_a_name_tips_the_scale(name):
    assert role(list(MEASUREMENTS["whole numbers, all distinct"]), name).role == "identifier"
    groups = role(list(RNG.integers(0, 10**9, N // 2).repeat(2)), name)
    assert (groups.role, "`group=" in groups.note) == ("identifier", True)
    # ... but not for a measurement or a code with few values.
    assert role(list(RNG.normal(size=N)), name).role == "feature"
    assert role(list(RNG.integers(0, 9, N)), name).role == "feature"


@pytest.mark.parametrize("name", ["paid", "humidity", "grid", "valid", "index_finger", "idle"])
def test_names_that_only_contain_id(name):
    values = list(MEASUREMENTS["whole numbers, all distinct"])
    assert role(values, name).role == "feature"


def test_few_rows_prove_no_id():
    assert role([1, 2, 3, 4, 5, 6]).role == "feature"
    assert role(list("abcdef")).role == "feature"


@pytest.mark.parametrize(
    ("values", "expected", "words"),
    [
        ([7] * N, "constant", "7"),
        (["x"] * N, "constant", "'x'"),
        ([True] * N, "constant", ""),
        ([None] * N, "empty", "no value"),
        ([float("nan")] * N, "empty", "no value"),
        ([""] * N, "empty", "no value"),
        ([f"dear sir, about my order {i} I must say this" for i in range(N)], "text", "free text"),
        ([[1, 2]] * N, "text", "lists"),
    ],
)
def test_other_columns_that_teach_nothing(values, expected, words):
    column = role(values)
    assert column.role == expected
    assert words in column.note


def test_the_note_points_at_the_word_among_numbers(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"{i * 1.37},{i % 2}\n" for i in range(N))
    path.write_text("amount,t\n" + rows + "n.v.,0\n")
    column = read_table(path, "t").schema.column("amount")
    assert column.role == "identifier"
    assert "'n.v.'" in column.note


def test_real_tables_keep_all_their_columns():
    for load in (load_breast_cancer, load_wine, load_iris, load_digits):
        data = load()
        table = read_table((data.data, data.target), None)
        left_out = [c for c in table.schema.columns if c.role != "feature"]
        assert all(column.role == "constant" for column in left_out)
        assert len(left_out) == sum(np.ptp(data.data, axis=0) == 0)


def test_group_time_and_drop_are_never_features():
    frame = pl.DataFrame(
        {
            "patient": ["b", "a", "b", "c"],
            "day": ["2020-01-03", "2020-01-01", "2020-01-02T12:00:00", "2020-01-09"],
            "note": [1.5, 2.5, 3.5, 4.5],
            "x": [1.5, 2.5, 3.5, 4.5],
            "t": [0, 1, 0, 1],
        }
    )
    table = read_table(frame, "t", group="patient", time="day", drop=["note"])
    assert table.schema.features == ("x",)
    assert [(c.name, c.role) for c in table.schema.columns] == [
        ("patient", "group"),
        ("day", "time"),
        ("note", "dropped"),
        ("x", "feature"),
    ]
    assert table.groups.tolist() == [1, 0, 1, 2]
    assert table.times.tolist() == [18264.0, 18262.0, 18263.5, 18270.0]
    quarters = frame.with_columns(day=pl.Series(["2020Q3", "2020Q1", "2020Q2", "2021Q1"]))
    assert read_table(quarters, "t", time="day").times.tolist() == [2, 0, 1, 3]


def test_keep_overrules_what_was_recognised():
    frame = pl.DataFrame({"x": range(N), "t": Y})
    assert read_table(frame, "t").schema.features == ()
    assert read_table(frame, "t", keep=["x"]).schema.features == ("x",)


@pytest.mark.parametrize(
    ("values", "days"),
    [
        (["2020-01-01", "2020-01-03"], [18262, 18264]),
        (["2020/01/01", "2020/01/03"], [18262, 18264]),
        (["01.01.2020", "03.01.2020"], [18262, 18264]),
        (["01/13/2020", "01/03/2020"], [18274, 18264]),
        (["13/01/2020", "03/01/2020"], [18274, 18264]),
        (["2020-01-01 06:00", "2020-01-03T12:00:00"], [18262.25, 18264.5]),
        (["2020-01-01T06:00:00Z", "2020-01-03T12:00:00+02:00"], [18262.25, 18264 + 10 / 24]),
        (["2020-01-01 06:00:00.000000", "2020-01-03"], [18262.25, 18264]),
    ],
)
def test_dates_as_text(values, days):
    table = read_table(pl.DataFrame({"d": [*values, None, "?"], "t": [0, 1, 0, 1]}), "t")
    assert table.schema.column("d").kind == "date"
    assert table.features["d"].to_list()[:2] == pytest.approx(days, abs=1e-9)
    assert table.features["d"].to_list()[2:] == [None, None]


@pytest.mark.parametrize("values", [["03/04/2020", "05/06/2020"], ["1.2.3", "1.2.4"]])
def test_text_that_is_no_clear_date_stays_text(values):
    table = read_table(pl.DataFrame({"d": [*values, None], "t": [0, 1, 0]}), "t")
    assert table.schema.column("d").kind == "category"


TARGETS = {
    "ints": ([3, 1, 3], (1, 3)),
    "whole floats": ([3.0, 1.0, None, 3.0], (1, 3)),
    "float with nan": ([3.0, 1.0, float("nan"), 3.0], (1, 3)),
    "booleans": ([True, False, True], (False, True)),
    "strings": (["b", "a", " b"], ("a", "b")),
    "strings of digits": (["2", "10", "2"], ("10", "2")),
    "categorical": (pl.Series(["b", "a", "b"], dtype=pl.Categorical), ("a", "b")),
}


@pytest.mark.parametrize("case", TARGETS)
def test_targets(case):
    values, classes = TARGETS[case]
    frame = pl.DataFrame({"x": np.arange(len(values)) + 0.5, "t": values}, strict=False)
    table = read_table(frame, "t")
    assert table.schema.classes == classes
    assert [type(label) for label in table.schema.classes] == [type(label) for label in classes]
    assert table.class_counts.tolist() == list(count_classes(frame, "t").values())
    decoded = [table.schema.classes[code] for code in table.y]
    assert decoded[0] == max(classes, key=lambda label: decoded.count(label))


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["1", "0", "1"], (0, 1)),
        (["1.0", "0", "1"], (0, 1)),
        (["10", "9", "10"], (9, 10)),
        (["True", "false", "True"], (False, True)),
        (["01", "02", "01"], ("01", "02")),
        (["1", "x", "1"], ("1", "x")),
    ],
)
def test_targets_of_text_files(values, classes, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,t\n" + "".join(f"{i}.5,{value}\n" for i, value in enumerate(values)))
    assert read_table(path, "t").schema.classes == classes
    assert tuple(count_classes(path, "t")) == classes


def test_regression_target_is_told_apart():
    frame = pl.DataFrame({"x": RNG.normal(size=N), "t": RNG.normal(size=N)})
    with pytest.raises(TargetError, match="regression"):
        read_table(frame, "t")


@pytest.mark.parametrize(
    ("values", "lost"),
    [
        (1.7e9 + np.arange(N) % 97, True),
        (1e15 + np.arange(N) % 97 / 8, True),
        (np.arange(N) % 97, False),
        (19_000 + RNG.random(N) * 365, False),
        (RNG.normal(size=N) * 1e12, False),
    ],
)
def test_what_float32_cannot_tell_apart_is_shifted(values, lost):
    table = read_table(pl.DataFrame({"x": values, "good": RNG.normal(size=N), "t": Y}), "t")
    assert table.schema.column("x").offset == (np.min(values) if lost else 0.0)
    seen = table.numbers()[:, list(table.schema.numbers).index("x")]
    assert len(np.unique(seen)) == len(np.unique(values))
