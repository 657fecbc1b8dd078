"""Kill commands with SIGKILL, at seeded moments and at every file switch, and look at what is left.

    python benchmarks/faults.py --kills 200 --seed 0

After each kill the output is the old one or the new one as a whole, and the same command given
again ends as the undisturbed one did (seconds and dates aside). Every command runs in a fork of one
process that has imported TensorFlow and has computed nothing yet: a kill costs seconds, not tens.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

WORDS = {
    "compare": "compare t.csv --target y --out run --techniques plain --folds 2 --repeats 1 "
    "--model trees --quiet",
    "train": "train t.csv --target y --out run --model trees --quiet",
    "retune": "retune run --cost-fp 1 --cost-fn 50",
    "predict": "predict run new.csv --out o.csv --quiet",
    "predict over": "predict run new.csv --out old.csv --overwrite --quiet",
    "inspect": "inspect t.csv --target y --out page.html --quiet",
    "resample": "resample t.csv --target y --method random-over --out r.csv --quiet",
    "smote": "resample numbers.csv --target y --method smote --out s.parquet --quiet",
}
NEEDS_A_RUN = ("retune", "predict", "predict over")
OUTPUTS = {
    "predict": ("o.csv",),
    "predict over": ("old.csv",),
    "inspect": ("page.html",),
    "resample": ("r.csv", "r.csv.ledger.json"),
    "smote": ("s.parquet", "s.parquet.ledger.json"),
}
MOVING = ("seconds", "date", "environment", "seal", "files")


def tables(home):
    """In a fork as everything that computes."""
    import polars as pl

    rng = np.random.default_rng(0)
    y = (np.arange(400) % 5 == 0).astype(int)
    numbers = pl.DataFrame({"a": rng.normal(size=400) + y, "b": rng.normal(size=400), "y": y})
    numbers.write_csv(home / "numbers.csv")
    frame = numbers.with_columns(c=pl.Series(rng.choice(["x", "y"], 400)))
    frame.write_csv(home / "t.csv")
    frame.drop("y").write_csv(home / "new.csv")
    (home / "old.csv").write_text("old\n1\n")


def forked(act):
    """Run `act` in a fork, its output thrown away; the fork's process id."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        code = act() or 0
    except SystemExit as ended:
        code = ended.code or 0
    finally:
        os._exit(code if isinstance(code, int) else 98)
    return None


def ended(child, timeout=300):
    """The exit status of a fork; it is killed when it takes too long."""
    start = time.monotonic()
    while time.monotonic() - start < timeout:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def command(home, words, kill_at_switch=0):
    """A command line, that kills itself after its n-th file got its name."""

    def act():
        os.chdir(home)
        left = [kill_at_switch]
        for name in ("replace", "link"):
            _counting(name, left)
        from steelyard.cli import main

        main(words.split(), prog_name="steelyard")

    return forked(act)


def _counting(name, left):
    original = getattr(os, name)

    def counted(*args, **kwargs):
        original(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(os, name, counted)


def still(values):
    """What two equal runs share."""
    if isinstance(values, dict):
        return {key: still(value) for key, value in values.items() if key not in MOVING}
    return [still(value) for value in values] if isinstance(values, list) else values


def state(home, name):
    """The output as it stands: "absent", "half", or a digest of what does not move."""
    if name in OUTPUTS:
        return state_of_files([home / path for path in OUTPUTS[name]])
    if not (home / "run" / "run.json").exists():
        return "absent"
    if ended(forked(lambda: _load(home / "run"))):
        return "half"
    values = still(json.loads((home / "run" / "run.json").read_text()))
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def state_of_files(paths):
    """As `state`; the first counts, and gets its name last: a ledger alone is replaced."""
    if not paths[0].exists():
        return "absent"
    if not all(path.exists() for path in paths):
        return "half"
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def _load(run):
    """Everything is there and as it was sealed, and the model is the one that run.json tells of."""
    from steelyard.comparison.verify import verify_run

    return 0 if verify_run(run)["holds"] else 1


class Campaign:
    """Where the commands run, and what came of each kill."""

    def __init__(self, home, seed):
        self.home, self.rng = home, np.random.default_rng(seed)
        self.found, self.faults = {}, []
        ended(forked(lambda: tables(home)))
        self.base = home / "base"
        self.base.mkdir()
        for path in home.glob("*.csv"):
            shutil.copy(path, self.base)
        with_run = self.fresh("with run", self.base)
        assert ended(command(with_run, WORDS["compare"])) == 0
        self.with_run = with_run
        self.undisturbed = {}

    def fresh(self, name, source):
        shutil.rmtree(self.home / name, ignore_errors=True)
        shutil.copytree(source, self.home / name)
        return self.home / name

    def start(self, name):
        return self.fresh("work", self.with_run if name in NEEDS_A_RUN else self.base)

    def reference(self, name):
        """State before and after, and seconds, of the command left alone."""
        if name not in self.undisturbed:
            home = self.start(name)
            before, begin = state(home, name), time.monotonic()
            assert ended(command(home, WORDS[name])) == 0, name
            seconds = time.monotonic() - begin
            self.undisturbed[name] = before, state(home, name), seconds
        return self.undisturbed[name]

    def kill(self, name, switch):
        before, after, seconds = self.reference(name)
        home = self.start(name)
        child = command(home, WORDS[name], switch)
        if not switch:
            time.sleep(float(self.rng.uniform(0, seconds)))
            os.kill(child, signal.SIGKILL)
        code = ended(child)
        if switch and code == 0:
            return False  # it has fewer switches
        found = state(home, name)
        came = {before: "old", after: "new"}.get(found, found if found == "half" else "other")
        if came == "old":
            code = ended(command(home, WORDS[name]))
            if code or state(home, name) != after:
                came = f"again: exit {code}, {'same' if state(home, name) == after else 'other'}"
        hidden = [path.name for path in home.iterdir() if ".partial" in path.name]
        if hidden and came == "old":
            came = "left behind"
        self.found.setdefault(name, Counter())[came] += 1
        if came not in ("old", "new"):
            self.faults.append(f"{name}, {f'switch {switch}' if switch else 'at random'}: {came}")
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(WORDS), help="commands, comma-separated")
    asked = parser.parse_args()
    import lightgbm  # noqa: F401 - before the forks, once for all
    import tensorflow  # noqa: ICN001, F401

    import steelyard.cli
    import steelyard.models.trees  # noqa: F401

    with tempfile.TemporaryDirectory() as home:
        campaign = Campaign(Path(home), asked.seed)
        done = 0
        names = asked.only.split(",")
        for name in names:
            switch = 1
            while done < asked.kills and campaign.kill(name, switch):
                done, switch = done + 1, switch + 1
        while done < asked.kills:
            for name in names:
                if done < asked.kills:
                    done += campaign.kill(name, 0)
    print(f"{'command':<14} {'kills':>6} {'old':>6} {'new':>6} {'faults':>7}")
    for name, counts in campaign.found.items():
        faults = counts.total() - counts["old"] - counts["new"]
        print(f"{name:<14} {counts.total():>6} {counts['old']:>6} {counts['new']:>6} {faults:>7}")
    for fault in campaign.faults:
        print(fault)
    sys.exit(bool(campaign.faults))


if __name__ == "__main__":
    main()
