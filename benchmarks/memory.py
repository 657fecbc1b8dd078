"""Where the memory of one comparison goes: its peak in each phase.

    python benchmarks/memory.py [FILE --target NAME] [--job trained|judged|whole]

trained: plain and SMOTE in two folds, all else as by default. judged: all of the default's
techniques, folds and repeats with scores drawn at random in place of training, so that what grows
with their number is as large as in a whole comparison; the final model is trained. Both take
minutes where the whole takes an hour: training takes memory by the job and not by the number of
jobs. Without a file: 284,807 rows x 30 normal columns, 492 of them positive. Linux alone, whose
peak of a process can be set back.
"""

import argparse
import functools
import importlib
import os
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from main_job import synthetic

PHASES = {
    "reading the table": ["comparison.comparing:table_of"],
    "loading TensorFlow": ["comparison.comparing:trainer_of"],
    "training the jobs": ["comparison.comparing:run_jobs"],
    "judging": ["comparison.comparing:judge_all"],
    "verdict": ["comparison.comparing:verdict_on"],
    "training the final model": ["comparison.comparing:fit_on_all"],
    "findings": ["inspection:inspect_table"],
    "results": ["comparison.record:results"],
    "importance": ["comparison.results:drivers"],
    "out-of-fold rows": [
        "comparison.results:predictions",
        "comparison.results:uncorrected_frame",
    ],
    "model as deployed": ["comparison.results:deployed"],
    "writing the run": ["comparison.results:save"],
}  # fmt: skip
JOBS = {
    "trained": {"techniques": "plain,smote", "folds": 2, "repeats": 1},
    "judged": {},
    "whole": {},
}


class Peaks:
    """Peak and last resident size by phase, MB, each phase's own."""

    def __init__(self):
        self.peak, self.after, self.open = {}, {}, ["everything else"]

    def stop(self):
        """Give the peak since the last stop to the phase that is open."""
        status = Path("/proc/self/status").read_text(encoding="ascii")
        told = dict(line.split(":", 1) for line in status.splitlines())
        peak, now = (int(told[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))
        phase = self.open[-1]
        self.peak[phase] = max(self.peak.get(phase, 0.0), peak)
        self.after[phase] = now
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")

    def watch(self, phase, place):
        """Have what the function at `place` takes counted as `phase`."""
        module, name = place.split(":")
        holder = importlib.import_module(f"steelyard.{module}")
        function = getattr(holder, name)

        @functools.wraps(function)
        def watched(*args, **kwargs):
            self.stop()
            self.open.append(phase)
            try:
                return function(*args, **kwargs)
            finally:
                self.stop()
                self.open.pop()

        setattr(holder, name, watched)


def drawn_scores(trainer, table, jobs, progress):  # noqa: ARG001 - as a trainer's `run`
    """Scores that tell the classes apart, in place of training; the halves' beside plain's."""
    from steelyard.jobs.job import CheckedRows, Outcome
    from steelyard.models import blend

    counts = {"held_out": 0, "dropped": 0, "copied": 0, "synthetic": 0}
    for job in jobs:
        y = table.y[job.split.test]
        halves = [blend.NETWORK, blend.TREES] if job.technique.untreated else []
        for said in (*halves, job.technique):
            rng = np.random.default_rng([zlib.crc32(f"{job.key} {said.name}".encode())])
            p = 1 / (1 + np.exp(8 - 1.5 * (rng.normal(size=len(y)) + 3.5 * (y > 0))))
            both = np.stack([1 - p, p], axis=1).astype("float32")
            members = [CheckedRows(counts)] * trainer.trees.size
            yield Outcome(replace(job, technique=said), both, 0.0, members)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--target", default="target")
    parser.add_argument("--job", choices=JOBS, default="judged")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = asked.file or synthetic(f"{folder}/table.parquet", 284_807, 30, 492)
        from steelyard.cli.memory import give_back_large_blocks
        from steelyard.comparison import compare

        give_back_large_blocks()  # as the command does
        peaks = Peaks()
        for phase, places in PHASES.items():
            for place in places:
                peaks.watch(phase, place)
        if asked.job == "judged":
            importlib.import_module("steelyard.models.blend").BlendTrainer.run = drawn_scores
        options = JOBS[asked.job] | {"target": asked.target, "progress": False}
        compare(data, **options, out=f"{folder}/run")
        peaks.stop()
    print(f"{asked.job:<26}{'peak MB':>8}{'after':>8}")
    for phase in (*PHASES, "everything else"):
        print(f"{phase:<26}{peaks.peak[phase]:>8.0f}{peaks.after[phase]:>8.0f}")
    print(f"{'all':<26}{max(peaks.peak.values()):>8.0f}")


if __name__ == "__main__":
    main()
