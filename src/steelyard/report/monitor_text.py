"""What `monitor` found, a line a check: what was seen, the limit, and what that means."""

import textwrap
from typing import Any

from steelyard.report.formatting import class_word, number, percent

WIDTH = 80
NAME = 12


def monitor_text(found: dict[str, Any]) -> str:
    """Each check in its lines of at most 80 columns, then what to mind."""
    lines = [f"{found['rows']:,} rows"]
    for name, seen, meaning in checks(found):
        lines += textwrap.wrap(
            f"{name:<{NAME}}{seen}", WIDTH, subsequent_indent=" " * NAME, drop_whitespace=True
        )
        lines += textwrap.wrap(
            meaning, WIDTH, initial_indent=" " * NAME, subsequent_indent=" " * NAME
        )
    for warning in found["warnings"]:
        lines += textwrap.wrap(f"Mind: {warning}.", WIDTH)
    return "\n".join(lines)


def checks(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Each check's name, what was seen with its limit, and what that means."""
    return [_prevalence(found), *_readings(found), _scores(found), *_features(found)]


def _prevalence(found: dict[str, Any]) -> tuple[str, str, str]:
    one, word = found["prevalence"], class_word(found["positive"])
    low, high = (percent(end) for end in one["band"])
    seen = (
        f"{percent(one['value'])} {word} ({percent(one['low'])} to {percent(one['high'])}), "
        f"limits {low} to {high}: {_left(one)}"
    )
    meaning = (
        f"the threshold was set for {percent(one['set_for'])}; that share is another now: retune"
        if one["left"]
        else f"as far as these rows tell, the threshold's {percent(one['set_for'])} still holds"
    )
    return "prevalence", seen, meaning


MEANING = {
    "same": "these rows cannot be told from rows like the run's own",
    "label": "a mix of the old classes gives rows like these: the class shares moved",
    "features": "MOVED: no mix of the old classes gives rows like these; label some of them",
    "undecided": "these rows cannot tell which of the two it was; label some of them",
}


def _readings(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What would be found, were it only the class shares that moved, or only the features."""
    both = found["readings"]
    k = both["positive"]
    lines = [
        (name, _reading(both[key], k, class_word(found["positive"])), "")
        for name, key in (("if shares", "label"), ("if features", "features"))
    ]
    return [*lines, ("rows", MEANING[both["conclusion"]], "")]


def _reading(one: dict[str, Any], k: int, word: str) -> str:
    ends = f"{percent(one['low'][k])} to {percent(one['high'][k])}"
    said = [f"{percent(one['prior'][k])} {word} ({ends})"]
    for name in ("recall", "precision"):
        if one[name] is not None:
            value = one[name]
            reach = f"{number(value['low'])} to {number(value['high'])}"
            said.append(f"{name} {number(value['value'])} ({reach})")
    return "moved alone: " + ", ".join(said)


def _scores(found: dict[str, Any]) -> tuple[str, str, str]:
    one = found["scores"]
    limit = max(one["band"], one["chance"])
    why = "chance" if one["chance"] > one["band"] else "the band"
    seen = f"stability index {one['psi']:.3f}, limit {limit:.3f} ({why}): {_left(one)}"
    meaning = (
        "no mix of the old classes has such scores: the estimate of the prevalence may be wrong"
        if one["left"]
        else "spread as those of some mix of the old classes"
    )
    return "scores", seen, meaning


def _features(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    one = found["features"]
    if not one:
        return []
    left = "MOVED" if one["moved"] else "kept"
    seen = (
        f"ROC-AUC {number(one['auc'])} ({number(one['low'])} to {number(one['high'])}) of new "
        f"against old rows, limit {number(one['limit'])}: {left}"
    )
    if one["moved"] and one["auc"] < 0.5:
        return [("features", seen, "new rows repeat old ones: they are copies, no new rows")]
    meaning = (
        "new rows can be told from old ones of equal class shares: the rows themselves changed"
        if one["moved"]
        else "new rows cannot be told from old ones of equal class shares"
    )
    return [("features", seen, meaning)]


def _left(check: dict[str, Any]) -> str:
    return "LEFT" if check["left"] else "kept"
