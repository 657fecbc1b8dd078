"""What every trainer keeps: the deployed core is the model that was judged, slices are its own."""

import sys

import numpy as np
import polars as pl
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("lightgbm")

from sklearn.metrics import roc_auc_score  # noqa: E402

from steelyard._tensorflow import tf  # noqa: E402
from steelyard.errors import RequestError  # noqa: E402
from steelyard.jobs.job import Job, Split  # noqa: E402
from steelyard.models.blend import BlendTrainer  # noqa: E402
from steelyard.models.boosting_lightgbm import LightGBM  # noqa: E402
from steelyard.models.boosting_sklearn import HistGradientBoosting  # noqa: E402
from steelyard.models.custom import CustomTrainer  # noqa: E402
from steelyard.models.packed_graph import Settings  # noqa: E402
from steelyard.models.tabular import TabularTrainer  # noqa: E402
from steelyard.models.trees import TreesTrainer  # noqa: E402
from steelyard.tables import read_table  # noqa: E402
from steelyard.techniques import DEFAULT, get  # noqa: E402

NETWORK = TabularTrainer(Settings(hidden=(8,)), members=8)


def own(inputs, classes):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(classes)])


TRAINERS = {
    "tabular": NETWORK,
    "trees lightgbm": TreesTrainer(LightGBM()),
    "trees scikit-learn": TreesTrainer(HistGradientBoosting()),
    "blend": BlendTrainer(NETWORK, TreesTrainer(LightGBM())),
    "custom": CustomTrainer.of(own),
}


