"""A message of the library, which names Python arguments, in the words of the command line.

The library writes an argument as `name` or `name=value`, in backquotes. Here that becomes the flag
of the command that was given: `folds=3` is --folds 3, `drop=['a', 'b']` is --drop a --drop b.
"""

import ast
import re
import shlex
from typing import Any

import click

# Python argument -> the parameter of a command that stands for it, where they differ.
ARGUMENTS = {"time_column": "time"}
SWITCHES = {("verify", "False"): "--no-verify"}
# A goal is several flags.
GOALS = {
    "Costs": "--cost-fp and --cost-fn",
    "MinPrecision": "--min-precision",
    "MinRecall": "--min-recall",
    "Alerts": "--alerts",
    "Maximise": "--maximise",
}
IN_QUOTES = re.compile(r"`(\w+)(?:=([^`]*)|\('([^`]*)'\))?`")


def in_flags(message: str) -> str:
    """The message with flags of the running command for the arguments that it names."""
    from steelyard.cli.compare import command as compare

    context = click.get_current_context(silent=True)
    # What `inspect` says of a table is for `compare`, whose flags it has not.
    options = [*compare.params, *(context.command.params if context else [])]
    flags = {one.name: one.opts[-1] for one in options if isinstance(one, click.Option)}

    def flag(found: re.Match[str]) -> str:
        name, value = found[1], found[2] or found[3]
        if (name, value) in SWITCHES:
            return SWITCHES[name, value]
        if name in GOALS:
            return GOALS[name] if value is None else f"{GOALS[name]} {value}"
        opt = flags.get(ARGUMENTS.get(name, name))
        if opt is None:
            return found[0]
        return opt if value is None else " ".join(_with_value(opt, one) for one in _values(value))

    return IN_QUOTES.sub(flag, message)


def _values(text: str) -> list[Any]:
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return [text]
    return list(value) if isinstance(value, list | tuple) else [value]


def _with_value(opt: str, value: Any) -> str:
    return opt if value is True else f"{opt} {shlex.quote(str(value))}"
