"""Where a table begins in a text file, and lines that are no rows."""

import codecs

import numpy as np
import polars as pl
import pytest

from steelyard.errors import DataError
from steelyard.tables import iter_features, labels, read_features, read_table

ROWS = [f"{1.5 + i},{'ab'[i % 2]},{i % 2}" for i in range(30)]
HEADER = "size,kind,t"
BODY = "\n".join([HEADER, *ROWS]) + "\n"


def write(folder, content, name="a.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def check(path):
    """Everything that reads the file reads the thirty rows."""
    table = read_table(path, "t")
    assert table.features["size"].to_list() == [1.5 + i for i in range(30)]
    assert table.features["kind"].to_list() == list("ab" * 15)
    assert table.y.tolist() == [0, 1] * 15
    assert read_features(path, table.schema).equals(table.features)
    assert pl.concat(iter_features(path, table.schema, batch_rows=7)).equals(table.features)
    assert labels(path, table.schema).tolist() == [0, 1] * 15
    return table


ABOVE = {
    "a title": "Monthly report\n",
    "a title in a spreadsheet": "Monthly report,,\n",
    "a licence": "This is free software: you can\n\nredistribute it, and modify it\n-----\n",
    "comments": "# exported by x\n# 30 rows\n",
    "what Excel writes for itself": "sep=,\n",
    "blank lines": "\n\n",
}


@pytest.mark.parametrize("case", ABOVE)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_above_the_header(case, end, tmp_path):
    table = check(write(tmp_path, (ABOVE[case] + BODY).replace("\n", end)))
    assert len(table.notes) == (0 if case in {"blank lines", "what Excel writes for itself"} else 1)


def test_the_note_names_the_line_of_the_header(tmp_path):
    table = check(write(tmp_path, "# one\n# two\n" + BODY))
    assert table.notes == ("the header stands in line 3; the 2 lines above it are left out",)


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_copies_of_the_header_among_the_rows_are_left_out(mark, tmp_path):
    first, second = "\n".join([HEADER, *ROWS[:12]]), "\n".join([HEADER, *ROWS[12:]])
    path = write(tmp_path, mark + first.encode() + b"\n" + mark + second.encode() + b"\n")
    assert check(path).notes == ("1 copies of the header among the rows left out",)


def test_a_byte_order_mark_before_a_row_is_no_part_of_it(tmp_path):
    lines = [HEADER.encode(), *(row.encode() for row in ROWS)]
    lines[20] = codecs.BOM_UTF8 + lines[20]
    check(write(tmp_path, b"\n".join(lines)))


@pytest.mark.parametrize("separator", ["~", "^", ":", "\x01", " ", "   ", "||", "::", ";;"])
def test_rare_delimiters(separator, tmp_path):
    check(write(tmp_path, BODY.replace(",", separator), "a.txt"))


def test_columns_in_fixed_places(tmp_path):
    lines = [line.split(",") for line in [HEADER, *ROWS]]
    text = "".join(f"{a:>10}{b:>6}{c:>4}  \n" for a, b, c in lines)
    check(write(tmp_path, text, "a.txt"))


def test_row_names_without_a_name(tmp_path):
    lines = [HEADER, *(f'"r{i}",{row}' for i, row in enumerate(ROWS))]
    table = check(write(tmp_path, "\n".join(lines)))
    assert [c.role for c in table.schema.columns if c.name == "Unnamed: 0"] == ["identifier"]
    assert "row names" in table.notes[0]


@pytest.mark.parametrize("header", [HEADER, HEADER + ","])
def test_a_delimiter_at_the_end_of_each_row(header, tmp_path):
    check(write(tmp_path, "\n".join([header, *(f"{row}," for row in ROWS)])))


def test_empty_columns_of_a_spreadsheet(tmp_path):
    table = check(write(tmp_path, "\n".join(f"{line},,," for line in [HEADER, *ROWS])))
    left_out = [c for c in table.schema.columns if c.role == "dropped"]
    assert len(left_out) == 3
    assert {c.note for c in left_out} == {"has neither a name nor a value"}


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__", "level_0", "rownames"])
def test_a_saved_index_is_not_learned_from(name, tmp_path):
    index = np.random.default_rng(0).permutation(500)[:30]
    lines = [f"{name},{HEADER}", *(f"{i},{row}" for i, row in zip(index, ROWS, strict=True))]
    table = check(write(tmp_path, "\n".join(lines)))
    assert "index" in next(c.note for c in table.schema.columns if c.role == "identifier")


REFUSED = {
    "no header": ("0,tcp,181,0,0\n0,udp,239,8,0\n0,tcp,235,1,1\n", ["line of column names"]),
    "two header lines": (
        "size,width,t\n(kg),(m),\n" + "".join(f"{i}.5,{i},{i % 2}\n" for i in range(9)),
        ["two header lines", "line 2", "'(kg)'"],
    ),
    "a stray quote among quoted fields": (
        'size,kind,t\n1.5,"a, b",0\n2.5,5" pipe,1\n3.5,"c",0\n', ["quote", "row 2", '5" pipe'],
    ),
    "a web page": ("<!DOCTYPE html><html><body>404</body></html>", ["web page"]),
    "a pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:aa\n", ["git lfs pull"]),
    "a NUL": (BODY.replace("b", "\0", 1), ["NUL", "line 3"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_row_and_the_remedy(case, tmp_path):
    content, words = REFUSED[case]
    with pytest.raises(DataError) as error:
        read_table(write(tmp_path, content), "t")
    assert [word for word in words if word not in str(error.value)] == []
    assert "\n" not in str(error.value)


QUOTES = {
    "an inch in every row": (lambda i: f'a {i % 3}" pipe', [f'a {i}" pipe' for i in (0, 1, 2)]),
    "an inch in one row": (lambda i: '5" pipe' if i == 7 else "pipe", ["pipe", "pipe", "pipe"]),
    "backslashes": (lambda i: f'"say \\"{i % 3}\\" now"', [f'say "{i}" now' for i in (0, 1, 2)]),
    "doubled": (lambda i: f'"say ""{i % 3}"""', [f'say "{i}"' for i in (0, 1, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("case", QUOTES)
def test_quotes_inside_fields(case, tmp_path):
    spell, first = QUOTES[case]
    rows = [f"{spell(i)},{i}.5,{i % 2}" for i in range(30)]
    table = read_table(write(tmp_path, "\n".join(["kind,size,t", *rows])), "t")
    assert table.features["kind"].to_list()[:3] == first
    assert read_features(tmp_path / "a.csv", table.schema).equals(table.features)


def test_names_in_single_quotes_above_an_apostrophe(tmp_path):
    rows = [f"{'OBrien' if i % 3 else chr(39).join(['O', 'Brien'])},{i % 2}" for i in range(9)]
    table = read_table(write(tmp_path, "\n".join(["'kind','t'", *rows])), "t")
    assert table.features["kind"].to_list()[:2] == ["O'Brien", "OBrien"]


ENCODED = {
    "utf-16 without a mark": BODY.encode("utf-16-le"),
    "utf-16 the other way": BODY.encode("utf-16-be"),
    "utf-32": BODY.encode("utf-32"),
    "the end sign of DOS": BODY.encode() + b"\x1a",
}


@pytest.mark.parametrize("case", ENCODED)
def test_encodings(case, tmp_path):
    check(write(tmp_path, ENCODED[case]))


def test_an_encoding_that_was_assumed_is_said(tmp_path):
    path = write(tmp_path, BODY.replace("a,", "да,").encode("cp1251"))
    assert "Windows-1252" in read_table(path, "t").notes[0]
    # ... also where the first letter of it comes late.
    rows = "".join(f"{i}.5,x,{i % 2}\n" for i in range(40_000))
    late = write(tmp_path, (HEADER + "\n" + rows + "1.5,é,0\n").encode("cp1252"))
    assert "Windows-1252" in read_table(late, "t").notes[0]


def test_a_header_longer_than_the_sample(tmp_path):
    names = [f"ENSG{j:0140d}" for j in range(2_000)]
    rows = [",".join([str(i % 2), *map(str, np.arange(2_000) % (i + 2))]) for i in range(4)]
    path = write(tmp_path, "\n".join([",".join(["t", *names]), *rows]))
    from steelyard.tables.dialect import sniff

    assert len(sniff(path).names) == 2_001
    assert labels(path, read_table(path, "t").schema).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ("m,s,-,-", "'m'"),
        ("kg,-,-,-", "'kg'"),
        ("---,---,---,---", "'---'"),
        ("float,int,str,int", "'float'"),
    ],
)
def test_a_line_of_units_types_or_dashes_is_refused(second, says, tmp_path):
    rows = [f"{i * 0.7:.2f},{i % 3},{'ab'[i % 2]},{i % 2}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["x,z,c,y", second, *rows]))
    with pytest.raises(DataError, match=f"two header lines: line 2 holds {says}"):
        read_table(tmp_path / "t.csv", "y")


@pytest.mark.parametrize("first", ["NA,NA,a,0", ",,a,0", "?,?,a,1", "unknown,n/a,a,1", "-,-,a,1"])
def test_a_first_row_with_gaps_is_a_row(first, tmp_path):
    rows = [f"{i * 0.7:.2f},{i % 3},{'ab'[i % 2]},{i % 2}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["x,z,c,y", first, *rows]))
    table = read_table(tmp_path / "t.csv", "y")
    assert len(table.y) == 61
    assert table.schema.numbers == ("x", "z")
