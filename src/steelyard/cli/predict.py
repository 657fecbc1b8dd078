"""`steelyard predict`: probabilities and decisions for the rows of a file."""

import click

from steelyard.cli.common import (
    cluster_option,
    csv_safe_option,
    data_argument,
    memory_option,
    no_verify_option,
    note_unknown_levels,
    overwrite_option,
    plain_errors,
    print_json,
    say,
    standard_options,
)
from steelyard.cli.progress import progress_bar


@click.command("predict")
@click.argument("run", type=click.Path(path_type=str))
@data_argument
@click.option("--out", required=True, metavar="FILE", help="CSV or Parquet to write.")
@click.option("--keep", metavar="COLS", help="Columns to write beside: COL,COL or all.")
@cluster_option
@overwrite_option
@csv_safe_option
@no_verify_option
@memory_option
@standard_options
def command(
    run: str,
    data: str,
    out: str,
    keep: str | None,
    cluster: str | None,
    overwrite: bool,
    csv_safe: bool,
    verify: bool,
    memory: str | None,
    as_json: bool,
    quiet: bool,
    seed: int,  # noqa: ARG001 - nothing is drawn
) -> None:
    """Write probability_<class> per class and the decision for every row, in the file's order.

    \b
    Example:
      steelyard predict run new.csv --out scored.csv --keep customer
    """
    with plain_errors():
        columns = keep if keep == "all" else [one for one in (keep or "").split(",") if one]
        from steelyard.runs.predict import predict_file

        with progress_bar("predicting", quiet=quiet) as progress:
            summary = predict_file(
                run,
                data,
                out,
                keep=columns,
                overwrite=overwrite,
                csv_safe=csv_safe,
                verify=verify,
                cluster=cluster,
                memory=memory,
                progress=progress,
            )
        note_unknown_levels(summary)
        if as_json:
            print_json(summary)
        else:
            decided = ", ".join(f"{n:,} {label}" for label, n in summary["decisions"].items())
            say(f"{summary['rows']:,} rows ({decided}) -> {out}")
