"""A small finished run, made once and copied for each test that damages it."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

import steelyard
from steelyard.runs.seal import sealed


def make_table(rows=300, positives=60):
    rng = np.random.default_rng(0)
    y = (np.arange(rows) < positives).astype(int)
    rng.shuffle(y)
    columns = {"a": rng.normal(size=rows) + 1.2 * y, "b": rng.choice(["x", "y", "z"], rows)}
    return pl.DataFrame(columns | {"y": y})


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    make_table().write_csv(folder / "t.csv")
    make_table().drop("y").write_csv(folder / "new.csv")
    steelyard.compare(
        folder / "t.csv",
        "y",
        techniques=["plain", "class-weight"],
        folds=2,
        repeats=1,
        model="trees",
        goal=steelyard.Costs(fp=1, fn=5),
        out=folder / "run",
    )
    return folder


@pytest.fixture
def a_run(finished, tmp_path):
    shutil.copytree(finished / "run", tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def edited():
    """Edit run.json and seal it again, as somebody would who wants it to pass."""

    def edit(run, change):
        values = json.loads((run / "run.json").read_text())
        change(values)
        (run / "run.json").write_text(json.dumps(sealed(values, run)))

    return edit
