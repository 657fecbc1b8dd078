"""Decisions in money: a row's own threshold, alerts ranked by what they save, intervals.

    make bench-money FRAUD=creditcard_fraud.parquet

Card payments in the order of time: trees learn from the first four fifths and decide the last. A
miss costs the amount, a false alarm a fixed sum. Then simulations with known truth: how often
intervals hold when losses have heavy tails, and what tuning one threshold on money costs.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl

import steelyard as sy
from steelyard.decision import best_of_each_period, tune
from steelyard.stats.money import expected_saving, in_money
from steelyard.stats.row_costs import paid

ALARMS, ALERTS = (1.0, 5.0, 20.0), (50, 100, 200)


def main() -> None:
    """All tables, or those of simulations alone where there are no payments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fraud", type=Path, help="creditcard_fraud.parquet")
    parser.add_argument("--simulations", type=int, default=400)
    options = parser.parse_args()
    if options.fraud:
        of_payments(pl.read_parquet(options.fraud))
    tuned_on_money(options.simulations)
    coverage(options.simulations)
    verdicts(options.simulations // 4)


def of_payments(table: pl.DataFrame) -> None:
    """A row's own threshold against one, and the best alerts, on the last fifth in time."""
    table = table.sort("Time", maintain_order=True)
    cut = len(table) * 4 // 5
    past, future = table[:cut], table[cut:]
    options = {"model": "trees", "drop": ["Time"], "progress": False}
    study = sy.train(past, "target", goal=sy.Costs(5, "Amount"), **options)
    p = study.predict(future)["probability_1"].to_numpy().astype(np.float64)
    truth, amount = future["target"].to_numpy() == 1, future["Amount"].to_numpy()
    lost = amount[truth].sum()
    print(f"{len(p):,} payments, {truth.sum()} frauds, {lost:,.0f} lost to them\n")
    print("| false alarm | one threshold | tuned on money | a row's own | saved by a row's own |")
    print("|---|---|---|---|---|")
    out_of_fold = study.predictions.sort("row")
    known = out_of_fold["probability_1"].to_numpy().astype(np.float64)
    cases, then = out_of_fold["truth"].to_numpy() == 1, out_of_fold["column_Amount"].to_numpy()
    for alarm in ALARMS:
        costs = with_alarm(alarm, amount)
        own = in_money(costs, truth, flagged_by_row(costs, p), p=p)["cost_per_row"]
        formula = alarm / (alarm + then[cases].mean())
        lucky = best_threshold(with_alarm(alarm, then), cases, known)
        one, tuned = (paid(costs, truth, p >= cut).sum() for cut in (formula, lucky))
        saved, low, high = paired(costs, truth, p, formula)
        n = len(p)
        print(
            f"| {alarm:g} | {one:,.0f} | {tuned:,.0f} | {n * own['value']:,.0f} "
            f"({n * own['low']:,.0f} to {n * own['high']:,.0f}) | "
            f"{saved:,.0f} ({low:,.0f} to {high:,.0f}) |"
        )
    print("\n| alerts | saved by p | by p x amount | of |\n|---|---|---|---|")
    for alerts in ALERTS:
        goals = [sy.Alerts(alerts, per=1.0, time="one", by=by) for by in (None, "Amount")]
        columns = {"one": np.zeros(len(p)), "Amount": amount}
        by = [amount[truth & best_of_each_period(goal, p, columns)].sum() for goal in goals]
        print(f"| {alerts} | {by[0]:,.0f} | {by[1]:,.0f} | {lost:,.0f} |")


def with_alarm(alarm: float, amount: np.ndarray) -> np.ndarray:
    """Costs of a false alarm and a miss, (rows, 2)."""
    return np.column_stack([np.full(len(amount), alarm), amount])


def flagged_by_row(costs: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Each row at its own threshold."""
    return (expected_saving(costs, p) >= 0.0) & (costs[:, 1] > 0.0)


def best_threshold(costs: np.ndarray, truth: np.ndarray, p: np.ndarray) -> float:
    """The one threshold that would have cost least on these rows."""
    order = np.argsort(-p, kind="stable")
    won = np.cumsum(np.where(truth, costs[:, 1], -costs[:, 0])[order])
    last_of_ties = np.append(np.diff(p[order]) != 0, True)
    best = int(np.argmax(np.where(last_of_ties, won, -np.inf)))
    return float(p[order][best]) if won[best] > 0 else 1.0


def paired(costs: np.ndarray, truth: np.ndarray, p: np.ndarray, one: float) -> tuple:
    """What own thresholds save against the threshold `one` over all rows, with its interval."""
    each = paid(costs, truth, p >= one) - paid(costs, truth, flagged_by_row(costs, p))
    reach = 1.96 * each.std() * np.sqrt(len(each))
    return each.sum(), each.sum() - reach, each.sum() + reach


def tuned_on_money(simulations: int, rows: int = 20_000) -> None:
    """Cost on fresh rows of three ways to decide, over that of the best possible decisions."""
    print("\nTrue probabilities, lognormal amounts (sigma 1.5), a false alarm costs a tenth of the")
    print("mean amount: cost on fresh rows over that of each row's own threshold\n")
    print("| positives to tune on | one threshold, formula | one threshold, tuned on money |")
    print("|---|---|---|")
    for positives in (20, 50, 200, 1000):
        rng = np.random.default_rng(positives)
        paid_by = []
        for _ in range(max(simulations // 10, 20)):
            here, fresh = (world(rng, n) for n in (positives * 50, rows))
            goal = sy.Costs(0.1, "a")
            p = np.column_stack([1 - here[0], here[0]])
            own = tune(p, here[1].astype(int), goal, positive=1, columns={"a": here[2]}).rule
            mean = own.row_costs.if_missing[1] if own.row_costs else 1.0
            best = best_threshold(with_alarm(0.1, here[2]), here[1], here[0])
            costs = with_alarm(0.1, fresh[2])
            flags = (
                flagged_by_row(costs, fresh[0]),
                fresh[0] >= 0.1 / (0.1 + mean),
                fresh[0] >= best,
            )
            paid_by.append([paid(costs, fresh[1], flag).sum() for flag in flags])
        total = np.sum(paid_by, axis=0)
        print(f"| {positives} | {total[1] / total[0]:.3f} | {total[2] / total[0]:.3f} |")


def world(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True probabilities (2 % on average), truth, amounts of mean 1."""
    p = rng.beta(0.2, 9.8, rows)
    return p, rng.random(rows) < p, np.exp(1.5 * rng.normal(size=rows) - 1.125)


def coverage(simulations: int, rows: int = 10_000) -> None:
    """How often the interval of the cost per row, and of what is saved, holds the truth."""
    print("\nHow often 95 % intervals hold; a false alarm costs a tenth of the mean amount\n")
    print("| amounts | misses | cost per row | saved |")
    print("|---|---|---|---|")
    for name, draw in AMOUNTS.items():
        for misses in (10, 50, 200):
            held = np.mean([one_world(draw, misses, rows, i) for i in range(simulations)], axis=0)
            print(f"| {name} | {misses} | {held[0]:.3f} | {held[1]:.3f} |")


AMOUNTS = {
    "all equal": lambda _, n: np.ones(n),
    "lognormal, sigma 1": lambda rng, n: np.exp(rng.normal(size=n) - 0.5),
    "lognormal, sigma 1.5": lambda rng, n: np.exp(1.5 * rng.normal(size=n) - 1.125),
    "lognormal, sigma 2": lambda rng, n: np.exp(2 * rng.normal(size=n) - 2),
    "Pareto, exponent 3": lambda rng, n: (rng.pareto(3, n) + 1) * 2 / 3,
    "Pareto, exponent 2": lambda rng, n: (rng.pareto(2, n) + 1) / 2,
    "Pareto, exponent 1.5": lambda rng, n: (rng.pareto(1.5, n) + 1) / 3,
}


def verdicts(simulations: int, rows: int = 4000) -> None:
    """How often the second of two scores is called better, by what they cost and by AP.

    Each says the true probability of some rows and the share of positives of all others. Alike:
    of every row, one of the two, by a coin. Dear: the second of the tenth of largest amounts, the
    first of all others.
    """
    print(f"\nThe second score is called better: of {simulations} worlds, {rows:,} rows each\n")
    print("| amounts | alike, by cost | dear, by cost | dear, by average precision |")
    print("|---|---|---|---|")
    for name in ("all equal", "lognormal, sigma 1", "lognormal, sigma 1.5", "lognormal, sigma 2"):
        called = np.array(
            [
                [called_better(AMOUNTS[name], rows, seed, *how) for how in HOW]
                for seed in range(simulations)
            ]
        )
        print(f"| {name} | " + " | ".join(f"{share:.3f}" for share in called.mean(axis=0)) + " |")


HOW = ((False, None), (True, None), (True, "average_precision"))


def called_better(draw, rows: int, seed: int, dear: bool, metric: str | None) -> bool:
    """Whether the second score wins the verdict."""
    rng = np.random.default_rng([seed, rows])
    amount = draw(rng, rows)
    p = 1 / (1 + np.exp(3 - 2 * rng.normal(size=rows)))
    truth = rng.random(rows) < p
    second = amount > np.quantile(amount, 0.9) if dear else rng.random(rows) < 0.5
    scores = {"one": np.where(second, p.mean(), p), "other": np.where(second, p, p.mean())}
    asked = {"goal": sy.Costs(1.0, "a"), "amounts": {"a": amount}}
    return sy.judge(truth, scores, metric=metric, **asked).verdict["winner"] == "other"


def one_world(draw, misses: int, rows: int, seed: int) -> tuple[bool, bool]:
    """Recall of 70 %, twice as many false alarms as positives found: do both intervals hold?"""
    rng = np.random.default_rng([misses, seed])
    share = misses / 0.3 / rows
    truth = rng.random(rows) < share
    caught = rng.random(rows) < 0.7
    alarm = rng.random(rows) < 1.4 * share
    costs = with_alarm(0.1, draw(rng, rows))
    found = in_money(costs, truth, np.where(truth, caught, alarm), p=np.zeros(rows))
    alarms = 0.1 * 1.4 * share * (1 - share)
    cost, saved = share * 0.3 + alarms, min(share, 0.1 * (1 - share)) - share * 0.3 - alarms
    return (
        found["cost_per_row"]["low"] <= cost <= found["cost_per_row"]["high"],
        found["saved"]["low"] <= saved <= found["saved"]["high"],
    )


if __name__ == "__main__":
    main()
