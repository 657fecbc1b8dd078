"""The table that a run was made from, if it is still there and still the same."""

from typing import Any

from steelyard.errors import DataError, RunError
from steelyard.tables import Table, read_table


def training_table(run: dict[str, Any], data: Any = None) -> Table | None:
    """The table of run.json's content `run`, read as it was then; None where it is gone.

    Args:
        data: where it is now; by default where it was.
    Raises: RunError: `data` is another table.
    """
    protocol = run["protocol"]
    try:
        table = read_table(
            run["data"]["path"] if data is None else data,
            protocol["target"],
            group=protocol["group"],
            time=protocol["time"],
            drop=protocol["drop"],
        )
    except DataError:
        if data is None:
            return None
        raise
    if table.source.sha256 == run["data"]["sha256"]:
        return table
    if data is None:
        return None
    raise RunError(
        f"{table.source.path} is not the table of this run: its content has sha256 "
        f"{table.source.sha256[:12]}, that of the run {run['data']['sha256'][:12]}; give the table "
        "that compare was given"
    )
