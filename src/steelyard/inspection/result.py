"""`inspect` and what it returns."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from steelyard._memory import limited
from steelyard._seeds import check_seed
from steelyard.errors import RequestError
from steelyard.inspection.findings import findings_in
from steelyard.inspection.large import is_large, sampled_table
from steelyard.inspection.measure import Progress, measure
from steelyard.report.inspection_text import to_text
from steelyard.tables import Table, read_table


class Inspection:
    """What inspection found: text in a terminal, a page in a notebook, plain data in programs."""

    def __init__(self, summary: dict[str, Any]) -> None:
        self._summary = summary

    def to_dict(self) -> dict[str, Any]:
        """Everything measured and found, as plain JSON values (no NaN, no arrays)."""
        return self._summary

    def to_html(self) -> str:
        """One self-contained page: own styles and pictures, no script, nothing from the network."""
        from steelyard.report.inspection_page import to_html

        return to_html(self._summary)

    def plot(self) -> Any:
        """An altair chart: rows per class, and what the rows of the rare classes are."""
        from steelyard.report.chart_look import legible
        from steelyard.report.inspection_charts import chart

        return legible(chart(self._summary))

    def __repr__(self) -> str:
        return to_text(self._summary)

    def _repr_html_(self) -> str:
        from steelyard.report.frame import in_frame

        return in_frame(self.to_html())


def inspect(
    data: Any,
    target: str | None = None,
    *,
    positive: Any = None,
    drop: Collection[str] = (),
    seed: int = 0,
    cluster: Any = None,
    memory: str | int | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """Show the imbalance of a table: counts, measures, kinds of rare rows, findings.

    Args:
        data: a path, folder or glob of CSV or Parquet, a pandas, polars or Arrow frame, or a
            tuple of arrays (X, y); see `steelyard.tables.read_table`.
        target: column that holds the class; may be left out for arrays.
        positive: class of interest; by default the rarest.
        drop: columns to leave out.
        seed: of the rows that are drawn where a large table is measured on a sample. Counts,
            duplicates and missing values are exact, but for files of more than 134 million
            values, or than `memory` has room for: those are not read whole; counts stay exact,
            all else is measured on rows that the sampling plan draws.
        cluster: where files are counted and rows drawn, as in `executors.executor_for`; files are
            then never read whole here.
        memory: what the process keeps to, "4G" or bytes; by default 80 % of what is free.
        progress: called with (done, total, what).
    Returns: an Inspection.
    Raises: SteelyardError: the data or the request cannot be used; the message says what to do.

    >>> import numpy as np
    >>> X = np.array([[0.1], [0.2], [0.3], [0.9]])
    >>> inspection = inspect((X, ["no", "no", "no", "yes"]))
    >>> inspection.to_dict()["imbalance"]["ratio"]
    3.0
    """
    check_seed(seed)
    if cluster is not None:
        _check_files(data, target)
    with limited(memory):
        if target is not None and (cluster is not None or is_large(data)):
            options = {"drop": drop, "seed": seed, "cluster": cluster, "progress": progress}
            table = sampled_table(data, target, **options)
        else:
            table = read_table(data, target, drop=drop, progress=progress)
        return inspect_table(table, positive=positive, seed=seed, progress=progress)


def _check_files(data: Any, target: str | None) -> None:
    if not isinstance(data, str | Path) or target is None:
        raise RequestError(
            "`cluster` is for files: give a path, folder or glob and a target, or leave it out"
        )


def inspect_table(
    table: Table,
    *,
    positive: Any = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Inspection:
    """As `inspect`, of a table that was read already, or of a sample of a larger one."""
    measured = measure(table, positive=positive, seed=seed, progress=progress)
    return Inspection(measured | {"findings": findings_in(measured)})
