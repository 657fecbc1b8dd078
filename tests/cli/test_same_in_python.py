"""Everything the command line can, Python can, and the reverse: options beside arguments."""

import inspect

import pytest

import steelyard as sy
from steelyard.cli import COMMANDS, main
from steelyard.cli.goal import NAMES
from steelyard.resample.job import resample_table
from steelyard.runs.predict import predict_file
from steelyard.runs.sample_below import sample_below

# What only a terminal needs: its text, its speed, its exit code.
TERMINAL = {"as_json", "quiet", "wide", "fail_on", "debug", "help"}
GOAL = set(NAMES)
# Command -> the Python that does it; a study is a run in memory, so a run to read is no argument.
PYTHON = {
    "inspect": sy.inspect,
    "resample": resample_table,
    "compare": sy.compare,
    "train": sy.train,
    "judge": sy.judge,
    "predict": predict_file,
    "explain": sy.Study.explain,
    "export": sy.Study.export,
    "evaluate": sy.Study.evaluate,
    "retune": sy.Study.retune,
    "monitor": sy.Study.monitor,
    "verify": sy.verify_run,
    "sample-below": sample_below,
}
# Command and parameter -> the argument of another name, or what in Python takes its place.
NAMED = {
    ("compare", "time"): "time_column",
    ("train", "time"): "time_column",
    ("resample", "set"): "settings",
    ("judge", "data"): "y",
    ("judge", "group"): "groups",
    ("judge", "weight"): "sample_weight",
    ("export", "out"): "path",
}
ELSEWHERE = {
    "inspect": {"out", "overwrite"},  # Inspection.to_html
    "evaluate": {"out", "overwrite", "cluster"},  # Evaluated.save, evaluate_file
    "monitor": {"out", "overwrite"},  # Monitored.save
    # Resampled.write, resample_files
    "resample": {"out", "overwrite", "csv_safe", "key", "cluster"},
    "judge": {"out", "target"},  # Judgement.save; labels are an array
    "explain": {"out"},
    **{key: {"seed"} for key in ("predict", "export", "verify")},  # nothing is drawn
}
# Of arguments that no option has: programs hold models and arrays, terminals hold files.
PROGRAMS = {"judge": {"X", "amounts"}}  # amounts: --cost-fn COLUMN
LOADED = {"run", "verify"}  # of commands whose Python is a method: sy.load(run, verify=...)


def parameters(command):
    return {param.name for param in main.get_command(None, command).params} - TERMINAL


def arguments(command):
    return set(inspect.signature(PYTHON[command]).parameters) - {"self", "progress"}


@pytest.mark.parametrize("command", PYTHON)
def test_what_the_command_takes_python_takes(command):
    given = parameters(command) - ELSEWHERE.get(command, set())
    given -= {"memory"} - arguments(command)  # a limit for the process, where it is one's own
    given = {NAMED.get((command, name), name) for name in given}
    if given & GOAL:
        given = (given - GOAL) | {"goal"}
    if "self" in inspect.signature(PYTHON[command]).parameters:
        given -= LOADED
    assert given <= arguments(command)


@pytest.mark.parametrize("command", PYTHON)
def test_what_python_takes_the_command_takes(command):
    given = {NAMED.get((command, name), name) for name in parameters(command)}
    if given & GOAL:
        given |= {"goal"}
    assert arguments(command) - PROGRAMS.get(command, set()) <= given


def test_no_command_is_left_out():
    # Pages, lists and the run of the shipped table: `Study.to_html`, `techniques.TECHNIQUES`,
    # `json_schema`, and nothing.
    assert set(COMMANDS) - set(PYTHON) == {"report", "techniques", "schema", "guide", "demo"}
