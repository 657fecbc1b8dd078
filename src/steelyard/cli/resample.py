"""`steelyard resample`: a resampled table and the ledger of what changed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from steelyard.cli.common import (
    csv_safe_option,
    data_argument,
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
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the method."
)
@click.option("--key", metavar="COL", help="Column that names each row (random-over, -under).")
@click.option("--drop", multiple=True, metavar="COL", help="Neither learn from it nor write it.")
@click.option("--carry", multiple=True, metavar="COL", help="Write it, but do not learn from it.")
@click.option("--mark", metavar="COL", help="Add this column: true for synthetic rows.")
@click.option("--group", metavar="COL", help="Keep groups whole (random-under).")
@click.option("--out", required=True, metavar="FILE", help="CSV or Parquet to write.")
@overwrite_option
@csv_safe_option
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
    overwrite: bool,
    csv_safe: bool,
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
      steelyard resample a.csv --target y --method random-under --ratio 0.5 --out b.csv
      steelyard resample a.csv --target y --method smote --set k_neighbors=3 --out b.csv
    """
    with plain_errors():
        from steelyard.files import AtomicFiles, output_path
        from steelyard.files.atomic import json_text
        from steelyard.files.unchanged import unchanged
        from steelyard.tables.files import find_files, sha256_of_files
        from steelyard.tables.writing import quote_formulas

        files = find_files(data, partitions=True)
        path = output_path(out, inputs=files, overwrite=overwrite)
        if path.suffix not in {".parquet", ".csv"}:
            raise RequestError(f"--out {out} must end in .parquet or .csv")
        # Table and ledger appear together, or neither does.
        with AtomicFiles(overwrite=overwrite) as pair, unchanged(files):
            table, beside = (
                pair.partial(path),
                pair.partial(path.with_name(f"{path.name}.ledger.json")),
            )
            with progress_bar(f"resampling with {method}", quiet=quiet) as progress:
                ledger = _resample(
                    table,
                    data,
                    target,
                    method,
                    settings=settings,
                    key=key,
                    memory={"carry": carry, "mark": mark, "group": group},
                    options={"drop": drop, "ratio": ratio, "seed": seed, "progress": progress},
                )
            if csv_safe and path.suffix == ".csv":
                quote_formulas(table)
            ledger["notes"] = [in_flags(note) for note in ledger["notes"]]
            ledger["out"] = {"path": out, "sha256": sha256_of_files([table])}
            beside.write_text(json_text(ledger), "utf-8")
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
        say(f"{ledger['rows_out']:,} rows -> {out} (ledger: {out}.ledger.json)")


def _resample(
    table: Path,
    data: str,
    target: str,
    method: str,
    *,
    settings: tuple[str, ...],
    key: str | None,
    memory: dict[str, Any],
    options: dict[str, Any],
) -> dict[str, Any]:
    """Write the table block by block where the method can, else by way of memory."""
    from steelyard.resample.job import resample_table
    from steelyard.resample.streamed import METHODS

    if method in METHODS and not settings and memory["group"] is None:
        if memory["mark"] is not None:
            raise RequestError(
                f"--mark {memory['mark']}: --method {method} makes no synthetic rows"
            )
        return _streamed(table, data, target, method, key=key, **options)
    if key is not None:
        raise RequestError(f"--key {key}: only {' and '.join(METHODS)} choose rows by a key")
    made = resample_table(data, target, method, settings=settings, **memory, **options)
    made.write(table)
    return made.ledger


def _streamed(table: Path, data: str, target: str, method: str, **options: Any) -> dict[str, Any]:
    """Resample files of any size, block by block; return the ledger."""
    from steelyard.resample.streamed import resample_files
    from steelyard.tables.files import find_files, sha256_of_files

    with ThreadPoolExecutor(1) as pool:  # hashing beside reading
        sha256 = pool.submit(lambda: sha256_of_files(find_files(data, partitions=True)))
        ledger = resample_files(data, target, method, table, **options)
    return ledger | {"source": {"path": data, "sha256": sha256.result()}}
