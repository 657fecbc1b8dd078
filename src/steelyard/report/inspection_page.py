"""An inspection as one page: self-contained, offline, everything escaped."""

from typing import Any

from markupsafe import Markup

from steelyard.report.answer import Tile, Trust
from steelyard.report.commands import command
from steelyard.report.formatting import class_word, margin, number, percent, plural, ratio
from steelyard.report.page import environment, own
from steelyard.report.plot import Series, linear, plot

MOST_CARDS = 40  # columns drawn, those that tell the classes apart best first


def to_html(summary: dict[str, Any]) -> str:
    """The page of an inspection, from its plain data alone (`Inspection.to_dict`)."""
    templates = environment()
    templates.filters["ratio"] = ratio
    typed = summary["minority_types"]
    fewest = min((entry["typed"] for entry in typed["classes"]), default=0)
    word = class_word(summary["positive"])
    cards = _cards(summary, word)
    return templates.get_template("inspection.html.jinja").render(
        it=summary,
        word=word,
        facts=_facts(summary),
        contents=_contents(summary),
        version=summary["steelyard"],
        trust=_trust(summary),
        tiles=_tiles(summary, word),
        cards=cards[:MOST_CARDS],
        more=max(0, len(cards) - MOST_CARDS),
        types=typed["types"],
        margin=margin(fewest) if typed["sampled"] and fewest else None,
        style=own("style.css"),
    )


def _facts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    data = summary["data"]
    read = ""
    if data["measured_rows"] < data["rows"]:
        read = (
            f"; exact counts, all else measured on {data['measured_rows']:,} rows drawn by the "
            "sampling plan"
        )
    words = ("steelyard", "inspect", data["source"], "--target", data["target"])
    return [
        ("Table", f"{data['source']}, target {data['target']}"),
        ("Rows", f"{plural(data['rows'], 'row')}, {plural(data['features'], 'feature')}{read}"),
        ("Interest", class_word(summary["positive"])),
        ("Command", command(*words)),
    ]


def _contents(summary: dict[str, Any]) -> list[tuple[str, str]]:
    found = [("answer", "Answer"), ("findings", "Findings"), ("classes", "Classes")]
    if summary["minority_types"]["classes"]:
        found.append(("types", "Rare rows"))
    return [*found, ("columns", "Columns")]


def _trust(summary: dict[str, Any]) -> Trust:
    rows = _rows_of_interest(summary)
    return Trust("too-few" if rows < 10 else "few" if rows < 50 else "good", "")


def _rows_of_interest(summary: dict[str, Any]) -> int:
    return next(e["rows"] for e in summary["classes"] if e["class"] == summary["positive"])


def _tiles(summary: dict[str, Any], word: str) -> list[Tile]:
    rows, found = summary["data"]["rows"], summary["findings"]
    ours, it = _rows_of_interest(summary), summary["imbalance"]
    count = {s: sum(f["severity"] == s for f in found) for s in ("error", "warning", "note")}
    worst = [f"{f['code']}: {f['title']}" for f in found if f["severity"] != "note"][:4]
    best = summary["separation"]["columns"][:3]
    return [
        Tile(
            "How rare",
            f"{percent(ours / rows)} {word}",
            (f"{ours:,} of {rows:,} rows", f"{ratio(it['ratio'])} to 1 ({it['tier']})"),
        ),
        Tile("What it permits", plural(it["minority_rows"], "row"), (it["permits"],)),
        Tile(
            "What to look at",
            ", ".join(plural(n, s) for s, n in count.items() if n) or "nothing found",
            tuple(worst)
            or tuple(f"{s['column']}: AUC {number(s['auc'])} for {s['class']}" for s in best),
        ),
    ]


def _cards(summary: dict[str, Any], word: str) -> list[dict[str, Any]]:
    """A card a column that is learned from, or could be: the best separating ones first."""
    order = {s["column"]: s for s in reversed(summary["separation"]["columns"])}
    ranked = {s["column"]: i for i, s in enumerate(summary["separation"]["columns"])}
    columns = [c for c in summary["columns"] if c["role"] in ("feature", "text")]
    columns.sort(key=lambda c: ranked.get(c["name"], len(ranked)))
    return [_card(c, order.get(c["name"]), summary, word) for c in columns]


def _card(
    column: dict[str, Any], score: dict[str, Any] | None, summary: dict[str, Any], word: str
) -> dict[str, Any]:
    spread = column["distribution"] or {}
    text = column["role"] == "text"
    return {
        "name": column["name"],
        "kind": column["kind"],
        "missing": percent(column["missing"] / summary["data"]["measured_rows"])
        if column["missing"]
        else "",
        "auc": score
        and f"{number(score['auc'])} ({number(score['low'])} to {number(score['high'])}) for "
        f"{class_word(score['class'])}",
        "note": "text: see examples/text.py" if text else column["note"],
        "picture": _histogram(column["name"], spread, word) if "low" in spread else Markup(""),
        "levels": _levels(spread) if "levels" in spread else [],
    }


def _histogram(name: str, spread: dict[str, Any], word: str) -> Markup:
    totals = [max(sum(spread[kind]), 1) for kind in ("positives", "others")]
    ours, theirs = (
        [n / total for n in spread[kind]]
        for kind, total in zip(("positives", "others"), totals, strict=True)
    )
    low, high = spread["low"], spread["high"]
    step, top = (high - low) / len(ours), max(*ours, *theirs)
    x = linear("", low, high, [(low, f"{low:.4g}"), (high, f"{high:.4g}")])
    y = linear("", 0, top * 1.05, [(top, percent(top, 0))])

    def outline(shares: list[float]) -> list[tuple[float, float]]:
        ends = [(low + step * (i + 1), share) for i, share in enumerate(shares)]
        return [(low, 0.0), *ends, (high, 0.0)]

    series = [
        Series("", "s1", outline(theirs), "step"),
        Series("", "s0", outline(ours), "step"),
    ]
    said = f"{name} of {word} and of the rest, from {low:.4g} to {high:.4g}."
    return plot("", x, y, series, said)


def _levels(spread: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [max(n, 1) for n in spread["rows"]]
    return [
        {"name": level, "ours": ours / rows[0], "theirs": theirs / rows[1]}
        for level, ours, theirs in zip(
            spread["levels"], spread["positives"], spread["others"], strict=True
        )
    ]
