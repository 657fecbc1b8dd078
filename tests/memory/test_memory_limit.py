"""A limit is kept: blocks shrink, and what would not fit is refused with both numbers."""

import numpy as np
import polars as pl
import pytest

import steelyard
from steelyard import _memory
from steelyard._memory import bytes_of, check_need, free, in_use, limited, room, system
from steelyard.tables.size import bytes_when_read
from steelyard.tables.sources import open_table


def test_sizes_as_people_write_them():
    assert bytes_of("4G") == bytes_of("4 GiB") == bytes_of("4gb") == 4 << 30
    assert bytes_of("512M") == 512 << 20
    for wrong in ("4X", "", "-1G", "0", "four", "1e9"):
        with pytest.raises(steelyard.SteelyardError, match="give a size such as 4G"):
            bytes_of(wrong)


def test_room_is_a_share_of_what_is_left(monkeypatch):
    monkeypatch.setattr(_memory, "in_use", lambda: 600)
    assert room(10_000, 0.5) == 10_000, "no limit, no less"
    with limited(1000):
        assert room(10_000, 0.5, least=1) == 200
        assert room(100, 0.5, least=1) == 100
        check_need(400, "it", "wait")
        with pytest.raises(steelyard.SteelyardError, match=r"it takes .* limit is .*; wait"):
            check_need(401, "it", "wait")
    assert room(10_000, 0.5) == 10_000


def test_without_a_limit_it_is_a_share_of_what_is_free():
    with limited(None) as most:
        assert most == pytest.approx(in_use() + 0.8 * free(), rel=0.5)
    assert in_use() > 10 << 20


def test_a_control_groups_limit_counts(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("2500\n")
    (tmp_path / "memory.stat").write_text("anon 9\ninactive_file 100\n")
    monkeypatch.setattr(system, "GROUP", tmp_path)
    monkeypatch.setattr(system, "SELF", tmp_path)
    assert free() == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert free() > 1 << 20


def test_what_does_not_fit_is_refused_before_it_starts(run, tmp_path):
    frame = pl.DataFrame({"a": np.arange(900) % 13 / 2, "y": np.arange(900) % 5 == 0})
    frame.write_csv(tmp_path / "t.csv")
    words = ("train", tmp_path / "t.csv", "--target", "y", "--model", "trees", "--quiet")
    assert run("inspect", tmp_path / "t.csv", "--target", "y").exit_code == 0  # what is imported
    limit = _memory.in_use() + (100 << 20)  # enough to read it
    result = run(*words, "--out", tmp_path / "run", "--memory", limit)
    assert result.exit_code == 1
    assert "training on 900 rows x 1 columns takes about" in result.stderr
    assert f"the limit is {_memory.shown(limit)}" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_table_that_does_not_fit_is_refused_before_it_is_read(run, tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n" + "1.5,0\n2.5,1\n" * 200_000)
    assert bytes_when_read(open_table(tmp_path / "t.csv")) == pytest.approx(25 * 800_000, rel=0.01)
    asked = _memory.in_use() + (1 << 20)
    words = ("train", tmp_path / "t.csv", "--target", "y", "--out", tmp_path / "run")
    result = run(*words, "--memory", asked)
    assert result.exit_code == 1
    assert f"reading {tmp_path / 't.csv'}" in result.stderr
