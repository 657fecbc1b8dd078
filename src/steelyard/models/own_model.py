"""The user's function that builds a Keras model: found, called, looked at; a mistake is a line."""

import importlib.util
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._batch_checks import activation_of
from steelyard._keras import refuse_legacy
from steelyard._memory import is_out_of_memory
from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError

WANTED = (
    "it takes the number of encoded columns and of classes, (inputs, classes), and returns a "
    "keras.Model from (batch, inputs) to logits (batch, classes)"
)


@dataclass(frozen=True)
class OwnModel:
    """`build(inputs, classes)`, whose mistakes are told by name; calling it gives a fresh model."""

    build: Callable[[int, int], Any]
    name: str

    def __post_init__(self) -> None:
        try:
            inspect.signature(self.build).bind(1, 2)
        except TypeError as error:
            raise self.refused(
                f"it takes {inspect.signature(self.build)}, which does not do ({error})"
            ) from None
        except ValueError:  # a builtin without a signature
            return

    def __call__(self, inputs: int, classes: int) -> Any:
        try:
            model = self.build(inputs, classes)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            line = traceback.extract_tb(error.__traceback__)[-1]
            raise self.refused(
                f"called with inputs={inputs}, classes={classes} it fails in line {line.lineno} of "
                f"{Path(line.filename).name}: {one_line(error)}"
            ) from error
        refuse_legacy(model, f"`model={self.name!r}`")
        if not isinstance(model, keras.Model):
            raise self.refused(f"it returned a {type(model).__name__}, not a keras.Model")
        return model

    def refused(self, why: str) -> RequestError:
        """An error that names the function."""
        return RequestError(f"`model={self.name!r}`: {why}; {WANTED}")

    def built(self, inputs: int, classes: int) -> Any:
        """A fresh model of the right width on both sides."""
        model = self(inputs, classes)
        given = model.inputs if isinstance(getattr(model, "inputs", None), list | dict) else [None]
        if len(given) != 1:
            raise self.refused(
                f"the model has {len(given)} inputs; it gets one matrix, all columns encoded "
                "as numbers side by side"
            )
        try:
            logits = model(np.zeros((2, inputs), "float32"))
        except Exception as error:
            raise self.refused(
                f"the model cannot take a batch of shape (2, {inputs}): {one_line(error)}"
            ) from error
        several = isinstance(logits, dict | list | tuple)
        shape = "several tensors" if several else tuple(logits.shape)
        if shape != (2, classes):
            raise self.refused(
                f"for 2 rows the model gives {shape}; it must give logits of shape "
                f"(2, {classes}), one column per class"
            )
        return model

    def check(self, inputs: int, classes: int) -> None:
        """Refuse before anything is trained what would train to something else, or not be saved."""
        model = self.built(inputs, classes)
        spec = tf.TensorSpec([None, inputs], tf.float32)
        graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec)
        if activation := activation_of(graph.outputs[0]):
            raise self.refused(
                f"the model ends in {activation}; it must return logits: remove that activation"
            )
        if model.compiled and model.loss is not None:
            raise self.refused(
                "the model is compiled with a loss, but the loss is the technique's; compile it "
                "with an optimizer alone, model.compile(optimizer), or not at all"
            )
        try:
            keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
        except Exception as error:
            raise self.refused(
                "the model could not be loaded again once it is saved (a class of your own, or a "
                f"Lambda): build it of Keras' layers ({one_line(error)})"
            ) from error


def one_line(error: Exception, most: int = 300) -> str:
    """Kind and message of an error on one line, at most so many characters."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= most else text[: most - 3] + "..."


def from_file(spec: str) -> OwnModel:
    """The function of "FILE.py:FUNCTION"."""
    file, _, function = spec.rpartition(":")
    path = Path(file)
    if not file.endswith(".py") or not function:
        raise RequestError(f"`model={spec!r}`: it takes blend, tabular, trees or FILE.py:FUNCTION")
    if not path.is_file():
        raise RequestError(f"`model={spec!r}`: there is no file {file!r}")
    found = importlib.util.spec_from_file_location("steelyard_user_model", path)
    module = importlib.util.module_from_spec(found)  # type: ignore[arg-type]
    try:
        found.loader.exec_module(module)  # type: ignore[union-attr]
    except Exception as error:
        raise RequestError(f"`model={spec!r}`: {file} cannot be run: {one_line(error)}") from error
    build = getattr(module, function, None)
    if not callable(build):
        defined = [name for name, value in vars(module).items() if inspect.isfunction(value)]
        raise RequestError(
            f"`model={spec!r}`: {file} has no function {function!r}; "
            f"it has {', '.join(defined) or 'none'}"
        )
    return OwnModel(build, spec)
