"""`steelyard evaluate`: the metrics of a run on fresh labelled rows."""

import click

from steelyard.cli.common import (
    cluster_option,
    data_argument,
    memory_option,
    no_verify_option,
    note_unknown_levels,
    overwrite_option,
    page_option,
    page_path,
    plain_errors,
    print_json,
    say,
    segments_option,
    standard_options,
)


@click.command("evaluate")
@click.argument("run", type=click.Path(path_type=str))
@data_argument
@click.option("--target", metavar="COL", help="Column that holds the class (default: as trained).")
@click.option(
    "--weight",
    metavar="COL",
    help="How much each row counts (default: the run's column, if there).",
)
@click.option("--training", metavar="DATA", help="The run's table, if it is elsewhere now.")
@page_option
@overwrite_option
@segments_option
@no_verify_option
@memory_option
@cluster_option
@standard_options
def command(
    run: str,
    data: str,
    target: str | None,
    weight: str | None,
    training: str | None,
    segments: list[str],
    out: str | None,
    overwrite: bool,
    verify: bool,
    memory: str | None,
    cluster: str | None,
    as_json: bool,
    quiet: bool,  # noqa: ARG001 - option of every command
    seed: int,
) -> None:
    """Score fresh labelled rows with a run's model; every metric with its interval.

    \b
    Example:
      steelyard evaluate run fresh.csv --target churned
    """
    with plain_errors():
        from steelyard.files import write_text
        from steelyard.report.evaluation_page import to_html
        from steelyard.report.evaluation_text import evaluation_text, missed_text
        from steelyard.report.segments_text import segments_text
        from steelyard.runs import read_run
        from steelyard.runs.evaluate import evaluate_file

        page = page_path(out, data, overwrite=overwrite)
        summary = evaluate_file(
            run,
            data,
            target=target,
            weight=weight,
            training=training,
            segments=segments,
            verify=verify,
            seed=seed,
            memory=memory,
            cluster=cluster,
        )
        note_unknown_levels(summary)
        if page:
            write_text(
                page, to_html(summary, read_run(run, verify=verify), run), overwrite=overwrite
            )
        if as_json:
            print_json(summary)
        else:
            say(f"{summary['rows']:,} rows of {data}, model of {run}\n")
            say(evaluation_text(summary))
            if summary["missed"]:
                say(f"\n{missed_text(summary['missed'])}")
            if summary["segments"]:
                say(f"\n{segments_text(summary['segments'])}")
            for note in summary["notes"]:
                say(f"\nMind: {note}.")
