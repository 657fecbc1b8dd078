"""Compare techniques honestly: judging, statistics, verdict."""

from steelyard.comparison.main_job import compare, train

__all__ = ["compare", "train"]
