"""Twenty ways to tamper with a run: how many does `verify` find?

Most are sealed again, so that only what is computed anew can tell.

python benchmarks/tampering.py
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import steelyard
from steelyard.comparison.verify import verify_run
from steelyard.runs.seal import sealed


def make_run(folder):
    """A small comparison with its table beside it."""
    rng = np.random.default_rng(0)
    y = (np.arange(1200) < 150).astype(int)
    frame = pl.DataFrame({"a": rng.normal(size=1200) + 1.5 * y, "b": rng.normal(size=1200), "y": y})
    frame.write_csv(folder / "table.csv")
    steelyard.compare(
        folder / "table.csv",
        "y",
        techniques=["plain", "smote"],
        folds=3,
        repeats=2,
        out=folder / "run",
    )


def edit(name, change):
    """A tampering that changes a JSON file."""

    def tamper(run):
        path = run / name
        values = json.loads(path.read_text())
        change(values)
        path.write_text(json.dumps(values))

    return tamper


def predictions(change):
    """A tampering that changes the predictions."""

    def tamper(run):
        path = run / "predictions.parquet"
        change(pl.read_parquet(path)).write_parquet(path)

    return tamper


def at(row, column, value):
    return pl.when(pl.col("row") == row).then(value).otherwise(pl.col(column)).alias(column)


def bytes_of(name):
    """A tampering that turns one bit in the middle of a file."""

    def tamper(run):
        content = bytearray((run / name).read_bytes())
        content[len(content) // 2] ^= 1
        (run / name).write_bytes(content)

    return tamper


def table(change):
    def tamper(run):
        path = run.parent / "table.csv"
        change(pl.read_csv(path)).write_csv(path)

    return tamper


def journal(run):
    lines = (run / "journal.jsonl").read_text().splitlines()
    (run / "journal.jsonl").write_text("\n".join(lines[:-1]) + "\n")


def metric(values, name, by):
    values["techniques"][1]["metrics"][name]["value"] += by


def swap(values):
    first, second = values["jobs"][:2]
    first["train_hash"], second["train_hash"] = second["train_hash"], first["train_hash"]
    first["test_hash_before"] = first["test_hash_after"] = "f" * 16


# What, how, and whether the run is sealed again: only what is computed anew can find it then.
TAMPERINGS = [
    ("a test row touched in training", edit("ledger.json", lambda v: v["jobs"][0].update(
        test_hash_after="0" * 16)), True),
    ("test hashes synthetic", edit("ledger.json", swap), True),
    ("training rows of another fold", edit("ledger.json", lambda v: v["jobs"][2].update(
        train_hash=v["jobs"][5]["train_hash"])), True),
    ("a job left out", edit("ledger.json", lambda v: v["jobs"].pop()), True),
    ("a job twice", edit("ledger.json", lambda v: v["jobs"].append(v["jobs"][0])), True),
    ("fewer rows in than there were", edit("ledger.json", lambda v: v["jobs"][1].update(
        rows_in=10)), True),
    ("synthetic rows kept quiet", edit("ledger.json", lambda v: v["jobs"][3]["members"][0].update(
        synthetic=0, copied=7)), True),
    ("AP raised", edit("run.json", lambda v: metric(v, "average_precision", 0.02)), True),
    ("log loss lowered", edit("run.json", lambda v: metric(v, "log_loss", -0.01)), True),
    ("ROC-AUC raised", edit("run.json", lambda v: metric(v, "roc_auc", 0.001)), True),
    ("another seed", edit("run.json", lambda v: v["protocol"].update(seed=9)), True),
    ("another number of folds", edit("run.json", lambda v: v["protocol"].update(folds=4)), True),
    ("a probability improved", predictions(lambda f: f.with_columns(
        at(3, "probability_1", pl.lit(0.99, pl.Float32)))), True),
    ("a label turned", predictions(lambda f: f.with_columns(at(700, "truth", 1))), True),
    ("a row moved to another fold", predictions(lambda f: f.with_columns(
        fold=pl.when(pl.col("row") == 5).then((pl.col("fold") + 1) % 3).otherwise("fold"))), True),
    ("hard rows left out", predictions(lambda f: f.filter(pl.col("row") > 4)), True),
    ("a value of the table changed", table(lambda f: f.with_columns(
        a=pl.when(pl.int_range(pl.len()) == 9).then(5.0).otherwise(pl.col("a")))), False),
    ("another model", bytes_of("model.keras"), False),
    ("the verdict rewritten", edit("run.json", lambda v: v["verdict"].update(
        winner="smote", paragraph="smote is better.")), False),
    ("a line of the journal gone", journal, True),
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_run(home)
        original = (home / "table.csv").read_bytes()
        print(f"untouched: {'holds' if verify_run(home / 'run')['holds'] else 'DOES NOT HOLD'}")
        for what, tamper, seal_again in TAMPERINGS:
            run = home / "tampered"
            shutil.copytree(home / "run", run)
            tamper(run)
            if seal_again:
                path = run / "run.json"
                path.write_text(json.dumps(sealed(json.loads(path.read_text()), run)))
            result = verify_run(run)
            by = [check["name"] for check in result["checks"] if not check["holds"]]
            rows.append({"what": what, "sealed_again": seal_again, "found_by": by})
            print(
                f"{what:<34}{'sealed again' if seal_again else '':<14}{', '.join(by) or 'MISSED'}"
            )
            shutil.rmtree(run)
            (home / "table.csv").write_bytes(original)
    found = sum(bool(row["found_by"]) for row in rows)
    print(f"{found} of {len(rows)} found")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
