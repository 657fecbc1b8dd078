"""Findings of a run in the terminal: leaks in full, other warnings by their title."""

import textwrap
from typing import Any

WIDTH = 80
# What makes every figure of the run too good.
FLATTERS = ("SY012", "SY015", "SY016", "SY017", "SY020", "SY021")


def findings_lines(run: dict[str, Any]) -> list[str]:
    """Errors and warnings, at most 80 columns; none where there is none."""
    grave = [one for one in run["findings"] if one["severity"] != "note"]
    flattering = [one for one in grave if one["code"] in FLATTERS]
    lines = []
    for one in flattering:
        said = f"{one['code']} {one['title']}. {one['seen']} {one['advice']}"
        lines += textwrap.wrap(said, WIDTH, subsequent_indent="  ")
    others = [f"{one['code']} {one['title'].lower()}" for one in grave if one not in flattering]
    if others:
        said = f"{'Also' if lines else 'Findings'}: {'; '.join(others)}."
        lines += textwrap.wrap(said, WIDTH, subsequent_indent="  ")
    return [*lines, ""] if lines else []
