"""`steelyard techniques`: the list."""

from typing import Any

import click

from steelyard.cli.common import plain_errors, print_json, standard_options


@click.command("techniques")
@standard_options
def command(as_json: bool, quiet: bool, seed: int) -> None:  # noqa: ARG001 - options of every command
    """List the techniques: what each changes in sample, loss and decision, and its source.

    Those marked * are compared where none are asked for. A model that cannot do what a technique
    needs refuses it by name.

    \b
    Example:
      steelyard techniques
    """
    with plain_errors():
        from steelyard.techniques import TECHNIQUES

        rows = [_row(technique) for technique in TECHNIQUES.values()]
        if as_json:
            print_json({"techniques": rows})
            return
        for row in rows:
            places = ", ".join(f"{place} {_place(row[place])}" for place in ("sample", "loss"))
            decision = ", ".join(f"{name} {value}" for name, value in row["decision"].items())
            refused = f"; refused by {', '.join(row['refused_by'])}" if row["refused_by"] else ""
            click.echo(f"{row['name']}{' *' if row['default'] else ''}\n  {row['about']}")
            click.echo(f"  {places}\n  decision {decision}\n  prior  {row['prior_effect']}")
            click.echo(f"  models {', '.join(row['trained_by']) or 'none'}{refused}")
            click.echo(f"  source {row['source']}\n")


def _row(technique: Any) -> dict[str, Any]:
    """A technique as plain values, with where it is trained and refused."""
    from steelyard.models.honours import MODELS, trained_by
    from steelyard.techniques import DEFAULT

    trained = trained_by(technique)
    return technique.to_dict() | {
        "default": technique.name in DEFAULT,
        "trained_by": trained,
        "refused_by": [model for model in MODELS if model not in trained],
    }


def _place(values: dict[str, Any]) -> str:
    """A place in a few words: its kind and what it was given."""
    given = [
        _place(value) if isinstance(value, dict) else f"{name} {value}"
        for name, value in values.items()
        if name != "kind" and value not in ([], ())
    ]
    return f"{values['kind']} ({', '.join(given)})" if given else values["kind"]
