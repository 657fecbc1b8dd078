"""Losses on the order of scores: every positive should stand above every negative."""

from typing import Any

from steelyard._batch_checks import check_no_activation, require
from steelyard._keras import keras, ops
from steelyard.errors import EmptyClassError, RequestError
from steelyard.losses.base import Tensor
from steelyard.losses.checks import check_probabilities
from steelyard.losses.positions import PositionLoss, apart, only


def pairwise_squared_hinge(hit: Tensor, miss: Tensor, scores: Tensor, margin: float) -> Tensor:
    """One value per row, whose mean is the mean of `max(0, margin - (s+ - s-))^2` over pairs.

    Each pair is shared half and half between its positive and its negative. A pair costs its
    squared distance once the negative is lifted by the margin, if it then stands higher.

    Args:
        hit: 1 for positives, float32, shape (n,).
        miss: 1 for negatives; a row that is neither has no pairs.
        scores: float32, shape (n,).
    """
    # Sorted by score, negatives lifted by the margin: a pair costs if its negative stands higher.
    order = ops.argsort(-(scores + margin * miss))
    hits, misses = ops.take(hit, order), ops.take(miss, order)
    lifted = ops.take(scores, order) + margin * misses
    negatives_above = square_sums(lifted, misses)
    positives_below = square_sums(lifted[::-1], hits[::-1])[::-1]
    halves = 0.5 * (hits * negatives_above + misses * positives_below)
    return ops.take(halves, ops.argsort(order)) * per_pair(hit, miss)


def square_sums(values: Tensor, mask: Tensor) -> Tensor:
    """For each value the sum of its squared distances to the masked ones before it; shape (n,).

    Source: Rust & Hocking, "A log-linear gradient descent algorithm for unbalanced binary
        classification using the all pairs squared hinge loss", 2023, arXiv 2302.11062.
    """
    count, first, second = (ops.cumsum(mask * part) for part in (1.0, values, ops.square(values)))
    return ops.relu(count * ops.square(values) - 2.0 * values * first + second)


def auc_margin(hit: Tensor, miss: Tensor, scores: Tensor, margin: float) -> Tensor:
    """One value per row, whose mean is `var+ + var- + max(0, margin + mean- - mean+)^2`.

    Arguments as for `pairwise_squared_hinge`.
    """
    rows = ops.cast(ops.shape(hit)[0], "float32")
    spread, means = 0.0, []
    for mask in (hit, miss):
        size = ops.maximum(ops.sum(mask), 1.0)
        mean = ops.sum(mask * scores) / size
        spread = spread + mask * ops.square(scores - mean) * (rows / size)
        means.append(mean)
    counted = hit + miss
    gap = ops.square(ops.relu(margin + means[1] - means[0])) * counted
    gap = gap * (rows / ops.maximum(ops.sum(counted), 1.0))
    both = ops.cast((ops.sum(hit) > 0) & (ops.sum(miss) > 0), "float32")
    return both * (spread + gap)


def per_pair(hit: Tensor, miss: Tensor) -> Tensor:
    """Rows over pairs, 0 where there is no pair: turns a sum over pairs into a mean over rows."""
    rows = ops.cast(ops.shape(hit)[0], "float32")
    pairs = ops.sum(hit) * ops.sum(miss)
    return ops.where(pairs > 0, rows / ops.maximum(pairs, 1.0), 0.0)


