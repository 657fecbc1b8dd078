"""The model that leaves the house: raw columns in, true probabilities and the decision out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from steelyard._tensorflow import keras, tf
from steelyard._version import __version__
from steelyard.decision import Calibration, DecisionRule
from steelyard.errors import RunError
from steelyard.layers import Calibration as CalibrationLayer
from steelyard.layers import DecisionByRow, PriorCorrection, ThreeWayDecision
from steelyard.layers.decision_layer import decision_layer
from steelyard.models.deployed_model import LABEL, Columns, DeployedModel, Label, label_of
from steelyard.tables import Schema

OWN = "steelyard."  # begins the names of our layers; no input's name does, whatever the column's


def ship(
    schema: Schema,
    core: Any,
    *,
    trained_on: np.ndarray | None,
    prior: np.ndarray,
    calibration: Calibration,
    rule: DecisionRule,
    about: Mapping[str, Any],
) -> Any:
    """Build the functional model around a trained `core` (`models.jobs.Fitted`).

    Inputs: a dict of columns by name (`input_names`), shape (batch, 1), float32 (float64 where an
    offset is subtracted) or string; ""
    and NaN are missing. Columns that the rule needs and the core does not are inputs as well,
    float32. Outputs: {"probability": (batch, classes) under the natural `prior`,
    "decision": (batch,) labels of `schema.classes`}. `about`: as `about_decision` gives it.
    """
    keys = input_names(schema)
    inputs = {
        name: keras.Input((1,), name=keys[name], dtype=input_type(schema, name))
        for name in schema.features
    }
    first = next(iter(inputs.values()))
    offsets = [schema.column(name).offset for name in schema.numbers]
    numbers = Columns("float32", offsets if any(offsets) else (), name=OWN + "numbers")(
        first, [inputs[name] for name in schema.numbers]
    )
    strings = Columns("string", name=OWN + "strings")(first, [inputs[n] for n in schema.categories])
    p = core([numbers, strings])
    if trained_on is not None:
        p = PriorCorrection(trained_on.tolist(), prior.tolist(), name=OWN + "prior_correction")(p)
    state = calibration.to_dict()
    p = CalibrationLayer(**state, name=OWN + "calibration")(p)
    by_key = {keys[name]: tensor for name, tensor in inputs.items()}
    return _decided(by_key, p, rule, schema, about)


def about_decision(
    classes: Sequence[Any], positive: Any, decision: Mapping[str, Any], date: str
) -> dict[str, Any]:
    """What a deployed model says of itself: classes, decision (run.json's), and the day of it."""
    rule = DecisionRule.from_dict(decision["rule"])
    # What a decision is called, by its code, where it is not the class of that code.
    named = {} if rule.three_way is None else {"decisions": list(rule.labels(classes))}
    return named | {
        "steelyard": __version__,
        "date": date,
        "classes": list(classes),
        "positive": positive,
        "technique": decision["technique"],
        "goal": decision["describe"],
        "prior": list(decision["prior"]),
        **{name: value for name, value in decision["rule"].items() if name != "positive"},
    }


def with_decision(
    model: Any,
    rule: DecisionRule,
    schema: Schema,
    *,
    prior: np.ndarray,
    deployed_on: np.ndarray | None = None,
    about: Mapping[str, Any] | None = None,
) -> Any:
    """A deployed model with another decision; its probabilities are trained and stay.

    `prior`: class shares that its calibrated probabilities are true for, shape (classes,).
    `deployed_on`: class shares to be true for instead. `about`: by default as before.
    """
    label = label_of(model)
    p = model.get_layer(OWN + "calibration").output
    if deployed_on is not None:
        layer = PriorCorrection(prior.tolist(), deployed_on.tolist(), name=OWN + "deployment")
        p = layer(p)
    learned_from = set(input_names(schema).values())
    inputs = {key: one for key, one in model.input.items() if key in learned_from}
    return _decided(inputs, p, rule, schema, about or label.about)


def _decided(
    inputs: dict[str, Any], p: Any, rule: DecisionRule, schema: Schema, about: Mapping[str, Any]
) -> Any:
    keys = input_names(schema, rule.columns)
    besides = {keys[name] for name in rule.columns if name not in schema.features}
    inputs = inputs | {key: keras.Input((1,), name=key, dtype="float32") for key in besides}
    ports = {name: keys[name] for name in rule.columns}
    code = decision_layer(rule.to_dict(), ports, OWN + "decision")(
        p, [inputs[key] for key in ports.values()]
    )
    label = Label(rule.labels(schema.classes), about, name=LABEL)(code)
    return DeployedModel(inputs, {"probability": p, "decision": label}, name="steelyard")


def needed_besides(model: Any, schema: Schema) -> tuple[str, ...]:
    """Columns that a deployed model's decision needs and its core does not, in order."""
    layer = model.get_layer(OWN + "decision")
    columns = layer.columns if isinstance(layer, DecisionByRow | ThreeWayDecision) else ()
    return tuple(name for name in columns if name not in schema.features)


def with_codes(model: Any) -> Any:
    """The same model with the decided code instead of its label."""
    code = model.get_layer(OWN + "decision").output
    return keras.Model(model.input, {"probability": model.output["probability"], "decision": code})


def input_names(schema: Schema, besides: Sequence[str] = ()) -> dict[str, str]:
    """Column name -> name of the model's input; the same where that can be one.

    `besides`: columns that only the decision needs. Keras takes no empty name and no slash in one,
    and names that begin with `OWN` are our layers'.

    >>> from steelyard.tables import Column
    >>> columns = (Column("a/b", "number", "feature"), Column("a_b", "number", "feature"))
    >>> input_names(Schema(columns, "y", (0, 1)))
    {'a/b': 'a_b_', 'a_b': 'a_b'}
    """
    taken = {name for name in schema.features if _can_name_an_input(name)}
    names: dict[str, str] = {}
    for name in (*schema.features, *besides):
        if name in names:
            continue
        key = name.replace("/", "_")
        own = _can_name_an_input(name) and (name in schema.features or name not in taken)
        if not own:
            key = key if _can_name_an_input(key) else f"_{key}"
            while key in taken:
                key += "_"
        taken.add(key)
        names[name] = key
    return names


def input_type(schema: Schema, name: str) -> str:
    """Type of a column's input: string, float32, or float64 where float32 would lose it."""
    if name not in schema.features:
        return "float32"
    if name in schema.categories:
        return "string"
    return "float64" if schema.column(name).offset else "float32"


def _can_name_an_input(name: str) -> bool:
    return bool(name) and "/" not in name and not name.startswith(OWN)


def columns_of(
    frame: pl.DataFrame, schema: Schema, besides: Sequence[str] = ()
) -> Mapping[str, Any]:
    """A canonical frame (`tables.read_features`) as the model's input dict."""
    strings, keys = set(schema.categories), input_names(schema, besides)
    return {
        key: tf.constant(frame[name].fill_null("").to_list(), tf.string, shape=(len(frame), 1))
        if name in strings
        else tf.constant(
            frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()[:, None],
            input_type(schema, name),
        )
        for name, key in keys.items()
    }


class Predictor:
    """A deployed model and its schema as a function of feature frames, traced once.

    `besides`: columns that frames must hold after the features, for the decision. `labels`: what
    its codes stand for.
    """

    def __init__(self, model: Any, schema: Schema, rows_at_once: int = 8192) -> None:
        self.schema, self.rows_at_once = schema, rows_at_once
        self.besides = needed_besides(model, schema)
        self.labels = list(label_of(model).labels)
        coded = with_codes(model)
        self.call = tf.function(
            lambda columns: coded(columns, training=False), reduce_retracing=True
        )

    def __call__(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (rows, classes) float32 and decision codes (rows,).

        Raises: RunError: NaN for some rows; a decision about them would be one about nothing.
        """
        parts = [
            self.call(columns_of(frame.slice(start, self.rows_at_once), self.schema, self.besides))
            for start in range(0, len(frame), self.rows_at_once)
        ]
        if not parts:
            return np.empty((0, len(self.schema.classes)), "float32"), np.empty(0, "int32")
        probability = np.concatenate([part["probability"].numpy() for part in parts])
        without = int((~np.isfinite(probability).all(axis=1)).sum())
        if without:
            raise RunError(
                f"the model gives no probabilities (NaN) for {without:,} of {len(frame):,} rows, "
                "so nothing is decided; its weights are damaged, or it did not learn: run compare "
                "again"
            )
        return probability, np.concatenate([part["decision"].numpy() for part in parts])
