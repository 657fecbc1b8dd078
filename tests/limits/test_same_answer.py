"""The same seed gives the same answer on one thread and two, with any hash seed, in a fresh copy.

Whatever chooses or makes rows is the same to the last bit; probabilities of trained models are the
same to 1e-5, as threads add numbers in another order.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

import steelyard

ANSWERS = """
import hashlib, tempfile, warnings
from pathlib import Path
import numpy as np, polars as pl
import steelyard, steelyard.resample as resample
from steelyard.jobs.folds import make_splits
from steelyard.resample.streamed import resample_files
from steelyard.sampling_plan import make_plan
assert Path(steelyard.__file__).is_relative_to(SOURCE), steelyard.__file__
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
ids = np.arange(600) * 7919
plan = make_plan({"no": 500, "yes": 100}, {"no": 120, "yes": 250}, [(ids, y)], seed=3)
say("plan", plan.copies(ids, y))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "t.csv"
    names = [f"row {i}" for i in ids]
    pl.DataFrame({"a": X[:, 0].round(6), "name": names, "y": y}).write_csv(path)
    out = Path(folder) / "o.csv"
    ledger = resample_files(str(path), "y", "random-under", out, key="name", seed=4)
    ledger["source"].pop("path", None)
    say("file", np.frombuffer(out.read_bytes(), "uint8"))
    print("ledger", hashlib.sha256(repr(ledger).encode()).hexdigest()[:16])
"""

TRAINED = """
import sys
from pathlib import Path
import steelyard
study = steelyard.train("t.csv", "y", model="blend", technique="smote", progress=False)
study.uncorrected.write_parquet(f"{sys.argv[1]}.parquet")
jobs = [{k: v for k, v in job.items() if k != "seconds"} for job in study.ledger["jobs"]]
Path(f"{sys.argv[1]}.ledger").write_text(repr(jobs))
"""


def ran(code, *words, hash_seed, threads, source=None, folder=None):
    source = Path(steelyard.__file__).parents[1] if source is None else source
    limits = ("OMP", "OPENBLAS", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(source)}
    environment |= {
        f"{name}_THREADS" if "NUM" in name else f"{name}_NUM_THREADS": str(threads)
        for name in limits
    }
    environment |= {"POLARS_MAX_THREADS": str(threads)}
    code = f"SOURCE = {str(source)!r}\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_rows_plans_folds_and_ledger_are_the_same_to_the_last_bit(tmp_path):
    shutil.copytree(Path(steelyard.__file__).parent, tmp_path / "src" / "steelyard")
    one = ran(ANSWERS, hash_seed=0, threads=1)
    two = ran(ANSWERS, hash_seed=1, threads=2, source=tmp_path / "src", folder=tmp_path)
    assert len(one) > 28
    assert one == two


def test_trained_models_are_the_same_to_1e_5(tmp_path):
    rng = np.random.default_rng(0)
    y = (np.arange(300) % 5 == 0).astype(int)
    table = {"a": rng.normal(size=300) + y, "b": rng.normal(size=300), "c": list("xyz") * 100}
    pl.DataFrame(table | {"y": y}).write_csv(tmp_path / "t.csv")
    ran(TRAINED, "one", hash_seed=0, threads=1, folder=tmp_path)
    ran(TRAINED, "two", hash_seed=1, threads=2, folder=tmp_path)
    one, two = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("one", "two"))
    names = [name for name in one.columns if name.startswith("probability")]
    assert one.drop(names).equals(two.drop(names))
    np.testing.assert_allclose(one[names].to_numpy(), two[names].to_numpy(), atol=1e-5)
    ledgers = [(tmp_path / f"{name}.ledger").read_text() for name in ("one", "two")]
    assert ledgers[0] == ledgers[1]
