"""README.md: its commands and its Python run as they stand, its links lead somewhere."""

import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest

keras = pytest.importorskip("keras")

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text()


@pytest.fixture
def churn(tmp_path, monkeypatch):
    """A folder with the files the README speaks of."""
    monkeypatch.chdir(tmp_path)
    frame = customers(240, seed=0)
    frame.write_csv("churn.csv")
    customers(300, seed=1).drop("churned").write_csv("new.csv")
    scores = {"churned": frame["churned"], "today": -frame["age"], "new": frame["age"]}
    pl.DataFrame(scores).write_csv("scores.csv")
    return frame


def customers(rows, seed):
    rng = np.random.default_rng(seed)
    age, plan = rng.normal(size=rows), rng.choice(["a", "b"], rows)
    churned = np.where(age + rng.normal(size=rows) / 2 > 1.3, "yes", "no")
    return pl.DataFrame({"age": age, "plan": plan, "churned": churned})


def test_its_commands(churn, run):
    commands = re.findall(r"^steelyard (.*)$", TEXT, re.MULTILINE)
    named = [words.split()[0] for words in commands]
    assert named == [
        "inspect", "compare", "predict", "retune", "monitor", "verify", "judge",
    ]  # fmt: skip
    for words in commands:
        result = run(*shlex.split(words), "--quiet")
        assert result.exit_code == 0, (words, result.stderr)
    assert {"run", "scored.csv"} <= {path.name for path in Path.cwd().iterdir()}


@pytest.mark.filterwarnings("ignore:.*shuffle=True:UserWarning")  # Keras says so of any dataset
def test_its_python(churn):
    job, pieces = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names = {"frame": churn, "new_frame": churn.drop("churned")}
    exec(job, names)  # noqa: S102 - our own page
    assert (Path.cwd() / "run" / "model.keras").exists()
    y = (churn["churned"] == "yes").to_numpy().astype(int)
    X = np.column_stack([churn["age"], y]).astype("float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    names |= {"X": X, "y": y, "X_val": X, "y_val": y, "model": model}
    exec(pieces, names)  # noqa: S102
    assert names["y_new"].mean() == 0.5
    assert set(names["finished"].predict(X, verbose=0)) == {"probability", "decision"}


def test_its_links():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (README.parent / target).exists(), target
