"""A run as text of at most 80 columns."""

import textwrap
from typing import Any

from steelyard.report.formatting import (
    number,
    of_class,
    percent,
    positive_word,
    ranked,
    with_interval,
)
from steelyard.stats.metrics import BY_NAME, METRICS

WIDTH = 80


def to_text(run: dict[str, Any]) -> str:
    """What a run found: the data, the leaderboard, the verdict, the decision."""
    return "\n".join(
        [
            heading(run),
            "",
            leaderboard(run),
            "",
            textwrap.fill("Verdict. " + run["verdict"]["paragraph"], WIDTH),
            "",
            *_nested_lines(run),
            correction_table(run),
            "",
            textwrap.fill("Decision. " + decision_sentence(run), WIDTH),
            *left_out(run),
        ]
    )


def left_out(run: dict[str, Any]) -> list[str]:
    """What was asked for and not done, if anything."""
    if not run.get("left_out"):
        return []
    return ["", textwrap.fill("Left out. " + "; ".join(run["left_out"]) + ".", WIDTH)]


def heading(run: dict[str, Any]) -> str:
    """Data and protocol in two lines."""
    data, protocol = run["data"], run["protocol"]
    counts = {entry["label"]: entry["count"] for entry in data["classes"]}
    rare = counts[data["positive"]]
    split = "in time order" if protocol["time"] else f"x {protocol['repeats']}"
    folds = f"{protocol['folds']} folds {split}; the same for all"
    if protocol["out_of_bag"]:
        folds = f"{protocol['folds']} slices, each scored by the members that held it out"
    return (
        f"{data['rows']:,} rows, {of_class(rare, run)} ({percent(rare / data['rows'])}), "
        f"{len(counts)} classes, {len(data['schema']['columns'])} columns\n"
        f"{folds}; intervals are 95 %"
    )


def leaderboard(run: dict[str, Any]) -> str:
    """One line per technique and baseline; * marks those the verdict cannot tell apart."""
    metric = BY_NAME[run["protocol"]["metric"]]
    tied = {run["verdict"]["recommended"], *run["verdict"]["tied"]}
    others = [name for name in ("log_loss", "observed_expected", "mcc") if name != metric.name]
    lines = [
        f"{'technique':<19}{metric.label:<20}"
        + "".join(f"{BY_NAME[name].label:>9}" for name in others)
        + f"  {'Bal. acc.':<20}"
    ]
    for entry in ranked(run):
        metrics = entry["metrics"]
        mark = "*" if entry["name"] in tied and not entry["baseline"] else " "
        name = f"{entry['name']} (base)" if entry["baseline"] else f"{mark}{entry['name']}"
        digits = 2 if metric.name == "log_loss" else 3
        lines.append(
            f"{name:<19}{with_interval(metrics[metric.name], digits):<20}"
            + "".join(f"{number(metrics[other]['value']):>9}" for other in others)
            + f"  {with_interval(metrics['balanced_accuracy'])}"
        )
    lines.append("* not told apart from the best by these rows" if len(tied) > 1 else "* best")
    return "\n".join(line.rstrip() for line in lines)


def nested_sentence(run: dict[str, Any]) -> str:
    """The metric of the recommendation when the choosing is tested too; "" where none was made."""
    found = run.get("nested")
    if not found:
        return ""
    metric = BY_NAME[run["protocol"]["metric"]]
    chosen = sorted(found["chosen"].items(), key=lambda item: -item[1])
    times = ", ".join(f"{name} in {n}" for name, n in chosen)
    return (
        f"Chosen anew for every fold without its rows, the recommended technique ({times} of "
        f"{sum(found['chosen'].values())} folds) has {metric.label} "
        f"{with_interval(found['metrics'][metric.name])}: that is what to expect of it."
    )


def _nested_lines(run: dict[str, Any]) -> list[str]:
    said = nested_sentence(run)
    return [textwrap.fill("To expect. " + said, WIDTH), ""] if said else []


