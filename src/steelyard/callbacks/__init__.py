"""Callbacks that change weights or sampling while a model trains, and one that reports."""

from steelyard.callbacks.finish import Finish
from steelyard.callbacks.report import ClassReport
from steelyard.callbacks.resampling import DeferredResampling, ProgressiveResampling
from steelyard.callbacks.reweighting import DeferredReweighting

__all__ = [
    "ClassReport",
    "DeferredResampling",
    "DeferredReweighting",
    "Finish",
    "ProgressiveResampling",
]
