"""Weights N / (K n_k) in the loss."""

from steelyard.techniques.loss import ClassWeights
from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="class-weight",
    about="mistakes weighted by inverse class frequency",
    source="King & Zeng, Political Analysis 2001",
    loss=ClassWeights("balanced"),
)
