"""Look at a table before training: how uneven it is, and what else would mislead."""

from steelyard.inspection.findings import FINDINGS, Finding, known_codes
from steelyard.inspection.result import Inspection, inspect, inspect_table

__all__ = ["FINDINGS", "Finding", "Inspection", "inspect", "inspect_table", "known_codes"]
