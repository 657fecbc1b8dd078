"""A deployed model in the formats of other programs: SavedModel, LiteRT, ONNX.

All take one input a column, of shape (rows,), and give `probability_<class>` for each class and
`decision`. SavedModel takes text and numbers and decides in labels. LiteRT and ONNX are for tables
of numbers, with the operations that every runtime of theirs has; where labels are text, which
those runtimes do not know, or booleans, they give the number of the label, `decision_code`. A row
whose probabilities are NaN is of no class: "" or -1 (`Label` says what else), never one of them.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from steelyard._tensorflow import keras, tf
from steelyard.errors import MissingDependencyError, RequestError
from steelyard.models.deploy import input_names, input_type, needed_besides, with_codes
from steelyard.models.deployed_model import label_of
from steelyard.models.portable import portable
from steelyard.tables import Schema

FORMATS = ("keras", "saved-model", "litert", "onnx")
OPSET = 17  # of ONNX; runtimes since 2022 read it
PLAIN = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")

Columns = dict[str, Any]


def check_format(kind: str, schema: Schema) -> None:
    """RequestError for an unknown format, or one that cannot hold the table's columns."""
    if kind not in FORMATS:
        raise RequestError(f"`format={kind}` is unknown; there are: {', '.join(FORMATS)}")
    if kind in ("litert", "onnx") and schema.categories:
        named = ", ".join(repr(name) for name in schema.categories[:5])
        raise RequestError(
            f"{kind} takes numbers only, but text is in column {named}; use "
            "`format=saved-model`, or compare without such columns"
        )
    far = [name for name in schema.numbers if schema.column(name).offset]
    if kind == "litert" and far:
        raise RequestError(
            f"litert has no float64, which column {far[0]!r} needs (values far from 0); use "
            "`format=saved-model`, or subtract its smallest value before compare"
        )


def write_model(model: Any, schema: Schema, path: Path, kind: str) -> None:
    """Write a deployed model to `path` in one of `FORMATS`; saved-model is a folder."""
    if kind == "keras":
        model.save(path)
    elif kind == "saved-model":
        module = tf.Module()
        module.model = model
        module.serve = tf.function(_with_labels(model, schema), autograph=False)
        signature = module.serve.get_concrete_function(**_specs(model, schema))
        tf.saved_model.save(module, str(path), signatures={"serving_default": signature})
    elif kind == "litert":
        serve = tf.function(_of_constants(model, schema), autograph=False)
        signature = serve.get_concrete_function(**_specs(model, schema))
        converter = tf.lite.TFLiteConverter.from_concrete_functions([signature], tf.Module())
        path.write_bytes(converter.convert())
    else:
        path.write_bytes(_onnx(_of_constants(model, schema), _specs(model, schema)))


def about_text(model: Any, schema: Schema, kind: str) -> str:
    """What to know of an exported model, as JSON: inputs, outputs, classes, threshold, date."""
    besides = needed_besides(model, schema)
    ports, keys = port_names(schema, besides), input_names(schema, besides)
    inputs = [
        {"column": name, "input": port, "type": input_type(schema, name)}
        for name, port in ports.items()
    ]
    code = kind in ("litert", "onnx") and _only_codes(model)
    if kind == "keras":
        inputs = [one | {"input": keys[str(one["column"])]} for one in inputs]
        outputs = ["probability", "decision"]
    else:
        outputs = [*_probability_names(schema), "decision_code" if code else "decision"]
    about = {**model.about, "format": kind, "inputs": inputs, "outputs": outputs}
    return json.dumps(about, indent=2, ensure_ascii=False) + "\n"


def _specs(model: Any, schema: Schema) -> dict[str, tf.TensorSpec]:
    return {
        port: tf.TensorSpec([None], input_type(schema, name), name=port)
        for name, port in port_names(schema, needed_besides(model, schema)).items()
    }


def port_names(schema: Schema, besides: Sequence[str] = ()) -> dict[str, str]:
    """Column -> the name of its input: letters, digits and underscores, or LiteRT loses them.

    >>> from steelyard.tables import Column
    >>> columns = (Column("a b", "number", "feature"), Column("a_b", "number", "feature"))
    >>> port_names(Schema(columns, "y", (0, 1)))
    {'a b': 'a_b_', 'a_b': 'a_b'}
    """
    return _plain([*schema.features, *besides])


def _probability_names(schema: Schema) -> list[str]:
    return list(_plain([f"probability_{label}" for label in schema.classes]).values())


def _plain(names: Sequence[str]) -> dict[str, str]:
    """Each name in letters, digits and underscores, none twice; plain ones stay as they are."""
    found = {name: name for name in names if PLAIN.fullmatch(name)}
    taken = set(found)
    for name in names:
        if name in found:
            continue
        plain = re.sub(r"[^0-9A-Za-z_]", "_", name)
        plain = plain if PLAIN.fullmatch(plain) else f"x{plain}"
        while plain in taken:
            plain += "_"
        taken.add(plain)
        found[name] = plain
    return {name: found[name] for name in names}


def _shaped(columns: Columns, model: Any, schema: Schema) -> Columns:
    """Inputs by port, shape (rows,), as the Keras model's inputs."""
    besides = needed_besides(model, schema)
    keys, ports = input_names(schema, besides), port_names(schema, besides)
    return {keys[name]: columns[port][:, None] for name, port in ports.items()}


def _only_codes(model: Any) -> bool:
    """Whether these runtimes know no such labels, or the labels leave no value for no class."""
    return label_of(model).values.dtype in (object, bool)


def _named(p: Any, schema: Schema) -> Columns:
    return {name: p[:, k] for k, name in enumerate(_probability_names(schema))}


def _with_labels(model: Any, schema: Schema) -> Callable[..., Columns]:
    def serve(**columns: Any) -> Columns:
        out = model(_shaped(columns, model, schema), training=False)
        return _named(out["probability"], schema) | {"decision": out["decision"]}

    return serve


def _of_constants(model: Any, schema: Schema) -> Callable[..., Columns]:
    """The portable model with its weights as constants: these runtimes know no variables."""
    copy, label = portable(with_codes(model)), label_of(model)
    codes_only = _only_codes(model)
    weights = [
        [keras.ops.convert_to_numpy(one) for one in some]
        for some in (copy.trainable_variables, copy.non_trainable_variables)
    ]

    def serve(**columns: Any) -> Columns:
        out, _ = copy.stateless_call(*weights, _shaped(columns, model, schema), training=False)
        code = out["decision"]
        decision = {"decision_code": code} if codes_only else {"decision": label(code)}
        return _named(out["probability"], schema) | decision

    return serve


def _onnx(serve: Callable[..., Columns], specs: dict[str, tf.TensorSpec]) -> bytes:
    try:
        from tf2onnx import convert
    except ImportError as error:
        raise MissingDependencyError(
            f"the format onnx needs tf2onnx ({error}); install it with: pip install tf2onnx"
        ) from error

    signature = list(specs.values())

    def by_position(*columns: Any) -> Columns:
        return serve(**dict(zip(specs, columns, strict=True)))

    function = tf.function(by_position, input_signature=signature, autograph=False)
    model, _ = convert.from_function(function, input_signature=signature, opset=OPSET)
    return bytes(model.SerializeToString())
