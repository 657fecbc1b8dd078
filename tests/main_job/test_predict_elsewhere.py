"""The deployed model on another file: other order, unseen categories, missing values."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import steelyard

FRESH = """
import sys
from steelyard.cli import main
main(["predict", *sys.argv[1:]])
"""

# Levels that no training row had are part of what is asked here.
pytestmark = pytest.mark.filterwarnings("ignore:column 'plan'")


@pytest.fixture(scope="module")
def elsewhere(run_dir, customers):
    """A file in another order of rows and columns, and what a fresh process says of it."""
    frame = customers(rows=150, seed=3).drop("churned").with_row_index("row")
    frame = frame.with_columns(
        plan=pl.when(pl.col("row") % 7 == 0).then(pl.lit("gold")).otherwise("plan"),
        age=pl.when(pl.col("row") % 5 == 0).then(None).otherwise("age"),
    )
    shuffled = frame.sample(fraction=1, shuffle=True, seed=0)
    asked = shuffled.select("active", "calls", "row", "age", "plan")
    asked.drop("row").write_csv(run_dir.parent / "new.csv")
    out = run_dir.parent / "scored.csv"
    words = [str(run_dir), str(run_dir.parent / "new.csv"), "--out", str(out)]
    subprocess.run([sys.executable, "-c", FRESH, *words], check=True, timeout=120)
    return frame, shuffled["row"].to_numpy(), pl.read_csv(out)


def test_another_order_changes_nothing(run_dir, elsewhere):
    frame, order, scored = elsewhere
    inside = steelyard.load(run_dir).predict(frame.drop("row").to_pandas())
    for name in ("probability_no", "probability_yes"):
        np.testing.assert_allclose(scored[name], inside[name].to_numpy()[order], atol=1e-6)
    assert scored["decision"].to_list() == [inside["decision"][int(i)] for i in order]


def test_rows_are_scored_one_by_one(run_dir, elsewhere):
    frame, _, _ = elsewhere
    study = steelyard.load(run_dir)
    whole = study.predict(frame.drop("row"))["probability_yes"].to_numpy()
    alone = study.predict(frame.drop("row")[14:15])["probability_yes"].to_numpy()
    np.testing.assert_allclose(alone, whole[14:15], atol=1e-6)


def test_a_category_never_seen_is_not_taken_for_one_that_was(run_dir, elsewhere):
    frame, _, _ = elsewhere
    study = steelyard.load(run_dir)
    plans = [study.predict(frame.drop("row").with_columns(plan=pl.lit(v))) for v in
             ("basic", "gold", "silver")]  # fmt: skip
    basic, gold, silver = (p["probability_yes"].to_numpy() for p in plans)
    np.testing.assert_array_equal(gold, silver)
    assert np.abs(gold - basic).max() > 0.01


def test_decision_is_the_cut_off_of_the_run(run_dir, elsewhere):
    frame, _, _ = elsewhere
    study = steelyard.load(run_dir)
    scored = study.predict(frame.drop("row"))
    threshold = study.run["decision"]["rule"]["threshold"]
    expected = np.where(scored["probability_yes"].to_numpy() >= threshold, "yes", "no")
    assert scored["decision"].to_list() == expected.tolist()
    assert set(expected) == {"yes", "no"}


def test_keras_alone_can_load_it(run_dir):
    code = """
import sys
import keras
import steelyard
model = keras.models.load_model(sys.argv[1])
row = {"plan": [["pro"]], "age": [[40.0]], "calls": [[2.0]], "active": [[1.0]]}
out = model({name: keras.ops.convert_to_tensor(value) for name, value in row.items()})
print(out["probability"].shape, out["decision"].shape)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(run_dir / "model.keras")],
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "(1, 2) (1,)"
