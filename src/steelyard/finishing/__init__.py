"""Calibration and a threshold into a Keras classifier that somebody has trained already."""

from steelyard.finishing.finish_report import FinishReport, Stage
from steelyard.finishing.finished_model import finish

__all__ = ["FinishReport", "Stage", "finish"]
