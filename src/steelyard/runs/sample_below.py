"""Rows below the threshold drawn for labelling: what is missed can then be told without bias."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from steelyard.decision import goal_from_dict
from steelyard.errors import RequestError
from steelyard.files import output_path, write_whole
from steelyard.runs.ranked import class_decisions
from steelyard.runs.store import model_of, read_run
from steelyard.stats.unequal_sampling import drawn, inclusion_probabilities
from steelyard.tables import Schema, iter_columns, iter_features
from steelyard.tables.writing import FrameWriter

COLUMNS = ("probability", "flagged", "inclusion_probability", "weight")
BLOCK = 65_536


def sample_below(
    run: str | Path,
    data: Any,
    out: str | Path,
    *,
    rows: int = 300,
    with_flagged: bool = False,
    overwrite: bool = False,
    csv_safe: bool = False,
    verify: bool = True,
    seed: int = 0,
) -> dict[str, Any]:
    """Draw unflagged rows to label, the likelier ones more often, and say how each is to count.

    All columns of `data` are written for them, and beside: `probability` of the class of interest,
    `flagged`, `inclusion_probability` and `weight`, its inverse. Seven tenths of the draw are
    proportional to the probability, where cases are; the rest is even, so that no row that the
    model is wrong about counts for too many. Labelled, and with the flagged rows among them, they
    give unbiased recall by `evaluate` with `weight="weight"`.

    Args:
        data: unlabelled rows, any table with the run's columns.
        out: CSV or Parquet to write.
        rows: to draw.
        with_flagged: write all flagged rows, too, with weight 1: for recall they need labels.
        overwrite, csv_safe, verify: as in `predict_file`.
        seed: of the draw.
    Returns: `rows` read, `flagged`, `below`, `drawn`, `expected_positives`: the sum of the
        probabilities of those drawn, and `out`.
    Raises: RequestError: fewer than 1 row asked for, nothing below the threshold, or a column of
        `data` that is called as one of those written.
    """
    path = output_path(out, inputs=_files(data), overwrite=overwrite)
    if path.suffix not in (".csv", ".parquet"):
        raise RequestError(f"`out={str(out)!r}`: it takes a name that ends in .csv or .parquet")
    if rows < 1:
        raise RequestError(f"`rows={rows}`: give how many to draw, 1 or more")
    names, blocks = iter_columns(data, "all", batch_rows=BLOCK)
    both = [name for name in names if name in COLUMNS]
    if both:
        raise RequestError(f"column {both[0]!r} is called as one that is written; rename it")
    p, flagged = _scored(run, data, verify=verify)
    below = np.flatnonzero(~flagged)
    if not len(below):
        raise RequestError("every row is flagged: there is nothing below the threshold to draw")
    chance = np.ones(len(p))
    chance[below] = inclusion_probabilities(p[below], rows)
    chosen = below[drawn(chance[below], np.random.default_rng(seed))]
    written = np.sort(np.concatenate([chosen, np.flatnonzero(flagged)])) if with_flagged else chosen
    added = {"probability": p, "flagged": flagged, "inclusion_probability": chance}
    beside = pl.DataFrame(added | {"weight": 1 / chance})

    def write(partial: Path) -> None:
        start = 0
        with FrameWriter(partial, csv_safe=csv_safe) as writer:
            for block in blocks:
                here = written[(written >= start) & (written < start + len(block))]
                writer.add(pl.concat([block[here - start], beside[here]], how="horizontal"))
                start += len(block)

    write_whole(path, write, overwrite=overwrite)
    return {
        "rows": len(p),
        "flagged": int(flagged.sum()),
        "below": len(below),
        "drawn": len(chosen),
        "expected_positives": float(p[chosen].sum()),
        "out": str(out),
    }


def _files(data: Any) -> Any:
    from steelyard.tables.files import find_files

    return find_files(data, partitions=True) if isinstance(data, str | Path) else ()


def _scored(run: str | Path, data: Any, *, verify: bool) -> tuple[np.ndarray, np.ndarray]:
    """Probability of the class of interest, and whether it is decided, of every row."""
    from steelyard.models.deploy import Predictor

    values = read_run(run, verify=verify)
    schema = Schema.from_dict(values["data"]["schema"])
    k = schema.classes.index(values["data"]["positive"])
    predictor = Predictor(model_of(run, values, verify=verify), schema)
    goal = goal_from_dict(values["decision"]["goal"])
    frames = iter_features(data, schema, goal.columns, batch_rows=BLOCK)
    parts = [(*predictor(frame), frame.select(goal.columns)) for frame in frames]
    p, acted = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
    decided = class_decisions(values, p, acted, pl.concat([part[2] for part in parts]))
    return p[:, k].astype("float64"), decided == k
