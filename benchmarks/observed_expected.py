"""Is what is deployed true on the whole? Observed / expected on fresh rows, by positives.

Tables of known truth; a model's out-of-fold predictions in stratified folds give the calibration,
the model trained on all rows is calibrated by it, and 40,000 fresh rows say how many of the class
it promises. Beside the calibration of `check_and_refit`: none at all, and a bias only where an
interval that takes the number of positives for chance excludes 1.

    python benchmarks/observed_expected.py --simulations 40
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from simulated import make_table
from steelyard.decision import check_and_refit
from steelyard.stats.observed_expected import holds_one, observed_expected

MODELS = {
    "linear": lambda seed: LogisticRegression(C=0.3, max_iter=300, random_state=seed),
    "boosted": lambda seed: HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=seed
    ),
    "bagged": lambda seed: RandomForestClassifier(60, min_samples_leaf=5, random_state=seed),
}


def fresh_ratios(model, positives, prevalence, seed):
    """O/E on fresh rows: uncalibrated, bias where an unstratified check asks, as deployed."""
    rng = np.random.default_rng([seed, positives])
    train = make_table(round(positives / prevalence), positives, rng)
    fresh = make_table(40_000, 40_000 * prevalence, rng)
    if train.y.sum() < 10:
        return None
    X = train.numbers()
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    p = cross_val_predict(MODELS[model](seed), X, train.y, cv=folds, method="predict_proba")
    final = MODELS[model](seed).fit(X, train.y).predict_proba(fresh.numbers())
    always, _ = check_and_refit(p, train.y, stratified=True)
    asked = observed_expected(train.y, p)
    checked = final if all(holds_one(one) for one in asked) else always.apply(final)
    # The share of the population is known better than the fresh rows show it, and the model knows
    # only the share of its own table: that chance is none of the calibration's doing.
    share = train.y.mean()
    return [share / one[:, 1].mean() for one in (final, checked, always.apply(final))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=40)
    parser.add_argument("--positives", type=int, nargs="+", default=[20, 50, 100, 400])
    parser.add_argument("--prevalence", type=float, default=0.05)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started, rows = time.process_time(), []
    print(f"{'model':<10}{'positives':>10}  O/E: {'none':>8}{'if asked':>10}{'always':>9}  (error)")
    for model in options.models:
        for positives in options.positives:
            with threadpool_limits(1):
                found = [
                    fresh_ratios(model, positives, options.prevalence, seed)
                    for seed in range(options.simulations)
                ]
            ratios = np.array([one for one in found if one is not None])
            mean = ratios.mean(axis=0)
            error = ratios.std(axis=0, ddof=1) / len(ratios) ** 0.5
            rows.append({"model": model, "positives": positives, "ratio": mean.tolist()})
            shown = "".join(f"{value:>9.3f}" for value in mean)
            print(f"{model:<10}{positives:>10}     {shown}   ({error[-1]:.3f})", flush=True)
    print(f"{time.process_time() - started:.0f} CPU seconds")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
