"""From scores to true probabilities, and from those to decisions that fit the user's goal."""

from steelyard.decision.alerts import Alerts
from steelyard.decision.bounds import check_enough_rows
from steelyard.decision.calibration import check_and_refit
from steelyard.decision.calibrators import Affine, Beta, Calibration, Identity, Isotonic
from steelyard.decision.costs import CostMatrix, Costs, costs_by_row, costs_of
from steelyard.decision.deployed_prior import DeployedPrior, estimate_deployed
from steelyard.decision.goal import Goal
from steelyard.decision.goals import (
    Maximise,
    Threshold,
    as_goal,
    check_goal,
    goal_from_dict,
)
from steelyard.decision.least_share import MinPrecision, MinRecall
from steelyard.decision.multilabel import LabelDecisions, decide_labels
from steelyard.decision.prior import PriorEstimate, correct_prior, estimate_prior, factors_to
from steelyard.decision.ranking import best_of_each_period, ranks_rows
from steelyard.decision.rule import DecisionRule
from steelyard.decision.several import Bounds
from steelyard.decision.three_way import ThreeWay
from steelyard.decision.tuning import TunedRule, tune
from steelyard.stats.calibration import calibration_line
from steelyard.stats.observed_expected import observed_expected

__all__ = [
    "Affine",
    "Alerts",
    "Beta",
    "Bounds",
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
    "ThreeWay",
    "Threshold",
    "TunedRule",
    "as_goal",
    "best_of_each_period",
    "calibration_line",
    "check_and_refit",
    "check_enough_rows",
    "check_goal",
    "correct_prior",
    "costs_by_row",
    "costs_of",
    "decide_labels",
    "estimate_deployed",
    "estimate_prior",
    "factors_to",
    "goal_from_dict",
    "observed_expected",
    "ranks_rows",
    "tune",
]
