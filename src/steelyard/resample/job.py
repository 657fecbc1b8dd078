"""Resample a table by the name of a method, and keep a ledger of what changed."""

import ast
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from imblearn.under_sampling.base import BaseCleaningSampler, BaseUnderSampler

from steelyard import resample
from steelyard.errors import DataError, RequestError, SteelyardError
from steelyard.neighbours.threads import watched
from steelyard.resample.ratio import wanted_counts
from steelyard.tables import Table, read_table
from steelyard.tables.sources import open_table

# Method -> the sampler's name and the arguments that the method stands for.
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "random-over": ("RandomOverSampler", {}),
    "random-under": ("RandomUnderSampler", {}),
    "smote": ("SMOTE", {}),
    "smotenc": ("SMOTENC", {}),
    "smoten": ("SMOTEN", {}),
    "borderline-smote": ("BorderlineSMOTE", {}),
    "svm-smote": ("SVMSMOTE", {}),
    "kmeans-smote": ("KMeansSMOTE", {}),
    "adasyn": ("ADASYN", {}),
    "tomek-links": ("TomekLinks", {}),
    "enn": ("EditedNearestNeighbours", {}),
    "repeated-enn": ("RepeatedEditedNearestNeighbours", {}),
    "all-knn": ("AllKNN", {}),
    "condensed": ("CondensedNearestNeighbour", {}),
    "one-sided-selection": ("OneSidedSelection", {}),
    "neighbourhood-cleaning": ("NeighbourhoodCleaningRule", {}),
    "near-miss-1": ("NearMiss", {"version": 1}),
    "near-miss-2": ("NearMiss", {"version": 2}),
    "near-miss-3": ("NearMiss", {"version": 3}),
    "cluster-centroids": ("ClusterCentroids", {}),
    "instance-hardness": ("InstanceHardnessThreshold", {}),
    "smote-enn": ("SMOTEENN", {}),
    "smote-tomek": ("SMOTETomek", {}),
}