def correction_table(run: dict[str, Any]) -> str:
    """Each technique's probabilities before correction and as deployed."""
    lines = [
        "Probabilities: before correction -> as deployed (O/E 1 and slope 1 are true)",
        f"{'technique':<19}{'Log loss':<19}{'O/E':<19}{'Slope':<19}",
    ]
    for entry in ranked(run):
        if entry["baseline"] or "correction_effect" not in entry:
            continue
        before, after = (
            entry["correction_effect"]["uncorrected"],
            entry["correction_effect"]["deployed"],
        )
        cells = [
            f"{number(before[name], digits)} -> {number(after[name], digits)}"
            for name, digits in (("log_loss", 3), ("observed_expected", 2), ("slope", 2))
        ]
        lines.append(f" {entry['name']:<18}" + "".join(f"{cell:<19}" for cell in cells))
    return "\n".join(line.rstrip() for line in lines)


def decision_sentence(run: dict[str, Any]) -> str:
    """What the deployed model does with a probability."""
    decision = run["decision"]
    rule = decision["rule"]
    goal = decision["describe"]
    if rule.get("threshold") is not None:
        said = (
            f"The model ({decision['technique']}) calls a row {positive_word(run)} from a "
            f"probability of {rule['threshold']:.4g} on: {goal}."
        )
    else:
        said = f"The model ({decision['technique']}) weighs the classes' probabilities: {goal}."
    return " ".join([said, *_prior_sentence(run), *_caveats(decision)])


def _prior_sentence(run: dict[str, Any]) -> list[str]:
    """Which class shares the decision is for, where they are not those of the table."""
    decision = run["decision"]
    if decision.get("prior_from", "data") == "data":
        return []
    labels = [entry["label"] for entry in run["data"]["classes"]]
    k = labels.index(decision["positive"])
    share = f"It is set for {percent(decision['prior'][k])} {positive_word(run)}"
    if decision["prior_from"] == "stated":
        return [f"{share}, as stated."]
    estimate = decision["unlabelled"]["estimate"]
    return [
        f"{share}, estimated from {estimate['rows']:,} unlabelled rows (95 % interval "
        f"{percent(estimate['low'][k])} to {percent(estimate['high'][k])})."
    ]


def _caveats(decision: dict[str, Any]) -> list[str]:
    said = [*decision["tuned"]["notes"], *decision.get("warnings", [])]
    return ["Mind: " + "; ".join(said) + "."] if said else []


def retuned_text(run: dict[str, Any]) -> str:
    """The decision of a run after `retune`, with the range that is as good."""
    tuned = run["decision"]["tuned"]
    lines = [textwrap.fill("Decision. " + decision_sentence(run), WIDTH)]
    if run["decision"]["rule"].get("threshold") is not None:
        low, high = tuned["near_best"]
        lines.append(
            f"{tuned['measure']} {number(tuned['value'])}; thresholds from {low:.4g} to {high:.4g} "
            "do within 1 % of it"
        )
    return "\n".join(lines)


def monitor_text(found: dict[str, Any]) -> str:
    """What `monitor` found, a line a check, then what to mind."""
    prevalence, scores, features = found["prevalence"], found["scores"], found["features"]
    band = " to ".join(percent(end) for end in prevalence["band"])
    lines = [
        f"{found['rows']:,} rows",
        f"{'prevalence':<12}{percent(prevalence['value'])} {found['positive']} "
        f"({percent(prevalence['low'])} to {percent(prevalence['high'])}); "
        f"band {band}: {_left(prevalence)}",
        f"{'scores':<12}stability index {scores['psi']:.3f} (by chance up to "
        f"{scores['chance']:.3f}); band {scores['band']:g}: {_left(scores)}",
    ]
    if features:
        interval = f"{number(features['low'])} to {number(features['high'])}"
        lines.append(
            f"{'features':<12}ROC-AUC {number(features['auc'])} ({interval}), new against old "
            f"rows: {'moved' if features['moved'] else 'the same'}"
        )
    lines += [textwrap.fill("Mind: " + warning + ".", WIDTH) for warning in found["warnings"]]
    return "\n".join(lines)


def _left(check: dict[str, Any]) -> str:
    return "LEFT" if check["left"] else "kept"


def metrics_table(metrics: dict[str, Any]) -> str:
    """Every metric with its interval, a line each."""
    return "\n".join(
        f"{metric.label:<14}{with_interval(metrics[metric.name])}" for metric in METRICS
    )
