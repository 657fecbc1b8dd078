"""Is the verdict right? False "better than plain" under the null, power where a gain is real.

Null: every technique is plain with other random numbers. Power: one technique sees a column that
plain does not, which is worth .05 average precision on 100,000 fresh rows; it stands alone, or
beside three that are plain. All goes through the comparison's own seam: jobs, uncorrected, verdict.

    python benchmarks/verdicts.py null --simulations 300
    python benchmarks/verdicts.py power --simulations 100
    python benchmarks/verdicts.py reach --simulations 60
    python benchmarks/verdicts.py paragraphs
"""

import argparse
import json
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from sklearn.metrics import average_precision_score

from simulated import RandomUnits, compared, make_table
from steelyard.comparison.nested import verdict_by
from steelyard.comparison.protocol import Protocol
from steelyard.decision import Maximise
from steelyard.stats.fold_table import FoldTable
from steelyard.stats.intervals import wilson

ROWS = {200: 4000, 500: 10_000}
EXTRA = 0.77  # how far the last column parts the classes; see `true_gain`


def verdict(table, names, seed):
    """The verdict of a comparison of these techniques.

    Their probabilities are true already, so correction and calibration are left out: they would
    keep the order of a fold's rows, and the verdict is on average precision.
    """
    splits, techniques, uncorrected = compared(table, names, seed=seed)
    protocol = Protocol(table.y, splits, 1, Maximise(), "average_precision", seed=seed)
    judged = []
    for one in techniques:
        p = np.full((protocol.repeats, len(table.y), 2), np.nan)
        for split in splits:
            p[split.repeat, split.test] = uncorrected[one.name][split.key]
        found = FoldTable.of(protocol.metric, protocol.predictions(p, p.argmax(-1)))
        judged.append(SimpleNamespace(technique=one, table=found))
    return verdict_by(judged, protocol)


def true_gain(positives, simulations=8, extra=EXTRA):
    """AP of `wider` less that of `plain` on 100,000 fresh rows, trained on four folds of five."""
    gains = []
    for seed in range(simulations):
        rng = np.random.default_rng([seed, 99])
        rows = ROWS[positives] * 4 // 5
        train = make_table(rows, positives * 4 // 5, rng, extra=extra)
        fresh = make_table(100_000, 100_000 * positives / ROWS[positives], rng, extra=extra)
        found = {}
        for name in ("plain", "wider"):
            predict = RandomUnits().fit(train.numbers(), train.y, np.random.default_rng(seed), name)
            found[name] = average_precision_score(fresh.y, predict(fresh.numbers())[:, 1])
        gains.append(found["wider"] - found["plain"])
    return float(np.mean(gains))


def null(simulations, seed):
    """How often the verdict names a winner that is not plain, though all are plain."""
    rows = []
    for positives in (200, 500):
        names = ["plain", "seed-1", "seed-2", "seed-3"]
        winners = [
            verdict(make_table(ROWS[positives], positives, rng_of(seed, n)), names, n).winner
            for n in range(simulations)
        ]
        rows.append(
            {"positives": positives, "techniques": len(names)}
            | share(winner not in (None, "plain") for winner in winners)
        )
        show("named a winner that is none", rows[-1])
    return rows


def power(simulations, seed):
    """How often the better technique wins."""
    rows = []
    gain = true_gain(500)
    print(f"true gain on fresh rows: {gain:.3f} AP")
    for rivals in ([], ["seed-1", "seed-2", "seed-3"]):
        names = ["plain", *rivals, "wider"]
        winners = [
            verdict(make_table(ROWS[500], 500, rng_of(seed, n), extra=EXTRA), names, n).winner
            for n in range(simulations)
        ]
        rows.append(
            {"positives": 500, "techniques": len(names), "true_gain": gain}
            | share(winner == "wider" for winner in winners)
        )
        show("found the better one", rows[-1])
    return rows


def reach(simulations, seed):
    """Power where the true gain is what a verdict says would most likely have been found."""
    rows = []
    names = ["plain", "seed-1", "seed-2", "seed-3", "wider"]
    for positives, extra in ((200, 0.7), (200, 0.9), (200, 1.1)):
        gain = true_gain(positives, 4, extra)
        found = [
            verdict(make_table(ROWS[positives], positives, rng_of(seed, n), extra=extra), names, n)
            for n in range(simulations)
        ]
        stated = float(np.mean([one.reach.detectable_gain for one in found]))
        rows.append(
            {"positives": positives, "techniques": 5, "true_gain": gain, "stated": stated}
            | share(one.winner == "wider" for one in found)
        )
        show(f"true gain {gain:.3f}, stated {stated:.3f}: found", rows[-1])
    return rows


def paragraphs(simulations, seed):  # noqa: ARG001 - one of each
    """What a reader is told: a tie, a real gain, too few positives."""
    names = ["plain", "seed-1", "seed-2", "wider"]
    shown = (
        ("a tie", make_table(4000, 200, rng_of(seed, 0)), names[:3]),
        ("a real gain", make_table(10_000, 500, rng_of(seed, 0), extra=EXTRA), names),
        ("too few positives", make_table(400, 8, rng_of(seed, 1)), names[:3]),
    )
    said = {what: verdict(table, tried, seed).paragraph for what, table, tried in shown}
    for what, text in said.items():
        print(f"{what}:\n{textwrap.fill(text, 80)}\n")
    return [said]


def rng_of(seed, simulation):
    return np.random.default_rng([seed, simulation])


def share(hits):
    """Share of hits with its Wilson interval."""
    hits = list(hits)
    interval = wilson(sum(hits), len(hits))
    return {
        "hits": int(sum(hits)),
        "simulations": len(hits),
        "share": sum(hits) / len(hits),
        "low": interval.low,
        "high": interval.high,
    }


def show(what, row):
    print(
        f"{row['positives']:>5} positives, {row['techniques']} techniques: {what} in "
        f"{row['hits']} of {row['simulations']} comparisons, {row['share']:.3f} "
        f"({row['low']:.3f} to {row['high']:.3f})",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["null", "power", "reach", "paragraphs"])
    parser.add_argument("--simulations", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started = time.process_time()
    ways = {"null": null, "power": power, "reach": reach, "paragraphs": paragraphs}
    rows = ways[options.what](options.simulations, options.seed)
    print(f"{time.process_time() - started:.0f} CPU seconds, seed {options.seed}")
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
