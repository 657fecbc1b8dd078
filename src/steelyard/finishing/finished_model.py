"""`finish`: calibration and a threshold into any trained Keras classifier, without training it."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.decision import (
    Calibration,
    DecisionRule,
    Goal,
    Maximise,
    check_and_refit,
    check_goal,
    costs_by_row,
    costs_of,
    tune,
)
from steelyard.decision.given_columns import given_columns
from steelyard.errors import DataError, RequestError
from steelyard.finishing.finish_report import FinishReport, stage_of
from steelyard.finishing.logits import with_logits
from steelyard.finishing.model_scores import Scores, labels_in, predicted
from steelyard.layers import Calibration as CalibrationLayer
from steelyard.layers.decision_layer import decision_layer
from steelyard.stats.validation import row_weights

FOLDS = 5
FEWEST = 10  # rows of a class; with fewer a calibration follows single rows


def finish(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    goal: Goal | None = None,
    classes: Sequence[Any] | None = None,
    positive: Any = None,
    from_logits: bool | None = None,
    groups: Any = None,
    sample_weight: Any = None,
    amounts: Any = None,
    batch_size: int = 1024,
    seed: int = 0,
) -> Any:
    """The same model with calibrated probabilities and a decision inside, and a `.report`.

    For models trained in any way (class weights, focal loss, resampled rows): nothing about the
    training has to be known, as all is fitted on validation rows. Those must be rows that the model
    was not trained on, with natural class shares: never resampled ones.

    Args:
        model: a Keras classifier with one output: sigmoid of shape (n, 1), softmax of shape
            (n, K), or their logits. It is not changed.
        X: validation inputs as `model.predict` takes them: an array, a dict of arrays, a list, or a
            dataset that yields (inputs, labels) in batches.
        y: labels, shape (n,), or one-hot, shape (n, K); None where `X` yields them.
        goal: what the threshold is tuned to; by default balanced accuracy.
        classes: the label of each output column; by default 0 .. K-1.
        positive: label of the class of interest; by default the rarest.
        from_logits: whether the output is logits; by default seen from the last layer and values.
        groups: group of each row, shape (n,), where rows of a group are not independent.
        sample_weight: how much each row counts, shape (n,): 1 / its chance of being drawn.
        amounts: what costs that differ by row are computed from: columns by name, or the values of
            the one column; by default those of that name in `X`.
        batch_size: rows predicted at once.
        seed: of the bootstrap behind the threshold's interval.
    Returns: a functional model: the same inputs, in a dict with those columns where costs differ by
        row; outputs {"probability": (n, K), "decision": (n,)
        codes of `classes`}. `report` holds metrics before and after, with intervals.
    Raises: RequestError: an output that is no classifier's. DataError, TargetError: labels that do
        not fit it, or too few. GoalError: a goal that does not fit the classes or cannot be met.

    >>> rng = np.random.default_rng(0)
    >>> y = (np.arange(2000) % 20 == 0).astype(int)
    >>> X = (rng.normal(size=(2000, 1)) + 2 * y[:, None]).astype("float32")
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid")])
    >>> model.layers[-1].set_weights([np.array([[2.0]]), np.array([-2.0])])  # balanced odds
    >>> finished = finish(model, X, y)
    >>> sorted(finished(X[:3])), round(finished.report.after.metrics["observed_expected"]["value"])
    (['decision', 'probability'], 1)
    """
    goal = goal or Maximise("balanced_accuracy")
    model, cut = with_logits(model)
    scores = predicted(model, X, y, from_logits=cut or from_logits, batch_size=batch_size)
    labels = list(range(scores.p.shape[1])) if classes is None else list(classes)
    codes = labels_in(scores.y, labels, scores.p.shape[1])
    check_goal(goal, len(labels))
    of_interest = _positive_code(codes, labels, positive)
    owners = _owners(groups, len(codes))
    columns = _columns(goal, amounts, X, len(codes))
    weights = row_weights(sample_weight, len(codes))
    calibration, _ = check_and_refit(scores.p, codes, sample_weight=weights, closed_form=False)
    asked: dict[str, Any] = {"positive": of_interest, "groups": owners, "seed": seed}
    given: dict[str, Any] = {"columns": columns, "sample_weight": weights}
    tuned = tune(calibration.apply(scores.p), codes, goal, **given, **asked)
    finished = _with_head(model, scores, calibration, tuned.rule)
    p, decided = _cross_fitted(scores.p, codes, goal, of_interest, owners, columns, weights)
    by_row = costs_by_row(goal, columns, codes == of_interest)
    options = asked | {
        "costs": costs_of(goal),
        "weights": weights,
        "row_costs": None if by_row is None else by_row.of(columns),
    }
    finished.report = FinishReport(
        classes=tuple(labels),
        positive=labels[of_interest],
        goal=goal.describe(),
        calibration=calibration.to_dict(),
        decision=tuned.to_dict(),
        before=stage_of(codes, scores.p, scores.p.argmax(axis=1), **options),
        after=stage_of(codes, p, decided, **options),
    )
    return finished


def _positive_code(codes: np.ndarray, labels: list[Any], positive: Any) -> int:
    counts = np.bincount(codes, minlength=len(labels))
    if (counts < FEWEST).any():
        few = labels[int(counts.argmin())]
        raise DataError(
            f"class {few!r} has {counts.min()} validation rows; give {FEWEST} of each class or more"
        )
    if positive is None:
        return int(counts.argmin())
    if positive not in labels:
        raise RequestError(f"positive is {positive!r}; give one of the classes {labels}")
    return labels.index(positive)


def _owners(groups: Any, rows: int) -> np.ndarray | None:
    if groups is None:
        return None
    given = np.asarray(groups)
    if given.shape != (rows,):
        raise DataError(f"groups has shape {given.shape}; give one per validation row: ({rows},)")
    return np.unique(given, return_inverse=True)[1]


def _with_head(model: Any, scores: Scores, calibration: Calibration, rule: DecisionRule) -> Any:
    """The model's own graph, then calibration and decision."""
    inputs = _inputs_of(model, scores)
    output = model(inputs)
    p = CalibrationLayer(
        **calibration.to_dict(), from_logits=scores.from_logits, name="steelyard_calibration"
    )(output)
    if p.shape[-1] == 1:
        p = ops.concatenate([1.0 - p, p], axis=-1)
    if rule.columns:
        inputs = _by_name(inputs)
        besides = [name for name in rule.columns if name not in inputs]
        inputs |= {name: keras.Input((1,), name=name, dtype="float32") for name in besides}
    ports = {name: name for name in rule.columns}
    layer = decision_layer(rule.to_dict(), ports, "steelyard_decision")
    decision = layer(p, [inputs[name] for name in rule.columns])
    return keras.Model(inputs, {"probability": p, "decision": decision}, name="finished")


