"""How often a bound that was promised is broken on new rows, where the truth is known.

    python benchmarks/bounds.py [--draws 200]
    python benchmarks/bounds.py --again "recall .6" .02 1000 27

The second draws one cell anew, a hundred times with each of 27 other seeds.

Each cell draws labelled rows whose scores are true probabilities, tunes a threshold to the goal,
and computes from the population what the threshold really does. A silent break is a threshold that
was given without a refusal and does not keep the bound. Beside it the recall that it buys, what the
threshold "as seen" would have broken, and a grid of 100 thresholds tested with Bonferroni. A run
that was cut off goes on where it was.
"""

import argparse
import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy.special import betainc, expit
from scipy.stats import norm

from steelyard.decision import Alerts, MinPrecision, MinRecall, tune
from steelyard.errors import GoalError
from steelyard.stats.intervals import wilson

PREVALENCES, POSITIVES = (0.002, 0.02, 0.1), (50, 200, 1000)
GOALS = {
    "precision .5": MinPrecision(0.5),
    "precision .8": MinPrecision(0.8),
    "recall .6": MinRecall(0.6),
    "recall .8": MinRecall(0.8),
    "alerts": None,  # as many as there are positives
}
GAP = 3.0  # between the means of the classes, in standard deviations
GRID = 100


