"""`steelyard export`: a run's model for a program without steelyard."""

import click

from steelyard.cli.common import (
    no_verify_option,
    overwrite_option,
    plain_errors,
    print_json,
    say,
    standard_options,
)

FORMATS = ("keras", "saved-model", "litert", "onnx")  # as models.export.FORMATS, without TensorFlow


@click.command("export")
@click.argument("run", type=click.Path(path_type=str))
@click.option("--format", "format", type=click.Choice(FORMATS), required=True)
@click.option("--out", required=True, metavar="PATH", help="File, or folder of a saved-model.")
@overwrite_option
@no_verify_option
@standard_options
def command(
    run: str,
    out: str,
    format: str,  # noqa: A002 - the option's name
    overwrite: bool,
    verify: bool,
    as_json: bool,
    quiet: bool,  # noqa: ARG001 - option of every command
    seed: int,  # noqa: ARG001 - nothing is drawn
) -> None:
    """Write a run's model in another format, and a JSON that says what goes in and out.

    \b
    keras        opens with keras after `import steelyard`
    saved-model  TensorFlow Serving and plain TensorFlow; text and numbers
    litert       phones and small devices; tables of numbers
    onnx         ONNX Runtime in any language; tables of numbers

    \b
    Example:
      steelyard export run --format saved-model --out churn-model
    """
    with plain_errors():
        from steelyard.runs.export import export_run

        summary = export_run(run, out, format=format, overwrite=overwrite, verify=verify)
        if as_json:
            print_json(summary)
        else:
            say(f"{format} -> {out} (inputs and outputs: {summary['about']})")
