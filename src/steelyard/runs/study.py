"""What a comparison leaves behind: metrics, verdict, predictions and the model."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from steelyard.decision import DecisionRule, Goal, goal_from_dict
from steelyard.errors import RequestError
from steelyard.runs.new_decision import natural_prior
from steelyard.runs.ranked import decided_together
from steelyard.stats.metrics import BY_NAME, METRICS
from steelyard.tables import Schema

if TYPE_CHECKING:
    from steelyard.runs.results import Evaluated, Monitored


class Study:
    """A finished comparison, fresh from `compare` or loaded from its directory.

    `run` is the content of `run.json`, plain values; all else is read from it. `predictions`
    holds the out-of-fold probabilities as deployed, one row per row, repeat and technique, and
    `uncorrected` those before any correction, baselines included. `model`
    is the final Keras model: a dict of raw columns in, probabilities and decision out.
    """

    def __init__(
        self,
        run: dict[str, Any],
        *,
        predictions: pl.DataFrame,
        uncorrected: pl.DataFrame,
        ledger: dict[str, Any],
        model: Any,
    ) -> None:
        self.run, self.predictions, self.ledger = run, predictions, ledger
        self.uncorrected = uncorrected
        self._model = model

    @cached_property
    def model(self) -> Any:
        """The final Keras model, loaded when first asked for."""
        return (
            self._model() if callable(self._model) and not _is_model(self._model) else self._model
        )

    @property
    def verdict(self) -> dict[str, Any]:
        """Winner, ties, reason and one paragraph in plain words."""
        return self.run["verdict"]

    @property
    def schema(self) -> Schema:
        """The columns the model takes and the classes it knows."""
        return Schema.from_dict(self.run["data"]["schema"])

    @property
    def classes(self) -> list[Any]:
        """Class labels in the order of the probability columns."""
        return list(self.schema.classes)

    @property
    def metrics(self) -> pl.DataFrame:
        """A row per technique, baseline and metric: value, low, high; for programs and plots."""
        rows = [
            {"technique": entry["name"], "baseline": baseline, "metric": metric.name}
            | {end: entry["metrics"][metric.name][end] for end in ("value", "low", "high")}
            for baseline, entries in ((False, "techniques"), (True, "baselines"))
            for entry in self.run[entries]
            for metric in METRICS
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    @property
    def leaderboard(self) -> pl.DataFrame:
        """A row per technique and baseline, in the order of the metric: value, low, high."""
        found = self.metrics.pivot(
            "metric", index=["technique", "baseline"], values=["value", "low", "high"]
        )
        ends = (("", "value_"), ("_low", "low_"), ("_high", "high_"))
        ordered = [
            pl.col(f"{start}{metric.name}").alias(f"{metric.name}{end}")
            for metric in METRICS
            for end, start in ends
        ]
        metric = self.run["protocol"]["metric"]
        best_first = BY_NAME[metric].better == "higher"
        return found.select("technique", "baseline", *ordered).sort(
            metric, descending=best_first, nulls_last=True
        )

    @property
    def summary(self) -> pl.DataFrame:
        """The leaderboard to read: a line each, every metric as "value [low, high]"."""
        first = self.run["protocol"]["metric"]
        names = [first, *(metric.name for metric in METRICS if metric.name != first)]
        lines = [
            {"technique": row["technique"]} | {name: _cell(row, name) for name in names}
            for row in self.leaderboard.iter_rows(named=True)
        ]
        return pl.DataFrame(lines)

    def predict(self, data: Any) -> pl.DataFrame:
        """`probability_<class>` per class and `decision`, a row per row of `data`.

        A budget by period ranks these rows within each period; the model alone cannot. Warns of
        columns with levels that no training row had: the model knows nothing of them.
        """
        from steelyard.tables import read_features
        from steelyard.tables.unknown_levels import warn_of_unknown_levels

        goal = goal_from_dict(self.run["decision"]["goal"])
        frame = read_features(data, self.schema, (*self.scored.besides, *goal.columns))
        warn_of_unknown_levels(frame, self.schema)
        probability, decision = self.scored(frame)
        positive = self.classes.index(self.run["data"]["positive"])
        decision = decided_together(goal, probability, decision, frame, positive)
        return prediction_frame(probability, decision, self.classes, self.scored.labels)

    def network(self) -> Any:
        """The built-in network of a run with `model="tabular"`, to train on with more rows.

        A copy with its weights that is not compiled, from a float32 matrix of `schema.numbers`, in
        that order, to class shares under those it was trained on: uncorrected, uncalibrated. Its
        eight members then learn together. For `feeds.fit_parallel`; `finish` what comes out.
        Raises: RequestError: another model, or columns that are no plain numbers.
        """
        from steelyard.models.trainable import trainable

        return trainable(self.model, self.schema)

    @cached_property
    def scored(self) -> Any:
        """From a frame as `tables.read_features` gives it to probabilities and decision codes."""
        from steelyard.models.deploy import Predictor

        return Predictor(self.model, self.schema)

    def natural(self, frame: pl.DataFrame) -> Any:
        """Probabilities under the class shares of training, (rows, classes), whatever the decision.

        `frame` as `tables.read_features` gives it.
        """
        from steelyard.models.deploy import Predictor, with_decision

        equal = DecisionRule(weights=(1.0,) * len(self.classes))
        natural = with_decision(self.model, equal, self.schema, prior=natural_prior(self.run))
        return Predictor(natural, self.schema)(frame)[0]

    def retune(
        self,
        *,
        prevalence: float | Mapping[Any, float] | None = None,
        unlabelled: Any = None,
        assume: str | None = None,
        goal: Goal | str | None = None,
        threshold: float | None = None,
        training: Any = None,
        seed: int = 0,
    ) -> "Study":
        """The same model with a new decision: new costs or goal, new class shares. No training.

        Args:
            prevalence: share of the positive class where the model is used (the other classes
                keep their proportions), or one share per class.
            unlabelled: rows from there, any table without a target. They are read in two ways,
                that only class shares moved or that only features did, and nothing is changed
                unless the first fits the rows and they could have told it from the second.
            assume: "label" takes the class shares that follow if only those moved; "features"
                leaves the probabilities and tunes the threshold on rows weighted to scores like
                the new ones'.
            goal: what the threshold is tuned to; by default as before.
            threshold: one chosen by hand instead of a goal, in [0, 1]; two classes.
            training: the table that was compared on, where it is no longer at its place; only to
                compare its features with those of `unlabelled`.
            seed: of the draws behind intervals.
        Returns: a new Study; this one stays as it is.
        Raises: RequestError, GoalError: nothing to change, shares of 0 or 1, too few rows, rows
            that do not say what moved, or a goal out of reach.
        """
        from steelyard.runs.retune import retuned

        return retuned(
            self,
            prevalence=prevalence,
            unlabelled=unlabelled,
            assume=assume,
            goal=goal,
            threshold=threshold,
            training=training,
            seed=seed,
        )

    def evaluate(
        self,
        data: Any,
        *,
        target: str | None = None,
        weight: str | None = None,
        segments: str | Sequence[str] = (),
        training: Any = None,
        seed: int = 0,
    ) -> "Evaluated":
        """Every metric with its interval on labelled rows, beside what the run promised.

        Args:
            data: labelled rows, any table with the model's columns and the target.
            target: column that holds the class; by default as trained.
            weight: column that says how much each row counts.
            segments: columns whose parts are held against each other.
            training: the table that was compared on, where it is no longer at its place.
            seed: of the draws behind intervals.
        Returns: shows itself in a notebook; `.values` holds plain values, `.save("page.html")`
            writes the page.
        """
        from steelyard.runs.evaluate import evaluated
        from steelyard.runs.results import Evaluated
        from steelyard.runs.scoring import score_rows

        columns = [segments] if isinstance(segments, str) else list(segments)
        asked = {"target": target, "weight": weight, "segments": columns, "training": training}
        scored = partial(score_rows, data, self.run, self.scored)
        return Evaluated(evaluated(self.run, scored, data, **asked, seed=seed), self.run)

    def monitor(
        self,
        data: Any,
        *,
        low: float | None = None,
        high: float | None = None,
        max_psi: float = 0.2,
        training: Any = None,
        seed: int = 0,
    ) -> "Monitored":
        """Whether unlabelled rows are still what the decision was made for.

        Args:
            low, high: band of the prevalence of the class of interest; by default half and twice
                what the decision was made for.
            max_psi: largest stability index of the scores.
            training, seed: as in `evaluate`.
        Returns: shows itself in a notebook; `.values["left"]` says whether a band was left.
        """
        from steelyard.runs.monitor import monitored
        from steelyard.runs.results import Monitored

        band: dict[str, Any] = {"low": low, "high": high, "max_psi": max_psi}
        return Monitored(monitored(self, data, **band, training=training, seed=seed), self.run)

    def explain(
        self, data: Any, *, top: int = 3, training: Any = None, seed: int = 0
    ) -> pl.DataFrame:
        """Which of a row's values raise or lower its predicted probability most.

        The change is the probability less its mean over the same row with one column's value
        taken from 32 rows of the training table: above 0, the row's own value raises it. Columns
        are looked at one at a time, so changes do not add up to the probability; they are no
        Shapley values.

        Args:
            data: up to 1,000 rows, any table with the model's columns.
            top: columns to name for each row, those of the largest change.
            training: the table that was compared on, where it is no longer at its place.
            seed: of the draw of the 32 rows.
        Returns: `row` (position in `data`), `probability` of the class of interest, `column`,
            `value`, `change`; `top` lines a row.
        Raises: RequestError: too many rows. RunError: the training table is gone.
        """
        from steelyard.runs.explain import explained

        return explained(self, data, top=top, training=training, seed=seed)

    def export(
        self,
        path: str | Path,
        *,
        format: str = "saved-model",  # noqa: A002 - the plain word for it
        overwrite: bool = False,
    ) -> dict[str, Any]:
        """Write the model for programs without steelyard, and a JSON with its inputs and outputs.

        Args:
            path: a file, or for a saved-model a folder, which must not exist.
            format: "keras", "saved-model" (plain TensorFlow, TensorFlow Serving), "litert" or
                "onnx" (both for tables of numbers).
            overwrite: an older file may be replaced.
        Returns: `out`, `about` (the JSON), `format`, and `inputs`: column -> name of its input.
        Raises: RequestError: an unknown format, text columns where a format has no text, or
            something is at `path`.
        """
        from steelyard.runs.export import export_model

        return export_model(self.model, self.schema, path, kind=format, overwrite=overwrite)

    def save(self, path: str | Path) -> Path:
        """Write the run directory (`steelyard.load` reads it again); it must not exist."""
        from steelyard.runs.store import save

        path = Path(path)
        if path.exists():
            raise RequestError(f"{path} exists already; choose another directory")
        path.mkdir(parents=True)
        try:
            return save(self, path)
        except BaseException:
            with suppress(OSError):  # where nothing else is in it
                path.rmdir()
            raise

    def __getstate__(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "predictions": self.predictions,
            "uncorrected": self.uncorrected,
            "ledger": self.ledger,
            "model": model_bytes(self.model),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        archive = state["model"]
        self.run, self.predictions = state["run"], state["predictions"]
        self.uncorrected = state["uncorrected"]
        self.ledger, self._model = state["ledger"], lambda: model_from_bytes(archive)

    def to_html(self) -> str:
        """The page as `report.html` holds it: one file, offline, own styles and script."""
        from steelyard.report.page import to_html

        return to_html(self.run)

    def plot(self, kind: str) -> Any:
        """An altair chart: "threshold", "pr", "calibration", "comparison", "gain", "importance".

        Raises: RequestError: another kind.
        """
        from steelyard.report.charts import chart

        return chart(self.run, kind)

    def _repr_html_(self) -> str:
        from steelyard.report.frame import in_frame

        return in_frame(self.to_html())

    def __repr__(self) -> str:
        from steelyard.report.text import to_text

        return to_text(self.run)


def _cell(row: dict[str, Any], name: str) -> str:
    ends = [row[f"{name}{end}"] for end in ("", "_low", "_high")]
    if ends[0] is None:
        return "-"
    value, low, high = ("-" if end is None else f"{end:.3f}" for end in ends)
    return f"{value} [{low}, {high}]"


def prediction_frame(
    probability: Any, decision: Any, classes: list[Any], labels: list[Any] | None = None
) -> pl.DataFrame:
    """Probabilities (rows, classes) and decision codes as columns named by class.

    `labels`: what the codes stand for, where not for classes.
    """
    columns = {f"probability_{label}": probability[:, k] for k, label in enumerate(classes)}
    return pl.DataFrame(columns).with_columns(
        # The type is that of the labels, also where there are no rows.
        decision=pl.Series(labels or classes).gather(decision)
    )


def model_bytes(model: Any) -> bytes:
    """A Keras model as the bytes of its .keras file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def model_from_bytes(archive: bytes) -> Any:
    """The model that `model_bytes` made the bytes of."""
    from steelyard.runs.store import load_model

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(archive)
        return load_model(path)


def _is_model(candidate: Any) -> bool:
    return hasattr(candidate, "get_config")
