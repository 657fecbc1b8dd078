"""Write run.md from the schema that run.json is held against: `python docs/schema/make.py`."""

import json
from importlib.resources import files
from pathlib import Path

HEAD = """# run.json

Everything that a run measured, as plain JSON: what page, terminal and `steelyard.load` read.
It is checked when a run is read; this page for machines is `steelyard/runs/schemas/run.json` in the
package (JSON Schema 2020-12). Programs should leave alone what they do not know: fields are added
without a new `schema` number; it rises when a reader of older files would go wrong. A metric is
`{"value", "low", "high"}` with its 95 % interval, null where it is not defined.
"""


def page() -> str:
    """The page as text."""
    schema = json.loads(files("steelyard.runs").joinpath("schemas", "run.json").read_text("utf-8"))
    parts = [HEAD, "## The file\n", *_table(schema)]
    parts += ["\n## A technique or baseline\n", *_table(schema["$defs"]["entry"])]
    parts += ["\n## Thresholds of a class\n", schema["$defs"]["table"]["description"] + "\n"]
    return "\n".join([*parts, *_table(schema["$defs"]["table"])]) + "\n"


def _table(schema: dict) -> list[str]:
    return ["| field | type | what it is |", "|---|---|---|", *_rows(schema, "")]


def _rows(schema: dict, before: str) -> list[str]:
    rows = []
    for name, field in schema.get("properties", {}).items():
        known = field.get("type", "object" if "$ref" in field else "number")
        kind = " or ".join(known) if isinstance(known, list) else known
        rows.append(f"| `{before}{name}` | {kind} | {field.get('description', '')} |")
        if not before:
            rows += _rows(field, f"{name}.")
    return rows


if __name__ == "__main__":
    Path(__file__).with_name("run.md").write_text(page(), encoding="utf-8")
