"""Third place: how a score becomes a probability and a class."""

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Decision:
    """From the model's uncorrected probability to a calibrated one, and from there to a class.

    `correction`: "prior" undoes the class shares that sample and loss taught the model, in closed
    form where there is one; "none" takes its word. `calibration`: "checked" refits on natural
    out-of-fold rows where observed/expected excludes 1; "none" never does. `threshold`: "goal"
    tunes the threshold to the user's goal; "argmax" takes the likeliest class.
    """

    correction: Literal["prior", "none"] = "prior"
    calibration: Literal["checked", "none"] = "checked"
    threshold: Literal["goal", "argmax"] = "goal"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, enough to build the member again."""
        return asdict(self)
