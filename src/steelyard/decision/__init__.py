"""From scores to true probabilities, and from those to decisions that fit the user's goal."""

from steelyard.decision.bounds import check_enough_rows
from steelyard.decision.calibration import check_and_refit
from steelyard.decision.calibrators import Affine, Beta, Calibration, Identity, Isotonic
from steelyard.decision.deployed_prior import DeployedPrior, estimate_deployed
from steelyard.decision.goals import (
    Alerts,
    CostMatrix,
    Costs,
    Goal,
    Maximise,
    MinPrecision,
    MinRecall,
    Threshold,
    as_goal,
    check_goal,
    costs_of,
    goal_from_dict,
)
from steelyard.decision.multilabel import LabelDecisions, decide_labels
from steelyard.decision.prior import PriorEstimate, correct_prior, estimate_prior, factors_to
from steelyard.decision.rule import DecisionRule, TunedRule, tune
from steelyard.stats.calibration import calibration_line
from steelyard.stats.observed_expected import observed_expected

__all__ = [
    "Affine",
    "Alerts",
    "Beta",
    "Calibration",
    "CostMatrix",
    "Costs",
    "DecisionRule",
    "DeployedPrior",
    "Goal",
    "Identity",
    "Isotonic",
    "LabelDecisions",
    "Maximise",
    "MinPrecision",
    "MinRecall",
    "PriorEstimate",
    "Threshold",
    "TunedRule",
    "as_goal",
    "calibration_line",
    "check_and_refit",
    "check_enough_rows",
    "check_goal",
    "correct_prior",
    "costs_of",
    "decide_labels",
    "estimate_deployed",
    "estimate_prior",
    "factors_to",
    "goal_from_dict",
    "observed_expected",
    "tune",
]
