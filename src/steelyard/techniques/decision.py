"""Third place: how a score becomes a probability and a class."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from steelyard.decision import DecisionRule


@dataclass(frozen=True)
class Decision:
    """From the model's uncorrected probability to a calibrated one, and from there to a class.

    `correction`: "prior" undoes the class shares that sample and loss taught the model, in closed
    form where there is one; "none" takes its word. `calibration`: "checked" refits on natural
    out-of-fold rows where observed/expected excludes 1; "none" never does. `threshold`: "goal"
    tunes the threshold to the user's goal; "argmax" takes the likeliest class; a number is the
    threshold itself, for two classes.
    """

    correction: Literal["prior", "none"] = "prior"
    calibration: Literal["checked", "none"] = "checked"
    threshold: Literal["goal", "argmax"] | float = "goal"

    def rule(self, classes: int, positive: int) -> DecisionRule | None:
        """The rule that it fixes for the class of interest; None where it is tuned to the goal."""
        if self.threshold == "goal":
            return None
        if self.threshold == "argmax" and classes > 2:
            return DecisionRule(weights=(1.0,) * classes)
        half = 0.5 if self.threshold == "argmax" else float(self.threshold)
        return DecisionRule(threshold=half, positive=positive)

    def unfit(self, classes: int) -> str | None:
        """Why it cannot decide among so many classes, or None."""
        if classes == 2 or isinstance(self.threshold, str):
            return None
        return f"a threshold of {self.threshold} parts two classes, and the table has {classes}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, enough to build the member again."""
        return asdict(self)
