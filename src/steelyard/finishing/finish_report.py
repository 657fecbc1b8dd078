"""What `finish` found: metrics before and after, and what the threshold catches."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from steelyard.report.formatting import number, with_interval
from steelyard.stats.metric_intervals import MetricValue, metric_values
from steelyard.stats.metrics import BY_NAME
from steelyard.stats.predictions import Predictions

SHOWN = (
    "average_precision",
    "log_loss",
    "observed_expected",
    "balanced_accuracy",
    "recall",
    "precision",
    "normalized_cost",
)


@dataclass(frozen=True)
class Stage:
    """Metrics of one way to score and decide validation rows.

    `metrics`: value, low and high (95 %) by name. `per_1000`: of 1,000 rows, how many are flagged
    as the class of interest, how many of those are it (`found`), how many are not (`false_alarms`),
    and how many of the class are `missed`.
    """

    metrics: dict[str, MetricValue]
    per_1000: dict[str, float]


@dataclass(frozen=True)
class FinishReport:
    """Before: the model as it came, deciding by the most probable class. After: cross-fitted.

    `after` is measured with calibration and threshold fitted on other folds of the validation rows;
    those inside the model are fitted on all of them.
    """

    classes: tuple[Any, ...]
    positive: Any
    goal: str
    calibration: dict[str, Any]
    decision: dict[str, Any]
    before: Stage
    after: Stage

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def __repr__(self) -> str:
        lines = [f"{'':<12}{'before':<26}after"]
        for name in SHOWN:
            was, now = self.before.metrics[name], self.after.metrics[name]
            lines.append(f"{BY_NAME[name].label:<12}{with_interval(was):<26}{with_interval(now)}")
        lines += ["", f"Of 1,000 rows, for {self.positive}:"]
        for name in self.before.per_1000:
            then, after = self.before.per_1000[name], self.after.per_1000[name]
            label = name.replace("_", " ")
            lines.append(f"{label:<14}{number(then, 1):<24}{number(after, 1)}")
        lines.append(f"Goal: {self.goal}; calibration: {self.calibration['kind']}.")
        return "\n".join(lines)


def stage_of(
    y: np.ndarray,
    p: np.ndarray,
    decided: np.ndarray,
    *,
    positive: int,
    seed: int = 0,
    weights: np.ndarray | None = None,
    **options: Any,
) -> Stage:
    """Metrics and counts per 1,000 of these probabilities (n, K) and decisions (n,)."""
    flagged, true = decided == positive, y == positive
    counts = {
        "flagged": flagged,
        "found": flagged & true,
        "false_alarms": flagged & ~true,
        "missed": ~flagged & true,
    }
    return Stage(
        metrics=metric_values(
            Predictions.of(y, p, decided, positive=positive, weights=weights, **options), seed=seed
        ),
        per_1000={
            name: 1000.0 * float(np.average(mask, weights=weights)) for name, mask in counts.items()
        },
    )
