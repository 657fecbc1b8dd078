"""The command line: one file per command; each parses, calls the library and prints."""

import difflib
import importlib
from collections.abc import Sequence
from typing import Any

import click

from steelyard._version import __version__
from steelyard.cli.collector import collect_seldom
from steelyard.cli.guard import guarded, is_needed

# Command -> its line in `steelyard --help`. Kept here so that listing the commands imports none
# of them; each lives in the file of its name and is called `command` there.
COMMANDS = {
    "inspect": "Show the imbalance of a table: counts, measures, findings.",
    "resample": "Write a resampled table, and a ledger of what changed.",
    "compare": "Compare techniques honestly; keep a model, a verdict and a report.",
    "train": "Train one technique, without the comparison.",
    "judge": "Judge scores of models trained elsewhere; nothing is trained.",
    "predict": "Probabilities and decisions for the rows of a file.",
    "explain": "Which values raise or lower the probability of each row.",
    "export": "A run's model as Keras, SavedModel, LiteRT or ONNX.",
    "evaluate": "The metrics of a run on fresh labelled rows.",
    "sample-below": "Rows below the threshold to label: what is missed.",
    "retune": "New class shares, costs or goal for a run's model, without training.",
    "monitor": "Check new rows against the shares and scores a run was made for.",
    "verify": "Compute a run's hashes, splits and metrics again.",
    "report": "Build a run's page again.",
    "techniques": "List the techniques, with one line and the source of each.",
    "schema": "The JSON schemas of run.json and of what commands print.",
    "guide": "When to call which command, for assistants and pipelines.",
    "demo": "The main job on the table shipped with steelyard.",
}


class LazyGroup(click.Group):
    """Imports a command's file when that command is asked for, so `--help` stays quick."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """As click's; called as a program it is guarded where the system limits its memory."""
        if args is None:
            collect_seldom()
            if is_needed():
                guarded(lambda: super(LazyGroup, self).main(args, *rest, **options))
        return super().main(args, *rest, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None  # resolve_command tells
        from steelyard.cli.completion import with_completion

        module = importlib.import_module(f"steelyard.cli.{name.replace('-', '_')}")
        return with_completion(module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            said = f"did you mean {near[0]!r}?" if near else "see: steelyard --help"
            ctx.fail(f"no command is called {args[0]!r}; {said}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="steelyard")
def main() -> None:
    """Learn from imbalanced data: see it, treat it, prove it, ship a Keras model.

    \b
    Start here:
      steelyard inspect data.csv --target churned
      steelyard compare data.csv --target churned --out run

    \b
    Completion of commands, options and columns, in ~/.bashrc or ~/.zshrc:
      eval "$(_STEELYARD_COMPLETE=bash_source steelyard)"    # or zsh_source
    """
