"""The run directory: what a comparison writes and everything later reads."""

from steelyard.runs.journal import Journal
from steelyard.runs.store import load, read_run, save, write_report

__all__ = ["Journal", "load", "read_run", "save", "write_report"]
