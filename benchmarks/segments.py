"""How often is a segment marked that does not differ, and how often one that loses half its cases?

Worlds without any difference between the parts of three columns (4 levels, 4 quarters, 12 levels of
uneven size), and the same with one part whose recall is halved. A family is falsely marked where
any part of it is marked on any measure.

    python benchmarks/segments.py --worlds 1000 --out segments.json
"""

import argparse
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from steelyard.stats.segment_measures import DecidedRows
from steelyard.stats.segments import segments

SHARES = {
    "region": np.full(4, 0.25),
    "quarter": np.full(4, 0.25),
    "branch": np.arange(1, 13) / 78,
}


def world(positives, recall, prevalence, rng, *, halved=0, group=1):
    """Decided rows and their cuts; `halved` positives stand in part 0 of `region`, half found.

    `group`: rows of one group share region, label and whether they are flagged.
    """
    blocks = round(positives / prevalence / group)
    each = np.repeat(np.arange(blocks), group)
    y = rng.random(blocks) < prevalence
    region = rng.choice(4, blocks, p=SHARES["region"])
    if halved:
        # Exactly so many positives in the part that is done badly by.
        here = rng.permutation(np.flatnonzero(y))
        region[here] = rng.integers(1, 4, len(here))
        region[here[: round(halved / group)]] = 0
    found = np.where(region == 0, recall / 2, recall) if halved else recall
    alarms = prevalence * recall  # precision of about a half
    flagged = rng.random(blocks) < np.where(y, found, alarms)
    # Probabilities that are true: scores of a logistic world, at the labels' own share.
    score = rng.normal(size=blocks) + 1.5 * y
    p = 1 / (1 + np.exp(-(1.5 * score - 1.125 + np.log(prevalence / (1 - prevalence)))))
    codes = {"region": region}
    for name in ("quarter", "branch"):
        codes[name] = rng.choice(len(SHARES[name]), blocks, p=SHARES[name])
    cut = [
        SimpleNamespace(column=name, labels=[str(k) for k in range(len(SHARES[name]))],
                        codes=codes[name][each])
        for name in SHARES
    ]  # fmt: skip
    together = each if group > 1 else None
    return DecidedRows(y[each], flagged[each].astype(float), p[each], together), cut


def marked(found):
    """(column, part, measure) of what is said to differ."""
    return [
        (column["column"], part["label"], name)
        for column in found["columns"]
        for part in column["parts"]
        for name in ("recall", "precision", "observed_expected")
        if part[name]["differs"]
    ]


def false_marks(worlds, seed, **how):
    """Share of the worlds without a difference in which anything is marked."""
    rng = np.random.default_rng(seed)
    return np.mean([bool(marked(segments(*world(rng=rng, **how)))) for _ in range(worlds)])


def _of(made, columns):
    rows, cut = made
    return segments(rows, cut[:columns])


def power(worlds, seed, columns=3, **how):
    """Share of the worlds in which the part with half the recall is marked for its recall.

    It has 50 positives, or 50 groups of them; `columns`: how many are looked at, 12 or 60 tests.
    """
    halved = 50 * how.get("group", 1)
    rng = np.random.default_rng(seed)
    hits = [
        ("region", "0", "recall") in marked(_of(world(rng=rng, halved=halved, **how), columns))
        for _ in range(worlds)
    ]
    return np.mean(hits)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = []
    head = f"{'positives':>9} {'recall':>6} {'share':>6} {'group':>5}  false marks"
    print(f"{head}  found, 1 column  found, 3 columns")
    for positives, recall, prevalence, group in [
        (200, 0.6, 0.02, 1), (200, 0.8, 0.02, 1), (200, 0.9, 0.1, 1), (1000, 0.8, 0.02, 1),
        (1000, 0.5, 0.002, 1), (1000, 0.8, 0.3, 1), (800, 0.8, 0.05, 4),
    ]:  # fmt: skip
        how = {"positives": positives, "recall": recall, "prevalence": prevalence, "group": group}
        false = float(false_marks(asked.worlds, asked.seed, **how))
        hits = [float(power(asked.worlds, asked.seed, columns, **how)) for columns in (1, 3)]
        found.append(how | {"false_marks": false, "found": hits, "worlds": asked.worlds})
        print(f"{positives:>9} {recall:>6} {prevalence:>6} {group:>5}  {false:>11.3f}  "
              f"{hits[0]:>13.3f}  {hits[1]:>15.3f}")  # fmt: skip
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
