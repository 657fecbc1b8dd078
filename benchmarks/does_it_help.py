"""Does any treatment of imbalance help? Every default technique on many real tables.

    python benchmarks/does_it_help.py [--data FOLDER] [--runs FOLDER] [--only NAMES] [--rows N]

The tables are those of `benchmarks/quality.py` (`quality_sets.py` says by which rule they were
chosen). Each gets `steelyard compare` with five folds; its run is kept in the folder of `--runs`,
so the same command goes on where it was stopped. Then `docs/does-it-help.md` is written anew from
the run.json files there (`--page` says where else). About an hour on two cores.
"""

import argparse
import time
from pathlib import Path

import polars as pl

import does_it_help_page
import steelyard
from quality_sets import tables

PAGE = Path(__file__).parents[1] / "docs" / "does-it-help.md"


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, help="folder of tables with a column target")
    parser.add_argument(
        "--runs", type=Path, default=Path("does-it-help"), help="where runs are kept"
    )
    parser.add_argument("--rows", type=int, default=10_000, help="larger tables are sampled")
    parser.add_argument("--only", default="", help="names of tables, comma-separated")
    parser.add_argument("--model", default="blend")
    parser.add_argument("--techniques", default="default")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args(words)
    asked.runs.mkdir(parents=True, exist_ok=True)
    for name, table in tables(asked.data, asked.rows, [n for n in asked.only.split(",") if n]):
        run = asked.runs / name
        if not (run / "run.json").exists():
            compared(name, table, run, asked)
    asked.page.write_text(does_it_help_page.page(asked.runs), encoding="utf-8")
    print(asked.page)


def compared(name, table, run, asked):
    """Compare on one table, or say why not: too few positives for five folds, say."""
    start = time.perf_counter()
    frame = table.features.with_columns(target=pl.Series(table.y))
    try:
        study = steelyard.compare(
            frame,
            "target",
            techniques=asked.techniques,
            model=asked.model,
            folds=asked.folds,
            repeats=1,
            out=run,
            progress=False,
        )
    except steelyard.SteelyardError as error:
        print(f"{name:<28}{error}", flush=True)
        return
    verdict = study.verdict["recommended"]
    print(
        f"{name:<28}{len(frame):>7,} rows{time.perf_counter() - start:>7.0f} s  {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    main()
