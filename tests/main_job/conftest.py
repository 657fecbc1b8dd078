"""One small comparison through the command line, shared by the tests that look at what it left."""

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from steelyard.cli import main

WORDS = "--target churned --techniques plain,class-weight,smote --folds 3 --repeats 2 --seed 7"


def make_customers(rows=400, seed=0):
    """Numbers, categories, missing values and a target that depends on both."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "plus", "pro"], rows)
    age = rng.normal(45, 12, rows).round(1)
    calls = rng.poisson(2, rows)
    risk = -3 + 0.5 * calls + 1.2 * (plan == "basic") + 0.02 * (age - 45)
    churned = rng.random(rows) < 1 / (1 + np.exp(-risk))

    def with_gaps(values):
        gaps = rng.random(rows) < 0.1
        return [None if gap else value for value, gap in zip(values, gaps, strict=True)]

    return pl.DataFrame(
        {
            "plan": [
                None if gap else v for v, gap in zip(plan, rng.random(rows) < 0.1, strict=True)
            ],
            "age": [None if gap else v for v, gap in zip(age, rng.random(rows) < 0.1, strict=True)],
            "calls": calls,
            "active": rng.random(rows) < 0.5,
            "churned": np.where(churned, "yes", "no"),
        }
    )


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory):
    """A finished run directory."""
    folder = tmp_path_factory.mktemp("main_job")
    make_customers().write_csv(folder / "customers.csv")
    words = ["compare", str(folder / "customers.csv"), *WORDS.split(), "--out", str(folder / "run")]
    result = CliRunner().invoke(main, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    (folder / "stdout.json").write_text(result.stdout)
    (folder / "stderr.txt").write_text(result.stderr)
    return folder / "run"


@pytest.fixture(scope="session")
def customers():
    """Makes a table as the one of the run: `customers(rows=400, seed=0)`."""
    return make_customers
