"""Nothing in a .keras file from a stranger runs, reaches out or swells: it is refused before."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

from steelyard.errors import RunError
from steelyard.models.archive import check_archive, layer_configs, load_archive

LAYER = {
    "module": "keras.layers",
    "class_name": "Dense",
    "registered_name": None,
    "name": "d",
    "config": {"name": "d", "units": 2},
}


def model(*layers):
    return {
        "module": "keras",
        "class_name": "Sequential",
        "registered_name": None,
        "config": {"name": "s", "layers": list(layers)},
    }


def weights(fill=lambda file: file.create_dataset("vars/0", data=np.ones(3, "float32"))):
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        fill(file)
    return held.getvalue()


def write(path, config=None, h5=None, more=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        text = config if isinstance(config, str) else json.dumps(config or model(LAYER))
        archive.writestr("config.json", text)
        archive.writestr("model.weights.h5", weights() if h5 is None else h5)
        for name, data in more:
            archive.writestr(name, data)
    return path


def layer(name, module="keras.layers", registered=None, **config):
    return {
        "module": module,
        "class_name": name,
        "registered_name": registered,
        "name": "evil",
        "config": {"name": "evil"} | config,
    }


LAMBDA = {"class_name": "__lambda__", "config": {"value": ["4wA=", None, None]}}
FUNCTION = {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": ""}
CONFIGS = {
    "a Lambda layer": model(layer("Lambda", function=LAMBDA)),
    "a lambda for an activation": model(layer("Dense", units=2, activation=LAMBDA)),
    "a function by name": model(layer("Dense", units=2, activation=FUNCTION)),
    "a graph in a folder": model(layer("TFSMLayer", filepath="graph")),
    "a vocabulary in a file": model(layer("StringLookup", vocabulary="/etc/passwd")),
    "a module that is imported": model(layer("system", module="os", command="true")),
    "a helper of Keras": model(layer("get_file", module="keras.src.utils.file_utils")),
    "a class of another package": model(layer("Evil", registered="other>Evil")),
    "a class that we do not have": model(layer("Evil", registered="steelyard>Evil")),
    "a class inside a class": model(layer("TimeDistributed", layer=layer("Lambda"))),
    "a million million units": model(layer("Dense", units=10**12)),
    "no object": "[]",
    "no JSON": "{",
    "brackets": "[" * 100_000,
}


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_not_arithmetic_is_refused(name, tmp_path):
    path = write(tmp_path / "m.keras", CONFIGS[name])
    with pytest.raises(RunError, match=r"m\.keras is damaged or is no model of steelyard's \("):
        check_archive(path)
    with pytest.raises(RunError):
        load_archive(path)


def _external(file):
    file["vars"] = h5py.ExternalLink("/etc/passwd", "/")


def _outside(file):
    file.create_dataset("vars/0", (8,), "u1", external=[("/etc/passwd", 0, 8)])


def _unpacks(file):
    file.create_dataset("vars/0", (1 << 30,), "f4", chunks=(1 << 20,), compression="gzip")


def _soft(file):
    file["vars"] = h5py.SoftLink("/elsewhere")


def _allocated_late(file):
    file.create_dataset("vars/0", (1 << 34,), "f4", chunks=(1 << 20,))


def _text(file):
    file.create_dataset("vars/0", data=np.array([b"x"], dtype=object), dtype=h5py.string_dtype())


@pytest.mark.parametrize("fill", [_external, _outside, _unpacks, _soft, _allocated_late, _text])
def test_weights_are_plain_numbers_in_the_file_itself(fill, tmp_path):
    with pytest.raises(RunError, match="its weight"):
        check_archive(write(tmp_path / "m.keras", h5=weights(fill)))


def test_archives_of_other_parts_are_refused(tmp_path):
    for more in (
        [("../evil", "x")],
        [("/etc/evil", "x")],
        [("assets/x", "x")],
        [("config.json/", "")],
    ):
        with pytest.raises(RunError, match="its parts are not those of a model"):
            check_archive(write(tmp_path / "m.keras", more=more))
    path = write(tmp_path / "m.keras")
    for damaged in (b"", b"PK\x03\x04 no", path.read_bytes()[:-30], path.read_bytes()[30:]):
        path.write_bytes(damaged)
        with pytest.raises(RunError, match="is damaged"):
            check_archive(path)
    path.unlink()
    with pytest.raises(RunError, match="it is missing"):
        check_archive(path)
    path.mkdir()
    with pytest.raises(RunError, match="it is no file"):
        check_archive(path)


def test_unpacked_size_is_bounded(tmp_path):
    config = json.dumps(model(LAYER)) + " " * (1 << 26)
    with pytest.raises(RunError, match="would unpack to"):
        check_archive(write(tmp_path / "m.keras", config))


def test_a_harmless_model_is_let_through(tmp_path):
    assert layer_configs(write(tmp_path / "m.keras"))["d"]["units"] == 2


def test_what_unpacks_to_far_more_than_it_is(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("metadata.json", "config.json"):
            archive.writestr(name, "{}")
        archive.writestr("model.weights.h5", bytes(64 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(RunError, match="would unpack to 67,108,864 bytes"):
        check_archive(path)


def test_what_is_nested_too_deep(tmp_path):
    path = tmp_path / "m.keras"
    for depth in (700, 100_000):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", "{}")
            archive.writestr("config.json", '{"a":' * depth + "{}" + "}" * depth)
            archive.writestr("model.weights.h5", b"")
        with pytest.raises(RunError, match="damaged"):
            check_archive(path)
