"""The finished run: its directory, and everything that later reads it or changes its decision."""

from steelyard.runs.journal import Journal
from steelyard.runs.store import load, read_run, save, write_report
from steelyard.runs.study import Study

__all__ = ["Journal", "Study", "load", "read_run", "save", "write_report"]
