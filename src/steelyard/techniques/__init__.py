"""The techniques: each a small file, or a row in one; adding one is that and a row below."""

import difflib

from steelyard.errors import RequestError
from steelyard.techniques import (
    balanced_softmax,
    class_weight,
    effective_number,
    focal,
    long_tail,
    plain,
    plain_at_half,
    random_over,
    random_under,
    resampling,
    smote,
)
from steelyard.techniques.decision import Decision
from steelyard.techniques.technique import Technique

# Every technique that can be asked for by name.
TECHNIQUES = {
    technique.name: technique
    for technique in (
        plain.TECHNIQUE,
        class_weight.TECHNIQUE,
        effective_number.TECHNIQUE,
        random_over.TECHNIQUE,
        random_under.TECHNIQUE,
        smote.TECHNIQUE,
        balanced_softmax.TECHNIQUE,
        focal.TECHNIQUE,
        plain_at_half.TECHNIQUE,
        *long_tail.TECHNIQUES,
        *resampling.TECHNIQUES,
    )
}

# Those of them that a comparison tries where none is asked for: one of each idea.
DEFAULT = (
    "plain",
    "class-weight",
    "effective-number",
    "random-over",
    "random-under",
    "smote",
    "balanced-softmax",
    "focal",
)

__all__ = ["DEFAULT", "TECHNIQUES", "Decision", "Technique", "choose", "get"]


def get(name: str) -> Technique:
    """The technique of that name; RequestError lists the names there are."""
    try:
        return TECHNIQUES[name]
    except KeyError:
        near = difflib.get_close_matches(name, TECHNIQUES, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise RequestError(
            f"no technique is called {name!r}; {meant}There are: {', '.join(TECHNIQUES)}"
        ) from None


def choose(names: "str | list[str | Technique] | tuple[str | Technique, ...]") -> list[Technique]:
    """Techniques from "default", "a,b" or a list of names and techniques; plain always leads.

    Plain is the reference of every comparison, so it is added where it was left out. "default"
    among other names stands for all of its own.
    """
    if isinstance(names, str):
        parts = (part.strip() for part in names.split(","))
        names = [part for part in parts if part]
        if not names:
            raise RequestError("no technique is named; give `techniques` such as smote")
    chosen = {"plain": TECHNIQUES["plain"]}
    for name in names:
        several = DEFAULT if name == "default" else (name,)
        for one in several:
            technique = get(one) if isinstance(one, str) else one
            if not isinstance(technique, Technique):
                raise RequestError(f"`techniques` holds {one!r}; give names or techniques")
            chosen[technique.name] = technique
    return list(chosen.values())
