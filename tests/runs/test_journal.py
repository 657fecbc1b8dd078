"""The journal: a killed run goes on where it was; another request is refused."""

import json
import shutil

import numpy as np
import pytest

from steelyard.errors import RunError, SteelyardError
from steelyard.runs.journal import Journal, trainings_of

REQUEST = {"target": "y", "seed": 0, "techniques": [{"name": "plain"}]}
LEDGER = {
    "repeat": 0,
    "fold": 0,
    "technique": "plain",
    "rows_in": 4,
    "train_hash": "0" * 16,
    "members": [],
    "test_rows": 4,
    "test_hash_before": "0" * 16,
    "test_hash_after": "0" * 16,
}
LINE = {"seconds": 1.0, "ledger": LEDGER}
UNCORRECTED = np.random.default_rng(0).random((4, 2)).astype("float32")


def write(run, jobs=("r0f0-plain", "r0f1-plain")):
    with Journal(run, REQUEST, trainings=4) as journal:
        for job in jobs:
            journal.add(job, UNCORRECTED, LINE)
    return run


def resumed(run, request=REQUEST):
    with Journal(run, request, trainings=4) as journal:
        return list(journal.finished)


def test_goes_on_after_a_kill_in_the_middle_of_a_line(tmp_path):
    run = write(tmp_path / "run", jobs=["r0f0-plain"])
    with (run / "journal.jsonl").open("a") as file:
        file.write('{"job": "r0f1-pl')
    assert trainings_of(run) == (1, 4)
    with Journal(run, REQUEST, trainings=4) as again:
        assert list(again.finished) == ["r0f0-plain"]
        np.testing.assert_array_equal(again.uncorrected("r0f0-plain"), UNCORRECTED)
        again.add("r0f1-plain", UNCORRECTED, LINE)
    assert resumed(run) == ["r0f0-plain", "r0f1-plain"]


def test_refuses_what_is_not_its_own(tmp_path):
    run = write(tmp_path / "run")
    with pytest.raises(RunError, match=r"of another request .other: seed."):
        resumed(run, REQUEST | {"seed": 1})
    with pytest.raises(RunError, match=r"of another request .other: model_code."):
        resumed(run, REQUEST | {"model_code": "0" * 64})
    (run / "run.json").write_text("{}")
    with pytest.raises(RunError, match="holds a finished run; choose another `out`"):
        resumed(run)
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "mine.txt").write_text("precious")
    with pytest.raises(RunError, match="exists and is no unfinished run"):
        resumed(tmp_path / "else")
    with pytest.raises(RunError, match="is a file, not a folder"):
        resumed(tmp_path / "else" / "mine.txt" / "run")
    assert [path.name for path in (tmp_path / "else").iterdir()] == ["mine.txt"]


def test_one_process_at_a_time(tmp_path):
    with (
        Journal(tmp_path / "run", REQUEST),
        pytest.raises(SteelyardError, match=r"is being written by process \d+"),
    ):
        resumed(tmp_path / "run")
    assert resumed(tmp_path / "run") == []


def _lines(run):
    return (run / "journal.jsonl").read_bytes().splitlines(keepends=True)


def _rewrite(run, *lines):
    (run / "journal.jsonl").write_bytes(b"".join(lines))


def _part(run):
    return run / "parts" / "r0f1-plain.npy"


# What a kill, a power cut or a hand can do to it -> the jobs that still count.
DAMAGE = {
    "first line torn": (lambda run, one: _rewrite(run, one[0][:30]), []),
    "empty": (lambda run, one: _rewrite(run), []),
    "gone": (lambda run, one: ((run / "journal.jsonl").unlink(), _part(run).unlink()), []),
    "last line zeros": (lambda run, one: _rewrite(run, *one[:2], b"\0" * len(one[2])), ["r0f0"]),
    "zeros and a newline": (lambda run, one: _rewrite(run, *one, b"\0\0\n"), ["r0f0", "r0f1"]),
    "a line that is no JSON": (lambda run, one: _rewrite(run, one[0], b"{g\n", one[2]), ["r0f1"]),
    "a line that is a list": (lambda run, one: _rewrite(run, *one, b"[1]\n"), ["r0f0", "r0f1"]),
    "a line of brackets": (
        lambda run, one: _rewrite(run, *one, b"[" * 9**5 + b"\n"),
        ["r0f0", "r0f1"],
    ),
    "a line without ledger": (
        lambda run, one: _rewrite(run, *one, b'{"job": "r0f2-plain"}\n'),
        ["r0f0", "r0f1"],
    ),
    "a job that names a path": (
        lambda run, one: _rewrite(run, *one[:2], one[2].replace(b"r0f1-plain", b"../r0f1-plain")),
        ["r0f0"],
    ),
    "not UTF-8": (lambda run, one: _rewrite(run, *one, b"\xff\n"), ["r0f0", "r0f1"]),
    "a part missing": (lambda run, one: _part(run).unlink(), ["r0f0"]),
    "a part of 0 bytes": (lambda run, one: _part(run).write_bytes(b""), ["r0f0"]),
    "a part cut": (lambda run, one: _part(run).write_bytes(_part(run).read_bytes()[:-4]), ["r0f0"]),
    "no parts": (lambda run, one: shutil.rmtree(run / "parts"), []),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_costs_the_damaged_jobs_and_no_more(damage, tmp_path):
    run = write(tmp_path / "run")
    do, left = DAMAGE[damage]
    do(run, _lines(run))
    assert resumed(run) == [f"{job}-plain" for job in left]
    with Journal(run, REQUEST, trainings=4) as again:
        again.add("r9f9-plain", UNCORRECTED, LINE)
    for line in _lines(run):
        json.loads(line)
    assert resumed(run) == [*(f"{job}-plain" for job in left), "r9f9-plain"]


@pytest.mark.parametrize("first", [b"{}\n", b"[]\n", b'{"request": []}\n', b"{gar\n", b"\0\n"])
def test_jobs_without_the_request_they_were_done_for_are_refused(first, tmp_path):
    run = write(tmp_path / "run")
    _rewrite(run, first, *_lines(run)[1:])
    with pytest.raises(RunError, match=r"journal\.jsonl is damaged .* remove the directory"):
        resumed(run)
