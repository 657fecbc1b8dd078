"""The findings: what inspection speaks up about, each under a code that never changes.

To add one, add a row to `FINDINGS`, a function to finding_checks.py that reads the measures and
returns what it saw or None, and its line to docs/findings.md (a test keeps page and list equal).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from steelyard.errors import RequestError
from steelyard.inspection import finding_checks as checks
from steelyard.inspection.finding_checks import Seen

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
        check: reads the measures of `steelyard.inspection.measure`; None if there is nothing.
    """

    code: str
    severity: Severity
    title: str
    advice: str
    check: Callable[[dict[str, Any]], Seen | None]


def findings_in(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """All findings in a measured table as plain data, the gravest first."""
    found = []
    for finding in FINDINGS:
        seen = finding.check(measured)
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


# The tens say what it is about: 0 classes, 1 rows, 2 columns, 3 neighbours, 4 how it was read.
FINDINGS: tuple[Finding, ...] = (
    Finding(
        "SY001",
        "error",
        "One class only",
        "Add rows of another class, or name the column that holds the class.",
        checks.one_class,
    ),
    Finding(
        "SY002",
        "error",
        "A class with fewer rows than folds",
        f"Merge it, leave it out, or collect rows: it cannot be in each of {checks.FOLDS} folds.",
        checks.fewer_rows_than_folds,
    ),
    Finding(
        "SY003",
        "warning",
        "Too few rows to compare techniques",
        "Describe them; collect at least 10, better 50, before comparing anything.",
        checks.too_few_to_compare,
    ),
    Finding(
        "SY004",
        "warning",
        "Too few rows to call a technique the best",
        "Read intervals, not ranks; 50 or more rows of the class carry a choice.",
        checks.no_best,
    ),
    Finding(
        "SY005",
        "note",
        "Accuracy says nothing here",
        "Judge by average precision, log loss or costs; tune the threshold before resampling.",
        checks.accuracy_is_blind,
    ),
    Finding(
        "SY006",
        "note",
        "The classes are nearly even",
        "Nothing to rebalance: train plainly and tune the threshold to your costs.",
        checks.nearly_even,
    ),
    Finding(
        "SY007",
        "warning",
        "Labels that differ only in their spelling",
        "Give one class one spelling in the table, or check that two classes are meant.",
        checks.labels_that_look_alike,
    ),
    Finding(
        "SY011",
        "warning",
        "Rows that contradict each other",
        "Check their labels, or find the column that tells them apart: no model can.",
        checks.conflicting_rows,
    ),
    Finding(
        "SY012",
        "warning",
        "Duplicate rows",
        "Remove copies made by mistake; keep true repeats in one fold with `group`.",
        checks.duplicate_rows,
    ),
    Finding(
        "SY013",
        "note",
        "Rows without a class",
        "Check that what is unlabelled does not depend on the class.",
        checks.rows_without_target,
    ),
    Finding(
        "SY014",
        "warning",
        "The file is sorted by class",
        "Shuffle it before using Keras' validation_split or shuffle buffer; our folds do.",
        checks.sorted_by_class,
    ),
    Finding(
        "SY015",
        "warning",
        "Resampled before",
        "Compare techniques on the table as it was before; they resample inside the folds.",
        checks.resampled_before,
    ),
    Finding(
        "SY016",
        "warning",
        "Rows that come again",
        "Remove copies, or name the column that tells which rows belong together with `group`.",
        checks.rows_again,
    ),
    Finding(
        "SY017",
        "warning",
        "Rows of one thing on both sides of a fold",
        "If new rows come from other values, compare with that column as `group`.",
        checks.groups_across_folds,
    ),
    Finding(
        "SY020",
        "warning",
        "A column made from the labels",
        "Leave it out with `drop`, or encode the category inside each fold.",
        checks.made_from_the_labels,
    ),
    Finding(
        "SY021",
        "warning",
        "A column that gives the class away",
        "Check that it is known before the outcome is; if not, leave it out with `drop`.",
        checks.leaking_columns,
    ),
    Finding(
        "SY022",
        "warning",
        "Columns mostly missing",
        "Keep them only if they will be as empty, for the same reason, when the model is used.",
        checks.mostly_missing,
    ),
    Finding(
        "SY023",
        "note",
        "Missing values",
        "Nothing to fill in: being missing is learned from. It must mean the same later.",
        checks.some_missing,
    ),
    Finding(
        "SY024",
        "error",
        "Infinite values",
        "Replace them by a number, or leave them empty.",
        checks.infinite_values,
    ),
    Finding(
        "SY025",
        "note",
        "Constant or empty columns",
        "Not learned from; leave them out with `drop`.",
        checks.columns_of_role("constant", "empty"),
    ),
    Finding(
        "SY026",
        "note",
        "Columns that look like ids",
        "Not learned from. If one names a patient or a machine, pass it to compare as `group`.",
        checks.columns_of_role("identifier"),
    ),
    Finding(
        "SY027",
        "note",
        "Columns of text or lists",
        "Not learned from; turn them into numbers or categories first.",
        checks.columns_of_role("text"),
    ),
    Finding(
        "SY028",
        "error",
        "No column to learn from",
        "Add a feature column.",
        checks.nothing_to_learn_from,
    ),
    Finding(
        "SY029",
        "warning",
        "More features than rare rows",
        "Drop what cannot matter and keep models simple: some columns will fit by chance.",
        checks.more_columns_than_rare_rows,
    ),
    Finding(
        "SY031",
        "warning",
        "Most rare rows are isolated",
        "No SMOTE: it would make rows among strangers. Check labels; get rows or columns.",
        checks.mostly_isolated,
    ),
    Finding(
        "SY032",
        "note",
        "Most rare rows are unsafe",
        "Expect gains from the threshold and from better columns, not from copies.",
        checks.mostly_unsafe,
    ),
    Finding(
        "SY041",
        "note",
        "Read with assumptions",
        "Check that they hold; a file that needs none is CSV in UTF-8 with one header line.",
        checks.read_with_assumptions,
    ),
    Finding(
        "SY042",
        "warning",
        "Numbers or dates kept as categories",
        "Make every value a number or a date, or leave it empty; then its order can be learned.",
        checks.numbers_kept_as_categories,
    ),
)
