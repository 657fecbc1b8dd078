"""Wall time and peak memory of the commands a newcomer gives, each in a process of its own.

    python benchmarks/main_job.py --mammography mammography.csv.gz --fraud creditcard_fraud.parquet

Both files have the class in a column `target`. Without them a table of the same shape is synthetic.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

STEELYARD = [sys.executable, "-m", "steelyard"]
FRAUD = ["--techniques", "plain,class-weight,random-under", "--folds", "3", "--repeats", "1"]


def synthetic(path, rows, columns, positives):
    """Normal columns; the positives are shifted in the first three."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, columns)).astype("float32")
    y = np.zeros(rows, int)
    y[rng.choice(rows, positives, replace=False)] = 1
    X[y == 1, :3] += 1.5
    pl.DataFrame(X).with_columns(target=y).write_parquet(path)
    return path


def measured(words):
    """Seconds and peak MB of one command."""
    start = time.perf_counter()
    child = subprocess.Popen(
        [*STEELYARD, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"steelyard {' '.join(words)} failed:\n{said}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mammography", type=Path)
    parser.add_argument("--fraud", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = asked.mammography or synthetic(f"{folder}/small.parquet", 11_183, 6, 260)
        large = asked.fraud or synthetic(f"{folder}/large.parquet", 284_807, 30, 492)
        jobs = {
            "--help": ["--help"],
            "inspect, 11,183 x 6": ["inspect", str(small), "--target", "target"],
            "demo, 6,435 x 36": ["demo", "--out", f"{folder}/demo"],
            "compare, 284,807 x 30": [
                "compare", str(large), "--target", "target", *FRAUD, "--out", f"{folder}/large",
            ],
        }  # fmt: skip
        print(f"{'command':<24}{'seconds':>9}{'peak MB':>9}")
        for name, words in jobs.items():
            seconds, peak = measured(words)
            print(f"{name:<24}{seconds:>9.2f}{peak:>9.0f}", flush=True)


if __name__ == "__main__":
    main()
