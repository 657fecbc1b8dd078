"""Each code is raised by a table made for it, and none by a table without fault."""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from leaky_tables import copied_rows, visits, with_mean_labels

import steelyard
from steelyard.inspection import FINDINGS
from steelyard.inspection.spelling import alike


def clean(rows=600, share=0.25, seed=0):
    """Two columns that help, a third that does not; nothing to complain of."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < share).astype(int)
    return pl.DataFrame(
        {
            "a": rng.normal(1.8 * y),
            "b": rng.normal(-1.8 * y),
            "c": rng.choice(["x", "y"], rows),
            "label": np.where(y == 1, "rare", "usual"),
        }
    )


def thinned(keep):
    """The clean table with so many rows of the rare class."""
    frame = clean()
    rare = frame.filter(pl.col("label") == "rare").head(keep)
    return pl.concat([rare, frame.filter(pl.col("label") != "rare")]).sample(
        fraction=1, shuffle=True, seed=0
    )


def with_columns(**columns):
    return clean().with_columns(**columns)


def lost():
    """A rare class lost among the others."""
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "a": rng.normal(size=600),
            "b": rng.normal(size=600),
            "label": np.where(rng.random(600) < 0.1, "rare", "usual"),
        }
    )


def in_windows_letters():
    """The clean table in a file that is not UTF-8."""
    path = Path(tempfile.mkdtemp()) / "a.csv"
    path.write_bytes(clean().rename({"a": "größe"}).write_csv().encode("cp1252"))
    return path


def between_rare_rows():
    """A row half way between each rare row and the next, as SMOTE makes them."""
    rare = clean().filter(IS_RARE).sort("a")
    numbers = [name for name, kind in rare.schema.items() if kind.is_float()]
    return rare.with_columns((pl.col(n) + pl.col(n).shift(-1)) / 2 for n in numbers).head(-1)


ROWS = 600
IS_RARE = pl.col("label") == "rare"
BY_INDEX = pl.int_range(pl.len())

PATIENTS = np.random.default_rng(1).permutation(500) * 7 + 1000
RAISED_BY = {
    "SY001": lambda: clean().filter(IS_RARE),
    "SY002": lambda: thinned(3),
    "SY003": lambda: thinned(8),
    "SY004": lambda: thinned(30),
    "SY005": lambda: thinned(25),
    "SY006": lambda: clean(share=0.5),
    "SY007": lambda: with_columns(
        label=pl.when(BY_INDEX % 7 == 0).then(pl.col("label") + ".").otherwise(pl.col("label"))
    ),
    "SY011": lambda: pl.concat(
        [clean(), clean().filter(IS_RARE).head(3).with_columns(label=pl.lit("usual"))]
    ),
    "SY012": lambda: pl.concat([clean(), clean().head(20)]),
    "SY013": lambda: with_columns(
        label=pl.when(BY_INDEX < 5).then(None).otherwise(pl.col("label"))
    ),
    "SY014": lambda: clean().sort("label"),
    "SY015": lambda: pl.concat([clean(), between_rare_rows()]),
    "SY016": lambda: copied_rows().rename({"y": "label"}),
    "SY017": lambda: visits(patient=PATIENTS).rename({"y": "label"}),
    "SY020": lambda: with_mean_labels().rename({"y": "label"}),
    "SY021": lambda: with_columns(refund=IS_RARE.cast(int) + 0.001 * BY_INDEX / ROWS),
    "SY022": lambda: with_columns(d=pl.when(BY_INDEX % 3 == 0).then(pl.col("a") ** 2)),
    "SY023": lambda: with_columns(a=pl.when(BY_INDEX % 9 != 0).then(pl.col("a"))),
    "SY024": lambda: with_columns(
        a=pl.when(BY_INDEX == 4).then(float("inf")).otherwise(pl.col("a"))
    ),
    "SY025": lambda: with_columns(d=pl.lit(1.0)),
    "SY026": lambda: with_columns(customer_id=BY_INDEX + 1000),
    "SY027": lambda: with_columns(
        d=pl.lit("a long remark about the customer number ") + BY_INDEX.cast(pl.String)
    ),
    "SY028": lambda: with_columns(d=pl.lit(1.0)).select("d", "label"),
    "SY029": lambda: thinned(12).with_columns(
        **{f"n{i}": pl.col("a") * (i + 2) for i in range(12)}
    ),
    "SY031": lost,
    "SY041": in_windows_letters,
    "SY042": lambda: with_columns(
        d=pl.when(BY_INDEX == 7).then(pl.lit("n.v.")).otherwise(pl.col("a").cast(pl.String))
    ),
    "SY032": lambda: clean(share=0.35).with_columns(a=pl.col("a") - IS_RARE.cast(int)).drop("b"),
}


def codes(frame):
    return {f["code"] for f in steelyard.inspect(frame, "label").to_dict()["findings"]}


def test_nothing_to_complain_of():
    assert codes(clean()) == set()


@pytest.mark.parametrize("code", [finding.code for finding in FINDINGS])
def test_raised_where_it_should_be(code):
    assert code in codes(RAISED_BY[code]())


def test_an_honest_strong_column_is_no_leak():
    noise = np.random.default_rng(1).normal(size=ROWS)
    frame = with_columns(strong=IS_RARE.cast(int) * 2.0 + pl.Series(noise) * 0.8)
    (score,) = [
        entry
        for entry in steelyard.inspect(frame, "label").to_dict()["separation"]["columns"]
        if entry["column"] == "strong"
    ]
    assert 0.9 < score["auc"] < 0.99
    assert "SY021" not in codes(frame)


def test_a_leak_by_where_it_is_missing():
    frame = with_columns(closed_on=pl.when(IS_RARE).then(pl.col("a")))
    (finding,) = [
        f for f in steelyard.inspect(frame, "label").to_dict()["findings"] if f["code"] == "SY021"
    ]
    assert finding["subjects"] == ["closed_on"]
    assert "missing" in finding["seen"]


def test_a_leak_by_category():
    frame = with_columns(outcome=pl.when(IS_RARE).then(pl.lit("left")).otherwise(pl.lit("stays")))
    assert "SY021" in codes(frame)


def test_gravest_first_and_one_line_of_advice():
    found = steelyard.inspect(RAISED_BY["SY024"](), "label").to_dict()["findings"]
    assert found[0]["severity"] == "error"
    for finding in FINDINGS:
        assert "\n" not in finding.advice
        assert finding.advice.endswith(".")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["no", "No", "yes"], [["no", "No"]]),
        ([">50K", "<=50K", "<=50K."], [["<=50K", "<=50K."]]),
        (["yes", "yes\u200b"], [["yes", "yes\u200b"]]),
        (["sant\u00e9", "sante\u0301"], [["sant\u00e9", "sante\u0301"]]),
        (
            ["Fully Paid", "Fully  Paid", "fully_paid"],
            [["Fully Paid", "Fully  Paid", "fully_paid"]],
        ),
        (["1", "1.0", "01", "2"], [["1", "1.0", "01"]]),
        (["a", "b", "-", ".", 1, 2, True], []),
    ],
)
def test_labels_alike(labels, expected):
    assert alike(labels) == expected


def test_values_that_no_model_holds_are_counted_as_infinite():
    frame = with_columns(a=pl.when(BY_INDEX == 4).then(1e308).otherwise(pl.col("a")))
    assert "SY024" in codes(frame)


@pytest.mark.parametrize("levels", [5, 150, 600])
def test_noise_of_many_levels_is_not_safe(levels):
    rng = np.random.default_rng(0)
    frame = lost().with_columns(d=pl.Series(rng.integers(0, levels, ROWS)).cast(pl.String) + "x")
    (rare,) = steelyard.inspect(frame, "label").to_dict()["minority_types"]["classes"]
    assert rare["safe"] <= 0.05 * rare["typed"]
