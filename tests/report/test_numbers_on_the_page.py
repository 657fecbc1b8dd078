"""What the page says against scikit-learn on the run's own predictions."""

import html
import re

import numpy as np
import polars as pl
import pytest
from making import labels, made_run
from scipy import stats
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from steelyard.report.page import to_html


def text_of(page):
    """The visible words, white space made single."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def flagged(run, frame):
    """Truth and flags of the run's technique at its threshold, all repeats."""
    kept = frame.filter(pl.col("technique") == run["decision"]["technique"])
    score = kept["probability_yes"].cast(pl.Float64).to_numpy()
    return (kept["truth"] == "yes").to_numpy(), score >= run["decision"]["rule"]["threshold"]


def whole(share):
    """Of a hundred, rounded."""
    return f"{100 * share:.0f}"


def test_the_answer_is_what_scikit_learn_counts(binary):
    run, frame = binary
    y, d = flagged(run, frame)
    said = text_of(to_html(run))
    recall, precision = recall_score(y, d), precision_score(y, d)
    found = stats.binomtest(round(y.sum() / 2 * recall), round(y.sum() / 2))
    interval = found.proportion_ci(method="wilson")
    assert f"finds {whole(recall)} of 100 (" in said
    low, high = re.search(r"finds \d+ of 100 \((\d+) to (\d+)\)", said).groups()
    assert (float(low), float(high)) == pytest.approx(
        (100 * interval.low, 100 * interval.high), abs=1.5
    )
    assert f"{whole(precision)} of 100 (" in said
    assert f"{1000 * d.mean():.0f} of 1,000 rows flagged" in said


def test_the_value_is_the_cost_of_the_mistakes(binary):
    run, frame = binary
    y, d = flagged(run, frame)
    miss = float(f"{(1 - y.mean()) / y.mean():.2g}")
    (_, false), (missed, _) = confusion_matrix(y, d)
    said = text_of(to_html(run))
    assert f"costs {1000 * (miss * missed + false) / len(y):,.0f} (" in said
    assert f"{1000 * miss * y.mean():,.0f} when no row is flagged" in said
    assert f"{1000 * (1 - y.mean()):,.0f} when every row is" in said
    assert f"a miss costs {miss:g}, a false alarm 1: no costs were given" in said


def test_useful_thresholds_keep_their_promises(binary):
    run, frame = binary
    y, _ = flagged(run, frame)
    kept = frame.filter(pl.col("technique") == run["decision"]["technique"])
    score = kept["probability_yes"].cast(pl.Float64).to_numpy()
    said = text_of(to_html(run))
    row = re.search(r"0\.5 50\.0 % (\d+) of 100 .*? of 100 .*? ([\d.]+) of 1,000", said)
    assert row.group(1) == whole(recall_score(y, score >= 0.5))
    assert float(row.group(2)) == pytest.approx(1000 * (score >= 0.5).mean(), abs=0.5)
    row = re.search(r"recall of 90 % ([\d.]+) % (\d+) of 100", said)
    assert int(row.group(2)) in range(90, 93)


def test_per_class_table_is_the_confusion_matrix(several):
    run, _ = several
    counts = np.array(run["techniques"][0]["confusion"])
    said = text_of(to_html(run))
    for k, name in enumerate(("red", "rose", "white")):
        row = re.search(rf" {name} ([\d,]+) \(([\d.]+) %\) (\d+) of 100 .*?\) (\d+) of 100", said)
        assert row.group(3) == whole(counts[k, k] / counts[k].sum())
        assert row.group(4) == whole(counts[k, k] / counts[:, k].sum())
        share = counts[k].sum() / counts.sum()
        assert float(row.group(2)) == pytest.approx(100 * share, abs=0.05)


def test_shares_of_the_classes_are_those_of_the_table(binary):
    said = text_of(to_html(binary[0]))
    assert "900, 60 of them yes (6.7 %), 2 classes" in said
    assert "no 840 93.3 % 1 : 1.0" in said
    assert "yes 60 6.7 % 1 : 14.0" in said


@pytest.mark.parametrize(
    ("rare", "tone", "words"),
    [(9, "too-few", "Only 9 positives"), (40, "few", "Only 40 positives"), (60, "good", "")],
)
def test_few_positives_are_said_in_colour_and_words(rare, tone, words, binary):
    page = to_html(
        made_run(labels(300, rare), techniques=("plain",))[0] if rare < 60 else binary[0]
    )
    assert f'class="tile {tone}"' in page
    assert words in page
    assert ('role="note"' in page) == (rare < 50)


def test_a_class_without_a_word_is_never_a_bare_number():
    run, _ = made_run(labels(300, 60, names=(0, 1)), techniques=("plain",))
    said = text_of(to_html(run))
    assert "60 of them class 1 (20.0 %)" in said
    assert not re.search(r"\b60 1\b", said)
    named = text_of(to_html(run | {"data": run["data"] | {"positive_name": "fraud"}}))
    assert "60 of them fraud (20.0 %)" in named
    assert "flag fraud from" in named


def test_not_told_apart_is_not_as_good(binary):
    said = text_of(to_html(binary[0]))
    assert "as well" not in said
    assert "not told apart" in said or "worse" in said


def test_a_table_on_which_every_model_is_perfect_has_its_page():
    """No gain differs and nothing is too little to matter: the strip has a width all the same."""
    run, _ = made_run(labels(300, 60), techniques=("plain", "class-weight"), repeats=1)
    run["verdict"]["rope"] = 0.0
    for row in run["verdict"]["comparisons"]:
        row |= {"gain": 0.0, "low": 0.0, "high": 0.0}
    assert "class-weight" in text_of(to_html(run))
