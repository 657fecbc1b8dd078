"""Balanced training on tables larger than memory: rare rows in memory, the others streamed."""

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard._tensorflow import tf
from steelyard.feeds.core import check_present, check_shard
from steelyard.feeds.csv import csv_to_parquet
from steelyard.feeds.info import FeedInfo, attach
from steelyard.feeds.python_calls import stateless
from steelyard.feeds.scan import (
    ClassTally,
    Pieces,
    codes_of,
    count_pieces,
    numeric_columns,
    to_matrix,
)
from steelyard.feeds.schedule import Ints, Schedule
from steelyard.feeds.shares import Shares, target_shares
from steelyard.feeds.streaming import Stream, keep_in_memory, mixed
from steelyard.sampling_plan import derive, splitmix64

Matrix = NDArray[np.float32]


def from_parquet(
    path: str | Path,
    target: str,
    batch_size: int = 1024,
    shares: Shares = "uniform",
    *,
    seed: int = 0,
    columns: Sequence[str] | None = None,
    steps_per_epoch: int | None = None,
    memory_limit: int = 1 << 30,
    window_rows: int = 1 << 17,
    shard: tuple[int, int] = (0, 1),
    first_epoch: int = 0,
    first_step: int = 0,
) -> Any:
    """Balanced batches of a Parquet file, folder or glob that need not fit in memory.

    The target column is read first. Then the rows of the rare classes are read into memory as
    float32, and those of the others are streamed: row groups in an order of chance, rows shuffled
    within a window, each row once per pass before any comes twice. Batches, epochs and facts are
    those of `feeds.balanced`; the next epoch goes on where the last one ended.

    Memory, whatever the number of rows: the rare rows, about four windows (`window_rows * columns
    * 4` bytes each) and eight bytes per row group and class.

    Args:
        path: Parquet files of one table.
        target: column that holds the class; numbers come out as they are, text as codes.
        columns: number columns to learn from, in that order; default: all but the target.
        memory_limit: bytes for the rows kept in memory. Classes are kept smallest first while
            they fit; every class that is streamed reads the files once per pass.
        window_rows: rows shuffled among each other. More mixes better and takes more memory.
        shard: (index, workers): this worker's part of every batch. Each worker reads all files.
        batch_size, shares, seed, steps_per_epoch, first_epoch, first_step: as in
            `feeds.balanced`.
    Returns: dataset of (float32 matrix (batch_size, columns), labels), static shapes.
    Raises: DataError, TargetError, RequestError: with what to change.
    """
    facts = described(
        path, target, batch_size, shares, columns=columns, steps_per_epoch=steps_per_epoch
    )
    pieces, tally, names = facts.pieces, facts.tally, facts.names
    check_shard(shard, batch_size, drop_remainder=True)
    by_code = dict(enumerate(facts.info.counts))
    q = np.array(facts.info.trained_on)
    kept = keep_in_memory(by_code, q, 4 * len(names), memory_limit)
    labels = class_values(tally)
    matrix, codes = read_classes(pieces, tally, target, names, kept)
    streams = {
        code: _stream(
            Windows(pieces, tally, target, names, code, seed, window_rows),
            labels[code],
        )
        for code in by_code
        if code not in kept
    }
    rows_of = {code: np.flatnonzero(codes == code) for code in kept}
    dataset = mixed(
        facts.schedule,
        facts.info.steps_per_epoch,
        (matrix, labels[codes]),
        rows_of,
        streams,
        seed=seed,
        first_epoch=first_epoch,
        first_step=first_step,
        shard=shard,
    )
    return attach(dataset, replace(facts.info, batch_size=batch_size // shard[1]))


@dataclass(frozen=True)
class Described:
    """What is known of a feed of files once their target column has been read."""

    pieces: Pieces
    tally: ClassTally
    names: list[str]
    schedule: Schedule
    info: FeedInfo


def described(
    path: str | Path,
    target: str,
    batch_size: int,
    shares: Shares,
    *,
    columns: Sequence[str] | None = None,
    steps_per_epoch: int | None = None,
) -> Described:
    """Count the classes and work out the batches; no row is read. Arguments as `from_parquet`."""
    pieces = Pieces.find(path)
    tally = count_pieces(pieces, target)
    names = numeric_columns(pieces.schema, target, columns)
    counts = tally.by_piece.sum(axis=0).tolist()
    q = target_shares(shares, tally.classes, counts)
    check_present(q, batch_size, tally.classes)
    schedule = Schedule.make(q, batch_size)
    steps = steps_per_epoch or schedule.steps_to_show(counts)
    info = FeedInfo(
        classes=tally.classes,
        counts=tuple(counts),
        trained_on=tuple(q.tolist()),
        batch_size=batch_size,
        steps_per_epoch=steps,
        rows_per_epoch=tuple(schedule.before(np.int64(steps)).tolist()),
    )
    return Described(pieces, tally, names, schedule, info)


def from_csv(
    path: str | Path, target: str, *args: Any, cache: str | None = None, **kwargs: Any
) -> Any:
    """Balanced batches of CSV files that need not fit in memory; arguments as `from_parquet`.

    Text can only be read from the front and is slow to parse, so the files are turned into
    Parquet once, block by block, in the folder `cache` (default: a temporary one that is removed
    when Python ends). A cache is used again as long as the files have not changed.
    """
    if cache is None:
        folder = Path(tempfile.mkdtemp(prefix="steelyard-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    else:
        folder = Path(cache)
    return from_parquet(csv_to_parquet(path, folder, target), target, *args, **kwargs)


def class_values(tally: ClassTally) -> NDArray[Any]:
    """What stands for each class in a batch: its label if that is a number, else its code."""
    labels = np.asarray(tally.classes)
    return labels if labels.dtype.kind in "iufb" else np.arange(labels.size, dtype=np.int32)


def read_classes(
    pieces: Pieces, tally: ClassTally, target: str, names: Sequence[str], kept: Sequence[int]
) -> tuple[Matrix, NDArray[np.int32]]:
    """All rows of some classes as a float32 matrix, and their codes; source order.

    If there are none, one row of zeros with code 0, so that there is always something to gather.
    """
    size = int(tally.by_piece[:, kept].sum())
    matrix = np.zeros((max(size, 1), len(names)), dtype=np.float32)
    codes = np.zeros(max(size, 1), dtype=np.int32)
    done = 0
    for piece in np.flatnonzero(tally.by_piece[:, kept].sum(axis=1)):
        table = pieces.read(int(piece), [*names, target])
        found = codes_of(table[target], tally.classes)
        rows = np.flatnonzero(np.isin(found, kept))
        matrix[done : done + rows.size] = to_matrix(table.take(rows), names)
        codes[done : done + rows.size] = found[rows]
        done += rows.size
    return matrix, codes


@dataclass
class Windows:
    """An endless walk over the rows of one class in files, window by window.

    Each pass takes the row groups in another order, joins neighbours in that order to windows and
    shuffles the rows of each window. Any window can be read without those before it, as the
    rows of every row group are known.
    """

    pieces: Pieces
    tally: ClassTally
    target: str
    names: Sequence[str]
    code: int
    seed: int
    window_rows: int
    _plans: dict[int, tuple[list[Ints], Ints]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the class."""
        return int(self.tally.by_piece[:, self.code].sum())

    def windows(self, number: int) -> tuple[list[Ints], Ints]:
        """Row groups of each window of a pass, and the class's rows before each window."""
        if number not in self._plans:
            mine = self.tally.by_piece[:, self.code]
            members = np.flatnonzero(mine)
            key = derive(self.seed, 1 << 41, self.code, number)
            order = members[np.argsort(splitmix64(members.astype(np.uint64) ^ key))]
            # Rows read count, not rows kept: they are what takes memory.
            ends = np.cumsum(self.pieces.rows[order])
            parts = np.split(order, np.flatnonzero(np.diff((ends - 1) // self.window_rows)) + 1)
            before = np.cumsum([0] + [int(mine[part].sum()) for part in parts])
            self._plans = {number: (parts, before)}  # the walk looks at one pass at a time
        return self._plans[number]

    def read(self, first: int, index: int) -> Matrix:
        """Rows of the `index`-th window counted from position `first` of the walk."""
        number, inside = divmod(first, self.rows)
        parts, before = self.windows(number)
        window = int(np.searchsorted(before, inside, side="right")) - 1
        skip = inside - int(before[window]) if index == 0 else 0
        window += index
        while window >= len(parts):
            window -= len(parts)
            number += 1
            parts, before = self.windows(number)
        return self._rows(parts[window], derive(self.seed, 1 << 42, self.code, number, window))[
            skip:
        ]

    def _rows(self, members: Ints, key: NDArray[np.uint64]) -> Matrix:
        size = int(self.tally.by_piece[members, self.code].sum())
        to = np.argsort(splitmix64(np.arange(size, dtype=np.uint64) ^ key))
        out = np.empty((size, len(self.names)), dtype=np.float32)
        done = 0
        for piece in members:
            table = self.pieces.read(int(piece), [*self.names, self.target])
            mine = np.flatnonzero(codes_of(table[self.target], self.tally.classes) == self.code)
            matrix = to_matrix(table, self.names)
            out[to[done : done + mine.size]] = matrix[mine]
            done += mine.size
        return out


def _stream(windows: Windows, label: Any) -> Stream:
    """The walk over one class as a stream of (rows, labels)."""
    kind = tf.as_dtype(np.asarray(label).dtype)

    def read(given: np.int64, index: np.int64) -> Matrix:
        return windows.read(int(given), int(index))

    @tf.autograph.experimental.do_not_convert
    def window(given: Any, index: Any) -> tuple[Any, Any]:
        rows = stateless(read, [given, index], tf.float32)
        rows = tf.ensure_shape(rows, [None, len(windows.names)])
        return rows, tf.fill([tf.shape(rows)[0]], tf.constant(label, kind))

    def stream(given: Any) -> Any:
        indices = tf.data.Dataset.range(np.iinfo(np.int64).max)
        return indices.map(lambda index: window(given, index)).prefetch(1)

    return stream
