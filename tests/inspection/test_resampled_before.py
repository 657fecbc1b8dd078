"""A table that was resampled before is recognised, one that was not is left in peace."""

import warnings

import imblearn.over_sampling
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_wine

from steelyard import inspect
from steelyard.cli.failures import plain_errors
from steelyard.errors import SteelyardWarning
from steelyard.inspection.resampled import rows_on_lines, warn_if_resampled
from steelyard.tables import read_table

RNG = np.random.default_rng(0)
N = 600
NOISE = pl.DataFrame(
    {f"x{i}": RNG.normal(size=N) for i in range(6)}
    | {"y": ["yes" if i % 10 == 0 else "no" for i in range(N)]}
)


def seen(data):
    found = {entry["code"]: entry for entry in inspect(data, "y").to_dict()["findings"]}
    return found.get("SY015")


@pytest.mark.parametrize("method", ["random-over", "random-under", "smote", "smote-tomek"])
def test_by_the_ledger_beside_the_file(run, tmp_path, method):
    NOISE.write_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    words = ["resample", tmp_path / "in.parquet", "--target", "y", "--method", method]
    assert run(*words, "--out", out, "--quiet").exit_code == 0
    assert f"resampled by {method}" in seen(str(out))["seen"]
    NOISE.write_parquet(tmp_path / "mine.parquet")
    (tmp_path / "mine.parquet.ledger.json").write_text(
        (tmp_path / "out.parquet.ledger.json").read_text()
    )
    assert seen(str(tmp_path / "mine.parquet")) is None  # another file's ledger


@pytest.mark.parametrize("kind", ["SMOTE", "ADASYN", "BorderlineSMOTE", "SVMSMOTE"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_by_rows_between_two_rows_of_their_class(kind, dtype):
    X = NOISE.drop("y").to_pandas().astype(dtype)
    sampler = getattr(imblearn.over_sampling, kind)(random_state=0)
    X_new, y_new = sampler.fit_resample(X, NOISE["y"].to_pandas())
    found = seen(X_new.assign(y=y_new))
    assert found["subjects"] == ["yes"]
    assert "on a line between two others" in found["seen"]


def test_real_tables_and_whole_numbers_are_left_in_peace():
    for load in (load_breast_cancer, load_wine):
        frame = load(as_frame=True).frame.rename(columns={"target": "y"})
        assert seen(frame) is None
    grid = pd.DataFrame(RNG.integers(0, 30, (N, 4)), columns=list("abcd")).assign(y=NOISE["y"])
    assert seen(grid) is None
    assert seen(NOISE) is None


def test_a_comparison_warns_before_it_starts():
    sampler = imblearn.over_sampling.SMOTE(random_state=0)
    X, y = sampler.fit_resample(NOISE.drop("y").to_pandas(), NOISE["y"].to_pandas())
    with pytest.warns(SteelyardWarning, match="on a line between two others"):
        warn_if_resampled(read_table(X.assign(y=y), "y"))
    warn_if_resampled(read_table(NOISE, "y"))


def test_the_command_says_a_warning_in_one_line(capsys):
    with plain_errors():
        warnings.warn("use `folds=3`", SteelyardWarning, stacklevel=1)
    assert capsys.readouterr().err == "note: use --folds 3\n"


def test_one_column_is_no_evidence():
    table = read_table(NOISE.select("x0", "y"), "y")
    assert rows_on_lines(table, {"x0": NOISE["x0"].to_numpy()}, 0) == []
