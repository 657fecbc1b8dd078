"""`judge`: the audit and the paired verdict of scores that somebody else's models gave."""

import time as clock
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from steelyard._seeds import check_seed
from steelyard._version import __version__
from steelyard.comparison.given_scores import as_probabilities, score_of
from steelyard.comparison.judgement import Judgement
from steelyard.comparison.judging import judge_all
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.ranking_metric import ranking_metric
from steelyard.comparison.record import (
    Origin,
    environment,
    predictions,
    results,
    verdict_on,
    weights_of,
    with_origin,
)
from steelyard.comparison.request import check_times
from steelyard.decision import Alerts, Goal, Maximise, check_goal
from steelyard.decision.given_columns import as_times, given_columns
from steelyard.errors import DataError, RequestError, TargetError, WeightError
from steelyard.inspection.measure import positive_code
from steelyard.jobs.folds import make_splits
from steelyard.runs.store import SCHEMA
from steelyard.stats.validation import row_weights
from steelyard.tables import Table


@dataclass(frozen=True)
class Request:
    """What scores are judged by; the names are for the record alone."""

    goal: Goal | None = None
    metric: str | None = None
    reference: str | None = None
    positive: Any = None
    folds: int = 5
    seed: int = 0
    target: str = "y"
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    positive_name: str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)


@dataclass(frozen=True)
class Rows:
    """The rows that were scored: classes, codes, what binds or orders them, where from."""

    classes: tuple[Any, ...]
    y: np.ndarray
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    path: str = "scores"
    sha256: str | None = None
    weights: np.ndarray | None = None  # of mean 1


def judge(
    y: Any,
    scores: Mapping[str, Any],
    *,
    X: Any = None,
    goal: Goal | None = None,
    metric: str | None = None,
    reference: str | None = None,
    positive: Any = None,
    positive_name: str | None = None,
    groups: Any = None,
    time: Any = None,
    sample_weight: Any = None,
    amounts: Any = None,
    folds: int = 5,
    seed: int = 0,
) -> Judgement:
    """Audit scores and hold each against a reference, on rows their models were not trained on.

    Nothing is trained and TensorFlow is not imported. Probabilities are judged as they are; the
    threshold of each fold is tuned on the other folds. Scores outside [0, 1] are no probabilities:
    they are ranked by their order, and calibrated cross-fitted.

    Args:
        y: labels, shape (n,).
        scores: by name, the score of the class of interest, shape (n,), probabilities of every
            class, shape (n, K), in the order of the sorted labels, or a fitted scikit-learn
            classifier, which then scores `X`.
        X: features for the classifiers among `scores`.
        goal: what thresholds are tuned to; by default balanced accuracy.
        metric: what scores are ranked by: a ranking or proper metric, or with costs as the goal
            "normalized_cost"; by default average precision, or where costs differ by row those.
        reference: the score that wins ties, as a rule today's; by default the first.
        positive: label of the class of interest; by default the rarest.
        positive_name: a word for it in texts and pages, where its label is none, such as 1.
        groups: group of each row, shape (n,), where rows of a group are not independent.
        time: numbers or dates that order the rows, shape (n,): thresholds are tuned on earlier
            rows, and a budget by period counts by them.
        sample_weight: how much each row counts, shape (n,): 1 / its chance of being drawn.
        amounts: what costs that differ by row are computed from: columns by name, a frame, or the
            values of the one column that `goal` names.
        folds: folds for thresholds and paired tests.
        seed: of folds and draws.
    Raises: DataError, TargetError, RequestError, GoalError: what cannot be judged, in one line.

    >>> rng = np.random.default_rng(0)
    >>> y = (np.arange(2000) % 10 == 0).astype(int)
    >>> today, new = rng.normal(size=(2, 2000)) + np.outer([1, 2], y)
    >>> judge(y, {"today": today, "new": new}).verdict["winner"]
    'new'
    """
    labels, times = np.asarray(y), as_times(time)
    if labels.ndim != 1 or not len(labels):
        raise DataError(f"labels have shape {labels.shape}; give one per row")
    classes, codes = np.unique(labels, return_inverse=True)
    rows = Rows(
        tuple(classes.tolist()),
        codes,
        _per_row("groups", groups, len(codes), codes=True),
        _per_row("time", times, len(codes)),
        given_columns(amounts, goal.columns if goal else (), len(codes), times),
        weights=_above_zero(sample_weight, len(codes)),
    )
    if isinstance(goal, Alerts) and goal.per is not None:
        goal.check_time(dates=np.asarray(time).dtype.kind in "MO")
    given = {name: score_of(name, value, X) for name, value in scores.items()}
    request = Request(goal, metric, reference, positive, folds, seed, positive_name=positive_name)
    return _judged(rows, given, request)


