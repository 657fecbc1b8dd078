"""The JSON schemas of what steelyard writes for programs: run.json and every `--json`."""

import difflib
import json
from importlib.resources import files
from typing import Any

from steelyard.errors import RequestError

# What can be asked for -> its line. A command that prints run.json goes by that name.
SCHEMAS = {
    "run": "run.json; also compare, train, judge, report and demo as JSON",
    "inspect": "what inspect found",
    "resample": "the ledger of resample, also beside its file",
    "predict": "summary of predict; the rows are in its file",
    "export": "what export wrote",
    "explain": "which values raise or lower the probability of rows",
    "evaluate": "metrics of a run on labelled rows, beside what it promised",
    "sample-below": "rows below the threshold drawn to be labelled",
    "retune": "the new decision, as it stands in run.json",
    "monitor": "new rows against what a run's decision was made for",
    "verify": "whether a run is what it was",
    "techniques": "the techniques",
}
PRINTS_A_RUN = ("compare", "train", "judge", "report", "demo", "run.json")


def json_schema(name: str = "run") -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of run.json or of what a command prints with `--json`.

    Fields are added without notice, so programs should leave alone what they do not know.

    Args:
        name: "run", or a command: "inspect", "evaluate", ...
    Raises: RequestError: nothing of that name is printed.

    >>> json_schema("verify")["required"]
    ['run', 'holds', 'table', 'checks']
    """
    name = "run" if name in PRINTS_A_RUN else name
    if name not in SCHEMAS:
        near = difflib.get_close_matches(name, [*SCHEMAS, *PRINTS_A_RUN], n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise RequestError(f"there is no schema {name!r}{hint}; there are {', '.join(SCHEMAS)}")
    if name == "retune":
        run = _read("run")
        head = {"$schema": run["$schema"], "title": "the decision of a run"}
        return head | run["properties"]["decision"] | {"$defs": run["$defs"]}
    return _read(name)


def _read(name: str) -> dict[str, Any]:
    text = files("steelyard.runs").joinpath("schemas", f"{name}.json").read_text("utf-8")
    return json.loads(text)
