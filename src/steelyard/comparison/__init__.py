"""Compare techniques honestly, and judge scores that others gave by the same rules."""

from steelyard.comparison.external_scores import judge
from steelyard.comparison.judgement import Judgement
from steelyard.comparison.main_job import compare, train

__all__ = ["Judgement", "compare", "judge", "train"]
