"""Is the verdict right? False "better than plain" under the null, power where a gain is real.

Null: every technique is plain with other random numbers. Power: one technique sees a column that
plain does not, which is worth .05 average precision on 100,000 fresh rows; it stands alone, or
beside three that are plain. All goes through the comparison's own seam: jobs, uncorrected, verdict.

    python benchmarks/verdicts.py null --simulations 300
    python benchmarks/verdicts.py power --simulations 100
    python benchmarks/verdicts.py reach --simulations 100
    python benchmarks/verdicts.py paragraphs
"""

import argparse
import json
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from simulated import RandomUnits, compared, make_table
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.verdict import decide
from steelyard.decision import Maximise
from steelyard.stats.fold_table import FoldTable
from steelyard.stats.intervals import wilson
from steelyard.stats.limits import TO_NAME_BEST

ROWS = {200: 4000, 500: 10_000}
EXTRA = 0.77  # how far the last column parts the classes; see `true_gain`


def verdict(table, names, seed):
    """The verdict of a comparison of these techniques.

    Their probabilities are true already, so correction and calibration are left out: they would
    keep the order of a fold's rows, and the verdict is on average precision.
    """
    return decide(fold_tables(table, names, seed), positives=int(table.y.sum()))


def fold_tables(table, names, seed):
    """By technique, average precision by repeat and fold."""
    splits, techniques, uncorrected = compared(table, names, seed=seed)
    protocol = Protocol(table.y, splits, 1, Maximise(), "average_precision", seed=seed)
    found = {}
    for one in techniques:
        p = np.full((protocol.repeats, len(table.y), 2), np.nan)
        for split in splits:
            p[split.repeat, split.test] = uncorrected[one.name][split.key]
        found[one.name] = FoldTable.of(protocol.metric, protocol.predictions(p, p.argmax(-1)))
    return found


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
    """Power where the true gain is what a verdict says would most likely have been found.

    Each comparison's differences are moved by what its verdict states less the true gain, which
    `extra` puts near it, and judged again. The truth is the mean gain of one model of each
    comparison on fresh rows.
    """
    rows = []
    for positives, extra in ((200, 0.95), (500, 0.75)):
        tables = [
            make_table(ROWS[positives], positives, rng_of(seed, n), extra=extra)
            for n in range(simulations)
        ]
        gains = [gain_of_one(table, positives, extra, n) for n, table in enumerate(tables)]
        truth = float(np.mean(gains))
        print(f"true gain {truth:.4f}, its error {np.std(gains) / simulations**0.5:.4f}")
        scored = [fold_tables(table, [*ALL], n) for n, table in enumerate(tables)]
        for names in (ALL[:2], ALL):
            rows.append(power_at_stated([{k: one[k] for k in names} for one in scored], truth))
            rows[-1] |= {"positives": positives, "techniques": len(names) - 1, "true_gain": truth}
            show(f"true gain moved to the stated one, {rows[-1]['stated']:.3f}: found", rows[-1])
    return rows


ALL = ("plain", "wider", "seed-1", "seed-2", "seed-3")


def gain_of_one(table, positives, extra, seed, fresh=60_000):
    """AP on fresh rows of `wider` less that of `plain`, both trained on four rows of five."""
    rng = np.random.default_rng([seed, 99])
    new = make_table(fresh, fresh * positives / ROWS[positives], rng, extra=extra)
    kept = rng.random(len(table.y)) < 0.8
    found = []
    for name in ALL[:2]:
        predict = RandomUnits().fit(table.numbers()[kept], table.y[kept], rng, name)
        found.append(average_precision_score(new.y, predict(new.numbers())[:, 1]))
    return found[1] - found[0]


def power_at_stated(scored, truth):
    """How often `wider` is called better where its gain is moved to the stated one."""
    found, stated, spread = [], [], []
    for tables in scored:
        told = decide(tables, positives=TO_NAME_BEST)
        gain = told.reach.detectable_gain
        stated.append(gain)
        spread.append(next(row for row in told.comparisons if row.name == "wider"))
        moved = replace(tables["wider"], values=tables["wider"].values + gain - truth)
        calls = decide(tables | {"wider": moved}, positives=TO_NAME_BEST).comparisons
        found.append(any(row.name == "wider" and row.call == "better" for row in calls))
    errors = float(np.mean([row.error**2 for row in spread])) ** 0.5
    ratio = float(np.std([row.gain for row in spread])) / errors
    return {"stated": float(np.mean(stated)), "spread_over_error": ratio} | share(found)


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