def _by_name(inputs: Any) -> dict[str, Any]:
    """Symbolic inputs of any structure by their names."""
    if isinstance(inputs, dict):
        return dict(inputs)
    return {tensor.name: tensor for tensor in keras.tree.flatten(inputs)}


def _columns(goal: Goal, amounts: Any, X: Any, rows: int) -> dict[str, np.ndarray]:
    """What the goal's costs are computed from, given or among the inputs."""
    if amounts is None and isinstance(X, Mapping) and set(goal.columns) <= set(X):
        amounts = {name: np.asarray(X[name]).reshape(-1) for name in goal.columns}
    return given_columns(amounts, goal.columns, rows)


def _inputs_of(model: Any, scores: Scores) -> Any:
    """Symbolic inputs: fresh ones of the shapes that were predicted, named as the model's own."""
    try:
        own = model.input  # a functional or sequential model
    except (AttributeError, ValueError):
        own = None
    source = scores.example if own is None else own

    count = itertools.count()

    def symbolic(tensor: Any) -> Any:
        name = getattr(tensor, "name", None)
        if name is None or name.startswith("keras_tensor"):  # no name that survives saving
            name = f"input_{next(count)}"
        return keras.Input(tuple(tensor.shape[1:]), dtype=tensor.dtype, name=name)

    return keras.tree.map_structure(symbolic, source)


def _cross_fitted(
    p: np.ndarray,
    codes: np.ndarray,
    goal: Goal,
    positive: int,
    owners: np.ndarray | None,
    columns: dict[str, np.ndarray],
    weights: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities and decisions of each fold, fitted on the other folds."""
    fold = _folds(codes) if owners is None else owners % FOLDS
    calibrated, decided = np.empty_like(p), np.empty(len(codes), dtype=np.int64)
    for k in np.unique(fold):
        mine = fold == k
        counted: dict[str, Any] = {"sample_weight": None if weights is None else weights[~mine]}
        fitted, _ = check_and_refit(p[~mine], codes[~mine], closed_form=False, **counted)
        others = fitted.apply(p[~mine])
        options: dict[str, Any] = {"positive": positive, "interval": False, "strict": False}
        known, here = ({n: of[rows] for n, of in columns.items()} for rows in (~mine, mine))
        rule = tune(others, codes[~mine], goal, columns=known, **counted, **options).rule
        calibrated[mine] = fitted.apply(p[mine])
        decided[mine] = rule.decide(calibrated[mine], here)
    return calibrated, decided


def _folds(codes: np.ndarray) -> np.ndarray:
    """A fold for each row, even over the classes; rows in order, so that a rerun is the same."""
    fold = np.empty(len(codes), dtype=np.int64)
    for k in np.unique(codes):
        rows = np.flatnonzero(codes == k)
        fold[rows] = np.arange(len(rows)) % FOLDS
    return fold
