"""The methods of the command by name, and the sampler that each stands for."""

import ast
import difflib
from collections.abc import Sequence
from typing import Any

from imblearn.under_sampling.base import BaseCleaningSampler, BaseUnderSampler

from steelyard import resample
from steelyard.errors import DataError, RequestError
from steelyard.resample.ratio import wanted_counts
from steelyard.tables import Table

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


def sampler_for(
    method: str, table: Table, *, ratio: Sequence[str], settings: Sequence[str], seed: int
) -> Any:
    """A sampler with its parameters set; see `resample_table` for the arguments.

    Raises: RequestError, DataError, TargetCountError: the request does not fit the table.
    """
    if method not in METHODS:
        near = difflib.get_close_matches(method, METHODS, n=1)
        meant = f"did you mean {near[0]!r}? There are: " if near else "choose one of "
        raise RequestError(f"`method={method}` is unknown; {meant}{', '.join(METHODS)}")
    name, arguments = METHODS[method]
    if name == "SMOTENC":
        arguments = arguments | {"categorical_features": list(table.schema.categories)}
    sampler = getattr(resample, name)(**arguments)
    if "random_state" in sampler.get_params():
        sampler.set_params(random_state=seed)
    sampler.set_params(**_settings(method, sampler, settings))
    if ratio:
        sampler.set_params(sampling_strategy=_wanted(sampler, table, ratio))
    _check_columns(method, sampler, table)
    return sampler


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


def _check_columns(method: str, sampler: Any, table: Table) -> None:
    mixed = bool(table.schema.numbers) and bool(table.schema.categories)
    any_table = ("random-over", "random-under", "smotenc", "smoten")
    if method in any_table and getattr(sampler, "shrinkage", None) is None:
        return
    if table.schema.categories:
        other = "smotenc" if mixed else "smoten"
        raise DataError(
            f"column {table.schema.categories[0]!r} holds categories, and `method={method}` "
            f"measures distances between numbers: use `method={other}` or random-over, or leave "
            f"the column out of the distances (`carry={table.schema.categories[0]}`)"
        )


def _wanted(sampler: Any, table: Table, ratio: Sequence[str]) -> dict[int, int]:
    """Wanted number of rows of each class code that changes."""
    if isinstance(sampler, BaseCleaningSampler):
        raise RequestError("`ratio` does not fit a cleaning method: the data decide what it drops")
    adds = not isinstance(sampler, BaseUnderSampler)
    return wanted_counts(ratio, table.schema.classes, table.class_counts, adds=adds)
