"""The reference of every comparison: nothing is treated but the decision."""

from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="plain",
    about="rows as they are, plain cross-entropy, tuned threshold",
    source="reference of every comparison; wins ties",
)
