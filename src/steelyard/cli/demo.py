"""`steelyard demo`: the main job on the table shipped with steelyard."""

import click

from steelyard.cli.common import plain_errors, print_json, standard_options
from steelyard.cli.found import show_run, wide_option
from steelyard.cli.progress import progress_bar
from steelyard.cli.threads import one_thread_a_training


@click.command("demo")
@click.option("--out", default="demo-run", show_default=True, metavar="RUN", help="Run directory.")
@wide_option
@standard_options
def command(out: str, wide: bool, as_json: bool, quiet: bool, seed: int) -> None:
    """Compare all techniques on satellite pixels: damp grey soil against the rest.

    \b
    Example:
      steelyard demo --out demo-run
    """
    one_thread_a_training("blend")
    with plain_errors(out):
        from steelyard.comparison import compare
        from steelyard.datasets import SATIMAGE

        with progress_bar("comparing", quiet=quiet) as progress:
            study = compare(SATIMAGE, target="soil", out=out, seed=seed, progress=progress)
        if as_json:
            print_json(study.run)
        else:
            show_run(study.run, out, wide=wide)
