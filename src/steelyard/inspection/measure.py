"""Measure a table into plain data: dicts, lists, numbers and text, nothing to draw with."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from steelyard._version import __version__
from steelyard.errors import RequestError
from steelyard.inspection import classes as measures
from steelyard.inspection.distributions import distributions
from steelyard.inspection.leaks import leaks
from steelyard.inspection.minority import NEIGHBOURS, TYPES, minority_types, sample_rows
from steelyard.inspection.repeats import order_share, repeated_rows
from steelyard.inspection.resampled import resampled_before
from steelyard.inspection.separation import contrasts, separation
from steelyard.inspection.space import hvdm_space
from steelyard.tables import Table
from steelyard.tables.learnable import LARGEST

SCHEMA = 1
# Queries x rows x columns of the neighbour search: about half a second on two cores.
NEIGHBOUR_WORK = 4_500_000_000
LEAST_TYPED = 50  # rows of each rare class, whatever the work
MOST_CLASSES = 20  # rare classes that are looked at one by one, rarest first

Progress = Callable[[float, float, str], None]


def measure(
    table: Table,
    *,
    positive: Any = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Everything an inspection shows but its findings.

    Counts, repeats and missing values are exact over all rows. Neighbour types and single-column
    separation are measured on rows drawn by `seed` where the table is large; `sampled` says so.
    Where `table` was drawn from a larger one, counts are of that one, and `data.measured_rows` is
    less than `data.rows`.
    """

    def report(share: float, what: str) -> None:
        if progress:
            progress(share, 1.0, what)

    labels = table.schema.classes
    counts = table.class_counts if table.population is None else table.population
    code = positive_code(labels, counts, positive)
    rare = _rare_classes(counts)
    report(0.0, "counting rows that repeat")
    repeats = repeated_rows(table.features, table.y, len(labels))
    report(0.2, "looking at single columns")
    numbers = {name: _floats(table.features[name]) for name in table.schema.numbers}
    categories = {name: _codes(table.features[name]) for name in table.schema.categories}
    columns = _columns(table, numbers, code)
    separated = _separation(table, numbers, categories, rare, seed)
    report(0.5, "looking at neighbours")
    space = hvdm_space(
        numbers.values(), [codes for codes, _ in categories.values()], table.y, len(labels)
    )
    types = _types(
        table, counts, space, rare, seed, lambda share: report(0.5 + share / 2, "neighbours")
    )
    return {
        "schema": SCHEMA,
        "steelyard": __version__,
        "data": {
            "source": table.source.path,
            "target": table.schema.target,
            "rows": int(counts.sum()),
            "measured_rows": len(table.y),
            "columns": len(table.schema.columns),
            "features": len(table.schema.features),
            "dropped_rows": table.dropped_rows,
            "notes": list(table.notes),
        },
        "positive": labels[code],
        "classes": _class_table(labels, counts),
        "imbalance": _imbalance(labels, counts),
        "rows": asdict(repeats)
        | {
            "duplicates_per_class": _by_class(labels, repeats.duplicates_per_class),
            "conflicts_per_class": _by_class(labels, repeats.conflicts_per_class),
            "order_share": order_share(table.y),
        },
        "resampled": resampled_before(table, numbers, seed),
        "columns": columns,
        "separation": separated,
        "minority_types": types,
        "leaks": leaks(table, numbers, categories, space, code, seed),
    }


def positive_code(labels: tuple[Any, ...], counts: np.ndarray, positive: Any) -> int:
    """Code of the class of interest: the one named (as text, too), else the rarest."""
    if positive is None:
        return int(np.argmin(counts))
    names = [str(label) for label in labels]
    if str(positive) not in names:
        raise RequestError(
            f"no class is called {str(positive)!r}; there are: {', '.join(names[:12])}; "
            "name one of them with `positive`"
        )
    return names.index(str(positive))


def _rare_classes(counts: np.ndarray) -> list[int]:
    """All classes but the largest, rarest first."""
    largest = int(np.argmax(counts))
    order = np.argsort(counts, kind="stable")
    return [int(code) for code in order if code != largest][:MOST_CLASSES]


def _class_table(labels: tuple[Any, ...], counts: np.ndarray) -> list[dict[str, Any]]:
    total, largest = int(counts.sum()), int(counts.max())
    order = np.argsort(-counts, kind="stable")
    return [
        {
            "class": labels[code],
            "rows": int(counts[code]),
            "share": counts[code] / total,
            "ratio": largest / counts[code],
        }
        for code in order.tolist()
    ]


