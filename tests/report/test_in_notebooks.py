"""What a notebook shows of a run: the page in a frame, and charts that tell the run's numbers."""

import html
import re

import pytest
import vl_convert
from sklearn.metrics import recall_score
from test_numbers_on_the_page import flagged

from steelyard.errors import RequestError
from steelyard.report.charts import KINDS
from steelyard.runs.study import Study


@pytest.fixture
def study(binary):
    run, frame = binary
    return Study(run, predictions=frame, uncorrected=frame, ledger={}, model=None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_can_be_drawn(study, kind):
    drawn = vl_convert.vegalite_to_svg(study.plot(kind).to_dict())
    assert drawn.startswith("<svg")
    assert len(drawn) > 2000


def test_the_marked_threshold_is_the_decision(study, binary):
    y, d = flagged(*binary)
    (row,) = study.plot("threshold").to_dict()["layer"][1]["data"]["values"]
    assert row["recall"] == pytest.approx(recall_score(y, d))
    assert row["flagged"] == pytest.approx(d.mean())


def test_the_comparison_tells_the_runs_values(study):
    rows = study.plot("comparison").to_dict()["layer"][1]
    metrics = {e["name"]: e["metrics"]["average_precision"] for e in study.run["techniques"]}
    values = (rows.get("data") or study.plot("comparison").to_dict()["data"])["values"]
    assert {row["name"]: row["value"] for row in values} == {
        name: entry["value"] for name, entry in metrics.items()
    }


def test_a_kind_that_there_is_not_is_refused_by_name(study):
    with pytest.raises(RequestError, match="threshold, pr, calibration, comparison, gain"):
        study.plot("roc")


def test_a_study_shows_its_page_and_it_works_in_a_frame(study, shown):
    cell = study._repr_html_()
    assert html.unescape(re.search(r'srcdoc="(.*?)"', cell, re.DOTALL).group(1)) == study.to_html()
    page = shown(f"<!doctype html><title>notebook</title>{cell}")
    frame = page.frame_locator("iframe")
    frame.locator("[data-jump=half]").click()
    assert "50.0 %" in frame.locator("#said").text_content()
