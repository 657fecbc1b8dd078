"""`steelyard sample-below`: unflagged rows to label, to know what is missed."""

import click

from steelyard.cli.common import (
    csv_safe_option,
    data_argument,
    no_verify_option,
    overwrite_option,
    plain_errors,
    print_json,
    say,
    standard_options,
)


@click.command("sample-below")
@click.argument("run", type=click.Path(path_type=str))
@data_argument
@click.option("--rows", type=int, default=300, show_default=True, help="How many to draw.")
@click.option("--with-flagged", is_flag=True, help="Write all flagged rows, too, with weight 1.")
@click.option("--out", required=True, metavar="FILE", help="CSV or Parquet to write.")
@overwrite_option
@csv_safe_option
@no_verify_option
@standard_options
def command(
    run: str,
    data: str,
    rows: int,
    with_flagged: bool,
    out: str,
    overwrite: bool,
    csv_safe: bool,
    verify: bool,
    as_json: bool,
    quiet: bool,  # noqa: ARG001 - option of every command
    seed: int,
) -> None:
    """Draw rows below the threshold to label, likelier cases more often, each with its weight.

    Labelled, with the flagged rows beside them, they tell the recall without bias:
    steelyard evaluate RUN FILE --weight weight

    \b
    Example:
      steelyard sample-below run new.csv --rows 300 --with-flagged --out label.csv
    """
    with plain_errors():
        from steelyard.runs.sample_below import sample_below

        found = sample_below(
            run,
            data,
            out,
            rows=rows,
            with_flagged=with_flagged,
            overwrite=overwrite,
            csv_safe=csv_safe,
            verify=verify,
            seed=seed,
        )
        if as_json:
            print_json(found)
            return
        say(
            f"{found['drawn']:,} of {found['below']:,} rows below the threshold -> {out}; about "
            f"{found['expected_positives']:.0f} of them are cases if the probabilities are true"
        )
        if with_flagged:
            say(f"and the {found['flagged']:,} flagged ones, with weight 1")
        say(f"When they are labelled: steelyard evaluate {run} {out} --weight weight")
