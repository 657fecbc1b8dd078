"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib

import pytest

from test_imports import MODULES

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NAMES = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in MODULES]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("__main__")])
def test_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert failed == 0
