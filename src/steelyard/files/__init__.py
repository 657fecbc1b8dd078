"""Files that appear whole or not at all, and a lock for the folders they stand in."""

from steelyard.files.atomic import AtomicFiles, write_json, write_text, write_whole
from steelyard.files.folders import new_folder
from steelyard.files.lock import Lock
from steelyard.files.outputs import output_path

__all__ = [
    "AtomicFiles",
    "Lock",
    "new_folder",
    "output_path",
    "write_json",
    "write_text",
    "write_whole",
]
