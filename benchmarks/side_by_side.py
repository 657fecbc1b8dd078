"""Two implementations on the same table, in a process each, taking turns.

A process is forked with everything imported, reads the table, warms up on a few hundred rows, and
then runs when told to. The first run is also measured for memory: the peak above what the process
held when the run began, read from the kernel where it can be reset (Linux), else the growth of the
process's own peak.
"""

import resource
import statistics
import time
from multiprocessing import get_context
from pathlib import Path

STATUS = Path("/proc/self/status")
# Short runs are repeated up to 25 times or three seconds; one pair is enough where it takes long.
MOST_PAIRS, ENOUGH_SECONDS, LONG_SECONDS = 25, 3.0, 20.0


def resident(field):
    """`VmRSS` or `VmHWM` of this process in MB."""
    lines = STATUS.read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def measured(run):
    """Result, wall seconds, CPU seconds of all threads, and peak extra MB of one call."""
    before = before_the_run()
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return result, {"wall": wall, "cpu": cpu, "mb": max(0.0, peak() - before)}


def before_the_run():
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return peak()
    return resident("VmRSS")


def peak():
    if STATUS.exists():
        return resident("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def serve(pipe, prepare, job):
    """Answer each message with one measured run; `prepare(job)` gives what to run, and a digest."""
    try:
        run, digest, factor = prepare(job)
        pipe.send("ready")
        while pipe.recv():
            result, metrics = measured(run)
            metrics |= {"wall": metrics["wall"] * factor, "cpu": metrics["cpu"] * factor}
            pipe.send(metrics | {"digest": digest(result)})
    except EOFError:
        pass
    except Exception as error:  # noqa: BLE001 - what failed is a line of the table
        pipe.send({"error": f"{type(error).__name__}: {error}".splitlines()[0]})


class Side:
    """One implementation in its own process."""

    def __init__(self, context, prepare, job):
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, prepare, job), daemon=True)
        self._process.start()
        theirs.close()
        answer = self._pipe.recv()
        self.error = answer["error"] if isinstance(answer, dict) else None

    def run(self):
        """One measured run, or None where it failed; see `error`."""
        self._pipe.send(True)
        answer = self._pipe.recv()
        self.error = answer.get("error")
        return None if self.error else answer

    def close(self):
        self._pipe.close()
        self._process.join()


def context(modules):
    """Processes forked from one that has imported these modules and run nothing."""
    made = get_context("forkserver")
    made.set_forkserver_preload(modules)
    return made


def compared(processes, prepare, ours, theirs, *, rounds):
    """Take turns and summarise.

    Args:
        ours, theirs: jobs for `prepare`; `theirs` may be None where there is nothing to compare.
        rounds: at least this many pairs, unless one takes long; short runs get more.
    Returns: medians of `wall` and `cpu` a side, peak `mb`, ratios as medians over pairs, `same`.
    """
    sides = {"ours": Side(processes, prepare, ours)}
    if theirs is not None:
        sides["theirs"] = Side(processes, prepare, theirs)
    runs = {name: [] for name in sides}
    while not enough(runs, rounds):
        for name, side in sides.items():
            if side.error is None:
                answer = side.run()
                if answer is not None:
                    runs[name].append(answer)
        if sides["ours"].error:
            break
    errors = {name: side.error for name, side in sides.items() if side.error}
    for side in sides.values():
        side.close()
    return summary(runs, errors)


def enough(runs, rounds):
    seconds = {name: sum(run["wall"] for run in done) for name, done in runs.items()}
    done = len(runs["ours"])
    if done and sum(seconds.values()) >= LONG_SECONDS:
        return True
    return done >= rounds and (done >= MOST_PAIRS or seconds["ours"] >= ENOUGH_SECONDS)


def summary(runs, errors):
    found = {"pairs": len(runs["ours"]), "errors": errors}
    for name, answers in runs.items():
        if answers:
            found[name] = {
                "wall": statistics.median(a["wall"] for a in answers),
                "cpu": statistics.median(a["cpu"] for a in answers),
                "mb": answers[0]["mb"],
            }
    pairs = list(zip(runs.get("theirs", []), runs["ours"], strict=False))
    if pairs:
        found["ratio"] = statistics.median(t["wall"] / o["wall"] for t, o in pairs)
        found["cpu_ratio"] = statistics.median(t["cpu"] / max(o["cpu"], 1e-9) for t, o in pairs)
        found["same"] = all(t["digest"] == o["digest"] for t, o in pairs)
    return found
