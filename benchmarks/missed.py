"""Is the recall from rows drawn below the threshold unbiased, and does its interval hold the truth?

A table of scored rows with known labels; the flagged are labelled, of the others some are drawn
with a chance that follows the predicted probability, or all alike. The probabilities are true, or
too low by a factor where the model is wrong.

    python benchmarks/missed.py --draws 2000
"""

import argparse

import numpy as np

from steelyard.stats.missed import missed
from steelyard.stats.unequal_sampling import EVENLY, drawn, inclusion_probabilities


def population(rows, prevalence, strength, blind, rng):
    """Labels, predicted probabilities, flags; a share `blind` of the positives looks like the rest.

    The model knows nothing of those, so its low probabilities are too low.
    """
    y = rng.random(rows) < prevalence
    seen = y & (rng.random(rows) >= blind)
    score = rng.normal(size=rows) + strength * seen
    log_odds = strength * score - strength**2 / 2 + np.log(prevalence / (1 - prevalence))
    p = 1 / (1 + np.exp(-log_odds))
    return y, p, p >= np.quantile(p, 1 - 1.5 * prevalence)


def recalls(y, p, flagged, rows, draws, rng, *, evenly=EVENLY):
    """Recall, its interval, and the missed positives, (draws, 4)."""
    below = np.flatnonzero(~flagged)
    chance = inclusion_probabilities(p[below], rows, evenly=evenly)
    found = []
    for _ in range(draws):
        mine = drawn(chance, rng)
        hits = mine[y[below[mine]]]
        told = missed(int((y & flagged).sum()), chance[hits], float(chance[mine].min()))
        found.append([*told["recall"].values(), told["missed"]["value"]])
    return np.array(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    asked = parser.parse_args()
    print("prevalence blind  rows even  recall  mean of draws  width  coverage  missed  mean")
    for prevalence in (0.005, 0.02):
        for blind in (0.0, 0.2):
            rng = np.random.default_rng(1)
            y, p, flagged = population(40_000, prevalence, 2.0, blind, rng)
            truth = (y & flagged).sum() / y.sum()
            for rows, evenly in ((300, EVENLY), (300, 0.0), (300, 1.0), (1000, EVENLY)):
                found = recalls(y, p, flagged, rows, asked.draws, rng, evenly=evenly)
                held = ((found[:, 1] <= truth) & (truth <= found[:, 2])).mean()
                width, lost = (found[:, 2] - found[:, 1]).mean(), (y & ~flagged).sum()
                print(
                    f"{prevalence:>10} {blind:>5} {rows:>5} {evenly:>4} {truth:>7.3f} "
                    f"{found[:, 0].mean():>14.3f} {width:>6.3f} {held:>9.3f} {lost:>7} "
                    f"{found[:, 3].mean():>5.0f}"
                )


if __name__ == "__main__":
    main()
