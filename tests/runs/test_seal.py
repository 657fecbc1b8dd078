"""Commands look at the seal before they use a run; `--no-verify` skips that."""

import json
import shutil
import zipfile

import h5py
import numpy as np
import pytest


def words(command, run, folder, out):
    return {
        "predict": ("predict", run, folder / "new.csv", "--out", out),
        "evaluate": ("evaluate", run, folder / "t.csv"),
        "retune": ("retune", run, "--cost-fp", 1, "--cost-fn", 20),
        "monitor": ("monitor", run, folder / "new.csv"),
        "report": ("report", run),
    }[command]


@pytest.mark.parametrize("command", ["predict", "evaluate", "retune", "monitor", "report"])
def test_an_edited_run_is_refused_and_can_be_used_on_request(
    command, a_run, finished, run, tmp_path
):
    values = json.loads((a_run / "run.json").read_text())
    values["data"]["path"] = "elsewhere.csv"
    (a_run / "run.json").write_text(json.dumps(values))
    asked = words(command, a_run, finished, tmp_path / "o.csv")
    result = run(*asked)
    assert result.exit_code == 1
    assert "run.json is not what was sealed" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    # The new rows are those it was trained on: for monitor no new rows, which is its exit code 3.
    assert run(*asked, "--no-verify").exit_code == (3 if command == "monitor" else 0)


@pytest.fixture
def other_weights(a_run):
    """Rewrite every array of more than one number in the model's weights."""

    def rewrite(change):
        shutil.copy(a_run / "model.keras", a_run.parent / "old.keras")
        old = zipfile.ZipFile(a_run.parent / "old.keras")
        weights = a_run.parent / "w.h5"
        weights.write_bytes(old.read("model.weights.h5"))
        with h5py.File(weights, "r+") as file:
            file.visititems(
                lambda _, one: (
                    one.__setitem__(..., change(one[...]))
                    if isinstance(one, h5py.Dataset) and one.dtype.kind == "f" and one.size > 1
                    else None
                )
            )
        with zipfile.ZipFile(a_run / "model.keras", "w") as new:
            for name in ("metadata.json", "config.json"):
                new.writestr(name, old.read(name))
            new.write(weights, "model.weights.h5")

    return rewrite


def test_other_weights_are_refused(a_run, other_weights, finished, run, tmp_path):
    other_weights(lambda values: -values)
    result = run("predict", a_run, finished / "new.csv", "--out", tmp_path / "o.csv")
    assert result.exit_code == 1
    assert "model.keras is not what was sealed" in result.stderr
    assert not (tmp_path / "o.csv").exists()


def test_nan_is_never_decided_about(a_run, other_weights, edited, finished, run, tmp_path):
    other_weights(lambda values: values * np.nan)
    edited(a_run, lambda values: None)
    result = run("predict", a_run, finished / "new.csv", "--out", tmp_path / "o.csv")
    assert result.exit_code == 1
    assert "no probabilities (NaN) for 300 of 300 rows" in result.stderr
    assert not (tmp_path / "o.csv").exists()
