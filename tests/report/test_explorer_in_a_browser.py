"""The page driven as people do: slider, boxes, class and technique, sorting, copying."""

import re

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import precision_score, recall_score

from steelyard.report.formatting import signed, signed_interval
from steelyard.report.page import to_html


def scores(frame, technique, label="yes"):
    kept = frame.filter(pl.col("technique") == technique)
    return (
        (kept["truth"] == label).to_numpy(),
        kept[f"probability_{label}"].cast(pl.Float64).to_numpy(),
    )


def figures(page):
    """The explorer's table: name -> (value, interval)."""
    return {
        cells[0]: (cells[1], cells[2])
        for cells in page.eval_on_selector_all(
            "#figures tr", "rows => rows.map((row) => [...row.cells].map((c) => c.textContent))"
        )
    }


def threshold(page):
    return float(re.search(r"--threshold (\S+)$", page.text_content("#command")).group(1))


def put(page, name, value):
    page.fill(f"#controls [name={name}]", str(value))


def test_slider_moves_every_figure_to_what_scikit_learn_counts(shown, binary):
    run, frame = binary
    page = shown(to_html(run, "runs/a b"))
    y, score = scores(frame, run["decision"]["technique"])
    page.focus("#slider")
    for key in ("ArrowRight", "ArrowRight", "PageDown", "ArrowLeft", "PageUp", "PageUp"):
        page.keyboard.press(key)
        d = score >= threshold(page)
        seen = figures(page)
        assert seen["Recall"][0] == f"{100 * recall_score(y, d):.1f} %"
        assert seen["Precision"][0] == f"{100 * precision_score(y, d):.1f} %"
        assert float(seen["Flagged"][0]) == pytest.approx(1000 * d.mean(), abs=0.5)
        assert seen["Recall"][0] in page.text_content("#figures")
        assert f"{1000 * d.mean():.0f} of 1,000 rows" in page.get_attribute(
            "#slider", "aria-valuetext"
        )
    assert page.text_content("#command").startswith("steelyard retune 'runs/a b' --threshold ")


def test_costs_that_are_typed_move_the_least_cost(shown, binary):
    run, frame = binary
    page = shown(to_html(run))
    y, score = scores(frame, run["decision"]["technique"])
    put(page, "miss", 50)
    put(page, "alarm", 3)
    page.click("[data-jump=cost]")
    d = score >= threshold(page)
    cost = 50 * (y & ~d).sum() + 3 * (~y & d).sum()
    assert figures(page)["Cost"][0] == f"{1000 * cost / len(y):,.0f}"
    others = [
        50 * (y & (score < t)).sum() + 3 * (~y & (score >= t)).sum() for t in np.unique(score)
    ]
    assert cost <= min(others)
    assert figures(page)["Cost of flagging no row"][0] == f"{50_000 * y.mean():,.0f}"
    assert page.get_attribute("[data-jump=cost]", "aria-pressed") == "true"


def test_a_limit_on_flagged_rows_is_kept(shown, binary):
    page = shown(to_html(binary[0]))
    put(page, "most", 20)
    for jump in ("cost", "f1"):
        page.click(f"[data-jump={jump}]")
        assert float(figures(page)["Flagged"][0]) <= 20


def test_another_prevalence_is_carried_into_figures_and_command(shown, binary):
    run, frame = binary
    page = shown(to_html(run))
    y, score = scores(frame, run["decision"]["technique"])
    put(page, "prevalence", 20)
    page.click("[data-jump=half]")
    up, down = 0.2 / (60 / 900), 0.8 / (840 / 900)
    moved = score * up / (score * up + (1 - score) * down)
    d = moved >= threshold(page)
    caught, false = 0.2 * d[y].mean(), 0.8 * d[~y].mean()
    seen = figures(page)
    assert seen["Precision"][0] == f"{100 * caught / (caught + false):.1f} %"
    assert float(seen["Flagged"][0]) == pytest.approx(1000 * (caught + false), abs=0.5)
    assert "--prevalence 0.2 --threshold" in page.text_content("#command")


