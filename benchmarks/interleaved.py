"""Contenders that take turns, so that the load of the machine weighs on all of them alike."""

import json
import time
from pathlib import Path

import numpy as np


def take_turns(runs, rounds):
    """Rates of each contender in every round, shape (rounds,); a run returns rows it handled."""
    rates = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            rows = run()
            rates[name].append(rows / (time.perf_counter() - start))
    return {name: np.array(values) for name, values in rates.items()}


def ratio(rates, ours, theirs):
    """Median over the rounds of our rate over theirs in the same round."""
    return float(np.median(rates[ours] / rates[theirs]))


def write_json(path, result):
    """The metrics of a table for machines, where a file was asked for."""
    if path:
        Path(path).write_text(json.dumps(result, indent=1) + "\n")