def _imbalance(labels: tuple[Any, ...], counts: np.ndarray) -> dict[str, Any]:
    listed = [int(n) for n in counts]
    ratio = measures.imbalance_ratio(listed)
    rarest = int(np.argmin(counts))
    degree = measures.lrid(listed)
    return {
        "ratio": ratio,
        "tier": measures.tier(ratio),
        "minority": labels[rarest],
        "minority_rows": listed[rarest],
        "permits": measures.permits(listed[rarest]),
        "hill_1": measures.hill_1(listed),
        "hill_2": measures.hill_2(listed),
        "lrid": degree,
        "lrid_per_2n": degree / (2 * sum(listed)),
    }


def _by_class(labels: tuple[Any, ...], counts: tuple[int, ...]) -> list[dict[str, Any]]:
    return [
        {"class": label, "rows": rows} for label, rows in zip(labels, counts, strict=True) if rows
    ]


def _columns(table: Table, numbers: dict[str, np.ndarray], positive: int) -> list[dict[str, Any]]:
    """What every column is; of those that are learned from, gaps and spread by class."""
    described = []
    spread = distributions(table, numbers, positive)
    for column in table.schema.columns:
        values = numbers.get(column.name)
        missing = infinite = 0
        if column.role == "feature":
            missing = table.features[column.name].null_count()
            infinite = 0 if values is None else int(np.isinf(values).sum())
        described.append(
            {
                "name": column.name,
                "kind": column.kind,
                "role": column.role,
                "note": column.note,
                "doubt": column.doubt,
                "missing": missing,
                "infinite": infinite,
                "distribution": spread.get(column.name),
            }
        )
    return described


def _separation(
    table: Table,
    numbers: dict[str, np.ndarray],
    categories: dict[str, tuple[np.ndarray, int]],
    rare: list[int],
    seed: int,
) -> dict[str, Any]:
    drawn, sampled = contrasts(table.y, rare, len(numbers) + len(categories), seed)
    scores = separation(numbers, categories, drawn) if drawn else []
    labels = table.schema.classes
    return {
        "sampled": sampled,
        "rows": max((len(contrast.rows) for contrast in drawn), default=0),
        "columns": [
            {
                "column": score.column,
                "class": labels[score.label],
                "auc": score.auc,
                "low": score.low,
                "high": score.high,
                "how": score.how,
            }
            for score in scores
        ],
    }


def _types(
    table: Table,
    class_counts: np.ndarray,
    space: Any,
    rare: list[int],
    seed: int,
    report: Callable[[float], None],
) -> dict[str, Any]:
    """Counts of each type per rare class; none where there is nothing to measure distances by."""
    result: dict[str, Any] = {
        "neighbours": NEIGHBOURS,
        "types": list(TYPES),
        "sampled": False,
        "classes": [],
    }
    if not rare or not space.columns or space.rows <= NEIGHBOURS:
        return result
    work = space.rows * len(space.columns) * len(rare)
    typed = sample_rows(table.y, rare, max(LEAST_TYPED, NEIGHBOUR_WORK // work), seed)
    types = minority_types(space, table.y, np.concatenate(typed), report)
    parts = np.split(types, np.cumsum([len(rows) for rows in typed])[:-1])
    for code, part in zip(rare, parts, strict=True):
        counts = np.bincount(part, minlength=len(TYPES)).tolist()
        rows = int(class_counts[code])
        result["sampled"] |= len(part) < rows
        result["classes"].append(
            {"class": table.schema.classes[code], "rows": rows, "typed": len(part)}
            | dict(zip(TYPES, counts, strict=True))
        )
    return result


def _floats(column: pl.Series) -> np.ndarray:
    """NaN where missing, infinite where no model can hold the value; else the column itself."""
    values = column.to_numpy()
    high, low = column.max(), column.min()  # of polars, without a copy; None where all is missing
    if high is None or (high <= LARGEST and low >= -LARGEST):  # type: ignore[operator]
        return values
    return np.where(np.abs(values) > LARGEST, np.sign(values) * np.inf, values)


def _codes(column: pl.Series) -> tuple[np.ndarray, int]:
    """Codes of a category from 0, and the code of its missing values."""
    levels = column.drop_nulls().unique(maintain_order=True)
    codes = column.cast(pl.Enum(levels)).to_physical().cast(pl.Int64).fill_null(len(levels))
    return codes.to_numpy(), len(levels)