def test_buttons_go_where_they_say(shown, binary):
    run, frame = binary
    page = shown(to_html(run))
    y, score = scores(frame, run["decision"]["technique"])
    page.click("[data-jump=own]")
    assert threshold(page) == pytest.approx(run["decision"]["rule"]["threshold"], rel=1e-12)
    page.click("[data-jump=half]")
    assert threshold(page) == 0.5
    page.click("[data-jump=recall]")
    assert recall_score(y, score >= threshold(page)) >= 0.9
    page.click("[data-jump=f1]")
    best = max(
        2 * (y & (score >= t)).sum() / (y.sum() + (score >= t).sum()) for t in np.unique(score)
    )
    d = score >= threshold(page)
    assert 2 * (y & d).sum() / (y.sum() + d.sum()) == pytest.approx(best)


def test_technique_and_class_can_be_switched(shown, several):
    run, frame = several
    page = shown(to_html(run))
    page.select_option("#controls [name=technique]", label="smote")
    page.select_option("#controls [name=class]", label="rose")
    page.click("[data-jump=half]")
    y, score = scores(frame, "smote", "rose")
    assert figures(page)["Recall"][0] == f"{100 * recall_score(y, score >= 0.5):.1f} %"
    assert "rose" in page.text_content("#said")
    assert "train" in page.text_content("#command")


def test_the_setting_lives_in_the_address(shown, binary):
    run, _ = binary
    page = shown(to_html(run))
    put(page, "miss", 33)
    page.click("[data-jump=half]")
    address = page.evaluate("location.hash")
    again = shown(to_html(run), address=address)
    assert again.input_value("[name=miss]") == "33"
    assert figures(again) == figures(page)
    assert threshold(again) == 0.5


def test_nonsense_in_a_box_or_in_the_address_changes_nothing(shown, binary):
    page = shown(to_html(binary[0]), address="#explorer?threshold=x&technique=no&miss=-3&class=%00")
    before = figures(page)
    put(page, "miss", "-1")
    put(page, "prevalence", "0")
    put(page, "alarm", "")
    assert figures(page) == before
    assert page.get_attribute("[name=miss]", "aria-invalid") == "true"


def test_tables_sort_and_views_switch(shown, binary):
    run, _ = binary
    page = shown(to_html(run))
    names = "#compared tbody th"
    page.click("#compared thead th:nth-child(5) button")
    losses = [
        entry["metrics"]["log_loss"]["value"] for entry in run["techniques"] + run["baselines"]
    ]
    by_loss = [
        name
        for _, name in sorted(
            zip(losses, ["plain", "class-weight", "smote", "constant"], strict=True)
        )
    ]
    assert [text.strip() for text in page.locator(names).all_text_contents()] == by_loss
    page.click("#compared thead th:nth-child(5) button")
    assert page.locator(names).first.text_content().strip() == by_loss[-1]
    page.click("[data-view=log_loss]")
    apart = run["techniques"][1]["differences"]["log_loss"]
    other = page.locator("#compared tbody tr", has_text="class-weight")
    said = other.locator("td.strip small").text_content()
    assert said == f"{signed(apart['value'])} ({signed_interval(apart)})"
    assert "left is better" in page.text_content("#strip-title")
    page.click("[data-kind=value]")
    page.click("[data-view=roc_auc]")
    area = run["techniques"][0]["metrics"]["roc_auc"]["value"]
    row = page.locator("#compared tbody tr", has_text="reference")
    assert f"{area:.3f}".lstrip("0") in row.locator("td.strip small").text_content()
    page.click("[data-kind=apart]")
    page.click("[data-view=average_precision]")
    assert page.text_content("#strip-title") == "AP, difference to plain"


def test_the_command_is_copied(shown, binary):
    page = shown(to_html(binary[0]))
    page.click("#make-it-so button")
    page.wait_for_function("document.querySelector('#make-it-so button').textContent !== 'Copy'")
    assert page.text_content("#make-it-so button") in ("Copied", "Selected")
