"""The seal of a run: digests of its files inside run.json, and one of run.json itself.

It finds damage and edits, so that metrics and model belong together. It is no signature:
who can write the directory can seal it again.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from steelyard.errors import RunError
from steelyard.files.digests import file_digest

SEALED = ("model.keras", "predictions.parquet", "uncorrected.parquet", "ledger.json")
ALSO = ("journal.jsonl",)  # where there is one


def sealed(values: dict[str, Any], *folders: Path) -> dict[str, Any]:
    """run.json's content with the digests of the files that lie in the first of `folders`."""
    files = {}
    for name in (*SEALED, *ALSO):
        path = next((folder / name for folder in folders if (folder / name).is_file()), None)
        if path is not None:
            files[name] = file_digest(path)
        elif name in SEALED:
            raise RunError(f"{folders[-1]} lacks {name}; run compare again")
    content = {key: value for key, value in values.items() if key not in ("files", "seal")}
    content["files"] = files
    return content | {"seal": digest(content)}


def digest(values: dict[str, Any]) -> str:
    """SHA-256 of plain values, whatever the order of their keys; a seal among them is left out."""
    content = {key: value for key, value in values.items() if key != "seal"}
    # Through JSON once, as a reader of the file would see it: tuples are lists, keys are text.
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def broken(values: dict[str, Any], run: Path, names: Iterable[str]) -> list[str]:
    """What of run.json's content and of these files is not what was sealed."""
    if "seal" not in values or "files" not in values:
        return ["run.json carries no seal"]
    found = [] if digest(values) == values["seal"] else ["run.json is not what was sealed"]
    for name in names:
        if not (run / name).is_file():
            found.append(
                f"{name} is missing" if not (run / name).exists() else f"{name} is no file"
            )
        elif file_digest(run / name) != values["files"].get(name):
            found.append(f"{name} is not what was sealed")
    return found
