"""The layer of a decision rule."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steelyard.layers.columns import Tensor
from steelyard.layers.decision import Decision
from steelyard.layers.row_decision import DecisionByRow
from steelyard.layers.three_way_decision import ThreeWayDecision


def decision_layer(
    rule: Mapping[str, Any], ports: Mapping[str, str], name: str
) -> Callable[[Tensor, Sequence[Tensor]], Tensor]:
    """A rule as a function of probabilities and of its columns, in their order.

    Args:
        rule: as `decision.DecisionRule.to_dict` gives it.
        ports: the name of the model's input of each of its columns.
        name: of the layer.
    """
    if "three_way" in rule:
        three = ThreeWayDecision(**rule, ports=ports, name=name)
        return lambda p, columns: three(p, columns) if columns else three(p)
    if "row_costs" in rule:
        by_row: Callable[[Tensor, Sequence[Tensor]], Tensor] = DecisionByRow(
            **rule, ports=ports, name=name
        )
        return by_row
    plain = Decision(**rule, name=name)
    return lambda p, _: plain(p)
