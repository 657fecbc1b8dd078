"""The rows of a piece of a table scored with a run's model, which a process loads once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from steelyard.decision import Goal, goal_from_dict, ranks_rows
from steelyard.errors import RequestError
from steelyard.executors import Executor
from steelyard.files import write_whole
from steelyard.resample.pieces import AnyPiece, cut
from steelyard.runs.promised import row_keys
from steelyard.runs.ranked import decided_together
from steelyard.runs.store import model_of, read_run
from steelyard.tables import Schema, iter_columns, iter_features
from steelyard.tables.size import rows_at_once
from steelyard.tables.unknown_levels import UnknownLevels
from steelyard.tables.writing import FrameWriter

BLOCK = 65_536  # rows at most; bounds the memory whatever the file's size

Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Scoring:
    """How rows are scored.

    Attributes:
        run: its folder, which every worker sees.
        keep: columns to write before the predictions, by name, or "all".
        title: whether a CSV file begins with the names of the columns.
        csv_safe, verify: as in `predict_file`.
    """

    run: Path
    keep: Sequence[str] | str
    csv_safe: bool
    verify: bool
    title: bool = True


@dataclass(frozen=True)
class Scored:
    """Decisions counted by label, and levels that no training row had."""

    decisions: Counter[str]
    unknown: UnknownLevels

    def and_then(self, other: "Scored") -> "Scored":
        """Both, the other after this one."""
        return Scored(self.decisions + other.decisions, self.unknown.and_then(other.unknown))


def score(piece: AnyPiece, scoring: Scoring, out: Path, progress: Progress | None = None) -> Scored:
    """Write probabilities and decisions of a piece's rows, in its order, in bounded memory."""
    from steelyard.runs.study import prediction_frame

    values = read_run(scoring.run, verify=scoring.verify)
    schema = Schema.from_dict(values["data"]["schema"])
    classes = list(schema.classes)
    reader = piece.reader
    rows = rows_at_once(BLOCK, len(schema.features))
    kept = _Kept(reader, scoring.keep, classes, rows) if scoring.keep else None
    goal = goal_from_dict(values["decision"]["goal"])
    blocks = iter_features(reader, schema, goal.columns, batch_rows=rows)
    first = next(blocks)  # a wrong file is refused before the model is loaded
    predictor = predictor_of(scoring.run, verify=scoring.verify)
    decisions: Counter[str] = Counter()
    unknown = UnknownLevels(schema)
    with FrameWriter(out, csv_safe=scoring.csv_safe, title=scoring.title) as writer:
        parts = _decided(_chain(first, blocks), predictor, goal, unknown)
        if ranks_rows(goal):
            positive = classes.index(values["data"]["positive"])
            parts = _together(list(parts), goal, positive)
        for probability, decision, _ in parts:
            scored = prediction_frame(probability, decision, classes, predictor.labels)
            if kept:
                scored = kept.beside(scored)
            decisions.update(str(label) for label in scored["decision"])
            writer.add(scored)
            if progress:
                progress(0, 0, f"{decisions.total():,} rows")
    return Scored(decisions, unknown)


Decided = tuple[np.ndarray, np.ndarray, pl.DataFrame]


def _decided(
    frames: Iterator[pl.DataFrame], predictor: Any, goal: Goal, unknown: UnknownLevels
) -> Iterator[Decided]:
    """Probabilities, the model's own decisions, and what the goal needs, block by block."""
    for frame in frames:
        unknown.add(frame)
        yield *predictor(frame), frame.select(goal.columns)


def _together(parts: list[Decided], goal: Goal, positive: int) -> Iterator[Decided]:
    """The same decided over all rows, as a budget by period has to be."""
    p, own = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    needs = pl.concat([part[2] for part in parts])
    decided = decided_together(goal, p, own, needs, positive)
    for start in range(0, len(p), BLOCK):
        here = slice(start, start + BLOCK)
        yield p[here], decided[here], needs[here]


@dataclass(frozen=True)
class ScoredRows:
    """What an evaluation needs of rows besides their labels, a few values of each.

    Attributes:
        probability: shape (rows, classes). acted: codes of the model's own decisions, (rows,).
        needs: columns that the goal needs.
        keys: as `promised.row_keys`.
        unknown: levels that no training row had.
    """

    probability: np.ndarray
    acted: np.ndarray
    needs: pl.DataFrame
    keys: pl.Series
    unknown: UnknownLevels


