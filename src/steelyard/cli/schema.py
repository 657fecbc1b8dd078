"""`steelyard schema`: the JSON schemas of what commands print and runs hold."""

import json

import click

from steelyard.cli.common import plain_errors, say


@click.command("schema")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print a JSON schema: of run.json (NAME: run) or of a command's --json. Lists without NAME.

    \b
    Examples:
      steelyard schema
      steelyard schema evaluate
    """
    with plain_errors():
        from steelyard.runs.json_schemas import SCHEMAS, json_schema

        if name is None:
            for known, about in SCHEMAS.items():
                say(f"{known:<12}{about}")
        else:
            say(json.dumps(json_schema(name), indent=1))
