"""Explained rows for the terminal: a line a row."""

import polars as pl

from steelyard.report.formatting import percent, shown


def explained_text(found: pl.DataFrame) -> str:
    """Each row's probability, and the columns that move it, by how many per cent points."""
    lines = []
    for row in found.partition_by("row"):
        named = ", ".join(
            f"{shown(column)} {shown(value)} ({100 * change:+.1f})"
            for column, value, change in row.select("column", "value", "change").iter_rows()
        )
        lines.append(f"row {row['row'][0]}: {percent(row['probability'][0])}; {named}")
    lines.append(
        "\nIn brackets: per cent points that the row's own value adds to what rows with other "
        "values of that column would get, on average."
    )
    return "\n".join(lines)
