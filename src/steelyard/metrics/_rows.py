"""A batch as the Keras metrics see it, whatever form targets, outputs and weights come in."""

from typing import Any, NamedTuple

from steelyard._batch_checks import check_no_activation, look_closer_unless, require
from steelyard._keras import ops
from steelyard.errors import RequestError, TargetError

Tensor = Any
SUMS = "float64"
EXTREME = 1e4  # logits beyond are read as this: infinity minus infinity is no score
ROUNDING = 1e-3  # by so much a probability may leave [0, 1], as means in 16 bits do


class Rows(NamedTuple):
    """A batch; rows that cannot be read, or do not count, have weight 0."""

    code: Tensor  # true class, int32, (n,)
    scores: Tensor  # float32, (n,) for one column, else (n, K)
    weight: Tensor  # float64, (n,); (n, labels) where each label has one
    unreadable: Tensor  # how many could not be read, float64, ()
    hot: Tensor = None  # which labels a row has, bool, (n, K), where it may have several

    @property
    def n_classes(self) -> int:
        """Columns of scores; 2 for one column."""
        return 2 if len(self.scores.shape) == 1 else int(self.scores.shape[1])


class Reading(NamedTuple):
    """How a metric reads its batches."""

    from_logits: bool
    multi_label: bool  # every column is a question of its own
    ignore_class: int | None
    each_column: bool  # what is computed of a column is the same for several labels