def judge_table(table: Table, names: list[str], request: Request) -> Judgement:
    """The same for columns of a table that was read."""
    source = table.source
    rows = Rows(
        tuple(table.schema.classes),
        table.y,
        table.groups,
        table.times,
        table.amounts_of(request.goal.columns if request.goal else ()),
        source.path,
        source.sha256,
        table.weights,
    )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise RequestError(f"the score {twice[0]!r} is named twice; name each once")
    if request.goal is not None:
        check_times(request.goal, table.schema)
    absent = [name for name in names if name not in table.schema.numbers]
    if absent:
        raise RequestError(
            f"{absent[0]!r} is no column of numbers; there are: {', '.join(table.schema.numbers)}"
        )
    given = {name: score_of(name, table.features[name].to_numpy(), None) for name in names}
    return _judged(rows, given, request)


def _judged(rows: Rows, scores: dict[str, np.ndarray], request: Request) -> Judgement:
    started = clock.monotonic()
    protocol = _protocol(rows, scores, request)
    sizes = {"rows": len(rows.y), "classes": len(rows.classes), "positive": protocol.positive}
    by_technique = []
    for name, score in scores.items():
        p, technique = as_probabilities(name, score, **sizes)
        by_technique.append((technique, {split.key: p[split.test] for split in protocol.splits}))
    *contenders, constant = judge_all(by_technique, protocol)
    verdict = verdict_on(contenders, protocol)
    chosen = next(one for one in contenders if one.technique.name == verdict["recommended"])
    found = results(
        protocol, contenders, [constant], verdict, chosen, classes=rows.classes, seconds={}
    )
    run = {
        "schema": SCHEMA,
        "steelyard": __version__,
        "data": _data(rows, protocol, request),
        "protocol": _of_protocol(rows, protocol, request, list(scores)),
        "findings": [],
        **found,
        "environment": environment(),
    }
    return Judgement(
        with_origin(run, Origin(request.positive_name, started)),
        predictions(np.arange(len(rows.y)), rows.classes, protocol, contenders),
    )


def _protocol(rows: Rows, scores: dict[str, np.ndarray], request: Request) -> Protocol:
    if not scores:
        raise RequestError("no scores; give at least one by name")
    reference = request.reference or next(iter(scores))
    if reference not in scores:
        raise RequestError(f"reference {reference!r} is none of the scores: {', '.join(scores)}")
    if len(rows.classes) < 2:
        raise TargetError(f"all labels are {rows.classes[0]!r}; give rows of two classes or more")
    goal = request.goal or Maximise("balanced_accuracy")
    check_goal(goal, len(rows.classes))
    splits = make_splits(
        rows.y,
        folds=request.folds,
        repeats=1,
        seed=request.seed,
        classes=rows.classes,
        groups=rows.groups,
        times=rows.times,
    )
    counts = np.bincount(rows.y, rows.weights, minlength=len(rows.classes))
    return Protocol(
        rows.y,
        splits,
        positive_code(rows.classes, counts, request.positive),
        goal,
        ranking_metric(request.metric, goal),
        rows.groups,
        request.seed,
        reference=reference,
        columns=rows.columns,
        weights=rows.weights,
        trained_in_folds=False,
    )


def _data(rows: Rows, protocol: Protocol, request: Request) -> dict[str, Any]:
    counts = np.bincount(rows.y, minlength=len(rows.classes)).tolist()
    return {
        "path": rows.path,
        "sha256": rows.sha256,
        "rows": len(rows.y),
        "dropped_rows": 0,
        "columns": 0,
        "classes": [
            {"label": label, "count": count}
            for label, count in zip(rows.classes, counts, strict=True)
        ],
        "positive": rows.classes[protocol.positive],
        "weights": weights_of(rows.weights, rows.y, len(rows.classes), request.weight),
        "schema": {"columns": [], "target": request.target, "classes": list(rows.classes)},
    }


def _of_protocol(
    rows: Rows, protocol: Protocol, request: Request, scores: list[str]
) -> dict[str, Any]:
    return {
        "folds": request.folds,
        "group": request.group,
        "time": request.time or ("time" if rows.times is not None else None),
        "weight": request.weight,
        "drop": [],
        "target": request.target,
        "model": "scores as given",
        "scores": scores,
        "seed": request.seed,
        "out_of_bag": False,
        "repeats": 1,
        "metric": protocol.metric,
        "goal": protocol.goal.to_dict(),
        "scored_rows": len(protocol.scored),
    }


def _above_zero(sample_weight: Any, rows: int) -> np.ndarray | None:
    weights = row_weights(sample_weight, rows)
    if weights is not None and not weights.all():
        raise WeightError(
            f"{int((weights == 0).sum()):,} sample weights are 0; leave those rows out"
        )
    return weights


def _per_row(name: str, given: Any, rows: int, *, codes: bool = False) -> np.ndarray | None:
    if given is None:
        return None
    values = np.asarray(given)
    if values.shape != (rows,):
        raise DataError(f"{name} has shape {values.shape}; give one per row: ({rows},)")
    return np.unique(values, return_inverse=True)[1] if codes else values
