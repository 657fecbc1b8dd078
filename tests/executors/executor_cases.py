"""What the tests of executors share: a table, cut into files, and functions that workers run."""

import hashlib
import os
import signal
import time

import numpy as np
import polars as pl

from steelyard._memory import room
from steelyard.errors import DataError
from steelyard.resample.streamed import resample_files

N = 9_000
RNG = np.random.default_rng(5)
TABLE = pl.DataFrame(
    {
        "row": np.arange(N),
        "key": RNG.permutation(N) * 11 + 5,
        "x": RNG.normal(size=N).round(6),
        "word": RNG.choice(["a,b", 'say "x"', "plain"], N),
        "y": RNG.choice(["no", "yes", "maybe"], N, p=[0.9, 0.07, 0.03]),
    }
)
FILES = [1, 7, 50]


def written(folder, files, suffix=".parquet", table=TABLE):
    folder.mkdir()
    for i, part in enumerate(np.array_split(np.arange(len(table)), files)):
        if suffix == ".csv":
            table[part].write_csv(folder / f"{i:03d}.csv")
        else:
            table[part].write_parquet(folder / f"{i:03d}.parquet", row_group_size=500)
    return folder


def written_all(folder):
    """The table in every number of files and both formats, by both."""
    folder.mkdir(exist_ok=True)
    return {
        (files, suffix): written(folder / f"{files}{suffix}", files, suffix)
        for files in FILES
        for suffix in (".parquet", ".csv")
    }


def resampled(source, out, executor, method="random-under", **options):
    ledger = resample_files(source, "y", method, out, cluster=executor, **options)
    return (pl.read_csv(out) if out.suffix == ".csv" else pl.read_parquet(out)), ledger


def digest(table):
    return hashlib.sha256(table.write_csv().encode()).hexdigest()[:12]


METHODS = {"random-under": ["no=1234", "yes=600"], "random-over": ["maybe=1000"]}


def digests(sources, folder, executor, method):
    """Digest of the rows and their number, by number of files and format; rows have keys."""
    found = {}
    for (files, suffix), source in sources.items():
        options = {"ratio": METHODS[method], "key": "key", "seed": 3}
        out = folder / f"{files}{suffix}"
        table, ledger = resampled(source, out, executor, method, **options)
        found[files, suffix] = digest(table), ledger["rows_out"]
    return found


def product(a, b):
    return a * b


def refuses(n):
    if n == 3:
        raise DataError("file 3 is gone")
    return n


def dies_once(folder, n):
    """Ends its own process at the first try of task 2."""
    mark = folder / "died"
    if n == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n * n


def dies(n):
    os.kill(os.getpid(), signal.SIGKILL)


def room_here():
    """Bytes that a task may take: all that is left below its limit."""
    return room(1 << 60, 1.0)


def naps(n, seconds=0.02):
    time.sleep(seconds * (n % 3))
    return n