def read(y_true: Tensor, y_pred: Tensor, sample_weight: Tensor, how: Reading) -> Rows:
    """Targets (integer, one-hot, several labels) and outputs (any float type) as `Rows`.

    Raises: TargetError, RequestError: a target that names no class, or several where one is
        wanted; outputs outside [0, 1] for probabilities, or out of a sigmoid or softmax for logits.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if how.from_logits:
        check_no_activation(y_pred)
    width = _width(y_pred)
    if width is None:
        raise RequestError(
            f"outputs have shape {tuple(y_pred.shape)}; a metric takes a last axis of known "
            "size, one column per class: end the model in a Dense layer or a Reshape"
        )
    scores = ops.reshape(ops.cast(y_pred, "float32"), (-1, width))
    if how.multi_label:
        return _several(y_true, y_pred, scores, sample_weight, how)
    weight = None if sample_weight is None else _weights(sample_weight, y_pred)
    code, hot, names, weight = _classes(y_true, y_pred, weight, width, how)
    fine = names & _fine(scores, None if weight is None else ops.expand_dims(weight != 0, -1), how)
    if weight is None:
        counts, unread = fine, ~fine
        weight = ops.cast(fine, SUMS)
    else:
        fine = fine & (weight >= 0) & ops.isfinite(weight)
        counts, unread = fine & (weight != 0), ~fine & (weight != 0)
        weight = ops.where(counts, weight, ops.zeros_like(weight))
    scores = _blanked(scores, ops.expand_dims(counts, -1), how)
    return Rows(
        code,
        scores[:, 0] if width == 1 else scores,
        weight,
        ops.sum(ops.cast(unread, SUMS)),
        hot,
    )


def _several(
    y_true: Tensor, y_pred: Tensor, scores: Tensor, sample_weight: Tensor, how: Reading
) -> Rows:
    """Rows with several labels: every column has its own target, weight and decision."""
    width = scores.shape[1]
    if len(y_pred.shape) < 2 or tuple(y_true.shape[1:]) != tuple(y_pred.shape[1:]):
        raise RequestError(
            f"targets have shape {tuple(y_true.shape)} and outputs {tuple(y_pred.shape)}; with "
            "multi_label they have the same, 0 or 1 for every label"
        )
    target = ops.reshape(ops.cast(y_true, "float32"), (-1, width))
    by_label = sample_weight is not None and len(sample_weight.shape) == len(y_pred.shape)
    if by_label and sample_weight.shape[-1] == width:
        weight = ops.reshape(ops.cast(sample_weight, SUMS), (-1, width))
    else:
        weight = ops.ones(ops.shape(target)[:1], SUMS)
        if sample_weight is not None:
            weight = _weights(sample_weight, y_pred)
        weight = ops.expand_dims(weight, -1)
        weight = ops.broadcast_to(weight, ops.shape(target))
    if how.ignore_class is not None:
        weight = ops.where(target == how.ignore_class, ops.zeros_like(weight), weight)
    named = (target == 0) | (target == 1)
    look_closer_unless(
        ops.all(named),
        lambda: _require_class(named | ops.isnan(target), weight, target, "0 or 1, for each label"),
    )
    fine = named & _fine(scores, weight != 0, how) & (weight >= 0) & ops.isfinite(weight)
    counts = fine & (weight != 0)
    return Rows(
        ops.zeros(ops.shape(target)[:1], "int32"),
        _blanked(scores, counts, how),
        ops.where(counts, weight, ops.zeros_like(weight)),
        ops.sum(ops.cast(~fine & (weight != 0), SUMS)),
        (target == 1) & counts,
    )


def _weights(sample_weight: Tensor, y_pred: Tensor) -> Tensor:
    """One weight per position of the outputs, float64, (n,); one per row is of all positions."""
    positions = ops.shape(y_pred) if len(y_pred.shape) < 2 else ops.shape(y_pred)[:-1]
    weight = ops.cast(sample_weight, SUMS)
    if len(weight.shape) > len(positions) and weight.shape[-1] == 1:
        weight = weight[..., 0]
    if len(weight.shape) > len(positions):
        raise RequestError(
            f"sample_weight has shape {tuple(weight.shape)} for outputs of shape "
            f"{tuple(y_pred.shape)}; give one weight per row, or one per position"
            + (", or multi_label=True for one per label" if _width(y_pred) > 1 else "")
        )
    while len(weight.shape) < len(positions):
        weight = ops.expand_dims(weight, -1)
    return ops.reshape(ops.broadcast_to(weight, positions), (-1,))


def _width(y_pred: Tensor) -> Any:
    return 1 if len(y_pred.shape) < 2 else y_pred.shape[-1]


def _classes(
    y_true: Tensor, y_pred: Tensor, weight: Tensor | None, width: int, how: Reading
) -> tuple[Tensor, Tensor | None, Tensor, Tensor | None]:
    """Class of each row; its labels where several are allowed; whether it names one; its weight.

    A row that names none is of class 0. A weight of None: every row counts once.
    """
    if width > 1 and len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == width:
        return _by_column(ops.reshape(ops.cast(y_true, "float32"), (-1, width)), weight, how)
    if width == 1 and len(y_true.shape) > 1 and y_true.shape[-1] not in (1, None):
        raise RequestError(
            f"targets have shape {tuple(y_true.shape)} and outputs {tuple(y_pred.shape)}; one "
            "column of outputs takes one target per row: pass the positive column, or say "
            "multi_label=True for an output per label"
        )
    flat = ops.reshape(ops.cast(y_true, "float32"), (-1,))
    if how.ignore_class is not None:
        weight = _without(flat == how.ignore_class, weight)
    most = max(width, 2) - 1
    if most == 1:
        second = flat == 1
        code, names = ops.cast(second, "int32"), (flat == 0) | second
    else:
        code = ops.cast(ops.where(ops.isnan(flat), -1.0, flat), "int32")
        names = (ops.cast(code, "float32") == flat) & (code >= 0) & (code <= most)
        code = ops.where(names, code, 0)

    def check() -> None:
        # Shares of classes and NaN are rows that cannot be read; another whole number is an error.
        strange = ops.isnan(flat) | (ops.floor(flat) != flat)
        _require_class(names | strange, weight, flat, f"the classes 0 ... {most}")

    look_closer_unless(ops.all(names), check)
    return code, None, names, weight


def _without(left_out: Tensor, weight: Tensor | None) -> Tensor:
    """The weights with 0 for rows that are left out."""
    if weight is None:
        return ops.cast(~left_out, SUMS)
    return ops.where(left_out, ops.zeros_like(weight), weight)


def _by_column(
    target: Tensor, weight: Tensor | None, how: Reading
) -> tuple[Tensor, Tensor | None, Tensor, Tensor | None]:
    """`_classes` of targets with a column per class; one of shares names no class."""
    width = target.shape[1]
    whole = ops.all((target == 0) | (target == 1), axis=-1)
    single = whole & (ops.sum(target, axis=-1) == 1)
    if how.ignore_class is not None and 0 <= how.ignore_class < width:
        ignored = single & (target[:, how.ignore_class] == 1)
        weight = _without(ignored, weight)
    code = ops.cast(ops.argmax(target, axis=-1), "int32")
    if how.each_column and width > 2 and not how.from_logits:
        return code, target == 1, whole, weight
    several = whole & ~single & _counted(weight)

    def check() -> None:
        message = (
            "a row of the targets holds several labels, or none; for labels that are independent "
            "of each other say multi_label=True. Labels in a row:"
        )
        labels = ops.sum(target, axis=-1)
        most = ops.max(ops.where(several, labels, ops.zeros_like(labels)))
        require(~ops.any(several), TargetError, message, most)

    look_closer_unless(~ops.any(several), check)
    return code, None, single, weight


def _counted(weight: Tensor | None) -> Any:
    return True if weight is None else weight != 0


def _fine(scores: Tensor, counts: Tensor | None, how: Reading) -> Tensor:
    """Whether scores can be read: by row, or by label with `multi_label`.

    `counts`: which of them matter; None where all do.
    """
    if how.from_logits:
        fine = ~ops.isnan(scores)
    else:
        fine = (scores >= -ROUNDING) & (scores <= 1 + ROUNDING)

        def check() -> None:
            message = (
                "outputs are outside [0, 1], so they are no probabilities; if the model gives "
                "logits, say from_logits=True."
            )
            outside = ~fine & ~ops.isnan(scores) & (True if counts is None else counts)
            strange = ops.where(outside, scores, ops.zeros_like(scores))
            require(ops.all(strange == 0), RequestError, message, ops.max(ops.abs(strange)))

        look_closer_unless(ops.all(fine), check)
    if how.multi_label:
        return fine
    return fine[:, 0] if scores.shape[1] == 1 else ops.all(fine, axis=-1)


def _blanked(scores: Tensor, counts: Tensor, how: Reading) -> Tensor:
    """Scores within their range; selected where they do not count, as 0 * NaN is NaN."""
    if how.from_logits:
        return ops.where(counts, ops.clip(scores, -EXTREME, EXTREME), 0.0)
    even = 0.5 if how.multi_label else 1 / max(scores.shape[1], 2)
    return ops.where(counts, ops.clip(scores, 0.0, 1.0), even)


def _require_class(named: Tensor, weight: Tensor | None, target: Tensor, wanted: str) -> None:
    message = (
        f"a target is none of {wanted}; for those that should not count say ignore_class, or give "
        "them weight 0."
    )
    strange = ops.where(~named & _counted(weight), target, ops.zeros_like(target))
    require(ops.all(strange == 0), TargetError, message, ops.max(strange))


def probabilities(scores: Tensor, *, from_logits: bool, multi_label: bool = False) -> Tensor:
    """Probability of each class or label, float64, (n, K), from `Rows.scores`."""
    wide = ops.cast(scores, SUMS)
    if multi_label:
        return ops.sigmoid(wide) if from_logits else wide
    if len(scores.shape) == 1:
        # Both from the logit: 1 - p has no digits left where p is nearly 1.
        both = [ops.sigmoid(-wide), ops.sigmoid(wide)] if from_logits else [1 - wide, wide]
        return ops.stack(both, axis=1)
    return ops.softmax(wide, axis=-1) if from_logits else wide
