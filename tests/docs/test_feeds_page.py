"""The code of docs/feeds.md runs, from top to bottom."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from steelyard._keras import keras

PAGE = Path(__file__).parents[2] / "docs" / "feeds.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def network(shape):
    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(1)]
    net = keras.Sequential(layers)
    net.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return net


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")
def test_every_block_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3_000, 4)).astype("float32"), np.arange(3_000) % 30 == 0
    for name, count in (("common", 70), ("rare", 5)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(0, 255, (12, 12, 3)).astype("uint8")
            keras.utils.save_img(tmp_path / "photos" / name / f"{i}.png", pixels, scale=False)
    half = network((4,))
    half.fit(X[:2_048], y[:2_048], batch_size=1024, verbose=0)
    half.save("half.keras")
    (tmp_path / "parts").mkdir()
    columns = {f"x{i}": X[:, i] for i in range(4)} | {"y": y.astype("int32")}
    pl.DataFrame(columns).write_parquet(tmp_path / "parts" / "0.parquet")
    images = rng.random((3_000, 8, 8, 3), dtype="float32")
    names = {"X": X, "y": y, "images": images, "keras": keras, "tf": tf}
    for block in BLOCKS:
        names["model"] = network((96, 96, 3) if "photos" in block else (4,))
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own page
        if "half.keras" in block:
            assert int(names["model"].optimizer.iterations) == 10 * names["steps"]
    assert len(BLOCKS) == 5
    assert int(names["model"].optimizer.iterations) == 2 * names["history"].info.steps_per_epoch
