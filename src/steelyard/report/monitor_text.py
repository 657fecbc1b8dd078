"""What `monitor` found, a line a check: what was seen, the limit, and what that means."""

import textwrap
from collections.abc import Callable
from typing import Any

from steelyard.report.formatting import class_word, number, percent

WIDTH = 80
NAME = 19  # columns


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


STATES = {"inside": "kept", "outside": "LEFT", "edge": "may have left", "unknown": "NOT KNOWN"}


def _prevalence(found: dict[str, Any]) -> tuple[str, str, str]:
    one, word = found["prevalence"], class_word(found["positive"])
    low, high = (percent(end) for end in one["band"])
    limits = f"limits {low} to {high}: {STATES[one['state']]}"
    if one["state"] == "unknown":
        return "prevalence", f"these rows cannot tell it; {limits}", _unknown(found)
    ends = f"({percent(one['low'])} to {percent(one['high'])})"
    seen = f"{percent(one['value'])} {word} {ends}, {limits}"
    return "prevalence", seen, _meaning(found)


def _meaning(found: dict[str, Any]) -> str:
    """What a share means that the rows do tell something of."""
    one = found["prevalence"]
    set_for = percent(one["set_for"])
    if one["state"] == "outside":
        # Labels say whether probabilities still hold where features moved; a share alone does not.
        sure = found["readings"]["conclusion"] == "label"
        todo = "retune" if sure else labels_would_tell(one["rows_to_label"])
        return f"the threshold was set for {set_for}; that share is another now: {todo}"
    if one["set_for_fits"]:
        said = f"as far as these rows tell, the threshold's {set_for} still holds"
    else:
        said = f"another share than the threshold's {set_for}"
    return (
        said if one["state"] == "inside" else f"{said}; {labels_would_tell(one['rows_to_label'])}"
    )


def _unknown(found: dict[str, Any]) -> str:
    """What the rows leave open under each reading, and what tells."""
    both, k = found["readings"], found["readings"]["positive"]
    ends = [
        f"{percent(both[one]['low'][k])} to {percent(both[one]['high'][k])}" for one in READINGS
    ]
    told = labels_would_tell(found["prevalence"]["rows_to_label"])
    return (
        f"{class_word(found['positive'])} may be {ends[0]} if class shares moved, {ends[1]} if "
        f"features did; {told}"
    )


READINGS = ("label", "features")


def labels_would_tell(rows: int) -> str:
    """What to do where only labels help."""
    return f"labels would tell: of about {rows:,} such rows, drawn by chance (steelyard evaluate)"


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
        for name, key in (("if shares moved", "label"), ("if features moved", "features"))
    ]
    return [*lines, ("rows", MEANING[both["conclusion"]], "")]


def _reading(one: dict[str, Any], k: int, word: str) -> str:
    share = {"value": one["prior"][k], "low": one["low"][k], "high": one["high"][k]}
    said = [f"any share of {word}" if _anything(share) else _figure(share, percent, f" {word}")]
    for name in ("recall", "precision"):
        if one[name] is not None:
            known = "not known" if _anything(one[name]) else _figure(one[name], number)
            said.append(f"{name} {known}")
    return ", ".join(said)


def _anything(one: dict[str, float]) -> bool:
    return says_nothing(one["low"], one["high"])


def says_nothing(low: float, high: float) -> bool:
    """Whether an interval of a share leaves out next to nothing."""
    return high - low > ANYTHING


def _figure(one: dict[str, float], as_text: Callable[[float], str], of: str = "") -> str:
    return f"{as_text(one['value'])}{of} ({as_text(one['low'])} to {as_text(one['high'])})"


ANYTHING = 0.9  # of all values that a share can have: an interval so wide says nothing


def _scores(found: dict[str, Any]) -> tuple[str, str, str]:
    one = found["scores"]
    limit = max(one["band"], one["chance"])
    blunt = one["chance"] > one["band"]
    why = "chance" if blunt else "the band"
    seen = f"stability index {one['psi']:.3f}, limit {limit:.3f} ({why}): {_left(one)}"
    if one["left"]:
        meaning = "no mix of the old classes has such scores: the prevalence may be another"
    elif blunt:
        meaning = "no farther off than one fold's model is from the others, or than chance"
    elif one["psi"] > one["chance"]:
        meaning = "unlike those of any mix of the old classes, by no more than the band allows"
    else:
        meaning = "spread as those of some mix of the old classes"
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
