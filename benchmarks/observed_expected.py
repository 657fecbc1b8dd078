"""Is what is deployed true on the whole? Observed / expected on fresh rows, by positives.

Tables of known truth; a model's out-of-fold predictions in stratified folds give the calibration,
the model trained on all rows is calibrated by it, and 40,000 fresh rows say how many of the class
it promises. Beside the calibration of `check_and_refit`: none at all, and a bias only where an
interval that takes the number of positives for chance excludes 1. `trees` are the built-in ones
with all that is shipped: eight members that stop by rows they hold out, level, calibration.

    python benchmarks/observed_expected.py --simulations 40
    python benchmarks/observed_expected.py --models trees --positives 20 50 200
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
from steelyard.comparison.final import as_deployed, fit_on_all
from steelyard.comparison.judging import judge
from steelyard.comparison.protocol import Protocol
from steelyard.decision import Maximise, check_and_refit
from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Job
from steelyard.models.encoding import Categories
from steelyard.models.trees import TreesTrainer
from steelyard.stats.observed_expected import holds_one, observed_expected
from steelyard.techniques import TECHNIQUES

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
    of_model = shipped if model == "trees" else calibrated
    p, final, always = of_model(model, train, fresh, seed)
    asked = observed_expected(train.y, p)
    checked = final if all(holds_one(one) for one in asked) else always
    # The model knows only the share of its own table: that this is not the population's is none of
    # the calibration's doing, so fresh rows count as if it were.
    share = train.y.mean()
    weight = np.where(fresh.y == 1, share / fresh.y.mean(), (1 - share) / (1 - fresh.y.mean()))
    return [share / np.average(one[:, 1], weights=weight) for one in (final, checked, always)]


def calibrated(model, train, fresh, seed):
    """Out-of-fold predictions, and of fresh rows the final model's and the calibrated ones."""
    X = train.numbers()
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    p = cross_val_predict(MODELS[model](seed), X, train.y, cv=folds, method="predict_proba")
    final = MODELS[model](seed).fit(X, train.y).predict_proba(fresh.numbers())
    return p, final, check_and_refit(p, train.y, stratified=True)[0].apply(final)


def shipped(model, train, fresh, seed):  # noqa: ARG001 - there is one such model
    """The same of the built-in trees as `compare` leaves them."""
    trainer, plain = TreesTrainer(), TECHNIQUES["plain"]
    splits = make_splits(train.y, folds=5, repeats=1, seed=seed, classes=(0, 1))
    jobs = [Job(plain, split, seed) for split in splits]
    found = {one.job.split.key: one.uncorrected for one in trainer.run(train, jobs, lambda _: None)}
    protocol = Protocol(train.y, splits, 1, Maximise("f1"), "average_precision", seed=seed)
    judged = judge(plain, found, protocol)
    fitted = fit_on_all(train, trainer, plain, seed, None)
    rows = fresh.numbers(), Categories.of(fresh.categories())
    final = np.mean([member.shares(*rows) for member in fitted.members], axis=0)
    return judged.uncorrected[0], final, as_deployed(train, judged, fitted)(final)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=40)
    parser.add_argument("--positives", type=int, nargs="+", default=[20, 50, 100, 400])
    parser.add_argument("--prevalence", type=float, default=0.05)
    parser.add_argument("--models", nargs="+", default=[*MODELS, "trees"])
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
