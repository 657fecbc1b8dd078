"""Segments asked for: in the run, on its page, of fresh rows; any column will do."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import recall_score

import steelyard
from steelyard.errors import DataError


@pytest.fixture(scope="module")
def segmented(customers, tmp_path_factory):
    """A run whose segments are of a column that it did not learn from, and of a number."""
    folder = tmp_path_factory.mktemp("segments")
    rng = np.random.default_rng(1)
    frame = customers().with_columns(region=pl.Series(rng.choice(["north", "a, b"], 400)))
    frame.write_csv(folder / "customers.csv")
    study = steelyard.train(
        folder / "customers.csv", "churned", model="trees", drop=["region"],
        segments=["region", "age"], out=folder / "run", progress=False,
    )  # fmt: skip
    return study, frame, folder


def test_recall_of_a_part_is_that_of_its_out_of_fold_rows(segmented):
    study, frame, _ = segmented
    region, age = study.run["segments"]["columns"]
    assert [region["column"], age["column"]] == ["region", "age"]
    threshold = study.run["decision"]["rule"]["threshold"]
    kept = study.predictions.sort("row")
    flagged = kept["probability_yes"].to_numpy() >= threshold
    y = frame["churned"].to_numpy() == "yes"
    for part in region["parts"]:
        inside = frame["region"].to_numpy() == part["label"]
        assert part["rows"] == inside.sum()
        assert part["recall"]["value"] == pytest.approx(recall_score(y[inside], flagged[inside]))
    assert [part["label"] for part in age["parts"]][-1] == "missing"
    assert sum(part["rows"] for part in age["parts"]) == 400
    assert len(age["parts"]) == 5


def test_the_page_shows_them_and_its_command_asks_for_them_again(segmented):
    study, _, _ = segmented
    page = study.to_html()
    assert 'id="segments"' in page
    assert "--segments region,age" in page


def test_fresh_rows_by_segment(segmented, run):
    _, frame, folder = segmented
    frame[:200].write_csv(folder / "fresh.csv")
    words = ["evaluate", folder / "run", folder / "fresh.csv", "--segments", "region,plan"]
    found = json.loads(run(*words, "--json").stdout)["segments"]
    assert [one["column"] for one in found["columns"]] == ["region", "plan"]
    assert sum(part["rows"] for part in found["columns"][0]["parts"]) == 200
    told = run(*words).stdout
    assert "north" in told
    assert max(map(len, told.splitlines()[1:])) <= 80  # the first names files


@pytest.mark.parametrize(("name", "said"), [("regoin", "region"), ("churned", "target")])
def test_a_column_that_cannot_be_cut_is_refused_before_training(segmented, name, said):
    _, frame, _ = segmented
    with pytest.raises(DataError, match=said):
        steelyard.compare(frame, "churned", segments=name, progress=False)
