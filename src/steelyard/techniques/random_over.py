"""Copies of rare rows."""

from steelyard.techniques.sample import RandomOver
from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="random-over",
    about="rare rows repeated until the classes are even",
    source="Batista, Prati & Monard, SIGKDD Explorations 2004",
    sample=RandomOver(),
)
