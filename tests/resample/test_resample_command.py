"""`steelyard resample`: every method, its ledger, and what it says when it cannot."""

import json

import numpy as np
import polars as pl
import pytest

from steelyard import resample
from steelyard.resample.job import METHODS, resample_table

COUNTS = {"fine": 150, "late": 40, "lost": 20}


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(list(COUNTS), list(COUNTS.values())))
    shift = np.array([{"fine": 0.0, "late": 1.0, "lost": 2.0}[label] for label in y])
    frame = pl.DataFrame({f"x{i}": rng.standard_normal(210) + shift for i in range(4)})
    frame = frame.with_columns(kind=pl.Series(rng.choice(["a", "b", "c"], 210)), y=pl.Series(y))
    path = tmp_path / "table.parquet"
    frame.write_parquet(path)
    return path


@pytest.fixture
def numbers(data):
    path = data.with_name("numbers.parquet")
    pl.read_parquet(data).drop("kind").write_parquet(path)
    return path


def asked(run, path, method, *more):
    out = path.with_name(f"{method}.parquet")
    words = ["resample", path, "--target", "y", "--method", method, "--out", out, "--quiet"]
    return run(*words, *more), out


SETTINGS = {"kmeans-smote": ["--set", "cluster_balance_threshold=0.01", "--set", "k_neighbors=2"]}
MIXED = {"smotenc", "random-over", "random-under"}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_writes_a_table_and_a_ledger_that_agree(run, data, numbers, method):
    source = data if method in MIXED else numbers
    result, out = asked(run, source, method, *SETTINGS.get(method, []))
    assert result.exit_code == 0, result.output
    frame, ledger = (
        pl.read_parquet(out),
        json.loads(out.with_name(f"{out.name}.ledger.json").read_text()),
    )
    assert frame.columns == pl.read_parquet(source).columns
    assert frame.height == ledger["rows_out"]
    counted = dict(frame["y"].value_counts().iter_rows())
    for line in ledger["classes"]:
        assert line["before"] == COUNTS[line["class"]]
        assert line["before"] + line["added"] - line["dropped"] == line["after"]
        assert line["after"] == counted[line["class"]]
        assert min(line["added"], line["dropped"]) >= 0
    assert ledger["rows_in"] + ledger["rows_added"] - ledger["rows_dropped"] == ledger["rows_out"]
    assert ledger["method"] == method
    assert f"{frame.height:,} rows -> {out}" in result.stdout


def test_every_sampler_has_a_method_and_the_help_names_it(run):
    assert {name for name, _ in METHODS.values()} == set(resample.__all__)
    shown = run("resample", "--help").output
    for method in METHODS:
        assert method in shown


def test_the_rows_are_those_of_the_library(run, numbers):
    _, out = asked(run, numbers, "enn", "--set", "n_neighbors=5")
    frame = pl.read_parquet(numbers)
    X, y = frame.drop("y"), frame["y"]
    sampler = resample.EditedNearestNeighbours(n_neighbors=5)
    sampler.fit_resample(X, y)
    assert pl.read_parquet(out).equals(frame[sampler.sample_indices_])


def test_the_ledger_counts_made_and_dropped_rows_of_a_combination(run, numbers):
    result, out = asked(run, numbers, "smote-enn", "--json")
    ledger = json.loads(result.stdout)
    sampler = resample.SMOTEENN(random_state=0)
    frame = pl.read_parquet(numbers)
    sampler.fit_resample(frame.drop("y"), frame["y"])
    assert (sampler.source_rows_ < 0).sum() == ledger["rows_added"]
    assert sum(sampler.smote_.sampling_strategy_.values()) == 240 > ledger["rows_added"]
    assert out.exists()


def test_cluster_centres_are_synthetic_in_place_of_rows(run, numbers):
    result, _ = asked(run, numbers, "cluster-centroids", "--json")
    by_class = {line["class"]: line for line in json.loads(result.stdout)["classes"]}
    assert by_class["fine"] == {
        "class": "fine", "before": 150, "added": 20, "dropped": 150, "after": 20, "asked": 20,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "ratio", "expected"),
    [
        ("random-over", ["0.5"], {"fine": 150, "late": 75, "lost": 75}),
        ("random-under", ["0.5"], {"fine": 40, "late": 40, "lost": 20}),
        ("random-over", ["lost=90"], {"fine": 150, "late": 40, "lost": 90}),
        ("random-under", ["fine=60", "late=30"], {"fine": 60, "late": 30, "lost": 20}),
    ],
)
def test_ratio(run, data, method, ratio, expected):
    words = [word for item in ratio for word in ("--ratio", item)]
    result, out = asked(run, data, method, *words)
    assert result.exit_code == 0, result.output
    assert dict(pl.read_parquet(out)["y"].value_counts().iter_rows()) == expected


WRONG = [
    ("smote", ["--set", "k_neighbors=30"], "k_neighbors=30 rows of class 'lost', got 20"),
    ("svm-smote", ["--set", "k_neighbors=30"], "k_neighbors=30 rows of class 'lost', got 20"),
    ("near-miss-1", ["--set", "n_neighbors=30"], "n_neighbors=30 rows of class 'lost', got 20"),
    ("smote", ["--set", "neighbours=3"], "k_neighbors"),
    ("smote", ["--set", "k_neighbors=many"], "k_neighbors"),
    ("tomek-links", ["--set", "k_neighbors=3"], "no parameters"),
    ("enn", ["--ratio", "0.5"], "cleaning"),
    ("random-over", ["--ratio", "fine=20"], "'fine' has 150 rows"),
    ("random-over", ["--ratio", "gone=20"], "fine, late, lost"),
    ("random-under", ["--ratio", "2"], "(0, 1]"),
    ("smoot", [], "smotenc"),
    ("kmeans-smote", ["--set", "cluster_balance_threshold=9.0"], "cluster_balance_threshold"),
]


@pytest.mark.parametrize(("method", "more", "told"), WRONG, ids=str)
def test_what_cannot_be_is_told_on_one_line_and_nothing_is_written(
    run, numbers, method, more, told
):
    result, out = asked(run, numbers, method, *more)
    assert result.exit_code == 1
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list(out.parent.glob(f"{out.name}*"))


def test_categories_under_a_method_that_measures_distances_are_told_the_way_out(run, data):
    result, _ = asked(run, data, "tomek-links")
    assert result.exit_code == 1
    assert "'kind'" in result.stderr
    assert "smotenc" in result.stderr


def test_a_warning_is_a_note_and_in_the_ledger(run, numbers):
    out = numbers.with_name("few.csv")
    words = ["resample", numbers, "--target", "y", "--method", "near-miss-3", "--out", out]
    result = run(*words)
    assert result.exit_code == 0
    assert "of samples available (15) of class 'fine'" in result.stderr
    notes = json.loads(out.with_name("few.csv.ledger.json").read_text())["notes"]
    assert ["'fine'" in notes[0], "'late'" in notes[1]] == [True, True]


def test_progress_is_reported_pass_by_pass(numbers):
    shares = []
    resample_table(
        str(numbers),
        "y",
        "enn",
        progress=lambda done, total, what: shares.append((done / total, what)),
    )
    assert shares
    assert {what for _, what in shares} == {"enn"}
    assert all(0 < share <= 1 for share, _ in shares)
    assert shares[-1][0] == 1
