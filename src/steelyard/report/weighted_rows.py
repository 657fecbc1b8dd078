"""What a reader should know of rows that do not count alike."""

from typing import Any

from steelyard.report import figures
from steelyard.report.formatting import percent, positive_word


def weighted_rows(run: dict[str, Any]) -> str:
    """By what rows are weighted and what is left of the class of interest; "" without weights.

    Of rows drawn from a larger table the notes tell already.
    """
    weights = run["data"].get("weights")
    if not weights or (run["data"].get("population") and not weights["column"]):
        return ""
    k = figures.positive_index(run)
    by = f" by {weights['column']}" if weights["column"] else ""
    rows = run["data"]["classes"][k]["count"]
    share = percent(figures.natural_share(run, k))
    return (
        f"Rows are weighted{by}: {positive_word(run)} is {share} of what they stand for, and its "
        f"{rows:,} rows tell as much as {weights['effective'][k]:,.0f} of equal weight"
    )
