"""The seal of a run: digests of its files inside run.json, and one of run.json itself.

It finds correction_effect and edits, so that metrics and model belong together. It is no signature:
who can write the directory can seal it again.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

SEALED = ("model.keras", "predictions.parquet", "ledger.json")


def sealed(values: dict[str, Any], run: Path) -> dict[str, Any]:
    """run.json's content with the digests of the files that lie in `run` already."""
    files = {name: file_digest(run / name) for name in SEALED}
    content = {key: value for key, value in values.items() if key not in ("files", "seal")}
    content["files"] = files
    return content | {"seal": digest(content)}


def digest(values: dict[str, Any]) -> str:
    """SHA-256 of plain values, whatever the order of their keys; a seal among them is left out."""
    content = {key: value for key, value in values.items() if key != "seal"}
    # Through JSON once, as a reader of the file would see it: tuples are lists, keys are text.
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