def score_rows(data: Any, values: dict[str, Any], predictor: Any) -> ScoredRows:
    """The rows of any table scored by the model of run.json's content, block by block."""
    schema = Schema.from_dict(values["data"]["schema"])
    goal, unknown, keys = goal_from_dict(values["decision"]["goal"]), UnknownLevels(schema), []
    rows = rows_at_once(BLOCK, len(schema.features))

    def noted() -> Iterator[pl.DataFrame]:
        for frame in iter_features(data, schema, goal.columns, batch_rows=rows):
            keys.append(row_keys(frame.select(schema.features)))
            yield frame

    parts = list(_decided(noted(), predictor, goal, unknown))
    probability, acted, needs = zip(*parts, strict=True)
    return ScoredRows(
        np.concatenate(probability),
        np.concatenate(acted),
        pl.concat(needs, how="vertical_relaxed"),
        pl.concat(keys),
        unknown,
    )


def score_piece(piece: AnyPiece, run: Path, verify: bool) -> ScoredRows:
    """As `score_rows`, on a worker that sees the run's folder."""
    values = read_run(run, verify=verify)
    return score_rows(piece.reader, values, predictor_of(run, verify=verify))


def score_pieces(executor: Executor, data: str | Path, run: Path, *, verify: bool) -> ScoredRows:
    """As `score_rows` of files, by the workers of an executor."""
    tasks = [(piece, run.absolute(), verify) for piece in cut(data)]
    parts = list(executor.map(score_piece, tasks))
    return ScoredRows(
        np.concatenate([part.probability for part in parts]),
        np.concatenate([part.acted for part in parts]),
        pl.concat([part.needs for part in parts], how="vertical_relaxed"),
        pl.concat([part.keys for part in parts]),
        reduce(UnknownLevels.and_then, (part.unknown for part in parts)),
    )


def score_part(piece: AnyPiece, scoring: Scoring, out: Path) -> Scored:
    """As `score`, for one of many workers: the file appears whole or not at all."""
    found = []
    write_whole(out, lambda partial: found.append(score(piece, scoring, partial)))
    return found[0]


def predictor_of(run: Path, *, verify: bool) -> Any:
    """The run's model as a function of feature frames; a process loads it once."""
    return _predictor(run, verify, _stamp(run))


@lru_cache(maxsize=1)
def _predictor(run: Path, verify: bool, stamp: tuple[int, ...]) -> Any:
    """The run's model, ready to be called; loaded anew where its files are others by now."""
    from steelyard.models.deploy import Predictor

    del stamp
    values = read_run(run, verify=verify)
    return Predictor(
        model_of(run, values, verify=verify), Schema.from_dict(values["data"]["schema"])
    )


def _stamp(run: Path) -> tuple[int, ...]:
    found = [(run / name).stat() for name in ("run.json", "model.keras") if (run / name).exists()]
    return tuple(number for one in found for number in (one.st_ino, one.st_size, one.st_mtime_ns))


class _Kept:
    """Columns of the input, block by block, beside what was predicted for the same rows."""

    def __init__(
        self, data: Any, names: Sequence[str] | str, classes: list[Any], rows: int
    ) -> None:
        wanted, self.blocks = iter_columns(data, names, batch_rows=rows)
        ours = {"decision", *(f"probability_{label}" for label in classes)}
        both = [name for name in wanted if name in ours]
        if both:
            raise RequestError(
                f"column {both[0]!r} cannot be kept: the predictions bring a column of that name; "
                "name the others in `keep`, or rename it"
            )
        self.waiting = next(self.blocks)

    def beside(self, scored: pl.DataFrame) -> pl.DataFrame:
        """The kept columns of the next rows, and their predictions."""
        while self.waiting.height < scored.height:
            self.waiting = pl.concat([self.waiting, next(self.blocks)])
        mine, self.waiting = self.waiting[: scored.height], self.waiting[scored.height :]
        return pl.concat([mine, scored], how="horizontal")


def _chain(first: pl.DataFrame, rest: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield first
    yield from rest
