"""Bad input: one line that says what it got and what to do, exit 1, nothing left behind."""

import gzip

import numpy as np
import polars as pl
import pytest

ROWS = 60


def good(**changes):
    rng = np.random.default_rng(0)
    columns = {
        "a": rng.normal(size=ROWS).round(3).tolist(),
        "b": rng.integers(0, 5, ROWS).tolist(),
        "c": rng.choice(["x", "y", "z"], ROWS).tolist(),
        "y": ["no"] * 45 + ["yes"] * 15,
    }
    return pl.DataFrame(columns | changes, strict=False)


def write(path, frame=None, text=None, data=None):
    if frame is not None:
        frame.write_csv(path)
    elif text is not None:
        path.write_text(text, encoding="utf-8")
    else:
        path.write_bytes(data)
    return path


def _folder(d):
    (d / "folder").mkdir()
    return d / "folder"


def _mixed(d):
    (d / "folder").mkdir()
    good().write_csv(d / "folder" / "1.csv")
    good().drop("b").write_csv(d / "folder" / "2.csv")
    return d / "folder"


def _gzip():
    return gzip.compress(good().write_csv().encode() * 20)


TABLES = {
    "missing file": (lambda d: d / "none.csv", "none.csv"),
    "empty file": (lambda d: write(d / "e.csv", text=""), "empty"),
    "header only": (lambda d: write(d / "h.csv", text="a,b,y\n"), "row"),
    "empty folder": (_folder, "no "),
    "unknown ending": (lambda d: write(d / "t.xlsx", data=b"PK\x03\x04"), "xlsx"),
    "binary called csv": (lambda d: write(d / "b.csv", data=bytes(range(256)) * 40), "b.csv"),
    "corrupt gzip": (lambda d: write(d / "z.csv.gz", data=b"\x1f\x8b broken"), "z.csv.gz"),
    "gzip cut short": (lambda d: write(d / "z.csv.gz", data=_gzip()[:-20]), "z.csv.gz"),
    "corrupt parquet": (lambda d: write(d / "p.parquet", data=b"PAR1 broken"), "p.parquet"),
    "target not there": (lambda d: write(d / "t.csv", good().rename({"y": "label"})), "'y'"),
    "two columns of one name": (lambda d: write(d / "t.csv", text="a,a,y\n1,2,0\n3,4,1\n"), "'a'"),
    "ragged": (lambda d: write(d / "t.csv", text="a,b,y\n1,2,no\n1,2,3,yes\n"), "row 2"),
    "one class": (lambda d: write(d / "t.csv", good(y=["no"] * ROWS)), "class"),
    "a class with one row": (lambda d: write(d / "t.csv", good(y=["no"] * 59 + ["yes"])), "'yes'"),
    "fewer rows of a class than folds": (
        lambda d: write(d / "t.csv", good(y=["no"] * 57 + ["yes"] * 3)),
        "--folds 3",
    ),
    "target all missing": (lambda d: write(d / "t.csv", good(y=[None] * ROWS)), "'y'"),
    "target of measurements": (
        lambda d: write(d / "t.csv", good(y=np.linspace(0, 1, ROWS).tolist())),
        "'y'",
    ),
    "every row its own class": (
        lambda d: write(d / "t.csv", good(y=[f"k{i}" for i in range(ROWS)])),
        "class",
    ),
    "column without values": (lambda d: write(d / "t.csv", good(a=[None] * ROWS)), "--drop"),
    "infinite values": (lambda d: write(d / "t.csv", good(a=[float("inf")] + [1.5] * 59)), "'a'"),
    "no column to learn from": (lambda d: write(d / "t.csv", good().select("y")), "column"),
    "only constants": (
        lambda d: write(d / "t.csv", pl.DataFrame({"a": [1] * 60, "y": good()["y"]})),
        "column",
    ),
    "folder of different tables": (_mixed, "column"),
}


def one_line(result):
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("steelyard: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    return result.stderr


@pytest.mark.parametrize("case", TABLES)
def test_table(case, run, tmp_path):
    make, expected = TABLES[case]
    out = tmp_path / "run"
    line = one_line(run("compare", make(tmp_path), "--target", "y", "--out", out, "--quiet"))
    assert expected in line
    assert not out.exists()


REQUESTS = {
    "unknown technique": (("--techniques", "smot"), "smote"),
    "one fold": (("--folds", "1"), "2 folds"),
    "no repeat": (("--repeats", "0"), "1 repeat"),
    "metric that a threshold flatters": (("--metric", "f1"), "average_precision"),
    "unknown metric": (("--metric", "auc"), "roc_auc"),
    "unknown positive": (("--positive", "maybe"), "yes"),
    "half a cost pair": (("--cost-fp", "1"), "cost"),
    "two goals": (("--min-recall", ".9", "--maximise", "f1"), "one"),
    "negative cost": (("--cost-fp", "-1", "--cost-fn", "2"), "cost"),
    "precision above one": (("--min-precision", "1.5"), "1.5"),
    "group not there": (("--group", "who"), "'who'"),
    "time not there": (("--time", "when"), "'when'"),
    "drop not there": (("--drop", "nothing"), "'nothing'"),
    "target as group": (("--group", "y"), "'y'"),
    "model file not there": (("--model", "none.py:build"), "none.py"),
    "model of no kind": (("--model", "forest"), "FILE.py:FUNCTION"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_request(case, run, tmp_path):
    words, expected = REQUESTS[case]
    data = write(tmp_path / "t.csv", good())
    out = tmp_path / "run"
    line = one_line(run("compare", data, "--target", "y", "--out", out, "--quiet", *words))
    assert expected in line
    assert not out.exists()


def test_output_that_exists_is_left_alone(run, tmp_path):
    data = write(tmp_path / "t.csv", good())
    out = tmp_path / "run"
    out.mkdir()
    (out / "mine.txt").write_text("precious")
    one_line(run("compare", data, "--target", "y", "--out", out, "--quiet"))
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("command", ["report", "predict", "evaluate"])
def test_no_run_there(command, run, tmp_path):
    data = write(tmp_path / "t.csv", good())
    words = {"report": (), "predict": (data, "--out", tmp_path / "p.csv"), "evaluate": (data,)}
    line = one_line(run(command, tmp_path / "none", *words[command]))
    assert "there is no run directory" in line
