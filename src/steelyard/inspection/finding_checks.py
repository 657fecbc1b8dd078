"""What each finding looks for: functions from the measures to what was seen, or None."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.inspection.spelling import alike, shown_apart
from steelyard.report.formatting import percent, plural, ratio, shown

FOLDS = 5  # of a comparison, unless asked otherwise
LEAK_AUC, LEAK_LOW = 0.99, 0.7  # estimate and lower end of its interval: 9 of 9 may say so
MOSTLY_MISSING = 0.5
SORTED = 0.05  # class changes from row to row, over those of a random order
MOSTLY_ONE = 0.9  # share of the largest class
ON_LINES = 0.1  # share of rows on lines between others; chance puts none there
NEARLY_EVEN = 1.5  # rows of the largest class per row of the smallest

HOW = {
    "order": "by its order",
    "value": "by its values",
    "missing": "by where it is missing",
}

Measured = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What a finding saw: one line with metrics, and the classes or columns it is about."""

    text: str
    subjects: tuple[Any, ...] = ()


def one_class(measured: Measured) -> Seen | None:
    classes = measured["classes"]
    if len(classes) > 1:
        return None
    label, rows = classes[0]["class"], classes[0]["rows"]
    return Seen(f"All {plural(rows, 'row')} are of class {shown(label)}.", (label,))


def fewer_rows_than_folds(measured: Measured) -> Seen | None:
    return _small_classes(measured, 1, FOLDS)


def too_few_to_compare(measured: Measured) -> Seen | None:
    return _small_classes(measured, FOLDS, 10)


def no_best(measured: Measured) -> Seen | None:
    return _small_classes(measured, 10, 50)


def accuracy_is_blind(measured: Measured) -> Seen | None:
    imbalance, largest = measured["imbalance"], measured["classes"][0]
    if not MOSTLY_ONE <= largest["share"] < 1:
        return None
    return Seen(
        f"{ratio(imbalance['ratio'])} rows of class {shown(largest['class'])} for each row of "
        f"class {shown(imbalance['minority'])}: always answering {shown(largest['class'])} is "
        f"right {percent(largest['share'])} of the time."
    )


def nearly_even(measured: Measured) -> Seen | None:
    value = measured["imbalance"]["ratio"]
    if len(measured["classes"]) < 2 or value >= NEARLY_EVEN:
        return None
    return Seen(f"The largest class has {value:.2f} times the rows of the smallest.")


def labels_that_look_alike(measured: Measured) -> Seen | None:
    groups = alike(entry["class"] for entry in measured["classes"])
    if not groups:
        return None
    first = " and ".join(shown_apart(label) for label in groups[0])
    more = f", and {plural(len(groups) - 1, 'more group')}" if groups[1:] else ""
    labels = tuple(label for group in groups for label in group)
    return Seen(
        f"{first} differ in their spelling only{more}; they are classes of their own.", labels
    )


def read_with_assumptions(measured: Measured) -> Seen | None:
    text = "; ".join(measured["data"]["notes"])
    return Seen(f"{text[0].upper()}{text[1:]}.") if text else None


def numbers_kept_as_categories(measured: Measured) -> Seen | None:
    columns = [column for column in measured["columns"] if column["doubt"]]
    if not columns:
        return None
    names = tuple(column["name"] for column in columns)
    also = f" Also {_listed(names[1:])}." if names[1:] else ""
    return Seen(f"{shown(names[0])}: {columns[0]['doubt']}.{also}", names)


def conflicting_rows(measured: Measured) -> Seen | None:
    rows = measured["rows"]
    if not rows["conflicts"]:
        return None
    points = plural(rows["conflict_groups"], "distinct combination")
    return _per_class(
        f"{rows['conflicts']:,} rows ({points} of values) share all their features with a row of "
        "another class",
        rows["conflicts_per_class"],
    )


def duplicate_rows(measured: Measured) -> Seen | None:
    rows = measured["rows"]
    if not rows["duplicates"]:
        return None
    share = percent(rows["duplicates"] / measured["data"]["measured_rows"])
    return _per_class(
        f"{plural(rows['duplicates'], 'row')} ({share}) with the features and class of an "
        "earlier row",
        rows["duplicates_per_class"],
    )


