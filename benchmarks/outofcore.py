"""Tables larger than memory: counting, random under-sampling and training from Parquet.

    python benchmarks/outofcore.py [--rows 5000000] [--more-rows 20000000] [--rounds 3]

The data are synthetic in a temporary folder (20 files, 30 normal float32 columns and the class in
`y`, 1 % of class 1; 125 bytes a row) and removed afterwards. Every contender runs in a process of
its own; they take turns. Seconds count from after the imports; "extra" is peak memory over what
the process took by then, "peak" all of it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from interleaved import ratio, take_turns, write_json

COLUMNS, SHARE, GROUP_ROWS = 30, 0.01, 125_000


def synthetic(folder, rows, files=20, seed=0):
    """Write the table. Class 1 is shifted a little in every column, so that it can be learned."""
    folder.mkdir(parents=True)
    names = [f"x{i}" for i in range(COLUMNS)]
    for file, part in enumerate(np.array_split(np.arange(rows), files)):
        rng = np.random.default_rng([seed, file])
        y = rng.random(len(part)) < SHARE
        X = rng.standard_normal((COLUMNS, len(part)), dtype=np.float32)
        X += 0.35 * y.astype(np.float32) * np.cos(np.arange(COLUMNS, dtype=np.float32))[:, None]
        table = pa.table(dict(zip(names, X, strict=True)) | {"y": y.astype(np.int8)})
        pq.write_table(table, folder / f"part-{file:03d}.parquet", row_group_size=GROUP_ROWS)
    return folder


def count_steelyard(folder):
    from steelyard.tables import count_classes

    return lambda: count_classes(folder, "y")


def count_pandas(folder):
    import pandas as pd

    return lambda: pd.read_parquet(folder)["y"].value_counts()


def count_pandas_column(folder):
    import pandas as pd

    return lambda: pd.read_parquet(folder, columns=["y"])["y"].value_counts()


def under_steelyard(folder):
    from steelyard.resample.streamed import resample_files

    out = folder.parent / "ours.parquet"
    return lambda: resample_files(folder, "y", "random-under", out)


def under_imblearn(folder):
    import pandas as pd
    from imblearn.under_sampling import RandomUnderSampler

    def run():
        table = pd.read_parquet(folder)
        sampler = RandomUnderSampler(random_state=0)
        X, y = sampler.fit_resample(table.drop(columns="y"), table["y"])
        X.assign(y=y).to_parquet(folder.parent / "theirs.parquet")

    return run


WORK = {
    "count: steelyard": count_steelyard,
    "count: pandas, whole table": count_pandas,
    "count: pandas, the column": count_pandas_column,
    "random-under: steelyard": under_steelyard,
    "random-under: pandas + imbalanced-learn": under_imblearn,
}


def memory_mb(field):
    """A metric of this process in /proc, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


def work(name, folder):
    run = WORK[name](folder)
    before = memory_mb("VmRSS")
    start, cpu = time.perf_counter(), time.process_time()
    run()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = memory_mb("VmHWM")
    print(
        json.dumps({"seconds": seconds, "cpu_s": cpu, "peak_mb": peak, "extra_mb": peak - before})
    )


def in_a_process(name, folder):
    words = [sys.executable, __file__, "--work", name, "--folder", str(folder)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def processes(names, folder, rounds):
    measured = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            measured[name].append(in_a_process(name, folder))
    return measured


def shown(title, measured, ours):
    """Print a table; return its lines. Ratios are medians over the rounds."""
    head = f"{'s':>8}{'CPU s':>8}{'peak MB':>9}{'extra MB':>10}{'x ours':>9}{'x CPU':>8}"
    print(f"\n{title}\n{'':42}{head}")
    lines = []
    for name, runs in measured.items():
        line = {"work": name}
        for field in ("seconds", "cpu_s"):
            mine = np.array([run[field] for run in runs])
            reference = np.array([run[field] for run in measured[ours]])
            line |= {field: np.median(mine), f"{field}_ratio": np.median(mine / reference)}
        line |= {field: max(run[field] for run in runs) for field in ("peak_mb", "extra_mb")}
        print(
            f"{name:<42}{line['seconds']:>8.2f}{line['cpu_s']:>8.2f}{line['peak_mb']:>9.0f}"
            f"{line['extra_mb']:>10.0f}{line['seconds_ratio']:>9.1f}{line['cpu_s_ratio']:>8.1f}",
            flush=True,
        )
        lines.append(line)
    return lines


def training(folder, rounds):
    """Rows per second of an epoch of `fit`: from Parquet, from memory, on one constant batch."""
    import tensorflow as tf

    from feeds import BATCH, fits
    from steelyard import feeds

    table = pq.read_table(folder)
    X = np.stack([table[f"x{i}"].to_numpy() for i in range(COLUMNS)], axis=1)
    inside = feeds.balanced(X, table["y"].to_numpy(), BATCH)
    outside = feeds.from_parquet(folder, "y", BATCH)
    steps = len(inside)  # whole epochs, as each one starts with a shuffle
    constant = tf.data.Dataset.from_tensors(next(iter(inside))).repeat()
    rates = take_turns(
        {
            "one constant batch": fits(constant, steps),
            "in memory": fits(inside.repeat(), steps),
            "from Parquet": fits(outside.repeat(), steps),
        },
        rounds,
    )
    print(f"\nTraining, 128-64-32, batch {BATCH:,}\n{'':42}{'krows/s':>10}{'x in memory':>13}")
    lines = []
    for name, values in rates.items():
        times = ratio(rates, name, "in memory")
        print(f"{name:<42}{np.median(values) / 1000:>10.0f}{times:>13.2f}", flush=True)
        lines.append({"feed": name, "krows_per_s": np.median(values) / 1000, "ratio": times})
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--more-rows", type=int, default=20_000_000, help="0: leave it out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--work", choices=WORK, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.folder)
        return
    with tempfile.TemporaryDirectory(prefix="steelyard-bench-") as folder:
        everything(Path(folder), options)


def everything(folder, options):
    result = {}
    data = synthetic(folder / "data", options.rows)
    print(f"{options.rows:,} x {COLUMNS + 1} Parquet in 20 files")
    for title, stem in (("Counting classes", "count"), ("Random under-sampling", "random-under")):
        names = [name for name in WORK if name.startswith(stem)]
        measured = processes(names, data, options.rounds)
        result[stem] = shown(title, measured, names[0])
    if options.more_rows:
        more = synthetic(folder / "more", options.more_rows)
        names = ["count: steelyard", "random-under: steelyard"]
        measured = processes(names, more, 1)
        result["more"] = shown(f"The same on {options.more_rows:,} rows", measured, names[1])
    result["training"] = training(data, options.rounds)
    write_json(options.json, {"rows": options.rows, "more_rows": options.more_rows} | result)


if __name__ == "__main__":
    main()
