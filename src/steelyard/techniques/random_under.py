"""A part of the frequent rows."""

from steelyard.techniques.sample import RandomUnder
from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="random-under",
    about="frequent rows left out until the classes are even",
    source="Dal Pozzolo et al., IEEE SSCI 2015",
    sample=RandomUnder(),
)
