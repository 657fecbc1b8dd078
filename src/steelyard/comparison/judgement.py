"""What `judge` leaves: plain values like those of a comparison, without a model."""

from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from steelyard.files import new_folder
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
        path = Path(path)
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        with new_folder(path) as folder:
            self.predictions.write_parquet(folder / "predictions.parquet")
            (folder / "report.html").write_text(self.to_html(), "utf-8")
            (folder / "run.json").write_text(json_text(self.run), "utf-8")
        return path

    def __repr__(self) -> str:
        from steelyard.report.text import to_text

        return to_text(self.run)
