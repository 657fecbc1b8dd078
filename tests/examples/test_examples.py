"""The examples run on the data shipped with them, and show what their pages say they show."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from steelyard.models.own_model import from_file

EXAMPLES = Path(__file__).parents[2] / "examples"
DATA = EXAMPLES / "data"


def run(name, epochs):
    """Lines of an example at a small setting."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main(epochs=epochs)


def test_table(capsys):
    lines = run("table", 12)
    printed = capsys.readouterr().out
    assert all(name in printed for name in lines)
    loss, ratio = ({name: line[i] for name, line in lines.items()} for i in (1, 2))
    for treated in ("class weights", "over-sampled"):  # they tell several times too many frauds
        assert ratio[f"tutorial: {treated}"] < 0.4
    for name in ("plain", "class weights", "balanced batches"):
        assert 0.6 < ratio[f"steelyard: {name}"] < 1.6
    assert loss["steelyard: class weights"] < loss["tutorial: class weights"] / 2
    cost = {name: line[3] for name, line in lines.items()}
    assert cost["steelyard: plain"] < min(cost[n] for n in cost if n.startswith("tutorial"))


def test_finish(capsys, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)  # it takes the network and the table from table.py
    before, after = run("finish", 12).values()
    assert "calibration" in capsys.readouterr().out
    assert before[2] < 0.4  # frauds seen over frauds told
    assert 0.6 < after[2] < 1.6
    assert after[1] < before[1] / 2  # log loss


def test_text(capsys):
    lines = run("text", 10)
    assert "ham lost" in capsys.readouterr().out
    lost, cost = ({name: line[i] for name, line in lines.items()} for i in (2, 4))
    assert lost["recipe: class weights"] > 2 * lost["steelyard: class weights"]
    assert (
        max(cost["steelyard: plain"], cost["steelyard: class weights"])
        < cost["recipe: class weights"]
    )


def test_images(capsys):
    lines = run("images", 5)
    assert "rarest" in capsys.readouterr().out
    usual = lines["usual: plain"]
    for name in ("steelyard: LogitAdjusted loss", "steelyard: plain, adjusted"):
        assert lines[name][0] > usual[0] + 0.01  # where every digit is as frequent
        assert lines[name][1] > usual[1] + 0.05  # and most for the rarest
    assert usual[2] == max(line[2] for line in lines.values())  # at the shares of training


def test_the_long_tail_is_that_of_the_published_rule():
    whole = np.load(DATA / "long_tailed_mnist.npz")
    counts = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert np.bincount(whole["y_train"]).tolist() == counts
    assert np.bincount(whole["y_test"]).tolist() == [300] * 10


@pytest.mark.parametrize("path", sorted(DATA.glob("*.[ncp]*[tz]")), ids=lambda path: path.name)
def test_every_data_file_has_its_origin_and_licence(path):
    page = (DATA / "README.md").read_text()
    row = next(line for line in page.splitlines() if f"`{path.name}`" in line)
    assert re.search(r"CC BY|DbCL", row.split("|")[-2])
    assert path.stat().st_size < 3_000_000


def test_own_model():
    from_file(f"{EXAMPLES / 'own_model.py'}:build").check(7, 3)
