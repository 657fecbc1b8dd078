"""`steelyard schema`: what commands print with --json is as their schemas say, and all of it."""

import json

import jsonschema
import numpy as np
import polars as pl
import pytest

pytest.importorskip("keras")

from steelyard.cli import COMMANDS
from steelyard.runs.json_schemas import PRINTS_A_RUN, SCHEMAS, json_schema

TRAIN = ["--model", "trees", "--out", "run"]
# Schema -> the words of a command that prints it, in their order; "run" is there from `train` on.
PRINTED = {
    "inspect": ["inspect", "t.csv", "--target", "y"],
    "run": ["train", "t.csv", "--target", "y", *TRAIN],
    "resample": ["resample", "t.csv", "--target", "y", "--method", "random-over", "--out", "o.csv"],
    "predict": ["predict", "run", "new.csv", "--out", "p.csv"],
    "export": ["export", "run", "--format", "keras", "--out", "m.keras"],
    "explain": ["explain", "run", "new.csv", "--training", "t.csv"],
    "evaluate": ["evaluate", "run", "t.csv", "--segments", "plan"],
    "monitor": ["monitor", "run", "new.csv"],
    "sample-below": ["sample-below", "run", "new.csv", "--rows", "20", "--out", "b.csv"],
    "verify": ["verify", "run"],
    "retune": ["retune", "run", "--prevalence", "0.1"],
    "techniques": ["techniques"],
}


def table(rows, seed):
    rng = np.random.default_rng(seed)
    x, plan = rng.normal(size=rows), rng.choice(["a", "b"], rows)
    y = np.where(x + rng.normal(size=rows) / 2 > 1, "yes", "no")
    return pl.DataFrame({"x": x, "plan": plan, "y": y})


def test_what_commands_print_is_as_their_schemas_say(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(300, 0).write_csv("t.csv")
    table(300, 1).with_columns(plan=pl.lit("c")).drop("y").write_csv("new.csv")
    for name, words in PRINTED.items():
        result = run(*words, "--json", "--quiet")
        assert result.exit_code in {0, 3}, result.stderr
        printed, schema = json.loads(result.stdout), json_schema(name)
        jsonschema.validate(printed, schema, cls=jsonschema.Draft202012Validator)
        assert set(printed) <= set(schema["properties"]) | {"schema"}, "describe new fields"


def test_every_command_with_json_has_one(run):
    with_json = {name for name in COMMANDS if "\n  --json " in run(name, "--help").output}
    assert with_json == {*SCHEMAS, *PRINTS_A_RUN} - {"run", "run.json"}
    assert set(PRINTED) == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_printed_and_describes_each_field(run, name):
    schema = json.loads(run("schema", name).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    for field, about in schema["properties"].items():
        assert about.get("description") or field in {"checks", "techniques"}, field
    assert name in run("schema").stdout


def test_a_misspelt_name(run):
    result = run("schema", "evalute")
    assert result.exit_code == 1
    assert "did you mean 'evaluate'" in result.stderr
