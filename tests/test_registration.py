"""Models saved with our classes load in a fresh program after `import steelyard` alone."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import steelyard
from steelyard import layers, losses, metrics
from steelyard._keras import keras
from steelyard._registration import CLASSES, StandIn, register


def every_module():
    for found in pkgutil.walk_packages(steelyard.__path__, "steelyard."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def test_every_registered_class_can_be_found_by_name():
    own = {
        f"{module.__name__}.{name}"
        for module in every_module()
        for name, thing in inspect.getmembers(module, inspect.isclass)
        if thing.__module__ == module.__name__
        and keras.saving.get_registered_name(thing).startswith("steelyard>")
    }
    named = {
        getattr(importlib.import_module(module), name)
        for module, names in CLASSES.items()
        for name in names
    }
    assert own == {f"{kind.__module__}.{kind.__name__}" for kind in named}


def test_a_stand_in_builds_what_it_stands_for_and_never_replaces_it():
    later = StandIn("steelyard.metrics", "F1")
    assert later.from_config({"threshold": 0.2}).threshold == 0.2
    assert isinstance(later(), metrics.F1)
    register(keras)
    assert keras.saving.get_registered_object("steelyard>F1") is metrics.F1


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    head = keras.layers.Dense(1, "sigmoid", bias_initializer=layers.PriorBias([9, 1]))
    model = keras.Sequential([keras.Input((3,)), head, layers.PriorCorrection(0.5, 0.1)])
    loss = losses.Reweighted(losses.SparseFocal(from_logits=False), [1.0, 5.0])
    model.compile("sgd", loss, metrics=[metrics.F1(threshold=0.2)])
    model.fit(np.zeros((8, 3)), np.arange(8) % 2, verbose=0)
    for name in ("model.keras", "model.h5"):
        model.save(folder / name)
    return folder


LOAD = """
import numpy as np
for name in ("model.keras", "model.h5"):
    model = keras.saving.load_model(sys.argv[1] + "/" + name)
    print(sorted(model.evaluate(np.zeros((8, 3)), np.arange(8) % 2, verbose=0, return_dict=True)))
"""


@pytest.mark.parametrize(
    "imports",
    ["import sys, steelyard; assert 'keras' not in sys.modules; import keras",
     "import sys, keras; import steelyard.layers"],
)  # fmt: skip
def test_a_fresh_program_loads_whichever_is_imported_first(saved, imports):
    done = subprocess.run(
        [sys.executable, "-c", imports + LOAD, str(saved)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["['f1', 'loss']"] * 2, done.stderr[-500:]


def test_looking_for_keras_finds_it_as_ever():
    assert find_spec("keras").origin == keras.__file__
