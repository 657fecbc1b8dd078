"""Threads of TensorFlow for the commands that train built-in networks side by side."""

import os

import pytest

from steelyard.cli.threads import one_thread_a_training

NAME = "TF_NUM_INTRAOP_THREADS"


@pytest.mark.parametrize(("cores", "each"), [(2, "1"), (4, "1"), (16, "4"), (None, "1")])
def test_the_cores_are_shared_by_four_trainings(monkeypatch, cores, each):
    monkeypatch.setenv(NAME, "0")  # so that it is put back afterwards
    monkeypatch.delenv(NAME)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    one_thread_a_training("blend")
    assert os.environ[NAME] == each


def test_an_own_model_trains_alone_on_all_cores(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    one_thread_a_training("model.py:build")
    assert NAME not in os.environ


def test_what_is_set_stays(monkeypatch):
    monkeypatch.setenv(NAME, "7")
    one_thread_a_training("blend")
    assert os.environ[NAME] == "7"
