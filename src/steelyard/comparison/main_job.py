"""The main job: compare techniques on one table, decide honestly, train what is recommended."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from steelyard._memory import limited
from steelyard._progress import reporting
from steelyard.comparison.comparing import run_comparison
from steelyard.comparison.request import Request
from steelyard.comparison.training import run_training
from steelyard.decision import Goal, as_goal
from steelyard.executors import executor_for
from steelyard.jobs.run import Progress
from steelyard.runs.study import Study
from steelyard.tables.names import column_names
from steelyard.techniques import Technique, choose, get

DEFAULT_MODEL = "blend"


def compare(
    data: Any,
    target: str | None = None,
    *,
    techniques: str | list[str | Technique] = "default",
    model: str | Callable[[int, int], Any] = DEFAULT_MODEL,
    folds: int = 5,
    repeats: int = 2,
    group: str | None = None,
    time_column: str | None = None,
    delay: str | float | None = None,
    gap: str | float | None = None,
    weight: str | None = None,
    missing_label: str = "drop",
    drop: Sequence[str] = (),
    positive: Any = None,
    positive_name: str | None = None,
    metric: str | None = None,
    goal: Goal | str | None = None,
    seed: int = 0,
    budget: str | float | None = None,
    keep_rows: bool = True,
    segments: str | Sequence[str] = (),
    memory: str | int | None = None,
    rows: int | None = None,
    cluster: Any = None,
    out: str | Path | None = None,
    progress: Progress | bool | None = True,
) -> Study:
    """Compare techniques on the same folds and train the recommended one on all rows.

    Args:
        data: a path, folder or glob of CSV or Parquet, a pandas, polars or Arrow frame, or a
            tuple of arrays (X, y); see `steelyard.tables.read_table`; or a `Table` read by it.
        target: column that holds the class.
        techniques: "default", names (`steelyard techniques` lists them; "default,seesaw" adds
            one), or `Technique` objects; `plain` is always among them.
        model: "blend" (mean of network and trees), "tabular" (the network), "trees",
            "FILE.py:FUNCTION", or a function (inputs, classes) -> Keras model with logits out.
        folds, repeats: stratified k-fold, shuffled anew each repeat.
        group: column whose groups never stand on both sides of a split.
        time_column: column to split by: train on the past, test on what follows.
        delay: how long after its stamp a row's class is known: "7d", "12h", "2w", or a number in
            the time column's units. Rows whose class is not known when a block begins are not
            trained or tuned on.
        gap: how long before a block begins the model for it is made, in the same way.
        weight: column that says how much each row counts, in training, calibration, thresholds and
            metrics alike: how many rows of the population it stands for, up to a factor, as
            1 / its chance of being drawn. Intervals are those of rows drawn so, not of copies.
        missing_label: "drop" leaves out rows whose label reads as missing (NA, null, ?, nothing);
            "keep" makes classes of them, of no label at all the class "(blank)".
        drop: columns to leave out.
        positive: class of interest; by default the rarest.
        positive_name: a word for it in texts and pages, where its label is none, such as 1.
        metric: what techniques are ranked by: a ranking or proper metric, never a thresholded one
            but "normalized_cost" with costs as the goal; by default average precision, or where
            costs differ by row those.
        goal: what the threshold is tuned to, a list of bounds to keep together, or the name of a
            metric to maximise; by default balanced accuracy.
        seed: the same seed gives the same result.
        budget: time to keep to, "10m" or seconds: repeats, folds, members of the model and
            techniques are cut, in this order, until the rest fits; `study.run["left_out"]` says
            which. Which of them fit depends on the machine; without it nothing is cut.
        keep_rows: the worst misses and false alarms are written into the run and on its page, with
            values of their columns; False leaves single rows out of both.
        segments: columns whose parts (levels, quarters of numbers and of time) are held against
            each other at the deployed threshold; any column will do, also one left out of training.
        memory: what the process keeps to, "4G" or bytes; by default 80 % of what is free. Packs
            shrink and large tables are encoded as they are asked for; of files that still would
            not fit, rows are drawn as with `rows`; what else would not fit is refused.
        rows: compare on so many rows of a larger table, classes as even as can be, so that every
            row of a rare one is among them; the others by the hash of their position and `seed`.
            Each counts for as many as it stands for, so figures, intervals, calibration and
            thresholds are those of all rows; models are trained on the drawn ones, and what they
            say is brought back to the class shares of all. Default: all that fit into memory.
        cluster: where rows are drawn and jobs are trained, as in `executors.executor_for`: None,
            "processes", or on Ray "local", "auto", "ray://HOST:PORT". The final model is trained
            here. A run may begin without a cluster and end on one, or the other way round.
        out: directory to write while working; a killed run goes on where it was.
        progress: True shows how far it is, on stderr or in the notebook; False is silent; or a
            function that is called with (done, total, what).
    Returns: a Study.
    Raises: SteelyardError: the data or the request cannot be used; the message says what to do.
    """
    request = Request(
        target=target,
        folds=folds,
        repeats=repeats,
        group=group,
        time=time_column,
        delay=delay,
        gap=gap,
        weight=weight,
        missing_label=missing_label,
        drop=column_names("drop", drop),
        positive=positive,
        positive_name=positive_name,
        metric=metric,
        goal=as_goal(goal).timed(time_column),
        seed=seed,
        out=out,
        keep_rows=keep_rows,
        segments=(segments,) if isinstance(segments, str) else tuple(segments),
        rows=rows,
    )
    chosen = choose(techniques)
    everything = techniques == "default"
    with (
        limited(memory),
        executor_for(cluster) as executor,
        reporting(progress, "comparing") as report,
    ):
        request = replace(request, executor=executor)
        return run_comparison(
            data, chosen, model, request, report, may_leave_out=everything, budget=budget
        )


def train(
    data: Any,
    target: str | None = None,
    *,
    technique: str | Technique = "plain",
    model: str | Callable[[int, int], Any] = DEFAULT_MODEL,
    folds: int = 5,
    group: str | None = None,
    time_column: str | None = None,
    delay: str | float | None = None,
    gap: str | float | None = None,
    weight: str | None = None,
    missing_label: str = "drop",
    drop: Sequence[str] = (),
    positive: Any = None,
    positive_name: str | None = None,
    goal: Goal | str | None = None,
    seed: int = 0,
    keep_rows: bool = True,
    segments: str | Sequence[str] = (),
    memory: str | int | None = None,
    rows: int | None = None,
    cluster: Any = None,
    out: str | Path | None = None,
    progress: Progress | bool | None = True,
) -> Study:
    """Train one technique on all rows, without the comparison; arguments as in `compare`.

    The built-in models train once: every member holds out an eighth of the rows, and what it
    predicts for them gives calibration, threshold and metrics. These are metrics of single members;
    the model, their mean, does somewhat better. Where no member can hold out some rows (an own
    model, time order, a class of fewer than eight rows), `folds` are trained besides.
    """
    request = Request(
        target=target,
        folds=folds,
        repeats=1,
        group=group,
        time=time_column,
        delay=delay,
        gap=gap,
        weight=weight,
        missing_label=missing_label,
        drop=column_names("drop", drop),
        positive=positive,
        positive_name=positive_name,
        metric=None,
        goal=as_goal(goal).timed(time_column),
        seed=seed,
        out=out,
        keep_rows=keep_rows,
        segments=(segments,) if isinstance(segments, str) else tuple(segments),
        rows=rows,
    )
    chosen = get(technique) if isinstance(technique, str) else technique
    with (
        limited(memory),
        executor_for(cluster) as executor,
        reporting(progress, "training") as report,
    ):
        request = replace(request, executor=executor)
        return run_training(data, chosen, model, request, report)
