"""A look at a .keras file before Keras reads it: nothing in it may run, reach out or swell.

Keras builds whatever class the archive names. Its own safe mode has had holes, so only classes that
are known here to do nothing but arithmetic are let through, and the weights must be plain numbers.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steelyard._memory import is_out_of_memory
from steelyard.errors import RunError

MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
MOST_PACKED = 100  # times: Keras packs nothing
MOST_BYTES = 1 << 31  # of the unpacked weights
MOST_CONFIG = 1 << 26  # bytes; trees and levels of categories are in the weights or are short
WIDEST = 1 << 24  # units or a side of a shape
# What a model of ours, or a function given as the model, is made of.
_LAYERS = """
Activation Add AlphaDropout Average AveragePooling1D AveragePooling2D BatchNormalization
Bidirectional Concatenate Conv1D Conv2D Cropping1D Dense DepthwiseConv1D DepthwiseConv2D Dot
Dropout ELU Embedding EinsumDense Flatten GaussianDropout GaussianNoise
GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D
GroupNormalization GRU GRUCell Identity InputLayer LayerNormalization LeakyReLU LSTM
LSTMCell MaxPooling1D MaxPooling2D Maximum Minimum MultiHeadAttention Multiply Normalization
PReLU Permute RMSNormalization ReLU RepeatVector Rescaling Reshape SeparableConv1D SimpleRNN
SimpleRNNCell Softmax SpatialDropout1D SpectralNormalization Subtract TimeDistributed
UnitNormalization UpSampling1D ZeroPadding1D
"""
LAYERS = frozenset(_LAYERS.split())
HARMLESS = ("keras.initializers", "keras.regularizers", "keras.constraints", "keras.optimizers")
UNREADABLE = (OSError, zipfile.BadZipFile, ValueError, RecursionError, RuntimeError, EOFError)
MODELS = {"Functional", "Sequential", "Model"}
KERAS = {"DTypePolicy", "SeedGenerator", *MODELS}


def load_archive(path: Path) -> Any:
    """The model in a .keras file.

    Raises: RunError: it is damaged, or holds what no model of steelyard's does.
    """
    from steelyard._keras import keras

    check_archive(path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever Keras trips over, the file is the reason
        if is_out_of_memory(error):
            raise
        raise _damaged(path, f"Keras cannot read it: {type(error).__name__}: {error}") from error


def layer_configs(path: Path) -> dict[str, dict[str, Any]]:
    """What each layer of the outer model in a .keras file is set to; no TensorFlow is needed.

    Raises: RunError: as `load_archive`.
    """
    config = check_archive(path)
    layers = config.get("config", {}).get("layers", [])
    return {one["name"]: one["config"] for one in layers if "name" in one and "config" in one}


def check_archive(path: Path) -> dict[str, Any]:
    """Refuse an archive that is not one of ours, see the top of this file; its configuration.

    Raises: RunError.
    """
    if not path.is_file():
        raise _damaged(path, "it is missing" if not path.exists() else "it is no file")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(path, entries)
            json.loads(archive.read("metadata.json"))
            config = json.loads(archive.read("config.json"))
            weights = archive.read("model.weights.h5")
    except UNREADABLE as error:
        if isinstance(error, RunError) or is_out_of_memory(error):
            raise
        raise _damaged(path, str(error)) from error
    if not isinstance(config, dict):
        raise _damaged(path, "config.json is no object")
    try:
        objects = list(_objects(config))
    except RecursionError as error:
        raise _damaged(path, "config.json is nested too deep") from error
    for place, found in objects:
        problem = _problem_of(found)
        if problem:
            raise _damaged(path, f"{place or 'the model'} is {problem}")
    _check_weights(path, weights)
    return config


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if sorted(names) != sorted(MEMBERS):
        other = sorted(set(names) ^ MEMBERS) or names
        raise _damaged(path, f"its parts are not those of a model: {', '.join(other)[:200]}")
    for entry in entries:
        most = MOST_BYTES if entry.filename.endswith(".h5") else MOST_CONFIG
        if entry.file_size > min(most, (1 << 20) + MOST_PACKED * entry.compress_size):
            raise _damaged(path, f"{entry.filename} would unpack to {entry.file_size:,} bytes")


def _objects(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping in a configuration, and the name of the layer that it belongs to."""
    if isinstance(value, dict):
        place = value["name"] if isinstance(value.get("name"), str) else place
        yield place, value
        value = value.values()
    elif not isinstance(value, list):
        return
    for one in value:
        yield from _objects(one, place)


def _problem_of(found: dict[str, Any]) -> str | None:
    for key in ("units", "filters", "input_dim", "output_dim", "key_dim", "num_heads"):
        if isinstance(found.get(key), int) and found[key] > WIDEST:
            return f"of {key} {found[key]:,}"
    if "class_name" not in found:
        return None
    module, name = str(found.get("module")), str(found["class_name"])
    registered = found.get("registered_name")
    if module == "None":
        known = name in ("__keras_tensor__", "__tuple__", "__numpy__", "__tensor__")
    elif isinstance(registered, str) and ">" in registered:
        known = _is_registered(registered)
    elif module == "keras.layers":
        known = name in LAYERS
    elif module.startswith("keras.src.models") or module == "keras":
        known = name in KERAS
    else:
        known = module in HARMLESS
    return None if known else f"a {module}.{name}, which is not loaded from a file"


def _is_registered(name: str) -> bool:
    """Whether this process defined the class itself, as steelyard does its layers."""
    from steelyard._keras import keras

    return keras.saving.get_registered_object(name) is not None


def _check_weights(path: Path, weights: bytes) -> None:
    """Plain arrays of numbers: no link, no file beside, nothing that unpacks to more."""
    import h5py

    def check(group: Any) -> None:
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _damaged(path, f"its weight {name} is a link")
            one = group[name]
            if isinstance(one, h5py.Group):
                check(one)
            elif one.external or one.is_virtual or one.compression or one.dtype.kind not in "biuf":
                raise _damaged(path, f"its weight {name} is no plain array of numbers")
            elif one.nbytes > len(weights):
                raise _damaged(path, f"its weight {name} would unpack to {one.nbytes:,} bytes")

    try:
        with h5py.File(io.BytesIO(weights), "r") as file:
            check(file)
    except RunError:
        raise
    except Exception as error:  # HDF5 has many ways to be torn
        if is_out_of_memory(error):
            raise
        raise _damaged(path, f"its weights cannot be read: {error}") from error


def _damaged(path: Path, why: str) -> RunError:
    why = " ".join(why.split())[:300]
    return RunError(
        f"{path} is damaged or is no model of steelyard's ({why}); run compare again, or take the "
        "file from a copy of the run"
    )
