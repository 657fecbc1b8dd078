"""A table of some rows of a larger one, drawn by class, so that it fits into memory."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.executors import executor_for
from steelyard.resample.classified import Classified, Progress, classified
from steelyard.sampling_plan import Plan
from steelyard.stats.validation import row_weights
from steelyard.tables import Table, read_table
from steelyard.tables.files import sha256_of_files, source_files
from steelyard.tables.frames import Frame
from steelyard.tables.sample_weights import drawing_weights
from steelyard.tables.sources import content_hash, path_of

Wanted = Callable[[NDArray[np.int64]], Mapping[int, int]]


def drawn_table(
    data: Any,
    target: str,
    wanted: Wanted,
    *,
    seed: int = 0,
    hashed: bool = True,
    cluster: Any = None,
    progress: Progress | None = None,
    **read: Any,
) -> Table:
    """Read some rows of each class, in bounded memory; the sampling plan draws them.

    The rows are the same for a seed however the table is cut into files. `Table.population` counts
    the rows that they were drawn from, `Table.row_ids` says where each stands in the source.

    Its weights are 1 over the chance that a row was drawn, times those of a weight column.

    Args:
        data: files, a frame or (X, y), as `read_table` takes them.
        wanted: from the rows of each class code, in order of the labels, to those to draw of it.
        hashed: whether `source.sha256` is that of all of the source, else of the drawn rows.
        cluster: where rows are counted and chosen, as in `executors.executor_for`.
        read: options of `read_table`.
    """
    with (
        executor_for(cluster) as executor,
        classified(data, target, executor=executor, progress=progress) as table,
    ):
        plan = table.plan(wanted(table.counts), seed)
        positions = table.positions(plan)
        drawn = _read(table, plan, positions, target, read)
        sha256 = _sha256(data, table) if hashed else drawn.source.sha256
    path = path_of(data, table.pieces[0].piece.reader)
    source = replace(drawn.source, path=path, sha256=sha256, rows=table.rows)
    placed = replace(
        drawn,
        source=source,
        row_ids=positions[drawn.row_ids],
        dropped_rows=table.rows - sum(plan.counts),
        notes=table.notes,
    )
    if plan.target == plan.counts:
        return placed
    population = _of_classes(plan, table.classes, drawn)
    weights = drawing_weights(drawn.y, population)
    weights = weights if drawn.weights is None else weights * drawn.weights
    return replace(placed, weights=row_weights(weights, len(weights)), population=population)


def _read(
    table: Classified,
    plan: Plan,
    positions: NDArray[np.int64],
    target: str,
    read: Mapping[str, Any],
) -> Table:
    reader = table.pieces[0].piece.reader
    if isinstance(reader, Frame):
        return read_table(reader.frame[positions], target, **read)
    with tempfile.TemporaryDirectory(prefix="steelyard-") as folder:
        # In the source's own format: what its columns are is then found in the same way.
        out = Path(folder) / ("drawn.parquet" if table.typed else "drawn.csv")
        table.write(plan, table.names, out)
        return read_table(out, target, **read)


def _sha256(data: Any, table: Classified) -> str:
    if isinstance(data, str | Path):
        return sha256_of_files(source_files(data), table.executor.map)
    return content_hash(table.pieces[0].piece.reader)


def _of_classes(plan: Plan, classes: tuple[Any, ...], drawn: Table) -> NDArray[np.int64]:
    """Rows of the source by class code of the drawn rows, which may lack a class.

    Where rows of weight 0 were left out, as many of the source as in the drawn rows.
    """
    number = [classes.index(label) for label in drawn.schema.classes]
    counts, taken = np.array(plan.counts)[number], np.array(plan.target)[number]
    return np.round(counts * (drawn.class_counts / taken)).astype(np.int64)


def rows_by_class(counts: NDArray[np.int64], rows: int) -> dict[int, int]:
    """So many rows in all, classes as even as can be: of the small ones every row is drawn.

    >>> rows_by_class(np.array([990_000, 9_950, 50]), 20_000)
    {0: 10000, 1: 9950, 2: 50}
    >>> rows_by_class(np.array([600, 400]), 500)
    {0: 250, 1: 250}
    """
    drawn = np.zeros(len(counts), np.int64)
    left = rows
    for place, code in enumerate(np.argsort(counts, kind="stable").tolist()):
        drawn[code] = min(int(counts[code]), left // (len(counts) - place))
        left -= int(drawn[code])
    return dict(enumerate(drawn.tolist()))
