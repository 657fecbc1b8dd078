"""Random over- and under-sampling of files of any size, in bounded memory, by the sampling plan.

The target column is read, which gives the counts; the plan is made from the class and the id of
every row, kept in a temporary file meanwhile; then whole rows are read block by block and those
that the plan keeps are written (`resample.classified`).
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._seeds import check_seed
from steelyard.errors import DataError
from steelyard.executors import executor_for
from steelyard.resample.classified import Progress, check_column, classified, source_hash
from steelyard.resample.ledger import ledger_counts
from steelyard.resample.ratio import wanted_counts

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
            CSV (`files.AtomicFiles` lets it appear whole or not at all). Or an empty folder, for a
            file of each piece of the source, in the source's format.
        ratio: as in `resample.ratio.wanted_counts`; default: all classes as the largest
            (random-over) or the smallest (random-under).
        drop: columns that are not written.
        key: column whose values name the rows: whole numbers, dates or text, no two alike.
        cluster: where the work is done, as in `executors.executor_for`; the rows are the same.
        progress: called with (done, total, what).
    Returns: the ledger as plain values.
    Raises: DataError, TargetError, RequestError, TargetCountError: in one line, nothing written.
    """
    check_seed(seed)
    with (
        executor_for(cluster) as executor,
        source_hash(data, executor) as sha256,
        classified(data, target, key=key, executor=executor, progress=progress) as table,
    ):
        for name in drop:
            check_column(name, table.names)
        if table.wanted.target in drop:
            raise DataError(f"column {table.wanted.target!r} is the target; it cannot be dropped")
        columns = [name for name in table.names if name not in drop]
        wanted = wanted_counts(ratio or ["1"], table.classes, table.counts, adds=METHODS[method])
        plan = table.plan(wanted, seed)
        kept = table.write(plan, columns, out)
    request = {"method": method, "ratio": list(ratio), "settings": [], "seed": seed}
    row_id = {"row_id": key or "position", "notes": list(table.notes)}
    counts, target_counts = np.array(plan.counts), np.array(plan.target)
    source = {"source": {"path": str(data), "sha256": sha256.result()}}
    return (
        {"schema": 1}
        | request
        | row_id
        | {"rows_without_target": table.rows - int(counts.sum())}
        | ledger_counts(table.classes, counts, kept, target_counts, target_counts)
        | source
    )
