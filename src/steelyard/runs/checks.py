"""Whether what a run's files hold is what it can be: by their JSON schemas, then in themselves."""

import functools
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from steelyard._memory import is_out_of_memory
from steelyard.errors import RunError

# What arises in a program that works with values of other types or names than it expects.
MALFORMED = (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError)
MOST_BYTES = 1 << 30  # of a file of text in a run


def read_json(path: Path, schema: str | None = None) -> Any:
    """The content of a JSON file, of any shape or as one of `runs/schemas` describes it.

    Raises: RunError: it is absent, no JSON, or not as the schema says.
    """
    check_file(path)
    try:
        values = json.loads(path.read_bytes(), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        if is_out_of_memory(error):
            raise
        raise RunError(f"{path} is damaged ({error}); run compare again") from error
    problem = schema and problem_in(values, schema)
    if problem:
        raise RunError(f"{path} is damaged: {problem}; run compare again")
    return values


def check_file(path: Path) -> None:
    """Refuse a pipe or a device, whose reading would never end, and a file that no run holds.

    Raises: RunError.
    """
    if path.exists() and not path.is_file():
        raise RunError(f"{path} is no file; take it from a copy of the run")
    if path.exists() and path.stat().st_size > MOST_BYTES:
        raise RunError(f"{path} has {path.stat().st_size:,} bytes, which no run's has")


def problem_in(values: Any, schema: str) -> str | None:
    """What is wrong with plain values by the schema of that name, the worst first; None: nothing.

    >>> problem_in({"jobs": 3}, "ledger")
    "jobs: 3 is not of type 'array'"
    """
    from jsonschema.exceptions import best_match

    error = best_match(_validator(schema).iter_errors(values))
    if error is None:
        return None
    message = error.message if len(error.message) < 200 else f"it breaks the rule {error.validator}"
    place = error.json_path.removeprefix("$").removeprefix(".")
    return f"{place}: {message}" if place else message


def disagreement(run: dict[str, Any]) -> str | None:
    """What in run.json contradicts itself, so that a model would be misread; None: nothing."""
    data, decision = run["data"], run["decision"]
    labels = [entry["label"] for entry in data["classes"]]
    prior, total = decision["prior"], sum(entry["count"] for entry in data["classes"])
    trained = {entry["name"] for entry in run["techniques"]}
    must_hold = {
        f"its classes are {labels} and {data['schema']['classes']}": data["schema"]["classes"]
        == labels,
        f"a class stands twice among {labels}": len(set(map(repr, labels))) == len(labels),
        f"its classes have {total:,} rows, it has {data['rows']:,}": total == data["rows"],
        f"{data['positive']!r} is none of its classes": data["positive"] in labels,
        f"its decision is about {decision['positive']!r}": decision["positive"] == data["positive"],
        f"its class shares are {prior}": len(prior) == len(labels) and abs(sum(prior) - 1) < 1e-6,
        f"{decision['technique']} was not trained": decision["technique"] in trained,
        "no column is learned from": any(
            column["role"] == "feature" for column in data["schema"]["columns"]
        ),
    }
    return next((problem for problem, holds in must_hold.items() if not holds), None)


@functools.cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    text = files("steelyard.runs").joinpath("schemas", f"{schema}.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def _refuse(constant: str) -> Any:
    raise ValueError(f"it holds {constant}")
