"""What the commands that train print at their end: what was found, and what to do next."""

from pathlib import Path
from typing import Any

import click

from steelyard.cli.terminal import printable, say, show

LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "quiet": {"dim": True},
    "warning": {"fg": "yellow"},
    "plain": {},
}

wide_option = click.option(
    "--wide", is_flag=True, help="More metrics; probabilities before and after correction."
)


def show_run(run: dict[str, Any], out: str | Path, *, wide: bool = False) -> None:
    """Print run.json's content, where the page is, and three commands to go on with."""
    from steelyard.report.commands import command
    from steelyard.report.text import to_text

    show(to_text(printable(run), styled, wide=wide))
    show(f"\n{styled('Next', 'title')}")
    binary = run["decision"]["rule"].get("threshold") is not None
    for words in (
        ("predict", out, "new.csv", "--out", "scored.csv"),
        ("retune", out, *(("--threshold", "P") if binary else ("--maximise", "f1"))),
        ("export", out, "--format", "saved-model", "--out", "model"),
    ):
        say(f"  {command('steelyard', *words)}")
    say(f"Page:  {Path(out) / 'report.html'}\nModel: {Path(out) / 'model.keras'}")


def styled(text: str, look: str) -> str:
    """Bold, dim or yellow; nothing of it where the output is no terminal (click sees to that)."""
    return click.style(text, **LOOKS[look]) if LOOKS[look] else text
