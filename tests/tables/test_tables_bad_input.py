"""Every input that cannot be read gives one line that says what it got and what to do."""

import gzip

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from steelyard.errors import DataError, TargetError
from steelyard.tables import check_learnable, count_classes, labels, read_features, read_table
from steelyard.tables.files import find_files

GOOD = "a,b,t\n1,x,0\n2,y,1\n3,x,0\n"


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def parquet(frame):
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(frame.to_arrow(), sink)
    return sink.getvalue().to_pybytes()


TABLE = pl.DataFrame({"a": [1.5, 2.5, 3.5], "t": [0, 1, 0]})

# name: (files, path to read, words the message must have)
FILES = {
    "no such file": ({}, "gone.csv", ["gone.csv", "does not exist"]),
    "glob without match": ({"a.csv": GOOD}, "b*.csv", ["b*.csv", "matches"]),
    "folder without data": ({"in/readme.md": "x"}, "in", ["folder", "CSV", "Parquet"]),
    "unknown ending": ({"a.xlsx": "x"}, "a.xlsx", [".xlsx", "CSV"]),
    "empty file": ({"a.csv": ""}, "a.csv", ["empty"]),
    "empty parquet": ({"a.parquet": ""}, "a.parquet", ["empty"]),
    "blank lines only": ({"a.csv": "\n\n  \n"}, "a.csv", ["empty"]),
    "empty gzip": ({"a.csv.gz": gzip.compress(b"")}, "a.csv.gz", ["empty"]),
    "header only": ({"a.csv": "a,b,t\n"}, "a.csv", ["header", "no rows"]),
    "header without newline": ({"a.csv": "a,b,t"}, "a.csv", ["header", "no rows"]),
    "no header": ({"a.csv": "1,2\n3,4\n"}, "a.csv", ["'t'", "header line"]),
    "target not there": ({"a.csv": "a,T_\n1,2\n"}, "a.csv", ["'t'", "'T_'"]),
    "row too long": ({"a.csv": GOOD + "4,y,1,9\n"}, "a.csv", ["ragged", "row 4", "4 fields", "3"]),
    "row too short": ({"a.csv": GOOD + "4,y\n5,y,1\n"}, "a.csv", ["row 4 has 2 fields"]),
    "ragged after quotes": (
        {"a.csv": 'a,b,t\n1,"x\n,y",0\n2,y\n'}, "a.csv", ["row 2 has 2 fields"],
    ),
    "quote never closed": ({"a.csv": GOOD + '4,"y,1\n5,x,0\n'}, "a.csv", ["quote", "never closes"]),
    "binary file": ({"a.csv": b"\x7fELF\x02\x01\x00\x00" * 50}, "a.csv", ["binary"]),
    "parquet named csv": ({"a.csv": parquet(TABLE)}, "a.csv", ["binary", ".parquet"]),
    "zip named gz": ({"a.csv.gz": b"PK\x03\x04 no gzip"}, "a.csv.gz", ["unpacked"]),
    "cut gzip": ({"a.csv.gz": gzip.compress(GOOD.encode() * 99)[:40]}, "a.csv.gz", ["unpacked"]),
    "csv named parquet": ({"a.parquet": GOOD}, "a.parquet", ["Parquet", "write it anew"]),
    "cut parquet": ({"a.parquet": parquet(TABLE)[:-9]}, "a.parquet", ["Parquet"]),
    "not text": (
        {"a.csv": b"a,t\n\x81\x8d,0\nx,1\n"}, "a.csv", ["UTF-8", "0x81"],
    ),
    "cut utf-16": ({"a.csv": "a,t\n1,0\n".encode("utf-16")[:-1]}, "a.csv", ["UTF-16"]),
    "two columns of one name": ({"a.csv": "a,a,t\n1,2,0\n"}, "a.csv", ["'a'", "rename"]),
    "other columns": (
        {"d/1.csv": GOOD, "d/2.csv": "a,c,t\n1,x,0\n"}, "d", ["2.csv", "lacks 'b'", "also has 'c'"],
    ),
    "other types": (
        {"d/1.parquet": parquet(TABLE),
         "d/2.parquet": parquet(TABLE.with_columns(a=pl.lit("x")))},
        "d", ["'a'", "Float64", "String", "2.parquet"],
    ),
    "two formats": ({"d/1.parquet": parquet(TABLE), "d/2.csv": GOOD}, "d", ["both"]),
    "target all missing": ({"a.csv": "a,t\n1,\n2,NA\n"}, "a.csv", ["'t'", "no value"]),
    "regression": ({"a.csv": "a,t\n1,0.25\n2,1\n"}, "a.csv", ["regression", "0.25", "classes"]),
    "a class for every row": ({"a.csv": "a,t\n1,x\n2,y\n3,z\n"}, "a.csv", ["3 classes", "id"]),
}  # fmt: skip


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    assert 20 < len(message) < 400
    return message


