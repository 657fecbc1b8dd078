"""What `Study.evaluate` and `Study.monitor` give back: plain values that show themselves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard.files import write_text


@dataclass(frozen=True, repr=False)
class Shown:
    """Plain values, the text of the terminal and the page of `--out`.

    `values`: as the command prints them with `--json`. `run`: run.json's content.
    """

    values: dict[str, Any]
    run: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The plain values."""
        return self.values

    def to_html(self) -> str:
        """The page: one file, offline."""
        raise NotImplementedError

    def save(self, path: str | Path) -> Path:
        """Write the page."""
        write_text(Path(path), self.to_html())
        return Path(path)

    def _repr_html_(self) -> str:
        from steelyard.report.frame import in_frame

        return in_frame(self.to_html())


class Evaluated(Shown):
    """Metrics of a run on labelled rows, beside what it promised."""

    def to_html(self) -> str:
        """The page of promised against seen."""
        from steelyard.report.evaluation_page import to_html

        return to_html(self.values, self.run)

    def __repr__(self) -> str:
        from steelyard.report.evaluation_text import evaluation_text

        return evaluation_text(self.values)


class Monitored(Shown):
    """Unlabelled rows held against what a run's decision was made for."""

    def to_html(self) -> str:
        """The page, a card a check."""
        from steelyard.report.monitor_page import to_html

        return to_html(self.values, self.run)

    def __repr__(self) -> str:
        from steelyard.report.monitor_text import monitor_text

        return monitor_text(self.values)
