"""`steelyard train`: one technique, without the comparison."""

from typing import Any

import click

from steelyard.cli.common import (
    cluster_option,
    data_argument,
    memory_option,
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


@click.command("train")
@data_argument
@target_option
@click.option("--technique", default="plain", show_default=True, help="Name (see techniques).")
@click.option("--out", required=True, metavar="RUN", help="Directory to write the run to.")
@model_option
@click.option("--folds", type=int, default=5, show_default=True, help="Of cross-validation.")
@table_options
@positive_option
@positive_name_option
@goal_options
@memory_option
@segments_option
@rows_option
@cluster_option
@no_rows_option
@wide_option
@standard_options
def command(data: str, as_json: bool, quiet: bool, out: str, wide: bool, **options: Any) -> None:
    """Train one technique; calibration and threshold come from out-of-fold predictions.

    \b
    Example:
      steelyard train churn.csv --target churned --technique focal --out run
    """
    give_back_large_blocks()
    with plain_errors(out):
        from steelyard.comparison import train

        goal = goal_of(options)
        if not quiet:
            say_what_is_kept(out)
        with progress_bar("training", quiet=quiet) as progress:
            study = train(
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
