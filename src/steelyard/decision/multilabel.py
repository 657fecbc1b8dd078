"""Several labels a row, each yes or no: a calibration and a threshold for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.decision.calibration import check_and_refit
from steelyard.decision.calibrators import Calibration
from steelyard.decision.goal import Goal
from steelyard.decision.goals import Maximise
from steelyard.decision.tuning import TunedRule, tune
from steelyard.errors import GoalError, RequestError
from steelyard.stats.validation import Floats


@dataclass(frozen=True)
class LabelDecisions:
    """How each label's score becomes a probability and a yes or no."""

    labels: tuple[str, ...]
    calibrations: tuple[Calibration, ...]
    rules: tuple[TunedRule, ...]

    @property
    def thresholds(self) -> Floats:
        """Threshold of each label, shape (labels,)."""
        return np.array([tuned.rule.threshold for tuned in self.rules])

    def probabilities(self, p: ArrayLike) -> Floats:
        """Calibrated probabilities of each label, shape (rows, labels), from sigmoid outputs."""
        values = _sigmoids(p, len(self.labels))
        columns = [one.apply(_two(values[:, k]))[:, 1] for k, one in enumerate(self.calibrations)]
        return np.column_stack(columns)

    def decide(self, p: ArrayLike) -> NDArray[np.bool_]:
        """Which labels each row gets, shape (rows, labels), from sigmoid outputs."""
        return self.probabilities(p) >= self.thresholds

    def to_dict(self) -> dict[str, Any]:
        """Plain values, a label each."""
        return {
            label: {"calibration": calibration.to_dict()} | tuned.to_dict()
            for label, calibration, tuned in zip(
                self.labels, self.calibrations, self.rules, strict=True
            )
        }


def decide_labels(
    p: ArrayLike,
    y: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
    goal: Goal | Mapping[str, Goal] | None = None,
    true_scores: bool = False,
    seed: int = 0,
) -> LabelDecisions:
    """Calibrate every label of a multi-label model and tune its threshold.

    Args:
        p: sigmoid outputs on rows that were not trained on, shape (rows, labels), in [0, 1].
        y: 1 where a row has the label, else 0, shape (rows, labels).
        labels: names, by default label 0, label 1, ...
        goal: of every label, or by name (others get the default: balanced accuracy).
        true_scores: True where the loss was plain cross-entropy, so that nothing has to be refitted
            unless rows speak against it; the asymmetric loss and focal loss bend probabilities.
        seed: of the draws behind intervals.
    Raises: RequestError, GoalError: shapes that disagree, a label that every row has or none, a
        goal for a label that is not there.

    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(1, 4, size=(2000, 2))
    >>> found = decide_labels(p, rng.random((2000, 2)) < p, labels=["cat", "dog"])
    >>> found.decide([[0.9, 0.01]]).tolist()
    [[True, False]]
    """
    truth = np.asarray(y)
    if truth.ndim != 2 or not np.isin(truth, (0, 1)).all():
        raise RequestError(
            f"y has shape {truth.shape}; give one row per row and one column per label, of 0 and 1"
        )
    values = _sigmoids(p, truth.shape[1])
    if len(values) != len(truth):
        raise RequestError(f"{len(values):,} rows of scores but {len(truth):,} rows of labels")
    names = tuple(labels or [f"label {k}" for k in range(truth.shape[1])])
    if len(names) != truth.shape[1]:
        raise RequestError(f"{len(names)} names for {truth.shape[1]} labels; give one each")
    goals = _goals(names, goal)
    calibrations, rules = [], []
    for k, name in enumerate(names):
        codes = truth[:, k].astype(np.int64)
        if codes.min() == codes.max():
            have = "every row has" if codes[0] else "no row has"
            raise GoalError(
                f"{have} the label {name!r}, so nothing can be tuned for it; give rows of both "
                "kinds or leave the label out"
            )
        calibration, _ = check_and_refit(_two(values[:, k]), codes, closed_form=true_scores)
        calibrations.append(calibration)
        true = calibration.apply(_two(values[:, k]))
        rules.append(tune(true, codes, goals[name], positive=1, seed=seed, strict=True))
    return LabelDecisions(names, tuple(calibrations), tuple(rules))


def _goals(names: Sequence[str], goal: Goal | Mapping[str, Goal] | None) -> dict[str, Goal]:
    if not isinstance(goal, Mapping):
        return dict.fromkeys(names, goal or Maximise())
    unknown = [name for name in goal if name not in names]
    if unknown:
        raise GoalError(f"there is no label {unknown[0]!r}; there are: {', '.join(names)}")
    return {name: goal.get(name, Maximise()) for name in names}


def _sigmoids(p: ArrayLike, labels: int) -> Floats:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != labels:
        raise RequestError(f"scores have shape {values.shape}; give (rows, {labels})")
    if not np.isfinite(values).all() or values.min(initial=0) < 0 or values.max(initial=0) > 1:
        raise RequestError("scores lie outside 0 to 1; give the output of a sigmoid per label")
    return values


def _two(positive: Floats) -> Floats:
    return np.column_stack([1.0 - positive, positive])
