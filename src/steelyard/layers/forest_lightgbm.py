"""LightGBM's public dump of a model -> `Forest`."""

from typing import Any

from steelyard.errors import RequestError
from steelyard.layers.forest import Branch, Forest


def from_lightgbm(booster: Any, trees: int | None = None) -> Forest:
    """The arrays of a `lightgbm.Booster`; its raw scores are those of `predict(raw_score=True)`.

    Args:
        trees: boosting rounds to take; by default the best iteration, or all.
    Raises: RequestError: linear trees, random-forest mode or `zero_as_missing`.
    """
    dump = booster.dump_model(num_iteration=trees)
    if dump.get("average_output"):
        raise RequestError("a LightGBM random forest averages its trees; boost them (gbdt, dart)")
    outputs = dump["num_tree_per_iteration"]
    grown = [_tree(tree["tree_structure"]) for tree in dump["tree_info"]]
    return Forest.of_trees(grown, [i % outputs for i in range(len(grown))], [0.0] * outputs)


def _tree(node: dict[str, Any]) -> Branch | float:
    # Recursion is as deep as the tree; LightGBM's are tens of levels, not hundreds.
    if "leaf_value" in node:
        if "leaf_coeff" in node:
            raise RequestError("LightGBM's linear trees are no plain trees; set linear_tree=False")
        return node["leaf_value"]
    left, right = _tree(node["left_child"]), _tree(node["right_child"])
    if node["decision_type"] == "==":
        levels = tuple(int(level) for level in node["threshold"].split("||"))
        # A level that is missing or was never seen goes right, whatever the node's default.
        return Branch(node["split_feature"], 0.0, False, left, right, levels)
    missing = node["missing_type"]
    if missing == "Zero":
        raise RequestError("LightGBM's zero_as_missing is not supported; give gaps as NaN")
    # Without gaps in training LightGBM reads a later gap as 0.
    missing_left = node["default_left"] if missing == "NaN" else node["threshold"] >= 0
    return Branch(node["split_feature"], node["threshold"], missing_left, left, right)
