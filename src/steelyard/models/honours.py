"""What each model honours of what a technique can need, and how it refuses the rest by name.

No TensorFlow here: the list of techniques says where each can be trained without loading it.
"""

from dataclasses import dataclass

from steelyard.techniques import Technique
from steelyard.techniques.needs import NEEDS, listed

NETWORK = frozenset(NEEDS) - {"pairs of rows"}
LIGHTGBM = frozenset({"class weights", "logit offsets", "focal factor", "rows on lines"})
SKLEARN = LIGHTGBM - {"focal factor"}
OWN = frozenset(NEEDS)

# Model -> what it honours. A blend honours what all of its parts do.
MODELS = {
    "tabular": NETWORK,
    "trees": LIGHTGBM,
    "trees without LightGBM": SKLEARN,
    "blend": NETWORK & LIGHTGBM,
    "own": OWN,
}


@dataclass(frozen=True)
class Honours:
    """A model as refusals call it, what it honours, and what to do about the rest."""

    model: str
    needs: frozenset[str]
    advice: str = "choose another model for it"

    def refuses(self, technique: Technique) -> str | None:
        """Why the model cannot train the technique, or None.

        >>> from steelyard.techniques import get
        >>> Honours("the trees", LIGHTGBM, "use model='tabular'").refuses(get("deferred-weight"))
        "deferred-weight: the trees take no class weights that set in late; use model='tabular'"
        """
        missing = listed(technique.needs - self.needs)
        if not missing:
            return None
        what = " and no ".join(NEEDS[need].removeprefix("a ") for need in missing)
        return f"{technique.name}: {self.model} take no {what}; {self.advice}"


def trained_by(technique: Technique) -> list[str]:
    """The models that train a technique."""
    return [model for model, needs in MODELS.items() if technique.needs <= needs]
