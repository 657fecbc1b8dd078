"""Score a file with a run's model, block by block, in the file's own order."""

from collections import Counter
from collections.abc import Callable
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
    overwrite: bool = False,
    csv_safe: bool = False,
    verify: bool = True,
    progress: Callable[[float, float, str], None] | None = None,
) -> dict[str, Any]:
    """Write `probability_<class>` per class and `decision` for every row of `data` to `out`.

    `out` ends in .csv or .parquet and appears whole or not at all; an older file is replaced only
    with `overwrite`. `csv_safe`: as `tables.writing.spreadsheet_safe`. `verify`: the run must be as
    it was sealed. Returns rows and decisions.
    """
    from steelyard.models.deploy import Predictor
    from steelyard.runs.store import model_of, read_run
    from steelyard.runs.study import prediction_frame
    from steelyard.tables import Schema, iter_features
    from steelyard.tables.files import find_files

    inputs = find_files(data, partitions=True) if isinstance(data, str | Path) else ()
    path = output_path(out, inputs=inputs, overwrite=overwrite)
    if path.suffix not in (".csv", ".parquet"):
        raise RequestError(f"`out={str(out)!r}`: it takes a name that ends in .csv or .parquet")
    values = read_run(run, verify=verify)
    schema = Schema.from_dict(values["data"]["schema"])
    classes = list(schema.classes)
    blocks = iter_features(data, schema, batch_rows=BLOCK)
    first = next(blocks, None)  # a wrong file is refused before the model is loaded
    predictor = Predictor(model_of(run, values, verify=verify), schema)
    decisions: Counter[str] = Counter()

    def write(partial: Path) -> None:
        with FrameWriter(partial, csv_safe=csv_safe) as writer:
            frames = [] if first is None else _chain(first, blocks)
            for frame in frames:
                scored = prediction_frame(*predictor(frame), classes)
                decisions.update(str(label) for label in scored["decision"])
                writer.add(scored)
                if progress:
                    progress(0, 0, f"{decisions.total():,} rows")

    write_whole(path, write, overwrite=overwrite)
    return {"rows": decisions.total(), "decisions": dict(decisions), "out": str(out)}


def _chain(first: pl.DataFrame, rest: Any) -> Any:
    yield first
    yield from rest
