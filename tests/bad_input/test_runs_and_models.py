"""Damaged runs and models of one's own that cannot be: one line, nothing changed."""

import json
import shutil

import pytest

from steelyard.runs.seal import sealed

PREDICT = "predict run new.csv --out o.csv --quiet"


def without(name):
    return lambda folder: (folder / "run" / name).unlink()


def filled(name, content):
    def act(folder):
        path = folder / "run" / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return act


def as_folder(name):
    def act(folder):
        (folder / "run" / name).unlink()
        (folder / "run" / name).mkdir()

    return act


def edited(change, *, seal=True):
    def act(folder):
        path = folder / "run" / "run.json"
        values = json.loads(path.read_text())
        change(values)
        path.write_text(json.dumps(sealed(values, folder / "run") if seal else values))

    return act


def cut(name, keep=0.5):
    def act(folder):
        path = folder / "run" / name
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])

    return act


def emptied(folder):
    shutil.rmtree(folder / "run")
    (folder / "run").mkdir()


def linked(folder):
    (folder / "elsewhere").symlink_to("/etc")
    shutil.rmtree(folder / "run")
    (folder / "run").symlink_to("elsewhere")


# What is done to a run, the command that meets it, and words of the line.
DAMAGE = {
    "an empty folder": (
        lambda d: (shutil.rmtree(d / "run"), (d / "run").mkdir()),
        PREDICT,
        "run.json",
    ),
    "a link to another folder": (linked, PREDICT, "run.json"),
    "no run.json": (without("run.json"), PREDICT, "run.json"),
    "run.json is a folder": (as_folder("run.json"), PREDICT, "folder"),
    "run.json is empty": (filled("run.json", ""), PREDICT, "run.json"),
    "run.json is a list": (filled("run.json", "[]"), PREDICT, "schema"),
    "run.json is text": (filled("run.json", '"run"'), PREDICT, "schema"),
    "run.json is no JSON": (filled("run.json", "{'schema': 2}"), PREDICT, "run.json"),
    "run.json holds NaN": (filled("run.json", '{"schema": NaN}'), PREDICT, "run.json"),
    "run.json is nested deep": (filled("run.json", "[" * 200_000), PREDICT, "run.json"),
    "run.json is no text": (filled("run.json", b"\xff\xfe\x00"), PREDICT, "run.json"),
    "run.json holds a huge number": (
        filled("run.json", '{"schema": ' + "9" * 5000 + "}"),
        PREDICT,
        "run.json",
    ),
    "run.json is cut": (cut("run.json"), PREDICT, "run.json"),
    "of another version": (edited(lambda v: v.update(schema=99)), PREDICT, "schema 99"),
    "a field is gone": (edited(lambda v: v.pop("decision")), PREDICT, "decision"),
    "a field is of another type": (
        edited(lambda v: v["data"].update(classes="yes")),
        PREDICT,
        "classes",
    ),
    "edited without a seal": (
        edited(lambda v: v["data"].update(rows=7), seal=False),
        PREDICT,
        "--no-verify",
    ),
    "classes swapped": (edited(lambda v: v["data"]["classes"].reverse()), PREDICT, "run.json"),
    "no model": (without("model.keras"), PREDICT, "model.keras"),
    "a model that is a folder": (as_folder("model.keras"), PREDICT, "model.keras"),
    "a model that is cut": (cut("model.keras"), PREDICT, "model.keras"),
    "a model that is text": (filled("model.keras", "model"), PREDICT, "model.keras"),
    "a model that is cut, unchecked": (
        cut("model.keras"),
        f"{PREDICT} --no-verify",
        "model.keras is damaged",
    ),
    "predictions that are gone": (
        without("predictions.parquet"),
        "retune run --maximise f1",
        "predictions.parquet",
    ),
    "predictions that are cut, unchecked": (
        cut("predictions.parquet"),
        "retune run --maximise f1 --no-verify",
        "predictions.parquet is damaged",
    ),
    "a ledger that is a list": (
        filled("ledger.json", "[]"),
        "monitor run new.csv --no-verify",
        "ledger.json",
    ),
    "a journal of another request": (
        lambda d: (d / "run" / "run.json").unlink(),
        "train t.csv --target y --out run --model trees --quiet",
        "run",
    ),
    "a page that is a folder": (as_folder("report.html"), "report run", "report.html"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_run(case, refused, folder):
    spoil, words, expected = DAMAGE[case]
    spoil(folder)
    assert expected in refused(words.split())


KERAS = "import keras\ndef build(inputs, classes):\n    "
MODELS = {
    "no function of that name": ("def other(): pass\n", "'build'"),
    "no Python": ("def build(:\n", "cannot be run"),
    "a program that fails": ("1 / 0\n", "ZeroDivisionError"),
    "a program that needs what is not there": ("import nonexistent_package\n", "nonexistent"),
    "a value, no function": ("build = 5\n", "'build'"),
    "another number of arguments": ("def build(a, b, c): pass\n", "(a, b, c)"),
    "a function that fails": ("def build(a, b):\n    raise OSError('gone')\n", "line 2"),
    "no model": ("def build(a, b): return 7\n", "int"),
    "another width": (
        KERAS + "return keras.Sequential([keras.Input((3,)), keras.layers.Dense(classes)])\n",
        "cannot take",
    ),
    "another number of classes": (
        KERAS + "return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(7)])\n",
        "(2, 7)",
    ),
    "probabilities for logits": (
        KERAS + "return keras.Sequential([keras.Input((inputs,)), "
        "keras.layers.Dense(classes, activation='softmax')])\n",
        "softmax",
    ),
    "a loss of its own": (
        KERAS + "m = keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(classes)])\n"
        "    m.compile('adam', 'mse')\n    return m\n",
        "loss",
    ),
    "a Lambda": (
        KERAS + "return keras.Sequential([keras.Input((inputs,)), "
        "keras.layers.Dense(classes), keras.layers.Lambda(lambda x: x)])\n",
        "Lambda",
    ),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_model_of_ones_own(case, refused, folder):
    code, expected = MODELS[case]
    (folder / "mine.py").write_text(code)
    words = (
        "train t.csv --target y --out new-run --quiet --model mine.py:build --drop who --drop day"
    )
    assert expected in refused(words.split())
