"""`steelyard resample`: a resampled table and the ledger of what changed."""

from pathlib import Path
from typing import Any

import click

from steelyard.cli.common import (
    cluster_option,
    csv_safe_option,
    data_argument,
    memory_option,
    overwrite_option,
    plain_errors,
    print_json,
    say,
    standard_options,
    target_option,
)
from steelyard.cli.progress import progress_bar
from steelyard.cli.wording import in_flags
from steelyard.errors import RequestError


@click.command("resample")
@data_argument
@target_option
@click.option("--method", required=True, metavar="NAME", help="One of the methods above.")
@click.option("--ratio", multiple=True, metavar="R", help="0.1, or CLASS=N (repeat for more).")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the method: k_neighbors=3.",
)
@click.option("--key", metavar="COL", help="Column that names each row (random-over, -under).")
@click.option("--drop", multiple=True, metavar="COL", help="Neither learn from it nor write it.")
@click.option("--carry", multiple=True, metavar="COL", help="Write it, but do not learn from it.")
@click.option("--mark", metavar="COL", help="Add this column: true for synthetic rows.")
@click.option("--group", metavar="COL", help="Keep groups whole (random-under).")
@click.option("--out", required=True, metavar="FILE", help="CSV or Parquet; FOLDER/ for parts.")
@cluster_option
@overwrite_option
@csv_safe_option
@memory_option
@standard_options
def command(
    data: str,
    target: str,
    method: str,
    ratio: tuple[str, ...],
    settings: tuple[str, ...],
    key: str | None,
    drop: tuple[str, ...],
    carry: tuple[str, ...],
    mark: str | None,
    group: str | None,
    out: str,
    cluster: str | None,
    overwrite: bool,
    csv_safe: bool,
    memory: str | None,
    as_json: bool,
    quiet: bool,
    seed: int,
) -> None:
    """Write a resampled table, and FILE.ledger.json: rows added and dropped per class.

    \b
    Methods:
      add rows     random-over, smote, smotenc (with categories), smoten
                   (categories only), borderline-smote, svm-smote,
                   kmeans-smote, adasyn
      choose rows  random-under, near-miss-1, near-miss-2, near-miss-3,
                   instance-hardness, condensed, cluster-centroids
      clean        tomek-links, enn, repeated-enn, all-knn,
                   one-sided-selection, neighbourhood-cleaning
      both         smote-enn, smote-tomek

    \b
    --ratio R    every class at least R times the largest (methods that add),
                 or at most the smallest over R (methods that choose)
    --ratio C=N  class C gets N rows; other classes stay as they are

    \b
    Examples:
      steelyard resample a.csv --target y --method random-under --out b.csv
      steelyard resample a.csv --target y --method smote --ratio 0.5 --out b.csv
    """
    with plain_errors():
        from steelyard._memory import limited
        from steelyard.files.unchanged import unchanged
        from steelyard.resample.output import output_for
        from steelyard.tables.files import source_files

        files = [file for file in source_files(data) if isinstance(file, Path)]
        with (
            limited(memory),
            output_for(out, files, overwrite=overwrite) as made,
            unchanged(files),
        ):
            with progress_bar(f"resampling with {method}", quiet=quiet) as progress:
                ledger = _resample(
                    made.table,
                    data,
                    target,
                    method,
                    settings=settings,
                    key=key,
                    cluster=cluster,
                    columns={"carry": carry, "mark": mark, "group": group},
                    options={"drop": drop, "ratio": ratio, "seed": seed, "progress": progress},
                )
            ledger["notes"] = [in_flags(note) for note in ledger["notes"]]
            ledger["out"] = made.finish(ledger, csv_safe=csv_safe)
        if not quiet:
            for note in ledger["notes"]:
                say(f"note: {note}", err=True)
        if as_json:
            print_json(ledger)
            return
        for line in ledger["classes"]:
            say(
                f"{line['class']}: {line['before']:,} rows, {line['added']:,} added, "
                f"{line['dropped']:,} dropped -> {line['after']:,}"
            )
        say(f"{ledger['rows_out']:,} rows -> {out} (ledger: {made.ledger})")


def _resample(
    table: Path,
    data: str,
    target: str,
    method: str,
    *,
    settings: tuple[str, ...],
    key: str | None,
    cluster: str | None,
    columns: dict[str, Any],
    options: dict[str, Any],
) -> dict[str, Any]:
    """Write the table block by block where the method can, else by way of memory."""
    from steelyard.resample.job import resample_table
    from steelyard.resample.streamed import METHODS, resample_files

    if method in METHODS and not settings and columns["group"] is None:
        if columns["mark"] is not None:
            raise RequestError(
                f"--mark {columns['mark']}: --method {method} makes no synthetic rows"
            )
        return resample_files(data, target, method, table, key=key, cluster=cluster, **options)
    if cluster is not None or table.is_dir():
        what = f"--cluster {cluster}" if cluster is not None else "an --out that is a folder"
        raise RequestError(
            f"{what}: only {' and '.join(METHODS)}, without --set, --group and --mark, work file "
            "by file; leave it out"
        )
    if key is not None:
        raise RequestError(f"--key {key}: only {' and '.join(METHODS)} choose rows by a key")
    made = resample_table(data, target, method, settings=settings, **columns, **options)
    made.write(table)
    return made.ledger
