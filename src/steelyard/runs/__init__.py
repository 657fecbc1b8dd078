"""The finished run: its directory, and everything that later reads it or changes its decision."""

from steelyard.runs.journal import Journal
from steelyard.runs.json_schemas import json_schema
from steelyard.runs.store import load, load_model, read_run, save, write_report
from steelyard.runs.study import Study

__all__ = [
    "Journal",
    "Study",
    "json_schema",
    "load",
    "load_model",
    "read_run",
    "save",
    "write_report",
]
