"""`make does-it-help` in small: three tables, its page says what their run.json say."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

pytest.importorskip("keras")

# The wheel of the tables warns of its own use of pandas.
pytestmark = pytest.mark.filterwarnings("ignore:Passing a list to DataFrame.from_dict")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WORDS = "--only ecoli3,vowel0,cm1 --model trees --techniques class-weight,random-under --folds 3"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder with runs and page, and how to write the page again."""
    folder = tmp_path_factory.mktemp("help")
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import does_it_help
    finally:
        sys.path.pop(0)
    words = [*WORDS.split(), "--runs", str(folder), "--page", str(folder / "page.md")]
    does_it_help.main(words)
    return folder, lambda: does_it_help.main(words)


def runs(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*/run.json"))]


def line(folder, title, name):
    section = (folder / "page.md").read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    return next(one for one in section.splitlines() if one.startswith(f"| {name} |"))


def test_gains_are_those_of_the_runs(made):
    folder, _ = made
    rows = [row for run in runs(folder) for row in run["verdict"]["comparisons"]
            if row["name"] == "random-under"]  # fmt: skip
    gains = [row["gain"] for row in rows]
    cells = [cell.strip() for cell in line(folder, "The ranking", "random-under").split("|")[2:-1]]
    test = stats.ttest_1samp(gains, 0).confidence_interval(0.95)
    assert cells[0] == "3"
    assert cells[1] == f"{np.mean(gains):+.3f} ({test.low:+.3f} to {test.high:+.3f})"
    assert sum(map(int, cells[3:])) == 3


def test_probabilities_and_decisions_are_those_of_the_runs(made):
    folder, _ = made
    under = [entry for run in runs(folder) for entry in run["techniques"]
             if entry["name"] == "random-under"]  # fmt: skip
    told = [entry["correction_effect"]["uncorrected"]["observed_expected"] for entry in under]
    assert f"| {np.median(told):.2f} |" in line(folder, "The probabilities", "random-under")
    assert np.median(told) < 0.5, "under-sampling promises too many cases"
    plain, lost = ([entry["metrics"]["log_loss"]["value"] for run in runs(folder)
                    for entry in run["techniques"] if entry["name"] == name]
                   for name in ("plain", "random-under"))  # fmt: skip
    ratios = sorted(a / b for a, b in zip(lost, plain, strict=True))
    assert f"| {ratios[1]:.2f} x (" in line(folder, "The probabilities", "random-under")
    values = [entry["metrics"]["balanced_accuracy"]["value"] for entry in under]
    assert f"| {np.mean(values):.3f} |" in line(folder, "The decisions", "random-under")


def test_plain_at_half_is_the_benchmarks_own_technique(made):
    """Decided at .5 as `plain-at-half` does it: counted again from the predictions."""
    import polars as pl

    folder, _ = made
    values = []
    for path in sorted(folder.glob("*/predictions.parquet")):
        rows = pl.read_parquet(path).filter(pl.col("technique") == "plain")
        case = rows["truth"] == 1
        flagged = rows["probability_1"] >= 0.5
        values.append((flagged.filter(case).mean() + 1 - flagged.filter(~case).mean()) / 2)
    assert f"| {np.mean(values):.3f} |" in line(folder, "The decisions", "plain, decided at .5")


def test_it_goes_on_where_it_was(made):
    folder, again = made
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/run.json")}
    page = (folder / "page.md").read_text()
    (folder / "page.md").unlink()
    again()
    assert before == {path: path.stat().st_mtime_ns for path in folder.glob("*/run.json")}
    assert (folder / "page.md").read_text() == page
