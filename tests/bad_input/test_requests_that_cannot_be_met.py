"""Options and runs that cannot be: the line says what was given, what can be, and what to do."""

import pytest

INSPECT = "inspect t.csv --target y --quiet"
RESAMPLE = "resample t.csv --target y --out o.csv --quiet --method"
SMOTE = "resample numbers.csv --target y --out o.csv --quiet --method smote"
COMPARE = "compare t.csv --target y --out new-run --model trees --quiet"
JUDGE = "judge scores.csv --target y --out new-run --quiet --score"
PREDICT = "predict run new.csv --quiet --out"

# Words of a command line, and words that the answer must hold.
WORDS = {
    # targets and classes
    "a target in capitals": ("inspect t.csv --target Y", "'y'"),
    "a target by number": ("inspect t.csv --target 5", "'5'"),
    "a target misspelt": ("inspect t.csv --target whoo", "'who'"),
    "a class that is none": (f"{INSPECT} --positive maybe", "no, yes"),
    "a code that is none": (f"{INSPECT} --fail-on SY999", "SY999"),
    "a page over its input": ("inspect t.csv --target y --out t.csv", "read"),
    "a page that is there": (f"{INSPECT} --out scores.csv", "--overwrite"),
    "a page in no folder": (f"{INSPECT} --out none/p.html", "no folder"),
    "a page that is a folder": (f"{INSPECT} --out run", "folder"),
    "a page that is a device": (f"{INSPECT} --out /dev/null --overwrite", "device"),
    "a column to drop that is none": (f"{INSPECT} --drop nothing", "'nothing'"),
    "the target to drop": (f"{INSPECT} --drop y", "'y'"),
    "memory that is no size": (f"{INSPECT} --memory lots", "4G"),
    "no memory": (f"{INSPECT} --memory 0", "4G"),
    "too little memory": (f"{INSPECT} --memory 1M", "limit is"),
    # resampling
    "a method misspelt": (f"{RESAMPLE} smot", "smote"),
    "a ratio in words": (f"{RESAMPLE} random-over --ratio half", "half"),
    "a ratio below 0": (f"{RESAMPLE} random-over --ratio -1", "-1"),
    "a ratio above 1": (f"{RESAMPLE} random-over --ratio 7", "7"),
    "a ratio that is no number": (f"{RESAMPLE} random-over --ratio nan", "nan"),
    "rows of no class": (f"{RESAMPLE} random-over --ratio maybe=100", "maybe"),
    "rows in words": (f"{RESAMPLE} random-over --ratio yes=many", "many"),
    "fewer rows by adding": (f"{RESAMPLE} random-over --ratio yes=3", "yes"),
    "more rows by choosing": (f"{RESAMPLE} random-under --ratio no=5000", "no"),
    "a parameter that is none": (f"{SMOTE} --set neighbours=3", "k_neighbors"),
    "a parameter without value": (f"{SMOTE} --set k_neighbors", "k_neighbors"),
    "no neighbour": (f"{SMOTE} --set k_neighbors=0", "k_neighbors"),
    "more neighbours than rows": (f"{SMOTE} --set k_neighbors=900", "k_neighbors"),
    "a key that is no column": (f"{RESAMPLE} random-over --key id", "'id'"),
    "a key where none is used": (f"{SMOTE} --key a", "random-over"),
    "a mark that is there": (f"{SMOTE} --mark a", "--mark a"),
    "a mark on copies": (f"{RESAMPLE} random-over --mark new", "synthetic"),
    "a group with synthetic rows": (f"{SMOTE} --group b", "random-under"),
    "a column to carry that is none": (f"{SMOTE} --carry who", "'who'"),
    "only categories by distance": (
        f"{RESAMPLE} smote --drop a --drop b --drop who --drop day",
        "smoten",
    ),
    "an ending that is none": (
        "resample t.csv --target y --method random-over --out o.xlsx",
        ".parquet",
    ),
    "a table over its input": (
        "resample t.csv --target y --method random-over --out t.csv --overwrite",
        "read",
    ),
    # comparing and training
    "no technique": (f"{COMPARE} --techniques ,", "techniques"),
    "a technique misspelt": (f"{COMPARE} --techniques plain,smoote", "smote"),
    "one fold": (f"{COMPARE} --folds 1", "--folds"),
    "folds below 0": (f"{COMPARE} --folds -3", "--folds"),
    "more folds than rows": (f"{COMPARE} --folds 1000", "--folds"),
    "no repeat": (f"{COMPARE} --repeats 0", "--repeats"),
    "a seed below 0": (f"{COMPARE} --seed -1", "--seed -1"),
    "a seed too large": (f"{COMPARE} --seed 99999999999999999999", "seed"),
    "a metric misspelt": (f"{COMPARE} --metric average_precison", "average_precision"),
    "a metric of thresholds": (f"{COMPARE} --metric f1", "average_precision"),
    "a budget in words": (f"{COMPARE} --budget soon", "10m"),
    "a budget below 0": (f"{COMPARE} --budget -5m", "10m"),
    "half of the costs": (f"{COMPARE} --cost-fp 1", "--cost-fn"),
    "costs below 0": (f"{COMPARE} --cost-fp -1 --cost-fn 5", "-1"),
    "costs that are no number": (f"{COMPARE} --cost-fp nan --cost-fn 5", "nan"),
    "costs without end": (f"{COMPARE} --cost-fp inf --cost-fn 5", "inf"),
    "no costs": (f"{COMPARE} --cost-fp 0 --cost-fn 0", "cost"),
    "two goals": (f"{COMPARE} --min-recall 0.9 --maximise f1", "one"),
    "a precision above 1": (f"{COMPARE} --min-precision 1.5", "1.5"),
    "a recall of 0": (f"{COMPARE} --min-recall 0", "0"),
    "alerts below 0": (f"{COMPARE} --alerts -1", "-1"),
    "alerts above 1,000": (f"{COMPARE} --alerts 2000", "2000"),
    "a goal misspelt": (f"{COMPARE} --maximise f2", "f1"),
    "the closest of nothing": (f"{COMPARE} --closest", "--closest"),
    "a group that is none": (f"{COMPARE} --group customer", "'customer'"),
    "a group that is the target": (f"{COMPARE} --group y", "'y'"),
    "a time that is none": (f"{COMPARE} --time when", "'when'"),
    "a group to drop": (f"{COMPARE} --group who --drop who", "'who'"),
    "a model of no kind": (f"{COMPARE} --model forest", "trees"),
    "a model of no file": (f"{COMPARE} --model none.py:build", "none.py"),
    "a run that is a file": (COMPARE.replace("new-run", "t.csv"), "t.csv"),
    "a run below a file": (COMPARE.replace("new-run", "t.csv/run"), "t.csv"),
    "a technique for training that is none": (
        "train t.csv --target y --out new-run --model trees --technique smoot --quiet",
        "smote",
    ),
    # a run that is used
    "no run": ("predict none new.csv --out o.csv", "none"),
    "a run that is no folder": ("predict t.csv new.csv --out o.csv", "t.csv"),
    "an output of no format": (f"{PREDICT} o.txt", ".csv or .parquet"),
    "an output over its input": (f"{PREDICT} new.csv --overwrite", "read"),
    "an output that is there": (f"{PREDICT} scores.csv", "--overwrite"),
    "a column to keep that is none": (f"{PREDICT} o.csv --keep id", "'id'"),
    "a class column that is none": ("evaluate run t.csv --target z", "'z'"),
    "classes that are none": ("evaluate run t.csv --target c", "'yes'"),
    "rows without a class": ("evaluate run new.csv", "'y'"),
    "a band upside down": ("monitor run new.csv --low 0.5 --high 0.1", "lower"),
    "a band above 1": ("monitor run new.csv --high 7", "between 0 and 1"),
    "a band that is no number": ("monitor run new.csv --low nan", "nan"),
    "no stability": ("monitor run new.csv --max-psi 0", "above 0"),
    "another training table": ("monitor run new.csv --training scores.csv", "sha256"),
    "nothing to retune": ("retune run", "--prevalence, --unlabelled"),
    "a prevalence of 0": ("retune run --prevalence 0", "between 0 and 1"),
    "a prevalence in percent": ("retune run --prevalence 25", "0.02"),
    "a prevalence that is no number": ("retune run --prevalence nan", "nan"),
    "two prevalences": ("retune run --prevalence 0.2 --unlabelled new.csv", "one"),
    "a threshold above 1": ("retune run --threshold 2", "2"),
    "a threshold that is no number": ("retune run --threshold nan", "nan"),
    "a threshold and a goal": ("retune run --threshold 0.5 --maximise f1", "one"),
    "text in a format of numbers": ("export run --format onnx --out m.onnx", "'c'"),
    "an export that is there": ("export run --format keras --out t.csv", "--overwrite"),
    # scores of others
    "a score that is none": (f"{JUDGE} today", "'today'"),
    "a score of text": (f"{JUDGE} c", "'c'"),
    "the target as a score": (f"{JUDGE} y", "'y'"),
    "a reference that is none": (f"{JUDGE} score --reference best", "best"),
    "a score twice": (f"{JUDGE} score --score score", "score"),
    "one fold of scores": (f"{JUDGE} score --folds 1", "--folds"),
}


@pytest.mark.parametrize("case", WORDS)
def test_a_request(case, refused):
    words, expected = WORDS[case]
    assert expected in refused(words.split())
