"""The table that a run was made from, if it is still there and still the same."""

import glob
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from steelyard.decision import goal_from_dict
from steelyard.errors import DataError, RunError
from steelyard.resample.drawn import drawn_table, rows_by_class
from steelyard.tables import Table, read_table
from steelyard.tables.files import find_files, sha256_of_files


def training_table(
    run: dict[str, Any], data: Any = None, amounts: Collection[str] = ()
) -> Table | None:
    """The table of run.json's content `run`, read as it was then; None where it is gone.

    Args:
        data: where it is now; by default where it was.
        amounts: columns that costs are computed from, besides those of the run's goal.
    Raises: RunError: `data` is another table.
    """
    protocol = run["protocol"]
    if data is None:
        data = _where_it_was(run["data"])
        if data is None:
            return None
    options = {
        "group": protocol["group"],
        "time": protocol["time"],
        "weight": protocol.get("weight"),
        "drop": protocol["drop"],
        "amounts": {*amounts, *goal_from_dict(protocol["goal"]).columns},
    }
    rows, target = protocol.get("rows"), protocol["target"]
    if rows is None:
        missing = protocol.get("missing_label", "drop")
        table = read_table(data, target, missing_label=missing, **options)
    else:
        drawn = partial(rows_by_class, rows=rows)
        table = drawn_table(data, target, drawn, seed=protocol["seed"], **options)
    if table.source.sha256 == run["data"]["sha256"]:
        return table
    raise RunError(
        f"{table.source.path} is not the table of this run: its content has sha256 "
        f"{table.source.sha256[:12]}, that of the run {run['data']['sha256'][:12]}; give the table "
        "that compare was given"
    )


def _where_it_was(data: dict[str, Any]) -> str | None:
    """The path that run.json names, where the very files are still there.

    A run may come from anybody. So its path is followed only to a file or a folder of files, never
    as a pattern, which could lead all over the disk, and nothing is read but for the digest until
    that is the run's.
    """
    path = data["path"]
    if glob.has_magic(path) or not Path(path).exists():
        return None
    try:
        files = find_files(path, partitions=True)
        return path if sha256_of_files(files) == data["sha256"] else None
    except (DataError, OSError):
        return None