@dataclass(frozen=True)
class World:
    """Two normal classes, one deviation wide: the truth about any threshold has a formula."""

    prevalence: float

    def draw(self, positives: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Rows at random, so many positives on average: probabilities and labels."""
        y = (rng.random(round(positives / self.prevalence)) < self.prevalence).astype(int)
        x = rng.normal(size=len(y)) + GAP * y
        odds = GAP * x - GAP**2 / 2 + np.log(self.prevalence / (1 - self.prevalence))
        return expit(odds), y

    def truth(self, threshold: float) -> tuple[float, float, float]:
        """Recall, precision and share flagged of a threshold."""
        with np.errstate(divide="ignore"):
            logit = np.log(threshold) - np.log1p(-threshold)
        at = (logit - np.log(self.prevalence / (1 - self.prevalence)) + GAP**2 / 2) / GAP
        recall, alarms = norm.sf(at - GAP), norm.sf(at)
        flagged = self.prevalence * recall + (1 - self.prevalence) * alarms
        return recall, self.prevalence * recall / max(flagged, 1e-300), flagged


def kept(goal, truth):
    """Whether the truth keeps the bound."""
    recall, precision, flagged = truth
    if isinstance(goal, MinRecall):
        return recall >= goal.r
    return precision >= goal.p if isinstance(goal, MinPrecision) else flagged <= goal.share


def on_grid(goal, p, y):
    """The most recall among 100 even thresholds that pass at a hundredth of the doubt; or None."""
    flagged = p[:, None] >= np.linspace(0, 1, GRID, endpoint=False)
    tp, n = (flagged & (y == 1)[:, None]).sum(0), flagged.sum(0)
    if isinstance(goal, MinPrecision):
        pairs = (tp, n, goal.p)
    elif isinstance(goal, MinRecall):
        pairs = (tp, np.full(GRID, y.sum()), goal.r)
    else:
        pairs = (len(y) - n, np.full(GRID, len(y)), 1 - goal.share)
    hits, trials, share = pairs
    passed = (hits > 0) & (n > 0)
    passed[passed] = betainc(hits[passed], (trials - hits)[passed] + 1, share) <= 0.05 / GRID
    if not passed.any():
        return None
    pick = np.flatnonzero(passed)
    return pick[-1 if isinstance(goal, MinRecall) else 0] / GRID


def cell(goal, prevalence, positives, draws, seed=0):
    """Shares of draws: refused, broken in silence, broken as seen, refused by the grid; recall."""
    world, rng = (
        World(prevalence),
        np.random.default_rng([seed, positives, round(1e4 * prevalence)]),
    )
    refused = broken = seen_broken = grid_refused = 0
    recalls = []
    for _ in range(draws):
        p, y = world.draw(positives, rng)
        options = {"positive": 1, "interval": False}
        try:
            cut = tune(np.c_[1 - p, p], y, goal, **options).rule.threshold
            truth = world.truth(cut)
            broken += not kept(goal, truth)
            recalls.append(truth[0])
        except GoalError:
            refused += 1
        seen_broken += not kept(goal, world.truth(as_seen(goal, p, y)))
        grid_refused += on_grid(goal, p, y) is None
    return {
        "refused": refused / draws,
        "silent_breaks": broken / draws,
        "recall": float(np.mean(recalls)) if recalls else None,
        "breaks_as_seen": seen_broken / draws,
        "refused_by_grid": grid_refused / draws,
    }


def as_seen(goal, p, y):
    """The best threshold of all among those that keep the bound on these very rows."""
    order = np.argsort(-p)
    tp, n = np.cumsum(y[order]), np.arange(1, len(y) + 1)
    if isinstance(goal, MinRecall):
        return p[order][np.flatnonzero(tp / y.sum() >= goal.r)[0]]
    able = tp / n >= goal.p if isinstance(goal, MinPrecision) else n <= goal.share * len(y)
    return p[order][np.flatnonzero(able)[-1]] if able.any() else 1.0


def table(draws, out=None, prevalences=PREVALENCES, positives=POSITIVES):
    """Every cell of the grid; those that the file `out` holds already are not drawn again."""
    kept = json.loads(out.read_text()) if out and out.exists() else {}
    rows = kept["rows"] if kept.get("draws") == draws else []
    known = {(row["goal"], row["prevalence"], row["positives"]) for row in rows}
    for cell_name in product(GOALS, prevalences, positives):
        if cell_name in known:
            continue
        name, prevalence, count = cell_name
        goal = GOALS[name] or Alerts(1000 * prevalence)
        figures = cell(goal, prevalence, count, draws)
        rows.append({"goal": name, "prevalence": prevalence, "positives": count} | figures)
        if out:
            out.write_text(json.dumps({"draws": draws, "rows": rows}, indent=1) + "\n")
    return rows


def again(name, prevalence, positives, hundreds):
    """Silent breaks of one cell over other seeds, a hundred draws each."""
    prevalence, seeds = float(prevalence), range(1, int(hundreds) + 1)
    goal = GOALS[name] or Alerts(1000 * prevalence)
    shares = [cell(goal, prevalence, int(positives), 100, seed)["silent_breaks"] for seed in seeds]
    draws = 100 * len(shares)
    broken = round(100 * sum(shares))
    found = wilson(broken, draws)
    print(
        f"{name}, {prevalence:.1%}, {positives} positives: {broken} of {draws:,} draws broke it, "
        f"{broken / draws:.3f} ({found.low:.3f} to {found.high:.3f})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--out", default="bounds.json")
    parser.add_argument("--again", nargs=4, metavar=("GOAL", "PREVALENCE", "POSITIVES", "HUNDREDS"))
    options = parser.parse_args()
    if options.again:
        again(*options.again)
        return
    rows = table(options.draws, Path(options.out))
    print("| goal | prevalence | positives | refused | broken | recall | as seen | grid refused |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        cells = [
            row["goal"],
            f"{row['prevalence']:.1%}",
            row["positives"],
            f"{row['refused']:.0%}",
            f"{row['silent_breaks']:.1%}",
            "-" if row["recall"] is None else f"{row['recall']:.2f}",
            f"{row['breaks_as_seen']:.0%}",
            f"{row['refused_by_grid']:.0%}",
        ]
        print(f"| {' | '.join(map(str, cells))} |")
    given = [row for row in rows if row["refused"] < 1]
    print(f"largest share of silent breaks: {max(row['silent_breaks'] for row in given):.1%}")


if __name__ == "__main__":
    main()