def resampled_before(measured: Measured) -> Seen | None:
    ledger, lines = measured["resampled"]["ledger"], measured["resampled"]["lines"]
    if ledger is not None and ledger["added"] + ledger["dropped"]:
        return Seen(
            f"The ledger beside the file says that it was resampled by {ledger['method']}: "
            f"{plural(ledger['added'], 'row')} added, {ledger['dropped']:,} dropped."
        )
    many = [line for line in lines if line["on_a_line"] >= ON_LINES * line["looked_at"]]
    if not many:
        return None
    first = max(many, key=lambda line: line["on_a_line"] / line["looked_at"])
    return Seen(
        f"{first['on_a_line']:,} of {first['looked_at']:,} rows of class {shown(first['class'])} "
        "that were looked at lie exactly on a line between two others, as synthetic rows do.",
        tuple(line["class"] for line in many),
    )


def rows_without_target(measured: Measured) -> Seen | None:
    dropped = measured["data"]["dropped_rows"]
    if not dropped:
        return None
    share = percent(dropped / (dropped + measured["data"]["rows"]))
    return Seen(f"{plural(dropped, 'row')} ({share}) without a class, left out.")


def sorted_by_class(measured: Measured) -> Seen | None:
    share = measured["rows"]["order_share"]
    if share >= SORTED or len(measured["classes"]) < 2:
        return None
    return Seen(f"From row to row the class changes {percent(share)} as often as if shuffled.")


def leaking_columns(measured: Measured) -> Seen | None:
    suspects = [
        score
        for score in measured["separation"]["columns"]
        if score["auc"] >= LEAK_AUC and score["low"] >= LEAK_LOW
    ]
    if not suspects:
        return None
    first, names = suspects[0], [score["column"] for score in suspects]
    also = f" Also {_listed(names[1:])}." if names[1:] else ""
    return Seen(
        f"{shown(first['column'])} alone tells class {shown(first['class'])} from the rest "
        f"{HOW[first['how']]}: AUC {first['auc']:.4f} "
        f"({first['low']:.4f} to {first['high']:.4f}).{also}",
        tuple(names),
    )


def mostly_missing(measured: Measured) -> Seen | None:
    return _with_missing(measured, MOSTLY_MISSING, 1.0)


def some_missing(measured: Measured) -> Seen | None:
    return _with_missing(measured, 0.0, MOSTLY_MISSING)


def infinite_values(measured: Measured) -> Seen | None:
    columns = [column for column in measured["columns"] if column["infinite"]]
    if not columns:
        return None
    counts = [f"{shown(column['name'])} ({column['infinite']:,})" for column in columns]
    return Seen(f"In {_listed(counts)}.", tuple(column["name"] for column in columns))


def columns_of_role(*roles: str) -> Callable[[Measured], Seen | None]:
    """A check for columns that the reader set aside, with its note on the first one."""

    def check(measured: Measured) -> Seen | None:
        columns = [column for column in measured["columns"] if column["role"] in roles]
        if not columns:
            return None
        names = [column["name"] for column in columns]
        first = f"{shown(names[0])} {columns[0]['note']}"
        return Seen(f"{_listed(names)}: {first}.", tuple(names))

    return check


def nothing_to_learn_from(measured: Measured) -> Seen | None:
    if measured["data"]["features"]:
        return None
    return Seen(f"None of {plural(measured['data']['columns'], 'column')} can be learned from.")


def more_columns_than_rare_rows(measured: Measured) -> Seen | None:
    imbalance, features = measured["imbalance"], measured["data"]["features"]
    if len(measured["classes"]) < 2 or features < imbalance["minority_rows"]:
        return None
    rare = plural(imbalance["minority_rows"], "row")
    return Seen(
        f"{plural(features, 'feature')} for {rare} of class {shown(imbalance['minority'])}."
    )


def mostly_isolated(measured: Measured) -> Seen | None:
    shares = _share_of_types(measured, "rare", "outlier")
    return _most(shares, "rare or outlier, with one or none of their class among 5 neighbours")


