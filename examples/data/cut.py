"""How the files of this folder were cut from the whole sets; see README.md for those.

python examples/data/cut.py mnist.npz creditcard_fraud.parquet sms_spam.csv.gz diabetes.parquet
"""

import gzip
import sys
from pathlib import Path

import numpy as np
import polars as pl

HERE = Path(__file__).parent
LONG_TAIL = [int(5000 * 100 ** (-k / 9)) for k in range(10)]  # 5000 ... 50: imbalance ratio 100


def first_of_each(y, counts, rng):
    """Rows of a random draw with `counts[k]` of class k, in the order of the source."""
    rows = [rng.permutation(np.flatnonzero(y == k))[:n] for k, n in enumerate(counts)]
    return np.sort(np.concatenate(rows))


def mnist(source):
    whole, rng = np.load(source), np.random.default_rng(0)
    train = first_of_each(whole["y_train"], LONG_TAIL, rng)
    test = first_of_each(whole["y_test"], [300] * 10, rng)
    np.savez_compressed(
        HERE / "long_tailed_mnist.npz",
        x_train=whole["x_train"][train],
        y_train=whole["y_train"][train],
        x_test=whole["x_test"][test],
        y_test=whole["y_test"][test],
    )


def fraud(source):
    """Every fraud and every eighth other row, two decimals, without the seconds."""
    whole = pl.read_parquet(source).with_row_index("row").drop("Time")
    kept = whole.filter((pl.col("target") == 1) | (pl.col("row") % 8 == 0)).drop("row")
    rounded = kept.with_columns(pl.exclude("target").cast(pl.Float64).round(2).cast(pl.Float32))
    rounded.write_parquet(HERE / "card_fraud.parquet", compression="zstd", compression_level=19)


def sms(source):
    whole = pl.read_csv(source).with_columns(
        label=pl.when(pl.col("target") == 1).then(pl.lit("spam")).otherwise(pl.lit("ham"))
    )
    table = whole.select("text", "label")
    table.write_parquet(HERE / "sms_spam.parquet", compression="zstd", compression_level=19)


def readmissions(source):
    """All visits of 3,000 patients, and of 1,000 others as rows that come later."""
    whole = pl.read_parquet(source)
    patients = whole["patient_nbr"].unique(maintain_order=True)
    drawn = np.random.default_rng(0).permutation(len(patients))
    renamed = {name: name.removeprefix("number_") for name in whole.columns}
    renamed |= {"patient_nbr": "patient", "medical_specialty": "specialty", "A1Cresult": "HbA1c"}
    for file, part in {"": drawn[:3000], "_later": drawn[3000:4000]}.items():
        visits = whole.filter(pl.col("patient_nbr").is_in(patients[part].implode()))
        readmitted = pl.when(pl.col("target") == 1).then(pl.lit("yes")).otherwise(pl.lit("no"))
        table = visits.rename(renamed).select(*COLUMNS, readmitted=readmitted)
        path = HERE / f"readmissions{file}.csv.gz"
        with gzip.GzipFile(path, "wb", mtime=0) as file_:
            table.write_csv(file_)


COLUMNS = (
    "patient", "age", "gender", "specialty", "time_in_hospital", "num_lab_procedures",
    "num_procedures", "num_medications", "outpatient", "emergency", "inpatient", "diagnoses",
    "HbA1c", "insulin", "change",
)  # fmt: skip


if __name__ == "__main__":
    mnist(sys.argv[1])
    fraud(sys.argv[2])
    sms(sys.argv[3])
    readmissions(sys.argv[4])