class RankingLoss(PositionLoss):
    """Base of the two: reads one score per row and refuses a batch of one class."""

    scales_means = False  # the means are over the pairs of the rows that count

    def __init__(
        self,
        margin: float = 1.0,
        *,
        from_logits: bool = True,
        one_class: str = "raise",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 < margin < float("inf"):
            raise RequestError(f"margin = {margin!r}; give a number above 0, 1 is usual")
        if one_class not in ("raise", "zero"):
            raise RequestError(f"one_class = {one_class!r}; give 'raise' or 'zero'")
        self.margin, self.from_logits, self.one_class = float(margin), bool(from_logits), one_class

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        y_true, keep = apart(y_true)
        if len(y_pred.shape) != 2 or y_pred.shape[-1] != 1:
            raise RequestError(
                f"the model's output has shape {tuple(y_pred.shape)}; a ranking loss takes one "
                "score per row, shape (n, 1)"
            )
        if self.from_logits:
            check_no_activation(y_pred)
            self.outputs.look(y_pred)
        scores = only(keep, ops.cast(y_pred, "float32"), 0.5)
        if not self.from_logits:
            check_probabilities(scores)
        labels = only(keep, ops.reshape(ops.cast(y_true, "float32"), (-1,)), 0.0)
        off = ops.max(ops.abs(labels * (1.0 - labels)))
        require(off == 0, RequestError, "labels of a ranking loss are 0 or 1.", labels[:8])
        hit, miss = labels, only(keep, 1.0 - labels, 0.0)
        if self.one_class == "raise":
            message = (
                "a batch has rows of one class only, so no pair to rank: feed balanced batches "
                "(steelyard.feeds.balanced), or say one_class='zero'. Positives and negatives:"
            )
            rows = ops.stack([ops.sum(hit), ops.sum(miss)])
            require(ops.min(rows) > 0, EmptyClassError, message, rows)
        p = ops.sigmoid(scores) if self.from_logits else scores
        return self.formula(hit, miss, p[:, 0])

    def formula(self, hit: Tensor, miss: Tensor, scores: Tensor) -> Tensor:
        """One value per row from flags of positives and negatives and probabilities, (n,)."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "margin": self.margin,
            "from_logits": self.from_logits,
            "one_class": self.one_class,
        }


@keras.saving.register_keras_serializable(package="steelyard")
class PairwiseSquaredHinge(RankingLoss):
    """Mean over pairs of `max(0, margin - (s+ - s-))^2`: trains the ROC-AUC itself.

    Scores are probabilities only in name: calibrate afterwards. Sorting stands for the pairs, so
    time and memory grow with the batch, not with its square.

    Args:
        margin: by how much a positive should stand above a negative, in units of probability, > 0.
        from_logits: False if the model ends in sigmoid.
        one_class: "raise" where a batch lacks a class, or "zero": such a batch costs nothing.
        ignore_class: a label whose rows do not count.
    `y_true`: 0 or 1, shape (n,) or (n, 1); `y_pred`: shape (n, 1).
    Raises: EmptyClassError: a batch of one class. RequestError: labels that are not 0 or 1.
    Source: Gao & Zhou, "On the consistency of AUC pairwise optimization", IJCAI 2015; Yang & Ying,
        "AUC maximization in the era of big data and AI", 2022, arXiv 2203.15046.

    >>> import numpy as np
    >>> loss = PairwiseSquaredHinge(from_logits=False)
    >>> p = np.array([[0.9], [0.4], [0.1], [0.3], [0.6]])
    >>> float(loss(np.array([1, 1, 0, 0, 0]), p))
    0.57166...
    """

    def formula(self, hit: Tensor, miss: Tensor, scores: Tensor) -> Tensor:
        return pairwise_squared_hinge(hit, miss, scores, self.margin)


@keras.saving.register_keras_serializable(package="steelyard")
class AUCMargin(RankingLoss):
    """`var+ + var- + max(0, margin + mean- - mean+)^2`: a ranking loss linear in the batch.

    Equal to the pairwise squared loss while no pair exceeds the margin, and kinder to rows that
    are easy or wrongly labelled. The means are those of the batch, so batches should be large.

    Args:
        margin: by how much the positives' mean should stand above the negatives', > 0.
        from_logits: False if the model ends in sigmoid.
        one_class: "raise" where a batch lacks a class, or "zero": such a batch costs nothing.
        ignore_class: a label whose rows do not count.
    `y_true`: 0 or 1, shape (n,) or (n, 1); `y_pred`: shape (n, 1).
    Raises: EmptyClassError: a batch of one class. RequestError: labels that are not 0 or 1.
    Source: Yuan et al., "Large-scale robust deep AUC maximization", ICCV 2021, arXiv 2012.03173.

    >>> import numpy as np
    >>> loss = AUCMargin(from_logits=False)
    >>> p = np.array([[0.9], [0.4], [0.1], [0.3], [0.6]])
    >>> float(loss(np.array([1, 1, 0, 0, 0]), p))
    0.57166...
    """

    def formula(self, hit: Tensor, miss: Tensor, scores: Tensor) -> Tensor:
        return auc_margin(hit, miss, scores, self.margin)