def frame(classes=2, rows=400, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.normal(45, 12, rows)
    plan = rng.choice(["a", "b", "c", "rare"], rows, p=[0.5, 0.3, 0.18, 0.02])
    score = (age - 45) / 12 + (plan == "b") + rng.normal(size=rows) / 2
    y = np.digitize(score, np.quantile(score, [0.7, 0.9][: classes - 1]))
    gaps = [pl.Series(rng.random(rows) < 0.1) for _ in range(2)]
    columns = {"age": age, "plan": plan, "calls": rng.poisson(2, rows), "target": y}
    return pl.DataFrame(columns).with_columns(
        age=pl.when(gaps[0]).then(None).otherwise(pl.col("age")),
        plan=pl.when(gaps[1]).then(None).otherwise(pl.col("plan")),
    )


@pytest.fixture(scope="module", params=[2, 3])
def table(request):
    return read_table(frame(request.param), "target")


def nothing(_):
    pass


def everything(table):
    rows = np.arange(len(table.y))
    return Split(0, 0, train=rows, test=rows)


def core_on(fitted, table):
    numbers = tf.constant(table.numbers())
    strings = tf.constant(table.categories().tolist(), tf.string)
    return fitted.core([numbers, strings]).numpy()


# Between them: copies, synthetic rows, an own objective, an offset.
@pytest.mark.parametrize(
    ("name", "technique"),
    [
        ("tabular", "smote"),
        ("trees lightgbm", "focal"),
        ("trees lightgbm", "balanced-softmax"),
        ("trees scikit-learn", "random-over"),
        ("blend", "smote"),
        ("custom", "balanced-softmax"),
    ],
)
def test_the_shipped_core_believes_what_the_judged_model_believed(name, technique, table):
    trainer = TRAINERS[name]
    *_, outcome = trainer.run(table, [Job(get(technique), everything(table), 3)], nothing)
    fitted = trainer.fit(table, get(technique), 3, nothing)
    np.testing.assert_allclose(core_on(fitted, table), outcome.uncorrected, atol=2e-5)
    np.testing.assert_allclose(outcome.uncorrected.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["tabular", "trees lightgbm", "trees scikit-learn"])
def test_it_learns_every_technique_it_takes(name, table):
    trainer = TRAINERS[name]
    rows = np.random.default_rng(0).permutation(len(table.y))
    split = Split(0, 0, train=np.sort(rows[:300]), test=np.sort(rows[300:]))
    taken = [get(one) for one in DEFAULT if not trainer.refuses(get(one))]
    assert len(taken) >= len(DEFAULT) - 1
    jobs = [Job(one, split, 0) for one in taken]
    found = {o.job.technique.name: o for o in trainer.run(table, jobs, nothing)}
    rarest = table.y[split.test] == table.y.max()
    for technique in taken:
        assert roc_auc_score(rarest, found[technique.name].uncorrected[:, -1]) > 0.75, (
            technique.name
        )


@pytest.mark.parametrize("name", ["tabular", "trees lightgbm", "blend"])
def test_held_out_beliefs_cover_all_rows_and_are_not_fitted_to_them(name, table):
    fitted = TRAINERS[name].fit(table, get("plain"), 0, nothing)
    assert np.isfinite(fitted.out_of_bag).all()
    np.testing.assert_allclose(fitted.out_of_bag.sum(1), 1, atol=1e-5)
    rows = np.arange(len(table.y))
    in_sample = core_on(fitted, table)[rows, table.y]
    assert np.log(fitted.out_of_bag[rows, table.y]).mean() < np.log(in_sample).mean()
    for draw in fitted.resampled:
        assert not np.intersect1d(draw.indices.rows, draw.held_out).size


def test_jobs_of_several_splits_in_one_pack_equal_each_alone():
    """And another technique for one of them leaves the others as they were."""
    table = read_table(frame(), "target")
    rows = np.random.default_rng(0).permutation(400)
    splits = [
        Split(0, fold, train=np.sort(np.delete(rows, part)), test=np.sort(rows[part]))
        for fold, part in enumerate((slice(0, 130), slice(130, 270)))
    ]
    trainer = TabularTrainer(Settings(hidden=(8,)), members=2)
    names = ("plain", "smote", "focal")
    jobs = [Job(get(name), split, 0) for split in splits for name in names]
    together = [outcome.uncorrected for outcome in trainer.run(table, jobs, nothing)]
    for job, uncorrected in zip(jobs[::2], together[::2], strict=True):
        (alone,) = trainer.run(table, [job], nothing)
        np.testing.assert_allclose(uncorrected, alone.uncorrected, atol=1e-4)
    jobs[4] = Job(get("class-weight"), splits[1], 0)
    changed = [outcome.uncorrected for outcome in trainer.run(table, jobs, nothing)]
    for i, (before, after) in enumerate(zip(together, changed, strict=True)):
        assert np.allclose(before, after, atol=1e-4) == (i != 4)


def test_with_one_member_only_its_slice_is_covered(table):
    held = TRAINERS["custom"].fit(table, get("plain"), 0, nothing).out_of_bag
    assert np.isfinite(held).all(1).mean() == pytest.approx(1 / 8, abs=0.02)


def test_blend_is_the_mean_of_its_halves_and_tells_them_for_plain(table):
    jobs = [Job(get(name), everything(table), 0) for name in ("plain", "class-weight")]
    told = {
        o.job.technique.name: o.uncorrected for o in TRAINERS["blend"].run(table, jobs, nothing)
    }
    assert set(told) == {"network", "trees", "plain", "class-weight"}
    np.testing.assert_allclose(told["plain"], (told["network"] + told["trees"]) / 2, atol=1e-7)


def test_an_offset_alone_grows_the_same_trees(table):
    """Balanced softmax is plain with the class shares taken off the log-odds."""
    jobs = [Job(get(name), everything(table), 0) for name in ("plain", "balanced-softmax")]
    plain, balanced = TreesTrainer(LightGBM(), members=1).run(table, jobs, nothing)
    kept = np.bincount(table.y[plain.resampled[0].indices.rows])
    again = balanced.uncorrected * kept
    again /= again.sum(1, keepdims=True)
    np.testing.assert_allclose(again, plain.uncorrected, atol=1e-5)


def test_focal_without_lightgbm_is_refused_by_name_and_said_by_default(monkeypatch, tmp_path):
    import steelyard

    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(RequestError, match=r"focal: .*pip install 'steelyard\[lightgbm\]'"):
        steelyard.compare(frame(), "target", techniques="plain,focal", model="trees")
    monkeypatch.setattr("steelyard.techniques.DEFAULT", ("plain", "focal"))
    study = steelyard.compare(frame(), "target", model="trees", folds=2, repeats=1)
    assert study.run["left_out"][0].startswith("focal: ")
    assert "focal" not in study.leaderboard["technique"].to_list()
    assert study.run["protocol"]["model"] == "trees (scikit-learn)"
    assert {"network", "blend"} <= set(study.leaderboard["technique"])
