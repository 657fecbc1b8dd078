"""Which rows, and how many copies of each: a pure function of seed and row id, for every engine.

NumPy and Arrow alone: what reads the rows (files, feeds, several machines) follows the plan, and
so all of them pick the same rows.
"""

from steelyard.sampling_plan.hashing import derive, row_hash, splitmix64, unit
from steelyard.sampling_plan.plan import Plan, copies_at_rate, make_plan
from steelyard.sampling_plan.row_ids import key_ids

__all__ = [
    "Plan",
    "copies_at_rate",
    "derive",
    "key_ids",
    "make_plan",
    "row_hash",
    "splitmix64",
    "unit",
]
