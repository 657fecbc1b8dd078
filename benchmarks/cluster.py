"""Ray against one process: CPU seconds of resampling 20 files, and what planning many files takes.

    python benchmarks/cluster.py [--rows 250000] [--files 20] [--planned 100000] [--rounds 3]

The data are synthetic, in a temporary folder: FILES Parquet files of ROWS x 30 float32, 1 % of
class 1. All are under-sampled to 1:4 by one process, by processes and by Ray's tasks on this
machine, in turns; CPU is that of the process and all of its children, after every worker has
started, and the rows kept must be the same. Planning is what the driver does before and between
the tasks, with no data at all: files that hold nothing, and counts, ranges and hashes as tasks
would give them.
"""

import argparse
import hashlib
import json
import os
import resource
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from steelyard.executors import executor_for
from steelyard.resample.classified import classified
from steelyard.resample.piece_labels import Counted, count
from steelyard.resample.streamed import resample_files
from steelyard.sampling_plan.limits import range_counts

COLUMNS = 30
TICKS = 100  # of the system's clock a second


def written(folder, files, rows):
    rng = np.random.default_rng(0)
    for number in range(files):
        table = {f"x{i}": rng.normal(size=rows).astype("float32") for i in range(COLUMNS)}
        table["y"] = rng.random(rows) < 0.01
        pl.DataFrame(table).write_parquet(folder / f"{number:06d}.parquet", row_group_size=1 << 17)


def cpu_of_all():
    """CPU seconds of this process and of all that descend from it, those of daemons too."""
    parents, spent = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        number = int(stat.parent.name)
        parents[number] = int(fields[1])
        spent[number] = sum(map(int, fields[11:15])) / TICKS
    mine = {int(Path("/proc/self").resolve().name)}
    while more := {child for child, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return sum(spent.get(number, 0.0) for number in mine)


def digest(path):
    return hashlib.sha256(pl.read_parquet(path).write_csv().encode()).hexdigest()[:12]


def resampling(folder, cluster):
    out = folder / f"{cluster}.parquet"
    with executor_for(None if cluster == "serial" else cluster) as executor:
        start_all(executor, folder / "few.parquet")
        start, cpu = time.perf_counter(), cpu_of_all()
        resample_files(folder / "parts", "y", "random-under", out, ratio=["0.25"], cluster=executor)
        spent, wall = cpu_of_all() - cpu, time.perf_counter() - start
    found = {"cpu": round(spent, 2), "wall": round(wall, 1), "digest": digest(out)}
    out.unlink()
    return found


def start_all(executor, few):
    """Have every worker done once what the tasks do; two short tasks may go to one worker."""
    started = set()
    while len(started) < executor.workers:
        started |= set(executor.map(started_on, [(few,)] * executor.workers))


def started_on(few):
    with tempfile.TemporaryDirectory() as folder:
        resample_files(few, "y", "random-under", Path(folder) / "out.parquet", ratio=["0.25"])
    time.sleep(0.2)
    return os.getpid()


class Planned:
    """An executor whose tasks touch no data: what they would give is made up at once."""

    name, workers, same_disk = "planned", 400, False

    def map(self, function, tasks):
        for task in tasks:
            yield self.counted() if function is count else self.looked(*task[3:])

    def counted(self):
        return Counted([False, True], np.array([*EACH.values()]), sum(EACH.values()), *NOTHING)

    def looked(self, what, ranges):
        if what is range_counts:
            return {code: spread(EACH[code], bits) for code, bits in ranges.bits.items()}
        few = {code: 1 + (EACH[code] >> bits) for code, bits in ranges.bits.items()}
        return {
            code: np.random.default_rng(0).integers(0, 1 << 63, rows, dtype="uint64")
            for code, rows in few.items()
        }


EACH = {0: 990_000, 1: 10_000}  # rows of each file, by class code
NOTHING = (None, None, ())


@cache
def spread(rows, bits):
    return np.full(1 << bits, -(-rows >> bits))


def planning(files):
    """Seconds and bytes of the driver for so many files of a million rows each, without data."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, 1, 100)
        for number in range(1, files):
            with (folder / f"{number:06d}.parquet").open("wb") as file:
                file.truncate(100 << 20)  # bytes that take no disk; a piece of its own
        start = time.process_time()
        with classified(folder, "y", executor=Planned()) as table:
            plan = table.plan({0: 4 * int(table.counts[1]), 1: int(table.counts[1])}, 0)
        spent = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # nothing ran before
    assert plan.target == (4 * plan.counts[1], plan.counts[1])
    return {"files": files, "rows": table.rows, "cpu": round(spent, 1), "peak_mb": round(peak)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--planned", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clusters", default="serial,processes,local")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = {"planning": planning(asked.planned)}
    print(json.dumps(found["planning"]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "parts").mkdir()
        written(folder / "parts", asked.files, asked.rows)
        written(folder, 1, 1000)
        (folder / "000000.parquet").rename(folder / "few.parquet")
        clusters = asked.clusters.split(",")
        found |= {cluster: [] for cluster in clusters}
        for _ in range(asked.rounds):
            for cluster in clusters:
                found[cluster].append(resampling(folder, cluster))
                print(f"{cluster:10} {found[cluster][-1]}", flush=True)
    for cluster in clusters:
        pairs = zip(found[cluster], found[clusters[0]], strict=True)
        ratios = [one["cpu"] / alone["cpu"] for one, alone in pairs]
        print(f"{cluster:10} {np.median(ratios):.2f} x the CPU of {clusters[0]}")
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1))
    assert len({one["digest"] for cluster in clusters for one in found[cluster]}) == 1


if __name__ == "__main__":
    main()
