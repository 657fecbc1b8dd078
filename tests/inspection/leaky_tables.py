"""Tables with a leak of each kind, and what they are made of."""

import numpy as np
import polars as pl


def drawn(rows, share, signal, seed=0):
    """Six columns, of which two know the class by `signal` standard deviations."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < share).astype(int)
    return rng.normal(size=(rows, 6)) + signal * y[:, None] * (np.arange(6) < 2), y, rng


def frame(X, y, **more):
    columns = {f"x{j}": X[:, j] for j in range(X.shape[1])}
    return pl.DataFrame(columns | more | {"y": y})


def copied_rows():
    X, y, rng = drawn(2000, 0.1, 0.6)
    rows = rng.permutation(np.r_[np.arange(2000), np.repeat(np.flatnonzero(y), 3)])
    return frame(X[rows], y[rows])


def visits(noise=0.1, **more):
    X, y, rng = drawn(500, 0.1, 0.1)
    of = rng.permutation(np.repeat(np.arange(500), 5))
    X = X[of] + noise * rng.normal(size=(2500, 6))
    return frame(X, y[of], **{name: values[of] for name, values in more.items()})


def with_mean_labels(smoothing=0.0):
    X, y, rng = drawn(4000, 0.05, 0.0)
    level = rng.integers(0, 400, 4000)
    rows = np.bincount(level, minlength=400) + smoothing
    mean = (np.bincount(level, y, minlength=400) + smoothing * 0.05) / rows
    return frame(X, y, shop=mean[level])
