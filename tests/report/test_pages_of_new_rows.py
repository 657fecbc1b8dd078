"""The pages of evaluate and monitor: promised beside seen; every width, hostile names."""

import re

import pytest
from making import labels, made_run
from test_layout_in_a_browser import HOSTILE, probed

from steelyard.report import evaluation_page, monitor_page
from steelyard.report.formatting import with_interval
from steelyard.runs.promised import compared_with_promise


def evaluated(run):
    """What `evaluate` finds where recall is much lower than promised, and all else is kept."""
    metrics = {name: dict(one) for name, one in run["techniques"][0]["metrics"].items()}
    metrics["recall"] = {"value": 0.1, "low": 0.05, "high": 0.15}
    return {
        "rows": 900,
        "counts": [one["count"] for one in run["data"]["classes"]],
        "trained_on": {"rows": 900, "by_chance": 0.0},
        "unknown_levels": [],
        "metrics": metrics,
        "promised": compared_with_promise(run, metrics),
        "missed": None,
        "segments": run["segments"],
        "weight": HOSTILE[1],
        "notes": [HOSTILE[0]],
    }


def monitored(run):
    """What `monitor` finds where the prevalence has doubled twice."""
    reading = {
        "prior": [0.7, 0.3],
        "low": [0.65, 0.25],
        "high": [0.75, 0.35],
        "recall": {"value": 0.8, "low": 0.7, "high": 0.9},
        "precision": None,
    }
    return {
        "readings": {"conclusion": "label", "positive": 1, "label": reading, "features": reading},
        "rows": 5000,
        "positive": run["data"]["positive"],
        "left": True,
        "prevalence": {"value": 0.3, "low": 0.25, "high": 0.35, "set_for": 0.07,
                       "band": [0.035, 0.14], "left": True, "state": "outside",
                       "set_for_fits": False, "rows_to_label": 40},
        "scores": {"psi": 0.1, "band": 0.2, "chance": 0.05, "left": False},
        "features": None,
        "warnings": [HOSTILE[0]],
    }  # fmt: skip


@pytest.fixture(scope="module")
def pages():
    names = (HOSTILE[0], HOSTILE[1])
    run, _ = made_run(labels(300, 90, names=names), target=HOSTILE[2], columns=HOSTILE[3:6])
    found = monitored(run)
    return {
        "evaluate": evaluation_page.to_html(evaluated(run), run, HOSTILE[2]),
        "monitor": monitor_page.to_html(found, run, HOSTILE[2]),
    }


@pytest.mark.parametrize("name", ["evaluate", "monitor"])
@pytest.mark.parametrize("width", [390, 1280])
def test_they_fit_and_names_stay_names(shown, pages, name, width):
    page = shown(pages[name], width=width, dark=width == 390)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert probed(page, "tooSmall") == []
    assert probed(page, "tooFaint") == []
    assert page.locator("img, svg[onload], iframe").count() == 0
    assert HOSTILE[0] in page.text_content("main")
    assert HOSTILE[2] in page.text_content("h1")


def test_what_was_broken_is_named(binary):
    run, _ = binary
    found = evaluated(run)
    page = evaluation_page.to_html(found, run)
    assert "Recall beyond chance" in page
    assert page.count("<b>beyond chance</b>") == 1
    assert "TRAINED ON" in page
    text = re.sub("<[^>]*>", " ", page)
    assert with_interval(found["metrics"]["average_precision"]) in text


def test_a_band_that_was_left_is_said_first(binary):
    page = monitor_page.to_html(monitored(binary[0]), binary[0])
    assert "a band was left" in page
    assert page.index("a band was left") < page.index("stability index")


def test_a_page_says_that_rows_cannot_tell(binary):
    found = monitored(binary[0])
    found["prevalence"] |= {"left": False, "state": "unknown", "rows_to_label": 230}
    page = monitor_page.to_html(found | {"left": False}, binary[0])
    assert ">cannot tell<" in page
    assert "labels would tell: of about 230 such rows" in page
    assert "still what the run was made for" not in page
    assert "30.0 % " not in page.partition("<figure")[0]


def test_rows_that_moved_are_not_called_what_the_run_was_made_for(binary):
    found = monitored(binary[0])
    found["prevalence"] |= {"left": False, "state": "inside"}
    page = monitor_page.to_html(found, binary[0])
    assert "still what the run was made for" not in page
    assert "unlike those of the run" in page


def test_many_broken_promises_are_counted_and_rows_it_was_trained_on_are_no_new_rows(binary):
    run, _ = binary
    found = evaluated(run)
    for one in found["promised"].values():
        one["beyond_chance"] = True
    page = evaluation_page.to_html(found, run)
    assert f"{len(found['promised'])} of {len(found['promised'])} metrics beyond chance" in page
    assert "fresh" not in page
