"""The page of `inspect`: its numbers, and that it looks as the page of a run does."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from test_layout_in_a_browser import HOSTILE, probed
from test_numbers_on_the_page import text_of

import steelyard


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    y = rng.random(1500) < 0.04
    return pl.DataFrame(
        {
            "x": np.where(y, rng.normal(2, 1, 1500), rng.normal(0, 1, 1500)),
            "job": rng.choice(["cook", "clerk"], 1500),
            "gone": [None if gap else 1.5 * i for i, gap in enumerate(rng.random(1500) < 0.1)],
            "fraud": np.where(y, "yes", "no"),
        }
    )


def test_its_numbers_are_those_of_the_table(frame):
    said = text_of(steelyard.inspect(frame, "fraud").to_html())
    rare = frame["fraud"].to_list().count("yes")
    assert f"{100 * rare / 1500:.1f} % yes" in said
    assert f"{rare} of 1,500 rows" in said
    auc = roc_auc_score(frame["fraud"] == "yes", frame["x"])
    assert f"AUC {auc:.3f}".replace("0.", ".") in said
    cooks = (frame.filter(fraud="yes")["job"] == "cook").mean()
    assert f"cook {100 * cooks:.1f} %" in said
    assert f"{100 * frame['gone'].null_count() / 1500:.1f} % missing" in said


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_it_fits_and_can_be_read(shown, frame, width, dark):
    page = shown(steelyard.inspect(frame, "fraud").to_html(), width=width, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert probed(page, "tooSmall") == []
    assert probed(page, "tooFaint") == []


def test_hostile_names_stay_names(shown, frame):
    names = dict(zip(frame.columns, HOSTILE[2:], strict=False))
    odd = frame.with_columns(job=pl.lit(HOSTILE[0])).rename(names)
    odd = odd.with_columns(pl.col(names["job"]).replace_strict({HOSTILE[0]: HOSTILE[1]}))
    page = shown(steelyard.inspect(odd, names["fraud"]).to_html(), width=390)
    assert names["fraud"] in page.text_content("h1")
    assert page.locator("img, svg[onload]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 390
