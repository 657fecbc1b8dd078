"""Score a file with a run's model, block by block, in the file's own order."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from steelyard._memory import limited
from steelyard.decision import goal_from_dict, ranks_rows
from steelyard.errors import RequestError
from steelyard.executors import Executor, Serial, executor_for
from steelyard.files import output_path, write_whole
from steelyard.files.temporary import temporary_beside
from steelyard.resample.piece_rows import joined
from steelyard.resample.pieces import cut, whole
from steelyard.runs.scoring import Scored, Scoring, score, score_part
from steelyard.runs.store import read_run
from steelyard.tables.files import source_files
from steelyard.tables.remote import exists, is_address, stored

Progress = Callable[[float, float, str], None]


def predict_file(
    run: str | Path,
    data: Any,
    out: str | Path,
    *,
    keep: Sequence[str] | str = (),
    overwrite: bool = False,
    csv_safe: bool = False,
    verify: bool = True,
    cluster: Any = None,
    memory: str | int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write `probability_<class>` per class and `decision` for every row of `data` to `out`.

    Args:
        out: ends in .csv or .parquet, appears whole or not at all.
        keep: columns of `data` to write before them, by name, or "all".
        overwrite: an older file is replaced.
        csv_safe: as `tables.writing.spreadsheet_safe`.
        verify: the run must be as it was sealed.
        cluster: where rows are scored, as in `executors.executor_for`; a worker loads the model
            once, so it must see the run's folder.
        memory: what the process keeps to, "4G" or bytes; by default 80 % of what is free.
    A budget by period ranks the rows of the whole file, in this process; their probabilities are
    then held in memory, a few bytes a row.
    Raises: DataError: a column that the model or its decision needs is not there.
    Returns: rows, decisions, and levels that no training row had.
    """
    if is_address(out):
        with tempfile.TemporaryDirectory(prefix="steelyard-") as folder:
            here = Path(folder) / PurePosixPath(str(out)).name
            options: dict[str, Any] = {"keep": keep, "csv_safe": csv_safe, "verify": verify}
            if exists(str(out)) and not overwrite:
                raise RequestError(f"`out={str(out)!r}` exists already; choose another name")
            told = predict_file(run, data, here, cluster=cluster, progress=progress, **options)
            stored(here, str(out))
        return told | {"out": str(out)}
    inputs = source_files(data) if isinstance(data, str | Path) else []
    read = [file for file in inputs if isinstance(file, Path)]
    path = output_path(out, inputs=read, overwrite=overwrite)
    if path.suffix not in (".csv", ".parquet"):
        raise RequestError(f"`out={str(out)!r}`: it takes a name that ends in .csv or .parquet")
    # A row's place in its period is known when all of them are scored.
    together = ranks_rows(goal_from_dict(read_run(run, verify=verify)["decision"]["goal"]))
    scoring = Scoring(Path(run).absolute(), keep, csv_safe=csv_safe, verify=verify)
    found = []
    with limited(memory), executor_for(cluster) as executor:

        def write(partial: Path) -> None:
            if isinstance(executor, Serial) or not inputs or together:
                found.append(score(whole(data, None), scoring, partial, progress))
            else:
                found.append(_in_parts(data, scoring, partial, executor, progress))

        write_whole(path, write, overwrite=overwrite)
    decisions = found[0].decisions
    return {"rows": decisions.total(), "decisions": dict(decisions), "out": str(out)} | {
        "unknown_levels": found[0].unknown.found()
    }


def _in_parts(
    data: Any, scoring: Scoring, out: Path, executor: Executor, progress: Progress | None
) -> Scored:
    """Score pieces of files wherever the executor has workers, and join what they wrote."""
    pieces = cut(data)
    with temporary_beside(out) as folder:
        paths = [folder / f"{piece.number:06d}{out.suffix}" for piece in pieces]
        tasks = [
            (piece, replace(scoring, title=piece.number == 0), path)
            for piece, path in zip(pieces, paths, strict=True)
        ]
        found: Scored | None = None
        for done, part in enumerate(executor.map(score_part, tasks), 1):
            found = part if found is None else found.and_then(part)
            if progress:
                progress(done, len(tasks), f"{found.decisions.total():,} rows")
        joined(paths, out)
    assert found is not None  # noqa: S101 - there is a piece at least
    return found
