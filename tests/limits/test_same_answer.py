"""The same seed gives the same bytes on one thread and two, whatever Python's hash seed."""

import os
import subprocess
import sys

ANSWERS = """
import hashlib, warnings
import numpy as np, polars as pl
import steelyard.resample as resample
from steelyard.jobs.folds import make_splits
warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
y = (np.arange(600) % 6 == 0).astype(int)
X = rng.normal(size=(600, 5)) + y[:, None] * (np.arange(5) < 2)
def say(name, *arrays):
    bytes_ = b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)
    print(name, hashlib.sha256(bytes_).hexdigest()[:16])
for name in resample.__all__:
    sampler = getattr(resample, name)
    if not hasattr(sampler, "fit_resample") or name in ("SMOTENC", "SMOTEN"):
        continue
    known = {"random_state": 0, "cluster_balance_threshold": 0.01}
    known = {key: value for key, value in known.items() if key in sampler().get_params()}
    say(name, *sampler(**known).fit_resample(X, y))
words = np.array(list("abcdef"), dtype=object)
mixed = np.column_stack([X.astype(object), words[rng.integers(6, size=600)]])
out = resample.SMOTENC(categorical_features=[5], random_state=0).fit_resample(mixed, y)
print("SMOTENC", hashlib.sha256(repr(out[0].tolist()).encode()).hexdigest()[:16])
for split in make_splits(y, folds=3, repeats=2, seed=0):
    say(split.key, split.train, split.test)
groups = np.array([f"g{i % 40}" for i in range(600)])
for split in make_splits(y, folds=3, repeats=1, seed=0, groups=groups):
    say("groups " + split.key, split.train, split.test)
"""


def answers(hash_seed, threads):
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed), "OMP_NUM_THREADS": str(threads)}
    environment |= {name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")}
    words = [sys.executable, "-c", ANSWERS]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_samplers_and_folds_are_the_same_to_the_last_bit():
    one, two = answers(hash_seed=0, threads=1), answers(hash_seed=1, threads=2)
    assert len(one) > 25
    assert one == two
