"""What techniques are ranked by: the asked metric, or the goal's own money."""

from steelyard.decision import Goal
from steelyard.decision.costs import Costs
from steelyard.errors import RequestError
from steelyard.stats.metrics import BY_NAME

DEFAULT = "average_precision"
OF_COSTS = "normalized_cost"


def ranking_metric(metric: str | None, goal: Goal) -> str:
    """The metric to rank by; by default average precision, or with costs by row those.

    A metric of decisions ranks no techniques, as a tuned threshold can flatter any of them. Costs
    are the exception: their thresholds follow from a formula. Where a case may cost 1 or 10,000,
    average precision, to which both are one case, does not say which technique is cheaper.

    Raises: RequestError: a metric that cannot rank.

    >>> ranking_metric(None, Costs(5, 100)), ranking_metric(None, Costs(5, "Amount"))
    ('average_precision', 'normalized_cost')
    """
    of_costs = isinstance(goal, Costs)
    if metric is None:
        return OF_COSTS if of_costs and goal.columns else DEFAULT
    if metric == OF_COSTS and of_costs:
        return metric
    known = BY_NAME.get(metric)
    if known is None or known.kind == "thresholded" or known.better == "one":
        names = [row.name for row in BY_NAME.values() if row.kind != "thresholded"]
        names.remove("observed_expected")
        raise RequestError(
            f"metric {metric!r} cannot rank techniques (a threshold can flatter any of them); "
            f"choose from {', '.join(names)}, or with costs as the goal {OF_COSTS}"
        )
    return metric
