"""A run's model for those without steelyard: the file or folder, and what to know of it."""

from pathlib import Path
from typing import Any

from steelyard.files import AtomicFiles, new_folder, output_path
from steelyard.tables import Schema

ABOUT = "about.json"


def export_run(
    run: str | Path,
    out: str | Path,
    *,
    format: str,  # noqa: A002 - what the user calls it
    overwrite: bool = False,
    verify: bool = True,
) -> dict[str, Any]:
    """`Study.export` on a run directory.

    Returns: `out`, `about` (the JSON written with the model), `format`, `inputs` by column.
    """
    from steelyard.runs.store import model_of, read_run

    values = read_run(run, verify=verify)
    schema = Schema.from_dict(values["data"]["schema"])
    _check(schema, format)
    model = model_of(run, values, verify=verify)
    return export_model(model, schema, out, kind=format, overwrite=overwrite)


def export_model(
    model: Any, schema: Schema, out: str | Path, *, kind: str, overwrite: bool = False
) -> dict[str, Any]:
    """Write a deployed model in one of `models.export.FORMATS`; arguments as `Study.export`."""
    from steelyard.models.deploy import input_names, needed_besides
    from steelyard.models.export import about_text, port_names, write_model

    _check(schema, kind)
    names = input_names if kind == "keras" else port_names
    about = about_text(model, schema, kind)
    if kind == "saved-model":
        beside = Path(out) / ABOUT
        with new_folder(out) as folder:
            write_model(model, schema, folder, kind)
            (folder / ABOUT).write_text(about, encoding="utf-8")
    else:
        path = output_path(out, overwrite=overwrite)
        beside = output_path(f"{out}.json", overwrite=overwrite)
        with AtomicFiles(overwrite=overwrite) as files:
            write_model(model, schema, files.partial(path), kind)
            files.partial(beside).write_text(about, encoding="utf-8")
    return {
        "out": str(out),
        "about": str(beside),
        "format": kind,
        "inputs": names(schema, needed_besides(model, schema)),
    }


def _check(schema: Schema, kind: str) -> None:
    from steelyard.models.export import check_format

    check_format(kind, schema)
