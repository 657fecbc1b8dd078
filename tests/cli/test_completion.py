"""Tab completes values: columns of the table named before, techniques, methods, codes."""

import polars as pl
import pytest
from click.shell_completion import BashComplete

from steelyard.cli import COMMANDS, main
from steelyard.cli.completion import OFFERED


def offered(*words):
    """What bash is told for a line whose last word was begun."""
    shell = BashComplete(main, {}, "steelyard", "_STEELYARD_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    pl.DataFrame({"age": [1, 2], "amount": [3, 4], "y": ["a", "b"]}).write_csv(path)
    return str(path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["compare", "--techniques", "smote,foc"], ["smote,focal"]),
        (["train", "--technique", "rand"], ["random-over", "random-under"]),
        (["resample", "--method", "near"], ["near-miss-1", "near-miss-2", "near-miss-3"]),
        (["compare", "--metric", "ro"], ["roc_auc"]),
        (["judge", "--maximise", "f"], ["f1"]),
        (["inspect", "--fail-on", "SY011,SY00"], [f"SY011,SY00{i}" for i in range(1, 8)]),
        (["export", "run", "--format", "l"], ["litert"]),
        (["schema", "ev"], ["evaluate"]),
        (["comp"], ["compare"]),
        (["compare", "nowhere.csv", "--target", ""], []),
    ],
)
def test_values(words, expected):
    assert offered(*words) == expected


def test_columns_of_the_table_that_was_named(table):
    assert offered("compare", table, "--target", "a") == ["age", "amount"]
    assert offered("compare", table, "--target", "y", "--group", "am") == ["amount"]
    assert offered("predict", "run", table, "--keep", "age,a") == ["age,age", "age,amount"]
    assert offered("judge", table, "--target", "y", "--score", "am") == ["amount"]


def test_every_name_that_is_offered_is_a_parameter_somewhere():
    known = {param.name for name in COMMANDS for param in main.get_command(None, name).params}
    assert set(OFFERED) <= known
