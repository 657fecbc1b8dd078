"""The recipes of CONTRIBUTING.md work as they stand."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from sklearn.base import clone

keras = pytest.importorskip("keras")

from steelyard.inspection.finding_checks import Seen  # noqa: E402
from steelyard.techniques import choose  # noqa: E402

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
RECIPES = dict(re.findall(r"## (A \w+)\n.*?```python\n(.*?)```", PAGE, re.DOTALL))
RNG = np.random.default_rng(0)


def recipe(title, **names):
    exec(RECIPES[title], names)  # noqa: S102 - our own page
    return names


def test_there_are_five():
    assert list(RECIPES) == ["A technique", "A loss", "A sampler", "A command", "A finding"]


def test_a_technique_is_chosen_with_the_prior_of_its_weights():
    one = recipe("A technique")["TECHNIQUE"]
    assert [technique.name for technique in choose([one])] == ["plain", one.name]
    # Weights n^-1/2 turn counts 900 and 100 into 30 and 10.
    np.testing.assert_allclose(one.trained_prior(np.array([900, 100])), [0.75, 0.25])


def test_a_loss_is_saved_and_reduces_to_crossentropy():
    kind = recipe("A loss")["PowerShift"]
    y, logits = np.array([0, 1]), np.array([[1.0, 2.0], [0.5, -0.5]], "float32")
    plain = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
    np.testing.assert_allclose(kind([90, 10], power=0.0)(y, logits), np.mean(plain), rtol=1e-6)
    assert kind.from_config(kind([90, 10], power=0.5).get_config()).power == 0.5


def test_a_sampler_takes_tables_and_weights():
    sampler = clone(recipe("A sampler")["FirstRows"]())
    frame = pl.DataFrame({"a": np.arange(10.0), "b": list("abcdefghij")})
    y = np.array([0, 0, 1, 0, 0, 1, 0, 0, 0, 0])
    X_new, y_new = sampler.fit_resample(frame.select("a"), y)
    assert X_new["a"].to_list() == [0.0, 1.0, 2.0, 5.0]
    assert y_new.tolist() == [0, 0, 1, 1]
    *_, kept = sampler.fit_resample(frame.select("a"), y, sample_weight=np.arange(10.0))
    assert kept.tolist() == [0.0, 1.0, 2.0, 5.0]


def test_a_command_counts(tmp_path):
    pl.DataFrame({"x": RNG.normal(size=6), "y": ["no"] * 4 + ["yes"] * 2}).write_csv(
        tmp_path / "t.csv"
    )
    command = recipe("A command")["command"]
    result = CliRunner().invoke(command, [str(tmp_path / "t.csv"), "--target", "y"])
    assert result.stdout.split() == ["no", "4", "yes", "2"], result.stderr


def test_a_finding_speaks_up():
    check = recipe("A finding", Seen=Seen)["one_feature"]
    assert check({"data": {"features": 2}}) is None
    assert "single feature" in check({"data": {"features": 1}}).text
