"""The findings: what inspection speaks up about, each under a code that never changes.

To add one, add a row to `FINDINGS`, a function to looks.py that reads the measures and returns
what it saw or None, and its line to docs/findings.md (a test keeps the page and the list equal).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from steelyard.errors import RequestError
from steelyard.inspection import looks
from steelyard.inspection.looks import Seen

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing before training.

    Attributes:
        code: SY and three digits; never given to anything else.
        severity: "error": a comparison will refuse or mislead; "warning": mend or mind it first;
            "note": good to know.
        title: what it is, for a list.
        advice: what to do, one line.
        look: reads the measures of `steelyard.inspection.measure`; None if there is nothing.
    """

    code: str
    severity: Severity
    title: str
    advice: str
    look: Callable[[dict[str, Any]], Seen | None]


def findings_in(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """All findings in a measured table as plain data, the gravest first."""
    found = []
    for finding in FINDINGS:
        seen = finding.look(measured)
        if seen is not None:
            found.append(
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "title": finding.title,
                    "seen": seen.text,
                    "advice": finding.advice,
                    "subjects": list(seen.subjects),
                }
            )
    return sorted(found, key=lambda entry: SEVERITIES.index(entry["severity"]))


def known_codes(codes: Iterable[str]) -> list[str]:
    """The codes in capitals; RequestError names those that do not exist and lists all there are."""
    codes = [code.strip().upper() for code in codes if code.strip()]
    every = [finding.code for finding in FINDINGS]
    unknown = [code for code in codes if code not in every]
    if unknown:
        raise RequestError(
            f"no finding has the code {', '.join(unknown)}; there are: {', '.join(every)}"
        )
    return codes


# The tens say what it is about: 0 classes, 1 rows, 2 columns, 3 neighbours.
FINDINGS: tuple[Finding, ...] = (
    Finding(
        "SY001",
        "error",
        "One class only",
        "Add rows of another class, or name the column that holds the class.",
        looks.one_class,
    ),
    Finding(
        "SY002",
        "error",
        "A class with fewer rows than folds",
        f"Merge it, leave it out, or collect rows: it cannot be in each of {looks.FOLDS} folds.",
        looks.fewer_rows_than_folds,
    ),
    Finding(
        "SY003",
        "warning",
        "Too few rows to compare techniques",
        "Describe them; collect at least 10, better 50, before comparing anything.",
        looks.too_few_to_compare,
    ),
    Finding(
        "SY004",
        "warning",
        "Too few rows to call a technique the best",
        "Read intervals, not ranks; 50 or more rows of the class carry a choice.",
        looks.no_best,
    ),
    Finding(
        "SY005",
        "note",
        "Accuracy says nothing here",
        "Judge by average precision, log loss or costs; tune the cut-off before resampling.",
        looks.accuracy_is_blind,
    ),
    Finding(
        "SY006",
        "note",
        "The classes are nearly even",
        "Nothing to rebalance: train plainly and tune the cut-off to your costs.",
        looks.nearly_even,
    ),
    Finding(
        "SY011",
        "warning",
        "Rows that contradict each other",
        "Check their labels, or find the column that tells them apart: no model can.",
        looks.conflicting_rows,
    ),
    Finding(
        "SY012",
        "warning",
        "Duplicate rows",
        "Remove copies made by mistake; keep true repeats in one fold with --group.",
        looks.duplicate_rows,
    ),
    Finding(
        "SY013",
        "note",
        "Rows without a class",
        "Check that what is unlabelled does not depend on the class.",
        looks.rows_without_target,
    ),
    Finding(
        "SY014",
        "warning",
        "The file is sorted by class",
        "Shuffle it before using Keras' validation_split or shuffle buffer; our folds do.",
        looks.sorted_by_class,
    ),
    Finding(
        "SY021",
        "warning",
        "A column that gives the class away",
        "Check that it is known before the outcome is; if not, leave it out with --drop.",
        looks.leaking_columns,
    ),
    Finding(
        "SY022",
        "warning",
        "Columns mostly missing",
        "Keep them only if they will be as empty, for the same reason, when the model is used.",
        looks.mostly_missing,
    ),
    Finding(
        "SY023",
        "note",
        "Missing values",
        "Nothing to fill in: being missing is learned from. It must mean the same later.",
        looks.some_missing,
    ),
    Finding(
        "SY024",
        "error",
        "Infinite values",
        "Replace them by a number, or leave them empty.",
        looks.infinite_values,
    ),
    Finding(
        "SY025",
        "note",
        "Constant or empty columns",
        "Not learned from; leave them out with --drop.",
        looks.columns_of_role("constant", "empty"),
    ),
    Finding(
        "SY026",
        "note",
        "Columns that look like ids",
        "Not learned from. If one names a patient or a machine, pass it to compare as --group.",
        looks.columns_of_role("identifier"),
    ),
    Finding(
        "SY027",
        "note",
        "Columns of text or lists",
        "Not learned from; turn them into numbers or categories first.",
        looks.columns_of_role("text"),
    ),
    Finding(
        "SY028",
        "error",
        "No column to learn from",
        "Add a feature column.",
        looks.nothing_to_learn_from,
    ),
    Finding(
        "SY029",
        "warning",
        "More features than rare rows",
        "Drop what cannot matter and keep models simple: some columns will fit by chance.",
        looks.more_columns_than_rare_rows,
    ),
    Finding(
        "SY031",
        "warning",
        "Most rare rows are isolated",
        "No SMOTE: it would make rows among strangers. Check labels; get rows or columns.",
        looks.mostly_isolated,
    ),
    Finding(
        "SY032",
        "note",
        "Most rare rows are unsafe",
        "Expect gains from the cut-off and from better columns, not from copies.",
        looks.mostly_unsafe,
    ),
)
