"""Where the processor's time goes: one comparison by part.

    python benchmarks/parts.py small|demo|whole [--json FILE]

small: 1,000 x 10, three techniques x 3 folds. demo: what `steelyard demo` does. whole: the network
on 20,000 x 30, 12 techniques x 10 folds, as in benchmarks/compare.py.

Everything runs on one thread, so that the process' seconds between two calls are those of one
part; a part's seconds are without those of the parts it calls. What XLA and LightGBM start for
themselves counts with the part that called them. Reading the clock 20,000 times costs nothing that
shows. The seconds are the processor's, not the clock's: other programs change them little.
"""

import argparse
import contextlib
import functools
import importlib
import json
import os
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

# What each function's own seconds are called. Class attributes after a colon.
PARTS = {
    "reading the table": ["steelyard.comparison.comparing:table_of"],
    "importing TensorFlow and the models": ["steelyard.comparison.comparing:trainer_of"],
    "encoding": [
        "steelyard.models.encoding:fit",
        "steelyard.models.encoded_table:encode",
        "steelyard.models.members:raw_columns",
        "steelyard.models.tabular:_Rows.of",
        "steelyard.models.trees:tree_columns",
    ],
    "samplers and validation folds": [
        "steelyard.models.tabular:members_of",
        "steelyard.models.trees:members_of",
    ],
    "drawing batches": ["steelyard.models.packed:_Stream.draw"],
    "training steps": ["steelyard.models.packed_graph:Graph.steps"],
    "looks at held-out rows": ["steelyard.models.packed:_Look.losses"],
    "the rest of training networks": ["steelyard.models.packed:train"],
    "predicting, network": ["steelyard.models.packed:probabilities"],
    "finding bins": ["steelyard.models.boosting_lightgbm:LightGBM.bins"],
    "growing trees": ["steelyard.models.boosting_lightgbm:LightGBM.grow"],
    "predicting, trees": ["steelyard.models.boosting_lightgbm:GrownByLightGBM.logits"],
    "ledger and journal": ["steelyard.jobs.run:keep"],
    "judging": ["steelyard.comparison.judging:judge"],
    "verdict": ["steelyard.comparison.comparing:verdict_on"],
    "record": ["steelyard.comparison.results:record"],
    "findings": ["steelyard.inspection:inspect_table"],
    "importance": ["steelyard.comparison.results:drivers"],
    "final model as Keras layers": [
        "steelyard.models.tabular:_core",
        "steelyard.models.trees:_core",
        "steelyard.models.blend:_core",
        "steelyard.comparison.results:deployed",
    ],
    "final model, the rest": ["steelyard.comparison.comparing:fit_on_all"],
    "page": ["steelyard.runs.store:page_of"],
    "writing the rest of the run": ["steelyard.comparison.results:save"],
}  # fmt: skip


class Clock:
    """Seconds of the process by part, each part's own."""

    def __init__(self):
        self.seconds, self.calls, self.open = {}, {}, ["everything else"]
        self.seen = set()  # graphs and shapes that were compiled
        self.since = time.process_time()

    def stop(self):
        """Give the seconds since the last stop to the part that is open."""
        now = time.process_time()
        part = self.open[-1]
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self.since
        self.since = now

    @contextlib.contextmanager
    def part(self, name):
        self.stop()
        self.open.append(name)
        self.calls[name] = self.calls.get(name, 0) + 1
        try:
            yield
        finally:
            self.stop()
            self.open.pop()

    def watch(self, name, place):
        """Count what the function at `place` takes as `name`; generators are run to their end."""
        module, _, path = place.partition(":")
        *owner, last = path.split(".")
        holder = functools.reduce(getattr, owner, importlib.import_module(module))
        function = getattr(holder, last)

        @functools.wraps(function)
        def timed(*args, **kwargs):
            with self.part(self.kind(name, args)):
                found = function(*args, **kwargs)
                return iter(list(found)) if hasattr(found, "send") else found

        setattr(holder, last, timed)

    def kind(self, name, args):
        """The first call of a graph with a table of this shape traces and compiles it."""
        if name not in {"training steps", "looks at held-out rows"}:
            return name
        graph = args[0] if name == "training steps" else args[0].graph
        shapes = tuple(tuple(one.shape) for one in args[2:5]) if name == "training steps" else ()
        key = name, id(graph), shapes
        first = key not in self.seen
        self.seen.add(key)
        return f"{name}: tracing and compiling" if first else name


class AtOnce:
    """An executor that does what it is given before it returns."""

    def __init__(self, *_, **__):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, *args):
        done = Future()
        done.set_result(function(*args))
        return done

    def map(self, function, *several):
        return map(function, *several)

    def shutdown(self, **_):
        pass


def small():
    rng = np.random.default_rng(0)
    y = (np.arange(1000) % 10 == 0).astype(int)
    X = rng.normal(size=(1000, 10)).astype("float32")
    X[y == 1, :3] += 1.2
    return (X, y), {"techniques": "plain,class-weight,smote", "folds": 3, "repeats": 1}


def demo():
    from steelyard.datasets import SATIMAGE

    return SATIMAGE, {"target": "soil"}


def whole():
    from compare import synthetic, twelve_techniques

    more = {"techniques": twelve_techniques(), "model": "tabular", "folds": 10, "repeats": 1}
    return synthetic(), more


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("job", choices=["small", "demo", "whole"])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    clock = Clock()
    with clock.part("importing the command"):
        importlib.import_module("steelyard.cli.compare")
        compare = importlib.import_module("steelyard.comparison").compare
    with clock.part("importing TensorFlow and the models"):
        importlib.import_module("steelyard.models.blend")
    for name, places in PARTS.items():
        for place in places:
            clock.watch(name, place)
    for module in ("models.blend", "models.tabular", "models.trees", "comparison.judging"):
        importlib.import_module(f"steelyard.{module}").ThreadPoolExecutor = AtOnce
    data, options = {"small": small, "demo": demo, "whole": whole}[asked.job]()
    with tempfile.TemporaryDirectory() as folder:
        compare(data, **options, out=f"{folder}/run", progress=False)
    clock.stop()
    total = sum(clock.seconds.values())
    for name, seconds in sorted(clock.seconds.items(), key=lambda pair: -pair[1]):
        print(f"{name:<48}{seconds:>8.2f}{seconds / total:>6.0%}{clock.calls.get(name, 1):>8}")
    print(f"{'all':<48}{total:>8.2f}")
    if asked.json:
        asked.json.write_text(json.dumps(clock.seconds, indent=1))


if __name__ == "__main__":
    main()
