"""Command lines and snippets to copy, with this run's names in them."""

import csv
import io
import json
import shlex
from collections.abc import Sequence
from typing import Any

from steelyard.report import figures
from steelyard.report.formatting import decimal


def command(*words: object) -> str:
    """Words as a shell takes them."""
    return shlex.join(str(word) for word in words)


def compared(run: dict[str, Any], place: str) -> str:
    """The command that makes this run again, its defaults left out."""
    data, protocol = run["data"], run["protocol"]
    if protocol.get("scores"):
        return judged(run, place)
    names = [entry["name"] for entry in run["techniques"]]
    words: list[object] = ["steelyard", "compare", data["path"], "--target", protocol["target"]]
    if len(names) == 1:
        words = [*words[:1], "train", *words[2:], "--technique", names[0]]
    else:
        words += ["--techniques", ",".join(names)]
        words += ["--repeats", protocol["repeats"]] if protocol["repeats"] != 2 else []
    if protocol["folds"] != 5 and not protocol["out_of_bag"]:
        words += ["--folds", protocol["folds"]]
    model = str(protocol["model"]).split(" ")[0]
    words += ["--model", model] if model in ("trees", "tabular", "network") else []
    for name in ("group", "time", "weight"):
        words += [f"--{name}", protocol[name]] if protocol.get(name) else []
    words += ["--missing-label", "keep"] if protocol.get("missing_label") == "keep" else []
    words += ["--rows", protocol["rows"]] if protocol.get("rows") else []
    for column in protocol["drop"]:
        words += ["--drop", column]
    names = [one["column"] for one in (run.get("segments") or {"columns": []})["columns"]]
    words += ["--segments", csv_line(names)] if names else []
    if (run.get("importance") or {"missed": []}).get("missed") is None:
        words.append("--no-rows")
    words += _metric(protocol)
    words += ["--seed", protocol["seed"]] if protocol["seed"] else []
    name = data.get("positive_name")
    words += ["--positive-name", name] if name else []
    return command(*words, *goal_words(protocol["goal"]), "--out", place)


def judged(run: dict[str, Any], place: str) -> str:
    """The command that judges the same scores again."""
    data, protocol = run["data"], run["protocol"]
    words: list[object] = ["steelyard", "judge", data["path"], "--target", protocol["target"]]
    for score in protocol["scores"]:
        words += ["--score", score]
    for name in ("group", "time", "weight"):
        words += [f"--{name}", protocol[name]] if protocol.get(name) else []
    words += _metric(protocol)
    return command(*words, *goal_words(protocol["goal"]), "--out", place)


def _metric(protocol: dict[str, Any]) -> list[object]:
    """What it ranks by, where that might not be the default."""
    goal = protocol["goal"]
    by_row = goal["kind"] == "costs" and not figures.one_price(goal)
    default = "normalized_cost" if by_row else "average_precision"
    return [] if protocol["metric"] == default else ["--metric", protocol["metric"]]


def csv_line(names: Sequence[str]) -> str:
    """Names between commas, in quotes where they hold one."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def goal_words(goal: dict[str, Any]) -> list[str]:
    """The options that name a goal; none for the default, or for one that only Python has."""
    closest = ["--closest"] if goal.get("closest") else []
    if goal["kind"] == "bounds":
        return [word for one in goal["bounds"] for word in _options(one)] + closest
    if goal["kind"] == "three-way":
        capacity = ["--capacity", f"{goal['capacity']:g}"] if goal.get("capacity") else []
        review = ["--review-cost", f"{goal['review_cost']:g}", "--hit-rate"]
        return [*_options(goal["costs"]), *review, f"{goal['hit_rate']:g}", *capacity]
    return _options(goal) + closest


def _options(goal: dict[str, Any]) -> list[str]:
    match goal["kind"]:
        case "costs":
            return ["--cost-fp", _cost(goal["fp"]), "--cost-fn", _cost(goal["fn"])]
        case "min-precision":
            return ["--min-precision", f"{goal['p']:g}"]
        case "min-recall":
            return ["--min-recall", f"{goal['r']:g}"]
        case "alerts" if goal.get("per") is None:
            return ["--alerts", f"{goal['per_thousand']:g}"]
        case "alerts":
            by = ["--by", goal["by"]] if goal.get("by") else []
            return ["--alerts", f"{goal['most']:g}", "--per", _cost(goal["per"]), *by]
    metric = goal.get("metric", "balanced_accuracy")
    return [] if metric in ("balanced_accuracy", "fbeta") else ["--maximise", metric]


def _cost(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def retuned(place: str, threshold: float) -> str:
    """The command that makes a threshold the model's."""
    return command("steelyard", "retune", place, "--threshold", decimal(threshold))


def trained(run: dict[str, Any], technique: str) -> str:
    """The command that trains another technique of the comparison."""
    data, target = run["data"]["path"], run["protocol"]["target"]
    words = [
        "train",
        data,
        "--target",
        target,
        "--technique",
        technique,
        "--out",
        f"run-{technique}",
    ]
    return command("steelyard", *words)


def use_in_python(place: str) -> str:
    """Load the run and score a frame."""
    return (
        "import steelyard as sy\n\n"
        f"study = sy.load({place!r})\n"
        "study.predict(frame)  # probability of each class, and the decision"
    )


def use_in_keras(run: dict[str, Any], place: str) -> str:
    """Call the saved model with columns as they are."""
    columns = [c for c in run["data"]["schema"]["columns"] if c["role"] == "feature"][:3]
    lines = [
        f"    {json.dumps(c['name'])}: "
        + (
            'np.array(["..."]),'
            if c["kind"] in ("text", "category", "string")
            else "np.array([0.0]),"
        )
        for c in columns
    ]
    more = len(run["data"]["schema"]["columns"]) - len(columns) - 1
    lines += [f"    # and {more} more columns"] if more > 0 else []
    return "\n".join(
        [
            "import keras, numpy as np",
            "import steelyard  # registers the layers",
            "",
            f"model = keras.models.load_model({place + '/model.keras'!r})",
            "model.predict({",
            *lines,
            "})",
        ]
    )
