"""Random over- and under-sampling of files of any size, in bounded memory, by the sampling plan.

The target column is read, which gives the counts; the plan is made from the class and the id of
every row, kept in a temporary file meanwhile; then whole rows are read block by block and those
that the plan keeps are written (`resample.classified`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import DataError
from steelyard.executors import executor_for
from steelyard.resample.classified import Progress, check_column, classified
from steelyard.resample.ledger import ledger_counts
from steelyard.resample.ratio import wanted_counts
from steelyard.sampling_plan import Plan
from steelyard.tables.schema import Label

METHODS = {"random-over": True, "random-under": False}  # whether it adds rows


def resample_files(
    data: Any,
    target: str,
    method: str,
    out: Path,
    *,
    ratio: Sequence[str] = (),
    key: str | None = None,
    drop: Collection[str] = (),
    seed: int = 0,
    cluster: Any = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Resample files of any size into one file; rows keep the source's order and all columns.

    Every class ends with exactly the rows that were asked for. Which rows they are depends on the
    seed, the class and the row's id alone: its position in the source (all files in the order of
    their names), or the value of a key column. Copies of a row follow each other.

    Args:
        data: CSV or Parquet: a file, folder or glob.
        method: "random-over" or "random-under".
        out: ends in .csv or .parquet; written as rows come, those of a text file byte for byte in
            CSV (`files.AtomicFiles` lets it
            appear whole or not at all).
        ratio: as in `resample.ratio.wanted_counts`; default: all classes as the largest
            (random-over) or the smallest (random-under).
        drop: columns that are not written.
        key: column whose values name the rows: whole numbers, dates or text, no two alike.
        cluster: where the work is done, as in `executors.executor_for`; the rows are the same.
        progress: called with (done, total, what).
    Returns: the ledger as plain values, without the hash of the source.
    Raises: DataError, TargetError, RequestError, TargetCountError: in one line, nothing written.
    """
    written = write_planned(
        data,
        target,
        lambda classes, counts: wanted_counts(
            ratio or ["1"], classes, counts, adds=METHODS[method]
        ),
        out,
        key=key,
        drop=drop,
        seed=seed,
        cluster=cluster,
        progress=progress,
    )
    request = {"method": method, "ratio": list(ratio), "settings": [], "seed": seed}
    row_id = {"row_id": key or "position", "notes": [*written.notes]}
    return {"schema": 1} | request | row_id | _ledger(written)


@dataclass(frozen=True)
class Written:
    """What was written by a plan.

    Attributes:
        classes: labels in order.
        plan: counts and targets of each class code.
        kept: different rows of each class in the new file, shape (classes,).
        rows: rows of the source, those without a label too.
        notes: what a user should know of how the source was read.
    """

    classes: tuple[Label, ...]
    plan: Plan
    kept: NDArray[np.int64]
    rows: int
    notes: tuple[str, ...]


def write_planned(
    data: Any,
    target: str,
    wanted: Callable[[tuple[Label, ...], NDArray[np.int64]], Mapping[int, int]],
    out: Path,
    *,
    key: str | None = None,
    drop: Collection[str] = (),
    seed: int = 0,
    cluster: Any = None,
    progress: Progress | None = None,
) -> Written:
    """Write the rows of files that the sampling plan keeps; see `resample_files`.

    Args:
        wanted: from the classes and their counts to the rows wanted of each class code.
    """
    with (
        executor_for(cluster) as executor,
        classified(data, target, key=key, executor=executor, progress=progress) as table,
    ):
        for name in drop:
            check_column(name, table.names)
        if table.wanted.target in drop:
            raise DataError(f"column {table.wanted.target!r} is the target; it cannot be dropped")
        columns = [name for name in table.names if name not in drop]
        plan = table.plan(wanted(table.classes, table.counts), seed)
        kept = table.write(plan, columns, out)
    return Written(table.classes, plan, kept, table.rows, table.notes)


def _ledger(written: Written) -> dict[str, Any]:
    before, after = np.array(written.plan.counts), np.array(written.plan.target)
    return {
        "rows_without_target": written.rows - int(before.sum()),
        **ledger_counts(written.classes, before, written.kept, after, after),
    }
