"""What most people do: the model's word, and the likeliest class."""

from steelyard.techniques.decision import Decision
from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="plain-at-half",
    about="as plain, but its probabilities as they come and a threshold of one half",
    source="what model.predict(...) > 0.5 does",
    decision=Decision(calibration="none", threshold="argmax"),
)