def mostly_unsafe(measured: Measured) -> Seen | None:
    isolated = {
        label for label, share in _share_of_types(measured, "rare", "outlier") if share > 0.5
    }
    shares = _share_of_types(measured, "borderline", "rare", "outlier")
    return _most(
        [(label, share) for label, share in shares if label not in isolated],
        "not safe, with at most 3 of their class among 5 neighbours",
    )


def _small_classes(measured: Measured, low: int, high: int) -> Seen | None:
    small = [entry for entry in measured["classes"][::-1] if low <= entry["rows"] < high]
    if not small or len(measured["classes"]) < 2:
        return None
    counts = [f"{shown(entry['class'])} ({plural(entry['rows'], 'row')})" for entry in small]
    return Seen(f"Class {_listed(counts)}.", tuple(entry["class"] for entry in small))


def _with_missing(measured: Measured, above: float, to: float) -> Seen | None:
    rows = measured["data"]["measured_rows"]
    gaps = [column for column in measured["columns"] if above < column["missing"] / rows <= to]
    if not gaps:
        return None
    gaps.sort(key=lambda column: -column["missing"])
    shares = [f"{shown(column['name'])} {percent(column['missing'] / rows)}" for column in gaps]
    return Seen(
        f"In {plural(len(gaps), 'column')}: {_listed(shares)}.",
        tuple(column["name"] for column in gaps),
    )


def rows_again(measured: Measured) -> Seen | None:
    """Copies and near-duplicates that folds part."""
    for leak in measured["leaks"]:
        if leak["kind"] in ("copies", "twins"):
            what = "have a copy" if leak["kind"] == "copies" else "have a near-duplicate"
            return _flattered(
                f"{plural(leak['rows'], 'row')} of class {shown(measured['positive'])} {what}",
                "they are kept in one fold",
                leak,
            )
    return None


def groups_across_folds(measured: Measured) -> Seen | None:
    """A column whose equal values are rows of one thing."""
    named = [leak for leak in measured["leaks"] if leak["kind"] == "group"]
    if not named:
        return None
    worst = min(named, key=lambda leak: leak["without"])
    columns = tuple(leak["column"] for leak in named)
    return _flattered(
        f"{shown(worst['column'])} repeats, and rows of one value share their class",
        "each value is kept in one fold",
        worst,
        columns,
    )


def made_from_the_labels(measured: Measured) -> Seen | None:
    """A column that holds the labels it is to predict."""
    made = [leak for leak in measured["leaks"] if leak["kind"] == "encoded"]
    if not made:
        return None
    worst = min(made, key=lambda leak: leak["without"])
    columns = tuple(leak["column"] for leak in made)
    return _flattered(
        f"{shown(worst['column'])} follows the labels of these very rows more closely than chance "
        "allows, as the mean label of a category does",
        "it is left out",
        worst,
        columns,
    )


def _flattered(
    what: str, mended: str, leak: dict[str, Any], subjects: tuple[Any, ...] = ()
) -> Seen:
    return Seen(
        f"{what}: a quick model has average precision {leak['average_precision']:.3f}, and "
        f"{leak['without']:.3f} where {mended}.",
        subjects,
    )


def _per_class(what: str, counts: list[dict[str, Any]]) -> Seen:
    each = [f"{entry['rows']:,} of class {shown(entry['class'])}" for entry in counts]
    return Seen(f"{what}: {_listed(each)}.", tuple(entry["class"] for entry in counts))


def _share_of_types(measured: Measured, *types: str) -> list[tuple[Any, float]]:
    return [
        (entry["class"], sum(entry[kind] for kind in types) / entry["typed"])
        for entry in measured["minority_types"]["classes"]
    ]


def _most(shares: Iterable[tuple[Any, float]], what: str) -> Seen | None:
    classes = [(label, share) for label, share in shares if share > 0.5]
    if not classes:
        return None
    each = [f"{percent(share, 1)} of class {shown(label)}" for label, share in classes]
    return Seen(f"{_listed(each)}: {what}.", tuple(label for label, _ in classes))


def _listed(names: Sequence[str], most: int = 3) -> str:
    first = ", ".join(shown(name, 48) for name in names[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most:,} more"
