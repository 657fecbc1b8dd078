"""Numbers as people write them are numbers from every source, or a note says why they are not."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.csv
import pytest

from steelyard.errors import DataError
from steelyard.tables import Schema, iter_features, read_features, read_table
from steelyard.tables.number_text import NumberFormat, NumberReading, read_numbers
from steelyard.tables.values import clean

N = 60
Y = [i % 4 == 0 for i in range(N)]


def column_of(write, values):
    """A text column of `N` values, each number written by `write`."""
    return [write(values[i % len(values)]) for i in range(N)]


def grouped(sign, decimals=0):
    return lambda v: f"{v:,.{decimals}f}".replace(",", sign)


def german(v):
    return f"{v:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


VALUES = [5.0, 12.5, 999.25, 1234.5, 1_234_567.0, 17.0, 0.5]
WRITTEN = {
    "currency": lambda v: f"${v:,.2f}",
    "currency behind": lambda v: f"{v:.2f} EUR",
    "apostrophes": lambda v: f"{v:,.2f}".replace(",", "'"),
    "narrow blanks": lambda v: f"{v:,.2f}".replace(",", "\u202f"),
    "German": german,
    "decimal comma": lambda v: f"{v:.2f}".replace(".", ","),
    "per cent": lambda v: f"{v} %",
    "a unit": lambda v: f"{v:.2f}kg",
    "exponents with comma": lambda v: f"{v:.6e}".replace(".", ","),
}


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_ways_to_write_numbers(way, separator, tmp_path):
    written = column_of(WRITTEN[way], VALUES)
    expected = [VALUES[i % len(VALUES)] for i in range(N)]
    path = tmp_path / "a.csv"
    rows = [f'"{text}"{separator}{int(y)}\n' for text, y in zip(written, Y, strict=True)]
    path.write_text(f"v{separator}y\n" + "".join(rows), encoding="utf-8")
    table = read_table(path, "y")
    assert table.schema.column("v").kind == "number"
    np.testing.assert_allclose(table.features["v"], expected)
    # A later file is read by the same rules, whole, in parts, and after a round through JSON.
    schema = Schema.from_dict(table.schema.to_dict())
    assert read_features(path, schema).equals(table.features)
    assert pl.concat(iter_features(path, schema, batch_rows=7)).equals(table.features)
    assert read_table(pl.DataFrame({"v": written, "y": Y}), "y").schema.column("v").kind == "number"


@pytest.mark.parametrize("word", ["na", "?", " ", "#NUM!", "1.#IND", "undefined", "*", "N.A.", "-"])
def test_a_word_for_missing_leaves_numbers_from_every_source(word, tmp_path):
    values = [word if i % 9 == 0 else str(20 + i % 7) for i in range(N)]
    path = tmp_path / "a.csv"
    path.write_text("v,w,y\n" + "".join(f"{v},1.5,{i % 4}\n" for i, v in enumerate(values)))
    pl.read_csv(path, infer_schema=False).write_parquet(tmp_path / "a.parquet")
    sources = {
        "csv": path,
        "pandas": pd.read_csv(path, keep_default_na=False),
        "polars": pl.read_csv(path),
        "arrow": pyarrow.csv.read_csv(path),
        "parquet": tmp_path / "a.parquet",
    }
    for name, data in sources.items():
        column = read_table(data, "y", keep=["v"]).features["v"]
        assert column.dtype == pl.Float64, name
        assert column.null_count() == sum(v == word for v in values), name


AMOUNTS = [*range(5, 1000, 31), 1101, 1999, 2345, 3123, 4567]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("sign", [",", "."])
def test_thousands_are_no_decimals_where_no_comma_parts_the_fields(separator, sign, tmp_path):
    path = tmp_path / "a.txt"
    rows = [f"{i % 4}{separator}{v:,}\n".replace(",", sign) for i, v in enumerate(AMOUNTS)]
    path.write_text(f"y{separator}v\n" + "".join(rows))
    assert read_table(path, "y", keep=["v"]).features["v"].to_list() == AMOUNTS


def test_thousands_that_begin_after_the_start_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{i % 2};{100 + i % 900}\n" for i in range(60_000)]
    late = [f"{i % 2};{v:,}\n".replace(",", ".") for i, v in enumerate(AMOUNTS)]
    path.write_text("y;v\n" + "".join(rows + late))
    assert read_table(path, "y").features["v"][-1] == 4567


def test_a_decimal_comma_that_begins_after_the_start_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"{i % 2};{i % 900}\n" for i in range(60_000))
    path.write_text("y;v\n" + rows + "1;2,5\n")
    assert read_table(path, "y").features["v"].to_list()[-2:] == [599.0, 2.5]


def test_long_codes_that_begin_after_the_start_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"{i % 2},{i % 900}\n" for i in range(60_000))
    path.write_text("y,v\n" + rows + "1,450229981000132104\n0,450229981000132107\n")
    assert read_table(path, "y").features["v"].to_list()[-2:] == [
        "450229981000132104",
        "450229981000132107",
    ]


READ_BOTH_WAYS = ["1,101", "2,345", "7,890"]


@pytest.mark.parametrize(
    ("hint", "expected"),
    [(",", [1.101, 2.345, 7.89]), (".", [1101, 2345, 7890]), ("", None)],
)
def test_what_can_be_read_both_ways_is_told_by_the_file_or_not_read(hint, expected):
    reading = read_numbers(pl.Series(READ_BOTH_WAYS), hint)
    read = reading.values  # noqa: PD011 - no frame of pandas
    assert (read if read is None else read.to_list()) == expected
    assert ("thousands" in reading.why) == (expected is None)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([*["1.5", "2.5", "4"] * 7, "n.v."], ["1 rows", "'n.v.'"]),
        ([*["12,5", "13,75"] * 10, "1.5"], ["1 rows", "'1.5'"]),
        ([*["0", "1", "2"] * 6, "3+"], ["'3+'"]),
        (["00501", "10115"], ["'00501'"]),
        (["5 kg", "6 kg", "7 kg", "3 g"], ["'3 g'"]),
    ],
)
def test_numbers_that_are_not_read_are_pointed_at(values, words):
    y = [i % 2 for i in range(len(values))]
    column = read_table(pl.DataFrame({"v": values, "y": y}), "y").schema.column("v")
    assert column.kind == "category"
    assert [word for word in words if word not in column.note] == []


@pytest.mark.parametrize("values", [["a", "b"], ["192.168.1.1", "10.0.0.1"], ["1.2.3", "1.2.4"]])
def test_words_addresses_and_versions_are_no_numbers(values):
    reading = read_numbers(pl.Series(values), "")
    assert reading == NumberReading(None)


def test_brackets_and_trailing_signs_are_minus():
    text = pl.Series(["(123.45)", "7-", "\u22125", "-$3", "+4", "1e-3"])
    expected = [-123.45, -7, -5, -3, 4, 0.001]
    assert NumberFormat(before="$").parse(text).to_list() == pytest.approx(expected)


def test_thousands_and_millions_by_letter():
    text = clean(pl.Series(["€110.5M", "€565K", "€0"]))
    parsed = NumberFormat(before="€", after="M").parse(text)
    assert parsed.to_list() == pytest.approx([110.5e6, 565e3, 0])
    assert read_numbers(text).format.after in "KM"


def test_a_later_file_written_in_another_way_is_refused_by_name(tmp_path):
    trained = pl.DataFrame({"v": column_of(german, VALUES), "y": Y})
    schema = read_table(trained, "y").schema
    for value in ("12.5", "3 kg"):
        with pytest.raises(DataError, match=r"'v' holds numbers such as 1\.234,5.*row 1"):
            read_features(pl.DataFrame({"v": [value, "1,5"]}), schema)


def test_digits_that_somebody_made_text_are_categories_and_it_is_said():
    column = read_table(pl.DataFrame({"v": ["3", "1", "3"], "y": [0, 1, 0]}), "y").schema.column(
        "v"
    )
    assert column.kind == "category"
    assert "digits" in column.note
