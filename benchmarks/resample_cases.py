"""What is measured: tables, the samplers run on each, and the ratio that each should reach."""

from dataclasses import dataclass, field
from typing import Any

from resample_tables import Table


@dataclass(frozen=True)
class Case:
    """One sampler on one table.

    `sliced`: theirs runs on a slice of its query. `alone`: theirs is not run at all. `differs`: why
    the result is another one on purpose.
    """

    sampler: str
    goal: float | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    form: str = "numpy"
    sliced: bool = False
    alone: bool = False
    differs: str = ""

    @property
    def label(self):
        version = f" {self.arguments['version']}" if "version" in self.arguments else ""
        dressed = f", {self.form}" if self.form != "numpy" else ""
        return f"{self.sampler}{version}{dressed}"


def sliced_cleaners(tomek, enn):
    return [
        Case("TomekLinks", tomek, sliced=True),
        Case("EditedNearestNeighbours", enn, sliced=True),
    ]


def near_miss(version, goal=None):
    return Case("NearMiss", goal, {"version": version})


FORMS = ("numpy", "pandas", "Arrow", "polars")
RANDOM = [
    *(Case("RandomOverSampler", 2.5, form=form) for form in FORMS),
    *(Case("RandomUnderSampler", 2, form=form) for form in FORMS),
]
CLEANERS = [
    "TomekLinks",
    "EditedNearestNeighbours",
    "RepeatedEditedNearestNeighbours",
    "AllKNN",
    "NeighbourhoodCleaningRule",
    "OneSidedSelection",
]
AT_40K = CLEANERS[2:]
EVERY_PLAIN = [
    Case("RandomOverSampler", 1),
    Case("RandomUnderSampler", 1),
    Case("SMOTE", 1),
    Case("BorderlineSMOTE", 1),
    Case("SVMSMOTE", 1),
    Case("KMeansSMOTE", 1, {"cluster_balance_threshold": 0.0, "kmeans_estimator": 4}),
    Case("ADASYN", 1),
    *(Case(name, 1) for name in CLEANERS),
    Case("CondensedNearestNeighbour", 1),
    near_miss(1, 1),
    near_miss(2, 1),
    near_miss(3, 1),
    Case("ClusterCentroids", 1),
    Case("InstanceHardnessThreshold", 1, differs="ties"),
    Case("SMOTEENN", 1),
    Case("SMOTETomek", 1),
]
FEW_ASK = [
    Case("BorderlineSMOTE", 1),
    Case("ADASYN", 1),
    near_miss(1, 1),
    near_miss(2, 1),
    near_miss(3, 1),
]
MIXED = {"categorical_features": [10, 11, 12, 13, 14]}

CASES = [
    (Table("fraud", 284_807, 30, 492 / 284_807), sliced_cleaners(200, 130)),
    (Table("fraud", 284_807, 30, 492 / 284_807, "raw"), sliced_cleaners(200, 130)),
    (Table("mc", 200_000, 30, 0.01), sliced_cleaners(40, 35)),
    (Table("mc", 200_000, 30, 0.10), sliced_cleaners(8, 10)),
    (Table("mc", 200_000, 30, 0.01, dtype="float32"), sliced_cleaners(40, 35)),
    (
        Table("mc", 40_000, 30, 0.10),
        [
            *(Case(name, 8 if name in AT_40K else None) for name in CLEANERS),
            Case("BorderlineSMOTE", 2.5),
            Case("ADASYN", 2.5),
            near_miss(1, 2.5),
            near_miss(3, 2.5),
        ],
    ),
    (
        Table("mc", 40_000, 30, 0.01),
        [
            *(Case(name, 8 if name in AT_40K else None) for name in CLEANERS),
            Case("BorderlineSMOTE", 1),
            Case("ADASYN", 1),
            near_miss(1, 1),
            near_miss(2, 8),
            near_miss(3, 1),
        ],
    ),
    *((Table("mc", rows, 30, 0.01), FEW_ASK) for rows in (700, 1_500, 4_000, 10_000)),
    (Table("mc", 60_000, 8, 0.10), [Case(name, 2) for name in CLEANERS]),
    (Table("mc", 2_000, 30, 0.10), [Case("CondensedNearestNeighbour", 100)]),
    (Table("mc", 50_000, 30, 0.10), [Case("CondensedNearestNeighbour", alone=True)]),
    (Table("mixed", 30_000, 15, 0.10), [Case("SMOTENC", 20, MIXED)]),
    (Table("mc", 300_000, 30, 0.01), [Case("SMOTE", 5), *RANDOM]),
    (Table("mc", 300_000, 30, 0.10), [Case("SMOTE", 4), *RANDOM]),
    (Table("mc", 200, 10, 0.20), EVERY_PLAIN),
    (Table("mc", 2_000, 10, 0.20), EVERY_PLAIN),
    (Table("mixed", 200, 15, 0.20), [Case("SMOTENC", 1, MIXED)]),
    (Table("mixed", 2_000, 15, 0.20), [Case("SMOTENC", 1, MIXED), Case("SMOTEN", 1)]),
]
