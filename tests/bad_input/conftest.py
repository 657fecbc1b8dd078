"""A small table, a run made of it, and a command line that must answer with one clear line."""

import shutil

import numpy as np
import polars as pl
import pytest

import steelyard

ROWS = 120


def good(**changes):
    """A table of numbers, text, a group, a day and a class; None leaves a column out."""
    rng = np.random.default_rng(0)
    rare = np.arange(ROWS) % 4 == 0
    columns = {
        "a": (rng.normal(size=ROWS) + rare).round(3).tolist(),
        "b": rng.integers(0, 9, ROWS).tolist(),
        "c": rng.choice(["x", "y", "z"], ROWS).tolist(),
        "who": [f"p{i % 30}" for i in range(ROWS)],
        "day": [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(ROWS)],
        "y": np.where(rare, "yes", "no").tolist(),
    }
    kept = {name: values for name, values in (columns | changes).items() if values is not None}
    return pl.DataFrame(kept, strict=False)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """t.csv, new.csv (without classes), scores.csv, numbers.csv, and a run of t.csv."""
    folder = tmp_path_factory.mktemp("made")
    good().write_csv(folder / "t.csv")
    good(y=None).write_csv(folder / "new.csv")
    good(c=None, who=None, day=None).write_csv(folder / "numbers.csv")
    rng = np.random.default_rng(1)
    score = rng.uniform(size=ROWS).round(3)
    good(score=score.tolist(), other=score[::-1].tolist()).write_csv(folder / "scores.csv")
    steelyard.compare(
        folder / "t.csv",
        "y",
        techniques=["plain"],
        folds=2,
        repeats=1,
        model="trees",
        drop=["who", "day"],
        out=folder / "run",
        progress=False,
    )
    return folder


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    """A copy to spoil, as the working directory."""
    shutil.copytree(made, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def everything_in(folder):
    """Every file and its content; links and pipes by their kind."""
    return {
        path: path.read_bytes() if path.is_file() and not path.is_symlink() else "special"
        for path in folder.rglob("*")
    }


@pytest.fixture
def refused(run, folder):
    """Give a command line that must be refused: exit 1, one line, nothing written or changed."""

    def give(words):
        before = everything_in(folder)
        result = run(*words)
        assert result.exit_code == 1, result.output
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("steelyard: ")
        assert "fault of steelyard's" not in line
        assert everything_in(folder) == before
        return line

    return give
