"""Trees inside Keras against the libraries that grew them: gaps, categories, extremes, saving."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
lightgbm = pytest.importorskip("lightgbm")
from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: E402

from steelyard.errors import RequestError  # noqa: E402
from steelyard.layers import TreeEnsemble  # noqa: E402

TOLERANCE = 1e-6


def table(rows=1500, classes=2, seed=0):
    """Numbers of very different sizes, gaps in half of them, two category columns."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 8)) * 10.0 ** np.arange(-3, 5)
    X[:, 4] = np.round(X[:, 4], 1)  # ties: thresholds fall on values
    X[:, 6] = rng.integers(0, 12, rows)
    X[:, 7] = rng.integers(0, 40, rows)
    score = X[:, 0] * 1e3 + np.isin(X[:, 6], (1, 5, 7)) * 2 + (X[:, 7] % 3 == 0)
    X[rng.random((rows, 8)) < 0.1] = np.nan
    X[:, 1] = np.nan_to_num(X[:, 1], nan=0.3)  # no gap in training
    y = np.digitize(score + rng.normal(size=rows), np.quantile(score, [0.7, 0.9][: classes - 1]))
    return X.astype("float32"), y


def strange_rows(X):
    """Rows that training never saw: gaps everywhere, infinities, unknown levels."""
    rows = np.repeat(X[:1], 8, axis=0)
    rows[0] = np.nan
    rows[1], rows[2] = np.float32(3e38), np.float32(-3e38)
    rows[3, 6:], rows[4, 6:], rows[5, 6:] = 99, -1, 1e9
    rows[6, 1] = np.nan
    rows[7] = 0
    return rows


def grow_lightgbm(X, y, classes, **more):
    goal = {"objective": "binary"} if classes == 2 else {
        "objective": "multiclass", "num_class": classes}  # fmt: skip
    settings = goal | {"num_leaves": 31, "verbose": -1, "num_threads": 1, "min_data_per_group": 20}
    data = lightgbm.Dataset(X, y, categorical_feature=[6, 7])
    return lightgbm.train(settings | more, data, num_boost_round=25)


@pytest.mark.parametrize("classes", [2, 3])
def test_equals_lightgbm(classes):
    X, y = table(classes=classes)
    booster = grow_lightgbm(X, y, classes)
    rows = np.concatenate([X, strange_rows(X)])
    expected = booster.predict(rows, raw_score=True).reshape(len(rows), -1)
    np.testing.assert_allclose(TreeEnsemble.of(booster)(rows), expected, atol=TOLERANCE)


@pytest.mark.parametrize("classes", [2, 3])
def test_equals_scikit_learn(classes):
    X, y = table(classes=classes)
    model = HistGradientBoostingClassifier(max_iter=15, categorical_features=[6, 7]).fit(X, y)
    strange = strange_rows(X)
    rows = np.concatenate([X, strange])
    expected = model.decision_function(rows).reshape(len(rows), -1)
    np.testing.assert_allclose(TreeEnsemble.of(model)(rows), expected, atol=TOLERANCE)


def test_equals_scikit_learn_with_levels_that_are_no_run_of_codes():
    X, y = table()
    X[:, 6] = np.where(np.isnan(X[:, 6]), np.nan, 3 * X[:, 6] + 5)
    model = HistGradientBoostingClassifier(max_iter=20, categorical_features=[6]).fit(X, y)
    rows = np.concatenate([X, strange_rows(X)])
    np.testing.assert_allclose(
        TreeEnsemble.of(model)(rows)[:, 0], model.decision_function(rows), atol=TOLERANCE
    )


def test_best_iteration_and_dart_are_followed():
    X, y = table()
    rounds = {"early_stopping_round": 3, "metric": "binary_logloss"}
    data = lightgbm.Dataset(X[:1000], y[:1000])
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1, "learning_rate": 0.5} | rounds,
        data,
        200,
        valid_sets=[data.create_valid(X[1000:], y[1000:])],
    )
    assert booster.best_iteration < 200
    dart = grow_lightgbm(X, y, 2, boosting="dart")
    for model in (booster, dart):
        layer = TreeEnsemble.of(model)
        np.testing.assert_allclose(layer(X)[:, 0], model.predict(X, raw_score=True), atol=TOLERANCE)


def test_a_bag_gives_its_members_side_by_side():
    X, y = table()
    bag = [grow_lightgbm(X[i::3], y[i::3], 2, num_leaves=5 + 20 * i) for i in range(2)]
    bag.append(HistGradientBoostingClassifier(max_iter=7).fit(X, y))
    scores = TreeEnsemble.of(bag)(X).numpy()
    assert scores.shape == (len(X), 3)
    for i in range(2):
        np.testing.assert_allclose(scores[:, i], bag[i].predict(X, raw_score=True), atol=TOLERANCE)
    np.testing.assert_allclose(scores[:, 2], bag[2].decision_function(X), atol=TOLERANCE)


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257])
def test_any_number_of_rows(rows):
    X, y = table()
    layer = TreeEnsemble.of(grow_lightgbm(X, y, 2))
    np.testing.assert_array_equal(layer(X[:rows]), layer(X)[:rows])


def test_travels_in_keras_and_saved_model(tmp_path):
    X, y = table()
    booster = grow_lightgbm(X, y, 2)
    expected = booster.predict(X)[:, None]
    inputs = keras.Input((8,))
    scores = TreeEnsemble.of(booster)(inputs)
    model = keras.Model(inputs, keras.layers.Activation("sigmoid")(scores))
    model.save(tmp_path / "trees.keras")
    again = keras.saving.load_model(tmp_path / "trees.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), expected, atol=TOLERANCE)
    model.export(tmp_path / "saved", verbose=False)
    import tensorflow as tf

    artifact = tf.saved_model.load(str(tmp_path / "saved"))
    served = artifact.serve(X)
    np.testing.assert_allclose(served, expected, atol=TOLERANCE)


def test_training_around_it_leaves_the_trees_alone():
    X, y = table()
    layer = TreeEnsemble.of(grow_lightgbm(X, y, 2))
    before = [w.copy() for w in layer.get_weights()]
    model = keras.Sequential([keras.Input((8,)), layer, keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(X[:512], y[:512], epochs=1, verbose=0)
    assert not layer.trainable_weights
    for now, then in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_what_is_no_plain_tree_is_refused():
    X, y = table()
    with pytest.raises(RequestError, match="linear_tree=False"):
        TreeEnsemble.of(grow_lightgbm(np.nan_to_num(X), y, 2, linear_tree=True))
    with pytest.raises(RequestError, match="random forest"):
        TreeEnsemble.of(grow_lightgbm(X, y, 2, boosting="rf", bagging_freq=1, bagging_fraction=0.5))
    with pytest.raises(RequestError, match="NaN"):
        TreeEnsemble.of(grow_lightgbm(X, y, 2, zero_as_missing=True))
    with pytest.raises(RequestError, match="it got dict"):
        TreeEnsemble.of({})


def test_a_changed_scikit_learn_is_one_clear_line():
    class HistGradientBoostingClassifier:
        is_categorical_ = None
        n_features_in_ = 3

    with pytest.raises(RequestError, match="install lightgbm"):
        TreeEnsemble.of(HistGradientBoostingClassifier())
