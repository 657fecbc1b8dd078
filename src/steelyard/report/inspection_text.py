"""An inspection as text of at most 80 columns."""

import textwrap
from collections.abc import Callable
from typing import Any

from rich.cells import cell_len

from steelyard.report.formatting import margin, percent, plural, ratio, shown

WIDTH = 80
MOST_CLASSES = 12  # lines of the class table before its middle is left out

# (text, style) -> text; styles are "title", "quiet", "error", "warning" and "note".
Paint = Callable[[str, str], str]


def to_text(summary: dict[str, Any], paint: Paint = lambda text, style: text) -> str:  # noqa: ARG005 - plain text has no style
    """The inspection in words and metrics; `paint` may colour them, in a terminal."""
    parts = [
        _heading(summary, paint),
        _classes(summary, paint),
        _imbalance(summary),
        _types(summary, paint),
        _strongest(summary, paint),
        _findings(summary, paint),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _heading(summary: dict[str, Any], paint: Paint) -> list[str]:
    data = summary["data"]
    source = data["source"]
    if cell_len(source) > WIDTH:
        # The end of a path tells more than its beginning.
        source = "…" + source[-WIDTH // 2 :]
    size = f"{plural(data['rows'], 'row')}, {plural(data['features'], 'feature')}"
    interest = f"class of interest: {shown(summary['positive'], 12)}"
    lines = [paint(source, "title"), f"{size}; target: {shown(data['target'], 12)}, {interest}"]
    if data["measured_rows"] < data["rows"]:
        drawn = f"{data['measured_rows']:,} rows drawn by the sampling plan"
        lines.append(paint(f"Exact counts; all else measured on {drawn}.", "quiet"))
    return lines


def _classes(summary: dict[str, Any], paint: Paint) -> list[str]:
    entries = summary["classes"]
    names = [shown(entry["class"]) for entry in entries]
    width = max(5, *map(cell_len, names))
    lines = [
        f"{_left(name, width)}  {entry['rows']:>11,}  {percent(entry['share']):>8}"
        f"  {'1 : ' + ratio(entry['ratio']):>11}  {_bar(entry['share'], 16)}"
        for name, entry in zip(names, entries, strict=True)
    ]
    if len(lines) > MOST_CLASSES:
        half = MOST_CLASSES // 2
        lines[half:-half] = [paint(f"… {len(lines) - 2 * half:,} more classes …", "quiet")]
    head = f"{'class':<{width}}  {'rows':>11}  {'share':>8}  {'to largest':>11}"
    return [paint(head, "quiet"), *lines]


def _imbalance(summary: dict[str, Any]) -> list[str]:
    if len(summary["classes"]) < 2:
        return []
    it = summary["imbalance"]
    rare = f"{plural(it['minority_rows'], 'row')} of class {shown(it['minority'])}"
    even = f"{it['hill_1']:.2f} (Hill 1) or {it['hill_2']:.2f} (Hill 2) even classes"
    lines = {
        "Imbalance": f"{ratio(it['ratio'])} to 1 ({it['tier']})",
        "Rarest": f"{rare}: {it['permits']}",
        "Evenness": f"worth {even} of {len(summary['classes']):,}; LRID/2N {it['lrid_per_2n']:.3f}",
    }
    return [line for name, words in lines.items() for line in _wrap(words, f"{name:<11}")]


def _types(summary: dict[str, Any], paint: Paint) -> list[str]:
    types = summary["minority_types"]
    if not types["classes"]:
        return []
    names = [shown(entry["class"], 20) for entry in types["classes"]]
    width = max(5, *map(cell_len, names))
    head = "".join(f"{kind:>12}" for kind in types["types"])
    lines = [
        paint(f"Rare rows by their {types['neighbours']} nearest neighbours", "title"),
        paint(f"{'class':<{width}}  {'rows':>9}{head}", "quiet"),
    ]
    for name, entry in zip(names, types["classes"], strict=True):
        shares = "".join(
            f"{percent(entry[kind] / entry['typed'], 1):>12}" for kind in types["types"]
        )
        lines.append(f"{_left(name, width)}  {entry['typed']:>9,}{shares}")
    if types["sampled"]:
        fewest = min(entry["typed"] for entry in types["classes"] if entry["typed"] < entry["rows"])
        note = f"Sampled rows, each against all rows read; within {percent(margin(fewest))}."
        lines.append(paint(note, "quiet"))
    return lines


def _strongest(summary: dict[str, Any], paint: Paint) -> list[str]:
    separation = summary["separation"]
    if not separation["columns"]:
        return []
    note = f", on {separation['rows']:,} sampled rows" if separation["sampled"] else ""
    return [
        paint(f"Strongest single columns{note}", "title"),
        *(
            f"{_left(shown(score['column'], 30), 30)}  AUC {score['auc']:.3f} "
            f"({score['low']:.3f}-{score['high']:.3f}) for {shown(score['class'], 20)}"
            for score in separation["columns"][:3]
        ),
    ]


def _findings(summary: dict[str, Any], paint: Paint) -> list[str]:
    found = summary["findings"]
    if not found:
        return ["No findings."]
    lines = [paint(f"Findings ({len(found)})", "title")]
    for finding in found:
        mark = paint(f"{finding['code']} {finding['severity']:<7}", finding["severity"])
        lines.append(f"{mark}  {finding['title']}")
        lines += _wrap(shown(finding["seen"], 600), " " * 6)
        lines += _wrap(f"→ {finding['advice']}", " " * 6, indent=8)
    return lines


def _wrap(words: str, start: str, indent: int | None = None) -> list[str]:
    later = " " * (len(start) if indent is None else indent)
    return textwrap.wrap(words, WIDTH, initial_indent=start, subsequent_indent=later)


def _left(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _bar(share: float, width: int) -> str:
    """A bar in eighths of a character; never empty, so that a rare class is still seen."""
    eighths = max(1, round(share * width * 8))
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()
