"""A decision by each row's own costs inside a model decides as NumPy does, and survives saving."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from steelyard.decision import DecisionRule  # noqa: E402
from steelyard.errors import GoalError  # noqa: E402
from steelyard.layers import DecisionByRow, ThreeWayDecision  # noqa: E402
from steelyard.stats.row_costs import RowCosts  # noqa: E402
from steelyard.stats.three_way import ThreeWayCosts  # noqa: E402

COSTS = RowCosts("fee", "0.9*Amount + 2", (3.0, 50.0))


def columns(rows, seed=0):
    rng = np.random.default_rng(seed)
    amount = rng.lognormal(3, 2, rows).astype("float32")
    amount[:6] = [0.0, -100.0, np.nan, np.inf, -np.inf, 1e30]
    return {"fee": rng.choice([0.0, 1.0, 5.0], rows).astype("float32"), "Amount": amount}


@pytest.mark.parametrize("positive", [0, 1])
def test_as_numpy_decides(positive, tmp_path):
    given = columns(3000)
    p = np.random.default_rng(1).random(3000).astype("float32")
    inputs = [keras.Input((2,)), keras.Input((1,)), keras.Input((1,))]
    layer = DecisionByRow(COSTS.to_dict(), positive=positive)
    model = keras.Model(inputs, layer(inputs[0], inputs[1:]))
    model.save(tmp_path / "m.keras")
    both = np.column_stack([1 - p, p]) if positive else np.column_stack([p, 1 - p])
    fed = [both, given["fee"][:, None], given["Amount"][:, None]]
    decided = keras.models.load_model(tmp_path / "m.keras").predict(fed, verbose=0)
    rule = DecisionRule(row_costs=COSTS, positive=positive)
    exact = {name: column.astype(np.float64) for name, column in given.items()}
    expected = rule.decide(both.astype(np.float64), exact)
    near = np.abs(p - COSTS.thresholds(exact)) < 1e-6
    np.testing.assert_array_equal(decided[~near], expected[~near])
    assert decided[5] == positive  # a loss of 1e30
    assert near.sum() < 5


def test_one_sigmoid_unit_and_bad_arguments():
    layer = DecisionByRow({"fp": 5.0, "fn": "Amount", "if_missing": [5.0, 9.0]})
    p = np.array([[0.04], [0.06], [0.5]], "float32")
    amount = np.array([95.0, 95.0, 0.0], "float32")
    assert layer(p, [amount]).numpy().tolist() == [0, 1, 0]
    with pytest.raises(GoalError):
        DecisionByRow({"fp": 5.0, "fn": "Amount", "if_missing": [5.0, 9.0]}, positive=2)


@pytest.mark.parametrize("fn", [40.0, "0.9*Amount + 2"])
def test_three_ways_as_numpy_decides(fn, tmp_path):
    three = ThreeWayCosts(12.0, fn, (12.0, 40.0), review=1.5, hit_rate=0.8)
    given = columns(3000)
    p = np.random.default_rng(1).random((3000, 1)).astype("float32")
    inputs = [keras.Input((1,)), keras.Input((1,))]
    layer = ThreeWayDecision(three.to_dict())
    out = layer(inputs[0], inputs[1:]) if three.columns else layer(inputs[0])
    keras.Model(inputs, out).save(tmp_path / "m.keras")
    model = keras.models.load_model(tmp_path / "m.keras")
    decided = model.predict([p, given["Amount"][:, None]], verbose=0)
    exact = {"Amount": given["Amount"].astype(np.float64)}
    expected = three.actions(p[:, 0].astype(np.float64), exact)
    assert (decided != expected).sum() <= 1
    assert set(decided.tolist()) == {0, 1, 2}
