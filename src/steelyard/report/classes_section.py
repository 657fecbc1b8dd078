"""Per class: what was decided against what was true, with intervals."""

from typing import Any

from steelyard.report import figures
from steelyard.report.answer import share_of
from steelyard.report.formatting import class_word, positive_word, with_interval

MOST = 20  # rows and columns of a picture that can still be read


def names(run: dict[str, Any]) -> list[str]:
    """What the classes are called, in their order."""
    k = figures.positive_index(run)
    return [
        positive_word(run) if i == k else class_word(entry["label"])
        for i, entry in enumerate(run["data"]["classes"])
    ]


def confusion(run: dict[str, Any]) -> dict[str, Any]:
    """The table of (true class, decision), counts a repeat and share of the true class."""
    counts, repeats = figures.decided(run)["confusion"], run["protocol"]["repeats"]
    called = names(run)
    if len(called) > MOST:
        return {"too_many": len(called), "rows": []}
    return {
        "names": called,
        "rows": [
            {
                "name": called[i],
                "cells": [
                    {
                        "count": round(n / repeats, 1),
                        "share": n / max(sum(row), 1),
                        "right": i == j,
                        "title": f"{called[i]} decided as {called[j]}",
                    }
                    for j, n in enumerate(row)
                ],
            }
            for i, row in enumerate(counts)
        ],
    }


def per_class(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows, recall, precision and observed over expected of each class."""
    entry, repeats = figures.decided(run), run["protocol"]["repeats"]
    called, found = names(run), []
    for k, data in enumerate(run["data"]["classes"]):
        if not sum(entry["confusion"][k]):
            continue
        share = figures.natural_share(run, k)
        means = figures.at_confusion(entry, k, repeats, share, (1.0, 1.0))
        found.append(
            {
                "name": called[k],
                "count": data["count"],
                "share": share,
                "recall": share_of(means["recall"], 100),
                "precision": share_of(means["precision"], 100),
                "observed_expected": with_interval(entry["observed_expected"][k], 2),
            }
        )
    return found
