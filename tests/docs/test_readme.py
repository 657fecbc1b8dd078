"""README.md: its commands and its Python run as they stand, its links lead somewhere."""

import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text()


@pytest.fixture
def churn(tmp_path, monkeypatch):
    """A folder with the files the README speaks of."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"age": rng.normal(size=240), "plan": rng.choice(["a", "b"], 240)})
    frame = frame.with_columns(churned=np.where(frame["age"].to_numpy() > 1.1, "yes", "no"))
    frame.write_csv("churn.csv")
    frame.drop("churned").write_csv("new.csv")
    return frame


def test_its_commands(churn, run):
    commands = re.findall(r"^steelyard (.*)$", TEXT, re.MULTILINE)
    assert [words.split()[0] for words in commands] == ["inspect", "compare", "predict"]
    for words in commands:
        result = run(*shlex.split(words), "--quiet")
        assert result.exit_code == 0, (words, result.stderr)
    assert {"run", "scored.csv"} <= {path.name for path in Path.cwd().iterdir()}


def test_its_python(churn):
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(code, {"frame": churn, "new_frame": churn.drop("churned")})  # noqa: S102 - our own page
    assert (Path.cwd() / "run" / "model.keras").exists()


def test_its_links():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (README.parent / target).exists(), target