@pytest.mark.parametrize("case", FILES)
def test_file_that_cannot_be_read(case, tmp_path):
    files, path, words = FILES[case]
    for name, content in files.items():
        write(tmp_path, name, content)
    with pytest.raises(DataError) as error:
        read_table(tmp_path / path, "t")
    message = one_line(error)
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize("case", sorted(set(FILES) - {"header only", "header without newline"}))
def test_counting_refuses_the_same_files_in_the_same_way(case, tmp_path):
    files, path, _ = FILES[case]
    if case == "other types":
        pytest.skip("the target itself is fine, and counting reads nothing else")
    for name, content in files.items():
        write(tmp_path, name, content)
    with pytest.raises(DataError) as error:
        count_classes(tmp_path / path, "t")
    one_line(error)


FRAMES = {
    "a list": ([1, 2, 3], "t", ["list", "pandas"]),
    "a dict": ({"a": [1], "t": [0]}, "t", ["dict"]),
    "none": (None, "t", ["NoneType"]),
    "twice in pandas": (pd.DataFrame([[1, 2, 0]], columns=["a", "a", "t"]), "t", ["'a'"]),
    "1 and '1' in pandas": (pd.DataFrame([[1, 2, 0]], columns=[1, "1", "t"]), "t", ["'1'"]),
    "twice in arrow": (pa.table([[1], [2], [0]], names=["a", "a", "t"]), "t", ["'a'"]),
    "no rows": (TABLE.clear(), "t", ["no rows"]),
    "no target named": (TABLE, None, ["target", "'a', 't'"]),
    "X and y of different length": ((np.zeros((3, 1)), np.zeros(2)), None, ["3", "2"]),
    "X of one dimension": ((np.zeros(3), np.zeros(3)), None, ["(3,)", "(n, d)"]),
    "one-hot y": ((np.zeros((3, 1)), np.eye(3)), None, ["(3, 3)", "argmax"]),
    "lists as target": (pl.DataFrame({"a": [1], "t": [[0]]}), "t", ["List"]),
    "too many classes": (
        pl.DataFrame({"a": [0] * 3000, "t": list(range(1500)) * 2}), "t", ["1,500", "1,000"],
    ),
    "lazy frame that fails": (TABLE.lazy().select(pl.col("zz"), "t"), "t", ["zz"]),
}  # fmt: skip


@pytest.mark.parametrize("case", FRAMES)
def test_frame_that_cannot_be_read(case):
    data, target, words = FRAMES[case]
    with pytest.raises(DataError) as error:
        read_table(data, target)
    message = one_line(error)
    assert [word for word in words if word not in message] == []


