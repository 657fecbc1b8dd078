"""What is shown on a terminal: text without the characters that would command it."""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

import click

# Control characters but tab and newline, and those that turn the direction of what follows.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(value: Any) -> Any:
    r"""Text with control characters written out; of lists and mappings, every text in them.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if isinstance(value, str):
        return _COMMANDS.sub(_written_out, value)
    if isinstance(value, Mapping):
        return {printable(key): printable(one) for key, one in value.items()}
    return [printable(one) for one in value] if isinstance(value, list | tuple) else value


def say(text: str, *, err: bool = False) -> None:
    """Print names, values and messages, whatever they hold."""
    show(printable(text), err=err)


def show(text: str, *, err: bool = False) -> None:
    """Print text that is `printable`, with colours of ours; "?" for what the terminal lacks."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    click.echo(text.encode(encoding, errors="replace").decode(encoding), err=err)


def print_json(summary: dict[str, Any]) -> None:
    """Print one JSON object; values are plain Python already."""
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
    click.echo(_COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
