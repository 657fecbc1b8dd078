"""The techniques: each a small file; adding one is that file and a row in the list below."""

from steelyard.errors import RequestError
from steelyard.techniques import (
    balanced_softmax,
    class_weight,
    effective_number,
    focal,
    plain,
    random_over,
    random_under,
    smote,
)
from steelyard.techniques.decision import Decision
from steelyard.techniques.technique import Technique

TECHNIQUES = {
    module.TECHNIQUE.name: module.TECHNIQUE
    for module in (
        plain,
        class_weight,
        effective_number,
        random_over,
        random_under,
        smote,
        balanced_softmax,
        focal,
    )
}

__all__ = ["TECHNIQUES", "Decision", "Technique", "choose", "get"]


def get(name: str) -> Technique:
    """The technique of that name; RequestError lists the names there are."""
    try:
        return TECHNIQUES[name]
    except KeyError:
        raise RequestError(
            f"no technique is called {name!r}; there are: {', '.join(TECHNIQUES)}"
        ) from None


def choose(names: "str | list[str | Technique] | tuple[str | Technique, ...]") -> list[Technique]:
    """Techniques from "default", "a,b" or a list of names and techniques; plain always leads.

    Plain is the reference of every comparison, so it is added where it was left out.
    """
    if isinstance(names, str):
        parts = (part.strip() for part in names.split(","))
        names = list(TECHNIQUES) if names == "default" else [part for part in parts if part]
    chosen = {"plain": TECHNIQUES["plain"]}
    for name in names:
        technique = get(name) if isinstance(name, str) else name
        chosen[technique.name] = technique
    return list(chosen.values())
