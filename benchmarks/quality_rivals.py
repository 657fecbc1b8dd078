"""What users would train instead, each as a function (X, y, X_test, categorical) -> P(positive).

X is a float32 matrix with level codes in the categorical columns and NaN for gaps. Settings are
those of the libraries, or of common practice, and the same for all sets.
"""

import lightgbm
import numpy as np

BOOSTING = {"objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "verbose": -1}


def lightgbm_single(X, y, X_test, categorical, seed):
    data = lightgbm.Dataset(X, y, categorical_feature=categorical)
    return lightgbm.train(BOOSTING | {"seed": seed}, data, 150).predict(X_test)


def lightgbm_bagged(X, y, X_test, categorical, seed, bags=8):
    """Eight slices: each member stops on its own, up to 300 trees; mean of probabilities."""
    rng, slices = np.random.default_rng(seed), np.empty(len(y), int)
    for code in (0, 1):
        rows = rng.permutation(np.flatnonzero(y == code))
        slices[rows] = np.arange(len(rows)) % bags
    p = 0
    for bag in range(bags):
        kept, held = slices != bag, slices == bag
        data = lightgbm.Dataset(X[kept], y[kept], categorical_feature=categorical)
        booster = lightgbm.train(
            BOOSTING | {"seed": seed + bag, "metric": "binary_logloss"},
            data,
            300,
            valid_sets=[data.create_valid(X[held], y[held])],
            callbacks=[lightgbm.early_stopping(30, verbose=False)],
        )
        p = p + booster.predict(X_test) / bags
    return p


def hist_gradient_boosting(X, y, X_test, categorical, seed):
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        categorical_features=categorical or None, random_state=seed
    )
    return model.fit(X, y).predict_proba(X_test)[:, 1]


def logistic_regression(X, y, X_test, categorical, seed):  # noqa: ARG001 - nothing is drawn
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(prepared(categorical), LogisticRegression(max_iter=2000))
    return model.fit(X, y).predict_proba(X_test)[:, 1]


def keras_mlp(X, y, X_test, categorical, seed):
    """64-32, Adam 1e-3, batch 256, up to 60 epochs, patience 6 on one sixth of the rows."""
    import keras
    from sklearn.model_selection import train_test_split

    keras.utils.set_random_seed(seed)
    encoder = prepared(categorical).fit(X)
    Z, Z_test = (np.asarray(encoder.transform(part), "float32") for part in (X, X_test))
    Z, Z_held, y, y_held = train_test_split(Z, y, test_size=1 / 6, stratify=y, random_state=seed)
    model = keras.Sequential(
        [
            keras.Input((Z.shape[1],)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    stop = keras.callbacks.EarlyStopping(patience=6, restore_best_weights=True)
    model.fit(
        Z, y, batch_size=256, epochs=60, validation_data=(Z_held, y_held), callbacks=[stop],
        verbose=0,
    )  # fmt: skip
    return model.predict(Z_test, batch_size=4096, verbose=0)[:, 0]


def prepared(categorical):
    """Standardised numbers with gaps filled by the median, one-hot categories."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    codes = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    numbers = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )
    return make_column_transformer((codes, categorical), remainder=numbers)


RIVALS = {
    "LightGBM": lightgbm_single,
    "LightGBM bagged": lightgbm_bagged,
    "HistGradientBoosting": hist_gradient_boosting,
    "logistic regression": logistic_regression,
    "Keras 64-32": keras_mlp,
}
