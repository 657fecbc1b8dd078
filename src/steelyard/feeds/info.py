"""What a feed is: its classes, the shares it trains on, and the length of its epoch."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class FeedInfo:
    """Facts about a feed; every feed carries one as `feed.info`.

    Attributes:
        classes: labels in column order; a label's code is its position.
        counts: rows of each class in the data.
        trained_on: class shares that a model trained on this feed takes for the prior, summing to
            one. Sample weights count: a class of weight 2 looks twice as frequent.
        batch_size: rows of a batch (of this worker's part, if the feed is sharded).
        steps_per_epoch: batches of an epoch.
        rows_per_epoch: rows of each class in an epoch.
    """

    classes: tuple[Hashable, ...]
    counts: tuple[int, ...]
    trained_on: tuple[float, ...]
    batch_size: int
    steps_per_epoch: int
    rows_per_epoch: tuple[int, ...]

    @property
    def deployed_on(self) -> tuple[float, ...]:
        """Class shares of the data itself: the prior of deployment unless you know better."""
        total = sum(self.counts)
        return tuple(count / total for count in self.counts)

    def __str__(self) -> str:
        parts = [
            f"{label!r}: {count:,} rows shown {shown / count:.3g} times ({share:.1%} of a batch)"
            for label, count, shown, share in zip(
                self.classes, self.counts, self.rows_per_epoch, self.trained_on, strict=True
            )
        ]
        return (
            f"{self.steps_per_epoch:,} batches of {self.batch_size:,} rows per epoch; "
            + "; ".join(parts)
        )


def weighted_shares(shares: ArrayLike, mean_weights: Sequence[float] | None) -> tuple[float, ...]:
    """Shares times mean sample weight of each class, summing to one."""
    weighted = np.asarray(shares, dtype=np.float64)
    if mean_weights is not None:
        weighted = weighted * np.asarray(mean_weights, dtype=np.float64)
    return tuple((weighted / weighted.sum()).tolist())


def attach(dataset: Any, info: FeedInfo) -> Any:
    """Attach the facts to a dataset: `info`, and the two priors `layers.PriorCorrection` takes.

    `dataset.map(...)` and the like return a new dataset without them; keep the first one.
    """
    dataset.info = info
    dataset.trained_on = info.trained_on
    dataset.deployed_on = info.deployed_on
    return dataset