def resample_table(
    data: Any,
    target: str,
    method: str,
    *,
    ratio: Sequence[str] = (),
    settings: Sequence[str] = (),
    seed: int = 0,
    progress: Callable[[float, float, str], None] | None = None,
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Resample a table that fits in memory.

    Methods that select rows keep every column as it came. Methods that make synthetic rows keep the
    columns that are learned from, and the target.

    Args:
        data: what `steelyard.tables.read_table` reads.
        method: a key of `METHODS`.
        ratio: one number R: every class at least R times the largest (methods that add rows), or
            at most the smallest over R (methods that remove some); or items CLASS=N.
        settings: items NAME=VALUE for parameters of the sampler, such as `k_neighbors=3`.
        progress: called with (done, total, what) during each pass over the table.
    Returns: the new table, and the ledger as plain values.
    Raises: RequestError, DataError, TargetCountError: the request does not fit, in one line.
    """
    if method not in METHODS:
        raise RequestError(f"`method={method}` is unknown; choose one of {', '.join(METHODS)}")
    table = read_table(data, target)
    if table.class_counts.size < 2:
        raise DataError(f"column {target!r} has one class; resampling needs at least two")
    name, arguments = METHODS[method]
    if name == "SMOTENC":
        arguments = arguments | {"categorical_features": list(table.schema.categories)}
    sampler = getattr(resample, name)(**arguments)
    if "random_state" in sampler.get_params():
        sampler.set_params(random_state=seed)
    sampler.set_params(**_settings(method, sampler, settings))
    if ratio:
        sampler.set_params(sampling_strategy=_wanted(sampler, table, ratio))
    _check_columns(method, table)
    report = progress or (lambda *_: None)
    with (
        watched(lambda share: report(share, 1.0, method)),
        warnings.catch_warnings(record=True) as told,
    ):
        warnings.simplefilter("always", UserWarning)
        frame, codes = _resampled(data, table, sampler)
    request = {
        "method": method,
        "ratio": list(ratio),
        "settings": list(settings),
        "seed": seed,
    }
    ledger = _ledger(table, request, sampler, codes)
    ledger["notes"] = sorted({_named(str(warning.message), table) for warning in told})
    return frame, ledger


def _settings(method: str, sampler: Any, items: Sequence[str]) -> dict[str, Any]:
    """Values of sampler parameters; what looks like a number is one."""
    own = {"sampling_strategy", "random_state", "n_jobs", "categorical_features"}
    known = sorted(sampler.get_params(deep=False).keys() - own)
    values = {}
    for item in items:
        name, given, text = item.partition("=")
        if name not in known or not given:
            raise RequestError(
                f"`settings={item}`: `method={method}` takes NAME=VALUE with one of "
                f"{', '.join(known) or 'no parameters'}"
            )
        try:
            values[name] = ast.literal_eval(text)
        except (SyntaxError, ValueError):
            values[name] = text
    return values


def _check_columns(method: str, table: Table) -> None:
    mixed = bool(table.schema.numbers) and bool(table.schema.categories)
    if method in ("random-over", "random-under", "smotenc", "smoten"):
        return
    if table.schema.categories:
        other = "smotenc" if mixed else "smoten"
        raise DataError(
            f"column {table.schema.categories[0]!r} holds categories, and `method={method}` "
            f"measures distances between numbers: use `method={other}` or random-over, or leave "
            "the column out"
        )


def _wanted(sampler: Any, table: Table, ratio: Sequence[str]) -> dict[int, int]:
    """Wanted number of rows of each class code that changes."""
    if isinstance(sampler, BaseCleaningSampler):
        raise RequestError("`ratio` does not fit a cleaning method: the data decide what it drops")
    adds = not isinstance(sampler, BaseUnderSampler)
    return wanted_counts(ratio, table.schema.classes, table.class_counts, adds=adds)


def _resampled(data: Any, table: Table, sampler: Any) -> tuple[pl.DataFrame, np.ndarray]:
    """The new table and its class codes; tables larger than memory: `streamed.py`."""
    try:
        X, codes = sampler.fit_resample(table.features, table.y)
    except ValueError as error:
        kind = type(error) if isinstance(error, SteelyardError) else DataError
        raise kind(_named(str(error), table)) from error
    rows = getattr(sampler, "sample_indices_", None)
    if rows is None:
        classes = pl.Series(table.schema.target, list(table.schema.classes))
        return X.with_columns(classes[codes].alias(table.schema.target)), codes
    reader = open_table(data, table.schema.target)
    raw = reader.read(reader.names)[table.row_ids]
    if not reader.typed and table.features.width:
        # Text files hold text only; numbers that were recognised are written as numbers.
        raw = raw.with_columns(table.features)
    return raw[rows], codes


def _named(text: str, table: Table) -> str:
    """A message of a sampler, which saw codes, with the names of the classes."""
    labels = table.schema.classes

    def label(found: re.Match) -> str:
        code = int(found[1])
        return f"class {labels[code]!r}" if code < len(labels) else found[0]

    return re.sub(r"\bclass (\d+)\b", label, text)


def _ledger(
    table: Table, request: dict[str, Any], sampler: Any, codes: np.ndarray
) -> dict[str, Any]:
    before = table.class_counts
    after = np.bincount(codes, minlength=before.size)
    rows = getattr(sampler, "sample_indices_", None)
    if rows is not None:
        kept = np.bincount(table.y[np.unique(rows)], minlength=before.size)
        added, dropped = after - kept, before - kept
    else:
        added = _made(sampler, before, after)
        dropped = before + added - after
    classes = zip(table.schema.classes, before, added, dropped, after, strict=True)
    keys = ("before", "added", "dropped", "after")
    return {
        "schema": 1,
        **request,
        "source": {"path": table.source.path, "sha256": table.source.sha256},
        "rows_without_target": table.dropped_rows,
        "rows_in": int(before.sum()),
        "rows_added": int(added.sum()),
        "rows_dropped": int(dropped.sum()),
        "rows_out": int(after.sum()),
        "classes": [
            {"class": label, **{k: int(n) for k, n in zip(keys, numbers, strict=True)}}
            for label, *numbers in classes
        ],
    }


def _made(sampler: Any, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How many synthetic rows of each class there are."""
    if hasattr(sampler, "smote_"):  # over-sampled and then cleaned
        made = sampler.smote_.sampling_strategy_
    elif getattr(sampler, "voting_", "") == "soft":  # cluster centres, in place of rows
        made = sampler.sampling_strategy_
    else:
        return after - before
    return np.array([made.get(code, 0) for code in range(before.size)])
