"""The metrics that class weights can be tuned to, of many decisions at once."""

from steelyard.errors import GoalError
from steelyard.stats import confusion
from steelyard.stats.confusion import Floats, Margins


def goal_metric(name: str, margins: Margins, *, beta: float = 1.0) -> Floats:
    """A metric of `goals.METRICS`; of F the mean over classes.

    Args:
        margins: shapes (..., classes).
        beta: of "fbeta".
    Returns: shape (...).
    """
    match name:
        case "balanced_accuracy":
            return confusion.balanced_accuracy(margins)
        case "gmean":
            return confusion.gmean(margins)
        case "f1" | "fbeta":
            return confusion.f_score(margins, None, beta if name == "fbeta" else 1.0)
        case "mcc":
            return confusion.mcc(margins)
    raise GoalError(f"no metric is called {name!r}")
