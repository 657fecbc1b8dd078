"""Boosted trees on all rows by LightGBM's own workers, against trees on drawn rows.

    python benchmarks/trees_on_workers.py [--rows 500000] [--drawn 50000] [--rounds 100]

A simulated table, ROWS x 30 float32, 1.65 % of class 1; 300,000 fresh rows. LightGBM trains on all
rows in one process; on all rows in two that exchange histograms (`tree_learner=data`), half of the
rows each; and in one process on DRAWN rows (every positive, some negatives, the log odds moved
back), each process with one thread. Then one of two such processes is killed on the way, and for 20
seconds the other is watched.
"""

import argparse
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, log_loss

COLUMNS = 30
FRESH = 300_000
PARAMETERS = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "verbose": -1}


def simulated(rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, COLUMNS)).astype("float32")
    score = X[:, 0] + X[:, 1] * X[:, 2] + np.sin(2 * X[:, 3]) + 0.5 * X[:, 4] ** 2
    y = rng.random(rows) < expit(1.3 * score - 7.1)
    return X, y.astype("float32")


def trained(folder, results, *, rank, machines, rounds, drawn=0, killed_at=None):
    """In a process of its own: a model of its rows, CPU seconds and peak memory."""
    lgb.register_logger(logging.getLogger("nobody reads"))
    X, y = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in "Xy")
    count = len(machines.split(",")) if machines else 1
    mine = np.arange(rank, len(y), count)
    shift = 0.0
    if drawn:
        rare = np.flatnonzero(y == 1)
        rest = np.random.default_rng(1).permutation(np.flatnonzero(y == 0))[: drawn - len(rare)]
        mine = np.sort(np.concatenate([rare, rest]))
        shift = np.log(len(rest) / (len(y) - len(rare)))
    options = PARAMETERS | {"num_threads": 1}
    if machines:
        port = int(machines.split(",")[rank].rpartition(":")[2])
        options |= {
            "tree_learner": "data", "num_machines": count, "machines": machines,
            "local_listen_port": port, "pre_partition": True, "time_out": 1,
        }  # fmt: skip

    def die(env):
        if killed_at == env.iteration:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        booster = lgb.train(options, lgb.Dataset(X[mine], y[mine]), rounds, callbacks=[die])
    except lgb.basic.LightGBMError as error:
        sys.exit(f"LightGBM: {error}")
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    results.put((booster.model_to_string(), cpu, used.ru_maxrss / 1024, shift))


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def started(folder, processes, **options):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    killed = options.pop("killed_at", None)
    machines = ""
    if processes > 1:
        machines = ",".join(f"127.0.0.1:{port}" for port in free_ports(processes))
    children = [
        context.Process(
            target=trained,
            args=(folder, results),
            kwargs=options
            | {"rank": rank, "machines": machines, "killed_at": killed if rank else None},
        )
        for rank in range(processes)
    ]
    for child in children:
        child.start()
    return children, results


def measured(name, folder, fresh, processes, **options):
    start = time.perf_counter()
    children, results = started(folder, processes, **options)
    found = [results.get() for _ in children]
    for child in children:
        child.join()
    wall = time.perf_counter() - start
    X, y = fresh
    raw = lgb.Booster(model_str=found[0][0]).predict(X, raw_score=True)
    p = expit(raw + found[0][3])
    quality = f"{average_precision_score(y, p):.4f} | {log_loss(y, p):.5f}"
    same = len({one[0].partition("\nparameters:")[0] for one in found}) == 1
    cpu, peak = sum(one[1] for one in found), max(one[2] for one in found)
    print(f"| {name} | {quality} | {cpu:.0f} | {wall:.0f} | {peak:,.0f} | {same} |", flush=True)
    return p


def fate(folder, rounds):
    """What becomes of a process whose partner is killed half-way."""
    children, _ = started(folder, 2, rounds=rounds, killed_at=rounds // 2)
    children[1].join()
    children[0].join(20)
    code = children[0].exitcode
    said = "still waits after 20 s" if code is None else f"ended with {code}"
    print(f"the partner of a killed process (ended with {children[1].exitcode}): {said}")
    children[0].kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--drawn", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, values in zip("Xy", simulated(options.rows, 0), strict=True):
            np.save(folder / f"{part}.npy", values)
        fresh = simulated(FRESH, 1)
        print(f"{fresh[1].mean():.2%} of class 1")
        print("| trees on | average precision | log loss | CPU s | s | peak MB | one model |")
        print("|---|---|---|---|---|---|---|")
        rounds = options.rounds
        alone = measured("all rows, one process", folder, fresh, 1, rounds=rounds)
        both = measured("all rows, two processes", folder, fresh, 2, rounds=rounds)
        drawn = f"{options.drawn:,} drawn rows"
        few = measured(drawn, folder, fresh, 1, rounds=rounds, drawn=options.drawn)
        for what, p in (("two processes", both), (drawn, few)):
            off = np.abs(logit(np.clip(p, 1e-9, 1 - 1e-9)) - logit(np.clip(alone, 1e-9, 1 - 1e-9)))
            print(f"{what}: log odds differ from one process by {np.median(off):.3f} in the median")
        fate(folder, rounds)


if __name__ == "__main__":
    main()
