"""The same labels in other types are the same classes, whichever source was learned from."""

import dataclasses
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from steelyard.errors import TargetError
from steelyard.tables import labels, read_features, read_table

CODES = [0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
X = np.arange(12)[:, None] * 0.37
FLAGS = [bool(code) for code in CODES]
WORDS = [str(code) for code in CODES]
TARGETS = {
    "whole": CODES,
    "float": np.array(CODES, float),
    "text": WORDS,
    "0.0 and 1.0": [f"{code}.0" for code in CODES],
    "bool": FLAGS,
    "True as text": [str(flag) for flag in FLAGS],
    "TRUE as text": [str(flag).upper() for flag in FLAGS],
    "nullable whole": pd.array(CODES, dtype="Int64"),
    "nullable bool": pd.array(FLAGS, dtype="boolean"),
    "nullable float": pd.array(CODES, dtype="Float64"),
    "category of whole": pd.Categorical(CODES),
    "category of bool": pd.Categorical(FLAGS),
    "objects": pd.Series(FLAGS, dtype=object),
    "bytes": [word.encode() for word in WORDS],
    "Arrow decimal": pa.array([Decimal(code) for code in CODES], pa.decimal128(5, 2)),
    "Arrow dictionary": pa.array(WORDS).dictionary_encode(),
    "Arrow int8": pa.array(CODES, pa.int8()),
}


def table(name):
    values = TARGETS[name]
    if isinstance(values, pa.Array):
        return pa.table({"x": X[:, 0], "y": values})
    if isinstance(values, list | np.ndarray):
        return pl.DataFrame({"x": X[:, 0], "y": values})
    return pd.DataFrame({"x": X[:, 0], "y": values})


@pytest.mark.parametrize("learned", TARGETS)
def test_labels_are_known_in_every_type(learned):
    schema = read_table(table(learned), "y").schema
    for later in TARGETS:
        assert labels(table(later), schema).tolist() == CODES, later
    flipped = pl.DataFrame({"x": X[:, 0], "y": [2 * code - 1 for code in CODES]})
    with pytest.raises(TargetError, match="none of the learned classes"):
        labels(flipped, schema)


def test_true_is_1_only_where_the_classes_are_0_and_1():
    words = read_table(pl.DataFrame({"x": X[:, 0], "y": FLAGS}), "y").schema
    for classes in [("no", "yes"), (1, 2), (-1, 1), ("0", "1", "2")]:
        with pytest.raises(TargetError):
            labels(table("bool"), dataclasses.replace(words, classes=classes))


def test_bytes_are_text_where_they_are_utf_8(tmp_path):
    """As ARFF files and the Parquet of older writers have them."""
    frame = pl.DataFrame(
        {
            "kind": [b"a" if code else b"b" for code in CODES],
            "size": [f"{i * 0.7:.2f}".encode() for i in range(12)],
            "raw": [bytes([200 + i % 3, 255]) for i in range(12)],
            "y": [b"yes" if code else b"no" for code in CODES],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    text = frame.drop("raw").with_columns(pl.all().cast(pl.String))
    for source in (frame, frame.to_pandas(), tmp_path / "t.parquet"):
        found = read_table(source, "y")
        assert [one.role for one in found.schema.columns] == ["feature", "feature", "text"]
        assert [one.kind for one in found.schema.columns] == ["category", "number", "text"]
        assert found.schema.classes == ("no", "yes")
        assert read_features(text, found.schema).equals(found.features)
