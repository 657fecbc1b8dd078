"""`compare --rows` against `compare` of all rows: the figures, CPU seconds and peak memory.

    python benchmarks/some_rows.py [TABLE --target COL] [--rows 200000] [--whole 500000 1000000]

TABLE is a file or folder; without one it is simulated in a temporary folder, SIZE x 30 float32 with
1 % of class 1 (`outofcore.synthetic`). Some rows of all of it are compared, then all of them: of a
simulated table that of smaller ones, a time for SIZE being a straight line through theirs. Every
comparison is a command of its own; CPU and peak are those of its process and its children.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from outofcore import synthetic

SHOWN = {
    "average_precision": "average precision",
    "log_loss": "log loss",
    "observed_expected": "observed / expected",
}


def compared(data, target, folds, *options):
    """The metrics of `plain` as the command finds them, and what it took."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["compare", str(data), "--target", target, "--out", f"{folder}/run", "--quiet"]
        words += ["--techniques", "plain", "--model", "trees", "--repeats", "1", "--json"]
        words += ["--folds", str(folds), *options]
        with (Path(folder) / "run.json").open("w+") as said:
            command = [sys.executable, "-W", "ignore", "-m", "steelyard", *words]
            actions = [(os.POSIX_SPAWN_DUP2, said.fileno(), 1)]
            child = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
            _, status, used = os.wait4(child, 0)
            if status:
                raise SystemExit(
                    f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}"
                )
            said.seek(0)
            metrics = json.load(said)["techniques"][0]["metrics"]
    return {
        "metrics": {name: metrics[name] for name in SHOWN},
        "cpu": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
    }


def show(what, found):
    figures = [
        f"{label} {one['value']:.4g} ({one['low']:.4g} to {one['high']:.4g})"
        for label, one in ((SHOWN[name], one) for name, one in found["metrics"].items())
    ]
    line = ", ".join(figures)
    print(f"{what}: {line}; {found['cpu']:.0f} CPU s, {found['peak_mb']:,.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", nargs="?", type=Path)
    parser.add_argument("--target", default="y")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--memory", default="4G", help="That the comparison of some rows keeps to.")
    parser.add_argument("--size", type=int, default=10_000_000)
    parser.add_argument("--whole", type=int, nargs="*", default=[500_000, 1_000_000])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    some = ("--rows", str(asked.rows), "--memory", asked.memory)
    with tempfile.TemporaryDirectory(prefix="steelyard-bench-") as folder:
        found = {}
        tables = {"all": asked.table}
        if asked.table is None:
            tables = {
                f"{size:,}": synthetic(Path(folder) / str(size), size) for size in asked.whole
            }
            asked.table = synthetic(Path(folder) / "data", asked.size)
        found["some"] = compared(asked.table, asked.target, asked.folds, *some)
        show(f"{asked.rows:,} rows", found["some"])
        for size, table in tables.items():
            found[size] = compared(table, asked.target, asked.folds)
            show(f"whole, {size} rows", found[size])
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