REQUESTS = {
    "group not there": ({"group": "patiend"}, ["'patiend'", "'patient'"]),
    "time not there": ({"time": "zz"}, ["'zz'"]),
    "drop not there": ({"drop": ["zz"]}, ["'zz'"]),
    "drop the target": ({"drop": ["t"]}, ["'t'", "target"]),
    "drop the group": ({"drop": ["patient"], "group": "patient"}, ["'patient'", "choose"]),
    "group with gaps": ({"group": "gaps"}, ["'gaps'", "2 rows", "row 2"]),
    "time with gaps": ({"time": "gaps"}, ["'gaps'", "2 rows", "row 2"]),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_request_that_does_not_fit(case):
    data = pl.DataFrame({"patient": [1, 1, 2], "gaps": [1, None, None], "t": [0, 1, 0]})
    request, words = REQUESTS[case]
    with pytest.raises(DataError) as error:
        read_table(data, "t", **request)
    message = one_line(error)
    assert [word for word in words if word not in message] == []


UNLEARNABLE = {
    "one class": ({"a": [1.5, 2.5, 3.5], "t": [0, 0, 0]}, TargetError, ["one class", "0"]),
    "empty column": ({"a": [1.5, 2.5], "e": [None, None], "t": [0, 1]}, DataError, ["drop=['e']"]),
    "infinite": (
        {"a": [1.5, np.inf, -np.inf], "t": [0, 1, 0]}, DataError, ["'a'", "2 inf", "row 2"],
    ),
    "beyond float32": ({"a": [1.5, 2.5, 1e39], "t": [0, 1, 0]}, DataError, ["'a'", "row 3"]),
    "nothing left": ({"c": ["x", "x", "x"], "t": [0, 1, 0]}, DataError, ["no column", "'c'"]),
}  # fmt: skip


@pytest.mark.parametrize("case", UNLEARNABLE)
def test_unlearnable_table_is_read_but_refused(case):
    data, kind, words = UNLEARNABLE[case]
    table = read_table(pl.DataFrame(data, strict=False), "t")
    with pytest.raises(kind) as error:
        check_learnable(table)
    message = one_line(error)
    assert [word for word in words if word not in message] == []


LEARNED = pl.DataFrame(
    {
        "size": [1.5, 2.5, 3.5, 4.5],
        "kind": ["x", "y", "x", "y"],
        "flag": [True, False, True, True],
        "day": ["2020-01-02", "2020-01-03", "2020-01-03", "2020-01-05"],
        "t": ["no", "no", "yes", "no"],
    }
)

PREDICT = {
    "missing column": ("Size,flag,day\n1,true,2020-01-01\n", ["'size'", "'kind'", "'Size'"]),
    "text among numbers": (
        "size,kind,flag,day\n1,x,true,2020-01-01\nbig,x,true,2020-01-01\n",
        ["'size'", "row 2", "'big'"],
    ),
    "number for a flag": ("size,kind,flag,day\n1,x,7,2020-01-01\n", ["'flag'", "row 1", "'7'"]),
    "no date": ("size,kind,flag,day\n1,x,true,soon\n", ["'day'", "row 1", "'soon'", "%Y-%m-%d"]),
}


@pytest.mark.parametrize("case", PREDICT)
def test_table_to_predict_that_does_not_fit(case, tmp_path):
    content, words = PREDICT[case]
    path = write(tmp_path, "new.csv", content)
    with pytest.raises(DataError) as error:
        read_features(path, read_table(LEARNED, "t").schema)
    message = one_line(error)
    assert [word for word in words if word not in message] == []


LABELS = {
    "unknown label": (["no", "maybe"], ["'maybe'", "'no', 'yes'"]),
    "missing label": (["no", None], ["1 row", "row 2"]),
}


@pytest.mark.parametrize("case", LABELS)
def test_labels_that_do_not_fit(case):
    values, words = LABELS[case]
    with pytest.raises(TargetError) as error:
        labels(pl.DataFrame({"t": values}), read_table(LEARNED, "t").schema)
    message = one_line(error)
    assert [word for word in words if word not in message] == []


def test_a_file_of_a_name_like_it_is_offered(tmp_path):
    (tmp_path / "churn.csv.gz").write_bytes(b"")
    (tmp_path / "notes.md").write_text("churn")
    with pytest.raises(DataError, match=r"does not exist; did you mean .*churn\.csv\.gz\?"):
        find_files(tmp_path / "churn.csv")
    with pytest.raises(DataError, match="does not exist; give a file"):
        find_files(tmp_path / "other" / "churn.csv")
