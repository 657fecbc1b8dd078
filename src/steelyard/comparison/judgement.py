"""What `judge` leaves: plain values like those of a comparison, without a model."""

from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from steelyard.errors import RequestError
from steelyard.files import write_text
from steelyard.files.atomic import json_text


class Judgement:
    """The audit of given scores: `run` has the fields of a comparison's `run.json`.

    `predictions` holds the probabilities that the metrics are of, a row per row and score.
    """

    def __init__(self, run: dict[str, Any], predictions: pl.DataFrame) -> None:
        self.run, self.predictions = run, predictions

    @property
    def verdict(self) -> dict[str, Any]:
        """Winner, ties, reason and one paragraph in plain words."""
        return self.run["verdict"]

    @cached_property
    def metrics(self) -> pl.DataFrame:
        """A row per score and metric: value, low, high (95 %)."""
        rows = [
            {"score": entry["name"], "metric": name} | dict(value)
            for entry in self.run["techniques"]
            for name, value in entry["metrics"].items()
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def to_html(self) -> str:
        """The page: self-contained, offline."""
        from steelyard.report.page import to_html

        return to_html(self.run)

    def save(self, path: str | Path) -> Path:
        """Write `run.json`, `predictions.parquet` and `report.html` into a new directory."""
        folder = Path(path)
        if folder.exists():
            raise RequestError(f"{folder} exists already; choose another directory")
        folder.mkdir(parents=True)
        self.predictions.write_parquet(folder / "predictions.parquet")
        write_text(folder / "report.html", self.to_html())
        write_text(folder / "run.json", json_text(self.run))
        return folder

    def __repr__(self) -> str:
        from steelyard.report.text import to_text

        return to_text(self.run)
