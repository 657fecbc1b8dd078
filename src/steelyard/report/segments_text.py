"""Segments for the terminal: a line a part, and what differs from the other rows."""

from typing import Any

from steelyard.report.formatting import number, shown, with_interval

WORDS = {"recall": "recall", "precision": "precision", "observed_expected": "O/E"}


def segments_text(found: dict[str, Any]) -> str:
    """At most 80 columns."""
    lines = []
    for column in found["columns"]:
        lines.append(f"{shown(column['column'], 24):<26}{'positives':>10}  recall             O/E")
        lines += [_line(part) for part in column["parts"]]
        lines.append("")
    lines.append(
        f"Beyond chance: held against all other rows, {found['tests']} comparisons adjusted for "
        "(Holm).\nUnder 10 positives a part is described and not judged."
    )
    return "\n".join(lines)


def difference(part: dict[str, Any]) -> str:
    """What of a part differs from the other rows, in words."""
    if not part["judged"]:
        return "too few to judge"
    named = [word for name, word in WORDS.items() if part[name]["differs"]]
    return f"{', '.join(named)} beyond chance" if named else "within chance"


def _line(part: dict[str, Any]) -> str:
    ratio = number(part["observed_expected"]["value"], 2)
    words = difference(part)
    recall = with_interval(part["recall"], 2)
    positives = f"{part['positives']:,}"
    return f"  {shown(part['label'], 24):<24}{positives:>10}  {recall:<19}{ratio:<5}{words}"
