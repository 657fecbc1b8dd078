"""Files and tables that no command can use: the line says which, why, and what to give."""

import datetime as dt
import gzip
import os
import zipfile

import numpy as np
import pytest

from conftest import ROWS, good


def text(name, content):
    def make(folder):
        (folder / name).write_text(content, "utf-8")
        return name

    return make


def raw(name, content):
    def make(folder):
        data = content() if callable(content) else content
        (folder / name).write_bytes(data)
        return name

    return make


def frame(**changes):
    def make(folder):
        good(**changes).write_parquet(folder / "f.parquet")
        return "f.parquet"

    return make


def bytes_of(write):
    from io import BytesIO

    stream = BytesIO()
    write(stream)
    return stream.getvalue()


def a_zip():
    def write(stream):
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("xl/workbook.xml", "<x/>" * 50)

    return bytes_of(write)


PARQUET = bytes_of(good().write_parquet)


def special(kind):
    def make(folder):
        if kind == "pipe":
            os.mkfifo(folder / "p.csv")
        elif kind == "dangling":
            (folder / "p.csv").symlink_to("nowhere.csv")
        elif kind == "loop":
            (folder / "p.csv").symlink_to("p.csv")
        elif kind == "device":
            (folder / "p.csv").symlink_to("/dev/zero")
        elif kind == "folder":
            (folder / "p.csv").mkdir()
        return "p.csv"

    return make


def both(folder):
    (folder / "both").mkdir()
    good().write_csv(folder / "both" / "1.csv")
    good().write_parquet(folder / "both" / "2.parquet")
    return "both"


def hidden(folder):
    (folder / "hidden").mkdir()
    good().write_csv(folder / "hidden" / ".1.csv")
    return "hidden"


def other_columns(folder):
    (folder / "parts").mkdir()
    good().write_csv(folder / "parts" / "1.csv")
    good(b=None).write_csv(folder / "parts" / "2.csv")
    return "parts"


def other_types(folder):
    (folder / "parts").mkdir()
    good().write_parquet(folder / "parts" / "1.parquet")
    good(b=["x"] * ROWS).write_parquet(folder / "parts" / "2.parquet")
    return "parts"


# What is given as the table, and words that the line must hold.
TABLES = {
    "a web page": (text("t2.csv", "<!DOCTYPE html>\n<html></html>\n"), "web page"),
    "JSON": (text("t2.csv", '{"a": [1, 2], "y": [0, 1]}\n'), "'y'"),
    "a pointer of Git LFS": (
        text("t2.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
        "git lfs pull",
    ),
    "Parquet called CSV": (raw("t2.csv", PARQUET), "t2.csv"),
    "CSV called Parquet": (text("t2.parquet", "a,y\n1,0\n2,1\n"), "t2.parquet"),
    "a spreadsheet called CSV": (raw("t2.csv", a_zip), "t2.csv"),
    "a spreadsheet": (raw("t2.xlsx", a_zip), "read_excel"),
    "JSON lines": (text("t2.jsonl", '{"a": 1}\n'), "read_ndjson"),
    "a pickle": (raw("t2.pkl", b"\x80\x04."), ".parquet"),
    "no ending": (text("table", "a,y\n1,0\n"), "ending"),
    "zeros": (raw("t2.csv", bytes(4000)), "t2.csv"),
    "NUL inside": (raw("t2.csv", b"a,y\n1,0\n\x00\x00,1\n" * 3), "binary"),
    "gzip in gzip": (
        raw("t2.csv.gz", lambda: gzip.compress(gzip.compress(b"a,y\n1,0\n"))),
        "t2.csv.gz",
    ),
    "gzip that is none": (text("t2.csv.gz", "a,y\n1,0\n2,1\n"), "t2.csv.gz"),
    "gzip of nothing": (raw("t2.csv.gz", lambda: gzip.compress(b"")), "t2.csv.gz"),
    "Parquet cut": (raw("t2.parquet", PARQUET[:-30]), "t2.parquet"),
    "Parquet without its footer": (raw("t2.parquet", PARQUET[:200]), "t2.parquet"),
    "Parquet with zeros inside": (
        raw("t2.parquet", PARQUET[:40] + bytes(600) + PARQUET[640:]),
        "t2.parquet",
    ),
    "Parquet without rows": (frame(**{n: [] for n in good().columns}), "no rows"),
    "a target of lists": (frame(y=[[1]] * ROWS), "'y'"),
    "a target of structs": (frame(y=[{"k": 1}] * ROWS), "'y'"),
    "a target of measurements": (frame(y=np.linspace(0, 1, ROWS)), "'y'"),
    "a target of moments": (
        frame(y=[dt.date(1990, 1, 1) + dt.timedelta(days=i) for i in range(ROWS)]),
        "'y'",
    ),
    "a target of ids": (frame(y=[f"id{i}" for i in range(ROWS)]), "'y'"),
    "a target without values": (frame(y=[None] * ROWS), "'y'"),
    "blank lines": (text("t2.csv", "\n\n\n"), "t2.csv"),
    "blanks": (text("t2.csv", "   \n \n"), "t2.csv"),
    "a header": (text("t2.csv", "a,b,y\n"), "no rows"),
    "a header and blank lines": (text("t2.csv", "a,b,y\n\n\n"), "row"),
    "two columns of one name": (text("t2.csv", "a,y,a\n1,0,2\n2,1,3\n"), "'a'"),
    "two targets": (text("t2.csv", "y,a,y\n1,0,2\n2,1,3\n"), "'y'"),
    "a row too long": (text("t2.csv", "a,y\n1,0\n2,1,5\n3,0\n"), "row 2"),
    "a row too short": (text("t2.csv", "a,b,y\n1,2,0\n2,1\n3,4,0\n"), "row 2"),
    "a quote that never closes": (text("t2.csv", 'a,y\n"1,0\n2,1\n3,0\n'), "quote"),
    "a pipe": (special("pipe"), "pipe or a device"),
    "a device": (special("device"), "pipe or a device"),
    "a link to nothing": (special("dangling"), "link to what does not exist"),
    "a link to itself": (special("loop"), "p.csv"),
    "an empty folder called CSV": (special("folder"), "p.csv"),
    "a folder of CSV and Parquet": (both, "both"),
    "a folder of hidden files": (hidden, "hidden"),
    "a folder of different columns": (other_columns, "column"),
    "a folder of different types": (other_types, "'b'"),
    "nothing there": (lambda _: "none.csv", "none.csv does not exist"),
    "a pattern that matches nothing": (lambda _: "no*.csv", "no*.csv"),
    "an address of no store": (lambda _: "nothing://bucket/t.csv", "nothing://"),
    "an empty path": (lambda _: "", "is empty"),
    "a path too long": (lambda _: "t" * 5000 + ".csv", "name"),
    "a path below a file": (lambda _: "t.csv/t.csv", "t.csv"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table(case, refused, folder):
    make, expected = TABLES[case]
    assert expected in refused(["inspect", make(folder), "--target", "y", "--quiet"])
