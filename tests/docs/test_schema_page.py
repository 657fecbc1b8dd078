"""The page on run.json is the schema in words, and a run keeps to the schema."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from steelyard.runs.checks import problem_in

DOCS = Path(__file__).parents[2] / "docs" / "schema"


@pytest.fixture(scope="module")
def written():
    """run.json's content as text, of a run of one technique that was not trained."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
    try:
        from making import labels, made_run
    finally:
        sys.path.pop(0)
    run, _ = made_run(labels(300, 60), techniques=("plain",), repeats=1)
    return json.dumps(run)


def test_the_page_is_made_from_the_schema():
    page = runpy.run_path(str(DOCS / "make.py"))["page"]()
    assert (DOCS / "run.md").read_text() == page
    for line in page.splitlines():
        if line.startswith("| `"):
            assert not line.endswith("|  |"), f"say what it is: {line}"


def test_what_is_written_keeps_to_it(written):
    assert problem_in(json.loads(written), "run") is None


@pytest.mark.parametrize("field", ["threshold", "true_positives", "scores"])
def test_counts_that_are_missing_are_named(written, field):
    run_values = json.loads(written)
    del run_values["techniques"][0]["thresholds"][0][field]
    assert field in problem_in(run_values, "run")
