"""`steelyard compare`: the main job."""

from typing import Any

import click

from steelyard.cli.common import (
    cluster_option,
    data_argument,
    memory_option,
    metric_option,
    model_option,
    no_rows_option,
    plain_errors,
    positive_name_option,
    positive_option,
    print_json,
    rows_option,
    segments_option,
    standard_options,
    table_options,
    target_option,
)
from steelyard.cli.found import show_run, wide_option
from steelyard.cli.goal import exit_if_unsure, goal_of, goal_options
from steelyard.cli.memory import give_back_large_blocks
from steelyard.cli.progress import progress_bar
from steelyard.cli.stopping import say_what_is_kept
from steelyard.cli.threads import one_thread_a_training


@click.command("compare")
@data_argument
@target_option
@click.option("--out", required=True, metavar="RUN", help="Directory to write the run to.")
@click.option(
    "--techniques",
    default="default",
    help="Names, comma-separated, default among them (the command techniques lists them).",
)
@model_option
@click.option("--folds", type=int, default=5, show_default=True, help="Of cross-validation.")
@click.option("--repeats", type=int, default=2, show_default=True, help="Of all folds.")
@table_options
@positive_option
@positive_name_option
@metric_option
@click.option("--budget", metavar="TIME", help="Keep to 90s, 10m, 1h; says what was left out.")
@goal_options
@memory_option
@segments_option
@rows_option
@cluster_option
@no_rows_option
@wide_option
@standard_options
def command(data: str, as_json: bool, quiet: bool, out: str, wide: bool, **options: Any) -> None:
    """Compare techniques on the same folds; keep a model, a verdict and a report.

    A run that was stopped goes on where it was when the same command is given again.

    \b
    Example:
      steelyard compare paid.csv --target fraud --out run --cost-fp 1 --cost-fn 50
    """
    give_back_large_blocks()
    one_thread_a_training(options["model"])
    with plain_errors(out):
        from steelyard.comparison import compare

        goal = goal_of(options)
        if not quiet:
            say_what_is_kept(out)
        with progress_bar("comparing", quiet=quiet) as progress:
            study = compare(
                data,
                target=options.pop("target"),
                group=options.pop("group"),
                time_column=options.pop("time"),
                goal=goal,
                out=out,
                progress=progress,
                **options,
            )
        if as_json:
            print_json(study.run)
        else:
            show_run(study.run, out, wide=wide)
    exit_if_unsure(study.run)
