"""The journal: a killed run goes on where it was; another request is refused."""

import numpy as np
import pytest

from steelyard.errors import RunError
from steelyard.runs import Journal

REQUEST = {"target": "y", "seed": 0, "techniques": ["plain"]}


def test_goes_on_after_a_kill_in_the_middle_of_a_line(tmp_path):
    run = tmp_path / "run"
    journal = Journal(run, REQUEST)
    uncorrected = np.random.default_rng(0).random((4, 2)).astype("float32")
    journal.add("r0f0-plain", uncorrected, {"seconds": 1.0})
    with journal.path.open("a") as file:
        file.write('{"job": "r0f1-pl')
    again = Journal(run, REQUEST)
    assert list(again.finished) == ["r0f0-plain"]
    np.testing.assert_array_equal(again.uncorrected("r0f0-plain"), uncorrected)
    again.add("r0f1-plain", uncorrected, {"seconds": 2.0})
    assert list(Journal(run, REQUEST).finished) == ["r0f0-plain", "r0f1-plain"]


def test_refuses_what_is_not_its_own(tmp_path):
    run = tmp_path / "run"
    Journal(run, REQUEST)
    with pytest.raises(RunError, match=r"of another request .other: seed."):
        Journal(run, REQUEST | {"seed": 1})
    (run / "run.json").write_text("{}")
    with pytest.raises(RunError, match="holds a finished run; choose another --out"):
        Journal(run, REQUEST)
    (tmp_path / "else").mkdir()
    with pytest.raises(RunError, match="exists and is no unfinished run"):
        Journal(tmp_path / "else", REQUEST)
