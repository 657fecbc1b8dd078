"""Weights by the effective number of samples."""

from steelyard.techniques.loss import ClassWeights
from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="effective-number",
    about="mistakes weighted by the effective number of rows",
    source="Cui et al., CVPR 2019, arXiv 1901.05555",
    loss=ClassWeights("effective", beta=0.9999),
)
