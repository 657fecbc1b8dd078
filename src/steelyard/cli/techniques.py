"""`steelyard techniques`: the list."""

import click

from steelyard.cli.common import plain_errors, print_json, say, standard_options


@click.command("techniques")
@standard_options
def command(as_json: bool, quiet: bool, seed: int) -> None:  # noqa: ARG001 - options of every command
    """List the techniques: what each changes in sample, loss and decision, and its source.

    \b
    Example:
      steelyard techniques
    """
    with plain_errors():
        from steelyard.techniques import TECHNIQUES

        if as_json:
            print_json({"techniques": [one.to_dict() for one in TECHNIQUES.values()]})
            return
        for one in TECHNIQUES.values():
            say(f"{one.name}\n  {one.about}")
            say(f"  sample {one.sample.kind}, loss {one.loss.kind}, decision tuned to goal")
            say(f"  prior  {one.prior_effect}\n  source {one.source}\n")
