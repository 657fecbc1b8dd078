"""Decided classes, counted: the sums from which every metric of decisions follows."""

from typing import Any

import numpy as np

from steelyard._keras import ops
from steelyard.errors import RequestError
from steelyard.metrics._rows import Rows, Tensor
from steelyard.metrics._streaming import Shapes, StreamingMetric, Sums, class_of


def decide(scores: Tensor, threshold: float, *, from_logits: bool) -> Tensor:
    """Class decided per row, int32: from the threshold on for two classes, else the greatest."""
    if len(scores.shape) == 2 and scores.shape[1] > 2:
        return ops.cast(ops.argmax(scores, axis=1), "int32")
    if len(scores.shape) == 2:
        scores = scores[:, 1] - scores[:, 0] if from_logits else scores[:, 1]
    return ops.cast(scores >= on_scale(threshold, from_logits=from_logits), "int32")


def on_scale(threshold: float, *, from_logits: bool) -> float:
    """A threshold on the probability as one on the scores."""
    return float(np.log(threshold) - np.log1p(-threshold)) if from_logits else threshold


def against_rest(scores: Tensor, class_id: int, *, from_logits: bool) -> Tensor:
    """Score of one class against all others, on the scale of the scores, (n,)."""
    if len(scores.shape) == 1:
        own = -scores if from_logits else 1 - scores
        return scores if class_id == 1 else own
    if not from_logits:
        return scores[:, class_id]
    if scores.shape[1] == 2:
        return scores[:, class_id] - scores[:, 1 - class_id]
    p = ops.softmax(scores, axis=-1)[:, class_id]
    return ops.log(p) - ops.log1p(-p)


def checked_threshold(name: str, threshold: float) -> float:
    """`threshold` as a float strictly between 0 and 1."""
    if not 0 < threshold < 1:
        raise RequestError(
            f"{name} has threshold {threshold!r}; it takes a probability strictly in (0, 1): "
            "also with from_logits"
        )
    return float(threshold)


class DecisionMetric(StreamingMetric):
    """True, decided and rightly decided rows of each class: the sums "table".

    Shape (questions, 3, classes). One question over all classes, by the greatest score, or, for two
    classes, by the threshold; with `class_id` and a threshold the question of that class against
    the rest; with `multi_label` one question of two answers for each label.
    """

    class_id: int | None = None

    def __init__(self, *, threshold: float | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.threshold = None if threshold is None else checked_threshold(self.name, threshold)

    def sum_shapes(self, n_classes: int) -> Shapes:
        chosen = class_of(self.name, self.class_id, n_classes)
        if self.multi_label:
            return {"table": (n_classes if chosen is None else 1, 3, 2)}
        if self.threshold is not None and chosen is None and n_classes > 2:
            raise RequestError(
                f"{self.name} has threshold {self.threshold:g} for {n_classes} classes; a "
                "threshold takes two classes, the class_id of one, or multi_label: without one "
                "the greatest score decides"
            )
        return {"table": (1, 3, 2 if self.one_class else n_classes)}

    @property
    def one_class(self) -> bool:
        """Whether one class is decided against the rest, by a threshold of its own."""
        return self.threshold is not None and self.class_id is not None and not self.multi_label

    def batch_sums(self, rows: Rows) -> Sums:
        cut = 0.5 if self.threshold is None else self.threshold
        if self.multi_label:
            return {"table": self._by_label(rows, cut)}
        k, code = rows.n_classes, rows.code
        if self.one_class:
            k, code = 2, ops.cast(rows.code == self.class_id, "int32")
            scores = against_rest(rows.scores, self.class_id or 0, from_logits=self.from_logits)
            decided = decide(scores, cut, from_logits=self.from_logits)
        else:
            decided = decide(rows.scores, cut, from_logits=self.from_logits)
        right = ops.where(decided == code, rows.weight, ops.zeros_like(rows.weight))
        table = ops.segment_sum(
            ops.concatenate([rows.weight, rows.weight, right]),
            ops.concatenate([code, decided + k, code + 2 * k]),
            num_segments=3 * k,
        )
        return {"table": ops.reshape(table, (1, 3, k))}

    def _by_label(self, rows: Rows, cut: float) -> Tensor:
        own = slice(None) if self.class_id is None else slice(self.class_id, self.class_id + 1)
        scores, hot, weight = rows.scores[:, own], rows.hot[:, own], rows.weight[:, own]
        decided = scores >= on_scale(cut, from_logits=self.from_logits)
        none = ops.zeros_like(weight)
        sums = [
            ops.sum(ops.where(is_so, weight, none), axis=0)
            for is_so in (~hot, hot, ~decided, decided, ~hot & ~decided, hot & decided)
        ]
        return ops.reshape(ops.stack(sums, axis=1), (-1, 3, 2))

    def compute(self, sums: Sums) -> Tensor:
        table = sums["table"]
        return ops.mean(self.of_question(table[:, 0], table[:, 1], table[:, 2]))

    def of_question(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:
        """The metric of each question, (questions,), from sums of shape (questions, classes)."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"threshold": self.threshold}


class ClassMetric(DecisionMetric):
    """A metric of each class: one class of interest, or the macro mean."""

    def __init__(self, *, class_id: int | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.class_id = class_id

    def of_question(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:
        each = self.of_class(true, decided, right)
        if self.multi_label or self.one_class:
            return each[:, 1]
        if self.class_id is not None:
            return each[:, self.class_id]
        return each[:, 1] if each.shape[1] == 2 else ops.mean(each, axis=1)

    def of_class(self, true: Tensor, decided: Tensor, right: Tensor) -> Tensor:
        """The metric of each class, (questions, classes); NaN where it is undefined."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"class_id": self.class_id}
