"""What the shell offers when Tab is pressed for a value: columns, techniques, methods, codes.

Options are completed by their names, the same in every command. Nothing is looked up before Tab is
pressed, and nothing is offered where there is nothing to read yet.
"""

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

Words = Callable[[click.Context], Iterable[str]]


class Offered(click.ParamType):
    """Text, with the words that may stand there; `many`: several, with commas between."""

    name = "text"

    def __init__(self, words: Words, *, many: bool = False) -> None:
        self.words, self.many = words, many

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """The words that begin as what was typed does; of a list, after its last comma."""
        done, comma, typed = incomplete.rpartition(",") if self.many else ("", "", incomplete)
        found = [word for word in self.words(ctx) if word.startswith(typed)]
        return [CompletionItem(f"{done}{comma}{word}") for word in found]


def with_completion(command: click.Command) -> click.Command:
    """The command, its text options completed by `OFFERED`."""
    for parameter in command.params:
        if parameter.name in OFFERED and isinstance(parameter.type, type(click.STRING)):
            parameter.type = OFFERED[parameter.name]
    return command


def _columns(context: click.Context) -> Iterable[str]:
    from steelyard.tables.sources import open_table

    # An option without its value yet ends click's parsing: what stands before it is in `args`.
    data = context.params.get("data") or (context.args or [""])[-1]
    try:
        return open_table(data).names
    except Exception:  # noqa: BLE001 - no table, or none that can be read: nothing to offer
        return []


def _techniques(_context: click.Context) -> Iterable[str]:
    from steelyard.techniques import TECHNIQUES

    return ["default", *TECHNIQUES]


def _methods(_context: click.Context) -> Iterable[str]:
    from steelyard.resample.methods import METHODS

    return METHODS


def _metrics(_context: click.Context) -> Iterable[str]:
    from steelyard.stats.metrics import METRICS

    return [one.name for one in METRICS if one.kind != "thresholded" and one.better != "one"]


def _codes(_context: click.Context) -> Iterable[str]:
    from steelyard.inspection import FINDINGS

    return [finding.code for finding in FINDINGS]


def _schemas(_context: click.Context) -> Iterable[str]:
    from steelyard.runs.json_schemas import SCHEMAS

    return SCHEMAS


def _fixed(*words: str) -> Words:
    return lambda _context: words


_COLUMN = Offered(_columns)
# Parameter of a command -> what its value may be.
OFFERED: dict[Any, Offered] = {
    **dict.fromkeys(("target", "drop", "group", "time", "key", "carry"), _COLUMN),
    **dict.fromkeys(("scores", "reference"), _COLUMN),
    "keep": Offered(_columns, many=True),
    "technique": Offered(_techniques),
    "techniques": Offered(_techniques, many=True),
    "method": Offered(_methods),
    "metric": Offered(_metrics),
    "maximise": Offered(_fixed("balanced_accuracy", "f1", "mcc", "gmean")),
    "model": Offered(_fixed("blend", "tabular", "trees")),
    "fail_on": Offered(_codes, many=True),
    "name": Offered(_schemas),
}
