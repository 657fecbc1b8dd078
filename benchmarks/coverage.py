"""Do nominal 95 % intervals hold the truth 95 % of the time? Simulation with known truth.

Scores are normal or logistic in each class, shifted for the positives; the probabilities follow
by Bayes' rule, so every true metric is an integral. Each simulated table draws its labels at
random, as real tables do: the number of positives varies around the one named.

    python benchmarks/coverage.py --datasets 500 --out coverage.json
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from steelyard.stats import confusion
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.metrics import BY_NAME
from steelyard.stats.predictions import Predictions

GOAL = ("average_precision", "roc_auc", "recall", "log_loss", "observed_expected")
POSITIVES = (20, 50, 200, 1000)


@dataclass(frozen=True)
class World:
    """A population: score shape, how far the positives are shifted, their share."""

    name: str
    shape: object
    shift: float
    prevalence: float
    sharpness: float = 1.0  # above 1: probabilities too extreme, so O/E and log loss are off
    group: int = 1  # rows of one group share half of the variance of their (normal) scores

    def probability(self, score):
        log_odds = self.shape.logpdf(score - self.shift) - self.shape.logpdf(score)
        prior = np.log(self.prevalence / (1 - self.prevalence))
        return 1 / (1 + np.exp(-(self.sharpness * log_odds + prior)))

    def draw(self, n, rng):
        """Labels, probabilities (n, 2), decisions at the threshold p > prevalence, and groups."""
        groups = np.arange(n) // self.group
        y = (rng.random(n) < self.prevalence).astype(int)
        score = self.shape.rvs(size=n, random_state=rng)
        if self.group > 1:
            # A whole group leans one way, and has its positives together: labels by group.
            y = np.repeat(rng.random(n // self.group + 1) < self.prevalence, self.group)[:n] * 1
            score = (score + rng.normal(size=n)[groups]) / 2**0.5
        p = self.probability(score + self.shift * y)
        return y, np.column_stack([1 - p, p]), (p > self.prevalence).astype(int), groups

    def truth(self):
        """Every metric of the population, by the trapezoid rule on a fine grid of scores."""
        grid = np.linspace(-40, 40 + self.shift, 800_001)
        negative, positive = self.shape.pdf(grid), self.shape.pdf(grid - self.shift)
        above_negative, above_positive = self.shape.sf(grid), self.shape.sf(grid - self.shift)
        pi, p = self.prevalence, self.probability(grid)

        def mean(values):
            both = pi * positive + (1 - pi) * negative
            return np.trapezoid(values * both, grid)

        flagged = pi * above_positive + (1 - pi) * above_negative
        precision = np.divide(pi * above_positive, flagged, out=np.ones_like(p), where=flagged > 0)
        share = pi * positive / (pi * positive + (1 - pi) * negative + 1e-300)
        brier = mean(share * (1 - p) ** 2 + (1 - share) * p**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            loss = -(share * np.log(p) + (1 - share) * np.log1p(-p))
        decided = p > pi
        hit = np.trapezoid(positive * decided, grid)
        alarm = np.trapezoid(negative * decided, grid)
        table = np.array([[(1 - pi) * (1 - alarm), (1 - pi) * alarm], [pi * (1 - hit), pi * hit]])
        margins = confusion.Margins.of(table)
        return {
            "average_precision": np.trapezoid(precision * positive, grid),
            "roc_auc": np.trapezoid((1 - above_negative) * positive, grid),
            "log_loss": mean(np.nan_to_num(loss, posinf=0.0)),
            "brier_skill": 1 - brier / (pi * (1 - pi)),
            "observed_expected": pi / mean(p),
            "balanced_accuracy": float(confusion.balanced_accuracy(margins)),
            "mcc": float(confusion.mcc(margins)),
            "f1": float(confusion.f_score(margins, 1)),
            "gmean": float(confusion.gmean(margins)),
            "recall": hit,
            "precision": float(confusion.precision(margins, 1)),
            "normalized_cost": float(confusion.normalized_cost(table, None)),
        }


WORLDS = (
    World("normal, 2 %, AUC .86", stats.norm(), 1.5, 0.02),
    World("normal, 10 %, AUC .76", stats.norm(), 1.0, 0.10),
    World("normal, 2 %, AUC .96, too extreme", stats.norm(), 2.5, 0.02, 1.5),
    World("logistic, 2 %, AUC .90", stats.logistic(), 3.0, 0.02),
    World("normal, 10 %, AUC .86, groups of 4 rows", stats.norm(), 1.5, 0.10, group=4),
)


def coverage(world, positives, datasets, seed):
    """Share of simulated tables whose interval holds the truth, and the mean width, a metric."""
    truth = world.truth()
    held = dict.fromkeys(BY_NAME, 0)
    width = dict.fromkeys(BY_NAME, 0.0)
    below = dict.fromkeys(BY_NAME, 0)
    rows = round(positives / world.prevalence)
    for dataset in range(datasets):
        rng = np.random.default_rng([seed, dataset, positives])
        *scored, groups = world.draw(rows, rng)
        groups = groups if world.group > 1 else None
        for name, entry in metric_values(
            Predictions.of(*scored, positive=1, groups=groups)
        ).items():
            if entry["value"] is None:
                continue
            held[name] += entry["low"] <= truth[name] <= entry["high"]
            below[name] += entry["low"] > truth[name]
            width[name] += (entry["high"] - entry["low"]) / datasets
    return {
        name: {
            "coverage": held[name] / datasets,
            "too_high": below[name] / datasets,
            "width": width[name],
        }
        for name in BY_NAME
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=500)
    parser.add_argument("--positives", type=int, nargs="+", default=POSITIVES)
    parser.add_argument("--worlds", type=int, nargs="+", default=range(len(WORLDS)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results, started = [], time.process_time()
    for world in (WORLDS[k] for k in options.worlds):
        print(f"\n{world.name}: coverage of nominal 95 % intervals, {options.datasets} tables")
        print(f"{'metric':<20}" + "".join(f"{n:>8}" for n in options.positives) + "  positives")
        found = {n: coverage(world, n, options.datasets, options.seed) for n in options.positives}
        for name in BY_NAME:
            mark = "*" if name in GOAL else " "
            shares = "".join(f"{found[n][name]['coverage']:8.3f}" for n in options.positives)
            print(
                f"{mark}{name:<19}{shares}   "
                + "".join(f"{found[n][name]['too_high']:8.3f}" for n in options.positives)
            )
        results.append({"world": world.name, "truth": world.truth(), "metrics": found})
    seconds = time.process_time() - started
    print(f"\n{seconds:.0f} CPU seconds, seed {options.seed}")
    if options.out:
        content = {"datasets": options.datasets, "seed": options.seed, "worlds": results}
        options.out.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
