"""Every technique through every trainer: the result changes, or the technique is refused by name.

What is neither would be a technique that a comparison reports and nobody trained.
"""

import numpy as np
import polars as pl
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("lightgbm")

from steelyard._tensorflow import tf  # noqa: E402
from steelyard.jobs.job import Job, Split  # noqa: E402
from steelyard.layers import NormalizedDense  # noqa: E402
from steelyard.models import custom  # noqa: E402
from steelyard.models.blend import BlendTrainer  # noqa: E402
from steelyard.models.boosting_lightgbm import LightGBM  # noqa: E402
from steelyard.models.boosting_sklearn import HistGradientBoosting  # noqa: E402
from steelyard.models.custom import CustomTrainer  # noqa: E402
from steelyard.models.honours import MODELS, trained_by  # noqa: E402
from steelyard.models.packed_graph import Settings  # noqa: E402
from steelyard.models.tabular import TabularTrainer  # noqa: E402
from steelyard.models.trees import TreesTrainer  # noqa: E402
from steelyard.tables import read_table  # noqa: E402
from steelyard.techniques import TECHNIQUES, get  # noqa: E402

NETWORK = TabularTrainer(Settings(hidden=(8,)), members=2)


def compiled(*layers):
    """A model that learns something in the few epochs of this test."""
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.1))
    return model


def own(inputs, classes):
    return compiled(keras.Input((inputs,)), keras.layers.Dense(classes))


def own_cosines(inputs, classes):
    return compiled(keras.Input((inputs,)), NormalizedDense(classes))


# Trainer and the name of what it honours in `steelyard techniques`.
TRAINERS = {
    "tabular": (NETWORK, "tabular"),
    "trees lightgbm": (TreesTrainer(LightGBM(), members=2), "trees"),
    "trees scikit-learn": (
        TreesTrainer(HistGradientBoosting(), members=2),
        "trees without LightGBM",
    ),
    "blend": (BlendTrainer(NETWORK, TreesTrainer(LightGBM(), members=2)), "blend"),
    "own": (CustomTrainer.of(own), "own"),
    "own cosines": (CustomTrainer.of(own_cosines), "own"),
}


def table(numbers=True, categories=True):
    rng = np.random.default_rng(0)
    score = rng.normal(size=360)
    columns = {"target": (score + rng.normal(size=360) / 2 > 1.2).astype(int)}
    if numbers:
        columns |= {"a": score + rng.normal(size=360) / 4, "b": rng.normal(size=360)}
    if categories:
        columns |= {"plan": np.where(score + rng.normal(size=360) > 0, "x", "y")}
        columns |= {"area": rng.choice(["n", "s", "w"], 360)}
    return read_table(pl.DataFrame(columns), "target")


TABLES = {"mixed": table(), "categories": table(numbers=False)}


def table_for(technique):
    """The first table that the technique fits."""
    for one in TABLES.values():
        schema = one.schema
        sizes = {"numbers": len(schema.numbers), "categories": len(schema.categories)}
        if technique.unfit(**sizes, classes=2) is None:
            return one
    raise AssertionError(f"{technique.name} fits no table")


def split_of(one):
    rows = np.random.default_rng(1).permutation(len(one.y))
    return Split(0, 0, train=np.sort(rows[:270]), test=np.sort(rows[270:]))


@pytest.fixture
def few_steps(monkeypatch):
    """Own models in a few epochs, untraced: each fit would be compiled anew."""
    monkeypatch.setattr(custom, "EPOCHS", 5)
    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(eager)


@pytest.mark.parametrize("name", [name for name, (_, model) in TRAINERS.items() if model == "own"])
@pytest.mark.usefixtures("few_steps")
@pytest.mark.filterwarnings("ignore:Even though the:UserWarning")
def test_own_models_change_the_result_or_refuse(name):
    changes_or_refuses(name)


@pytest.mark.parametrize("name", [name for name, (_, model) in TRAINERS.items() if model != "own"])
def test_a_technique_changes_the_result_or_is_refused(name):
    changes_or_refuses(name)


def changes_or_refuses(name):
    trainer, model = TRAINERS[name]
    for one in TABLES.values():
        mine = [t for t in TECHNIQUES.values() if table_for(t) is one]
        if name == "own cosines":  # the other model has shown the rest
            mine = [t for t in mine if "cosines" in t.needs]
        taken = [t for t in mine if trainer.refuses(t) is None]
        for technique in mine:
            if technique not in taken:
                assert trainer.refuses(technique).startswith(f"{technique.name}: ")
            cosines = "cosines" in technique.needs and name == "own"
            assert (technique in taken) == (model in trained_by(technique) and not cosines)
        jobs = [Job(t, split_of(one), 0) for t in [get("plain"), *taken]]
        found = {
            o.job.technique.name: o.uncorrected for o in trainer.run(one, jobs, lambda _: None)
        }
        for technique in taken:
            p = found[technique.name]
            np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)
            same = np.allclose(p, found["plain"], atol=1e-4)
            assert same == technique.untreated, technique.name


def test_every_need_is_honoured_somewhere_and_every_model_refuses_something():
    needs = frozenset().union(*(technique.needs for technique in TECHNIQUES.values()))
    assert needs <= frozenset().union(*MODELS.values())
    for model in ("tabular", "trees", "trees without LightGBM", "blend"):
        refused = [t.name for t in TECHNIQUES.values() if model not in trained_by(t)]
        assert refused, model


@pytest.mark.parametrize("technique", TECHNIQUES.values(), ids=list(TECHNIQUES))
def test_what_a_loss_uses_it_declares(technique):
    """A term of the packed networks that a technique does not declare would pass every refusal."""
    terms = {
        "factor": "logit factors",
        "pair": "pair offsets",
        "noise": "noise",
        "deviation": "noise",
        "compensation": "compensation",
        "spared": "spared classes",
        "targets": "smoothed targets",
        "sigmoid": "one sigmoid per class",
        "cosine": "cosines",
        "late_weight": "deferral",
        "late_from": "deferral",
    }
    if "pairs of rows" in technique.needs:
        return
    numbers = technique.loss.numbers(np.array([90.0, 10.0]))
    used = {terms[name] for name in numbers.more}
    used |= {"class weights"} if (numbers.weight != 1).any() else set()
    used |= {"logit offsets"} if (numbers.offset != 0).any() else set()
    used |= {"focal factor"} if numbers.gamma else set()
    assert used <= technique.loss.needs
    assert technique.loss.needs - used <= {"class weights"}
    assert (numbers.trained_prior(np.array([90, 10])) is None) == (
        technique.loss.effect == "unknown"
    )
