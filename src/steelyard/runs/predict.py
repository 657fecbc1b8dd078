"""Score a file with a run's model, block by block, in the file's own order."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from steelyard.errors import RequestError
from steelyard.files import output_path, write_whole
from steelyard.tables.writing import FrameWriter

BLOCK = 65_536  # rows; bounds the memory whatever the file's size


def predict_file(
    run: str | Path,
    data: Any,
    out: str | Path,
    *,
    keep: Sequence[str] | str = (),
    overwrite: bool = False,
    csv_safe: bool = False,
    verify: bool = True,
    progress: Callable[[float, float, str], None] | None = None,
) -> dict[str, Any]:
    """Write `probability_<class>` per class and `decision` for every row of `data` to `out`.

    Args:
        out: ends in .csv or .parquet, appears whole or not at all.
        keep: columns of `data` to write before them, by name, or "all".
        overwrite: an older file is replaced.
        csv_safe: as `tables.writing.spreadsheet_safe`.
        verify: the run must be as it was sealed.
    Returns: rows, decisions, and levels that no training row had.
    """
    from steelyard.models.deploy import Predictor
    from steelyard.runs.store import model_of, read_run
    from steelyard.runs.study import prediction_frame
    from steelyard.tables import Schema, iter_features
    from steelyard.tables.files import find_files
    from steelyard.tables.unknown_levels import UnknownLevels

    inputs = find_files(data, partitions=True) if isinstance(data, str | Path) else ()
    path = output_path(out, inputs=inputs, overwrite=overwrite)
    if path.suffix not in (".csv", ".parquet"):
        raise RequestError(f"`out={str(out)!r}`: it takes a name that ends in .csv or .parquet")
    values = read_run(run, verify=verify)
    schema = Schema.from_dict(values["data"]["schema"])
    classes = list(schema.classes)
    kept = _Kept(data, keep, classes) if keep else None
    blocks = iter_features(data, schema, batch_rows=BLOCK)
    first = next(blocks, None)  # a wrong file is refused before the model is loaded
    predictor = Predictor(model_of(run, values, verify=verify), schema)
    decisions: Counter[str] = Counter()
    unknown = UnknownLevels(schema)

    def write(partial: Path) -> None:
        with FrameWriter(partial, csv_safe=csv_safe) as writer:
            frames = [] if first is None else _chain(first, blocks)
            for frame in frames:
                unknown.add(frame)
                scored = prediction_frame(*predictor(frame), classes)
                if kept:
                    scored = kept.beside(scored)
                decisions.update(str(label) for label in scored["decision"])
                writer.add(scored)
                if progress:
                    progress(0, 0, f"{decisions.total():,} rows")

    write_whole(path, write, overwrite=overwrite)
    return {"rows": decisions.total(), "decisions": dict(decisions), "out": str(out)} | {
        "unknown_levels": unknown.found()
    }


class _Kept:
    """Columns of the input, block by block, beside what was predicted for the same rows."""

    def __init__(self, data: Any, names: Sequence[str] | str, classes: list[Any]) -> None:
        from steelyard.tables import iter_columns

        wanted, self.blocks = iter_columns(data, names, batch_rows=BLOCK)
        ours = {"decision", *(f"probability_{label}" for label in classes)}
        both = [name for name in wanted if name in ours]
        if both:
            raise RequestError(
                f"column {both[0]!r} cannot be kept: the predictions bring a column of that name; "
                "name the others in `keep`, or rename it"
            )
        self.waiting = pl.DataFrame()

    def beside(self, scored: pl.DataFrame) -> pl.DataFrame:
        """The kept columns of the next rows, and their predictions."""
        while self.waiting.height < scored.height:
            block = next(self.blocks)
            self.waiting = pl.concat([self.waiting, block]) if self.waiting.width else block
        mine, self.waiting = self.waiting[: scored.height], self.waiting[scored.height :]
        return pl.concat([mine, scored], how="horizontal")


def _chain(first: pl.DataFrame, rest: Any) -> Any:
    yield first
    yield from rest
