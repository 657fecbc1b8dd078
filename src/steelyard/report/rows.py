"""The leaderboard as plain rows, for text and page alike."""

from typing import Any

from steelyard.comparison.figures import BY_NAME


def ranked(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries of techniques and baselines, best first by the run's metric."""
    metric = run["protocol"]["metric"]
    entries = [entry | {"baseline": False} for entry in run["techniques"]]
    entries += [entry | {"baseline": True} for entry in run["baselines"]]
    sign = -1 if BY_NAME[metric].better == "higher" else 1

    def key(entry: dict[str, Any]) -> tuple[bool, float]:
        value = entry["figures"][metric]["value"]
        return (value is None, sign * (value or 0.0))

    return sorted(entries, key=key)


def number(value: float | None, digits: int = 3) -> str:
    """A figure in few characters: .769, 1.02, -.10, 12.3; a dash where there is none."""
    if value is None:
        return "-"
    value = round(value, digits) + 0.0  # no minus sign before a zero
    text = f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.1f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def interval(figure: dict[str, Any], digits: int = 3) -> str:
    """The interval of a figure: .740 to .796."""
    if figure["value"] is None:
        return ""
    return f"{number(figure['low'], digits)} to {number(figure['high'], digits)}"


def with_interval(figure: dict[str, Any], digits: int = 3) -> str:
    """A figure and its interval: .769 (.740 to .796)."""
    if figure["value"] is None:
        return "-"
    return f"{number(figure['value'], digits)} ({interval(figure, digits)})"


def percent(share: float) -> str:
    """A share with two figures: 9.7 %, 0.17 %."""
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"
