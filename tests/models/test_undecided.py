"""A deployed model that gives NaN decides nothing, in Keras and in every format."""

import numpy as np
import onnxruntime
import pytest

from steelyard._tensorflow import keras, tf
from steelyard.decision import DecisionRule
from steelyard.decision.calibrators import Identity
from steelyard.models.deploy import ship
from steelyard.runs.export import export_model
from steelyard.tables import Column, Schema

X = np.array([0.5, np.nan, -0.5], "float32")


def model_of(classes):
    """A softmax of one number, which is NaN where that is."""
    schema = Schema((Column("a", "number", "feature"),), "y", classes)
    head = keras.layers.Dense(2, activation="softmax")
    model = ship(
        schema,
        lambda columns: head(columns[0]),
        trained_on=None,
        prior=np.array([0.5, 0.5]),
        calibration=Identity(),
        rule=DecisionRule(threshold=0.5, positive=1),
        about={},
    )
    return schema, model


@pytest.mark.parametrize(
    ("classes", "stands_for_none"),
    [(("no", "yes"), b""), ((0, 1), -1), ((-1, 1), np.iinfo("int64").min), ((0.5, 1.5), np.nan)],
)
def test_no_label_stands_for_no_class(classes, stands_for_none):
    _, model = model_of(classes)
    decision = model.predict({"a": X}, verbose=0)["decision"].tolist()
    wanted = [one.encode() if isinstance(one, str) else one for one in classes]
    assert decision[0] in wanted
    assert decision[2] in wanted
    np.testing.assert_array_equal(decision[1], stands_for_none)


def test_booleans_have_nothing_left_for_it():
    _, model = model_of((False, True))
    assert model({"a": X[[0, 2]]})["decision"].dtype == "bool"
    with pytest.raises(tf.errors.InvalidArgumentError, match="gives no probabilities"):
        model({"a": X})


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("classes", [("no", "yes"), (0, 1), (False, True)])
def test_every_format(classes, tmp_path):
    schema, model = model_of(classes)
    for kind in ("saved-model", "onnx", "litert"):
        export_model(model, schema, tmp_path / kind, kind=kind, overwrite=False)
    session = onnxruntime.InferenceSession(tmp_path / "onnx")
    names = [one.name for one in session.get_outputs()]
    onnx = dict(zip(names, session.run(None, {"a": X}), strict=True))
    light = tf.lite.Interpreter(str(tmp_path / "litert")).get_signature_runner()(a=X)
    for found in (onnx, light):
        code = found.get("decision_code", found.get("decision"))
        assert code[1] == -1
        assert set(code[[0, 2]].tolist()) <= {0, 1}
        assert ("decision" in found) == (type(classes[0]) is int)
    if type(classes[0]) is not bool:
        serve = tf.saved_model.load(str(tmp_path / "saved-model")).signatures["serving_default"]
        none = b"" if classes == ("no", "yes") else -1
        assert serve(a=tf.constant(X))["decision"].numpy().tolist()[1] == none
