"""Where the rows of a resampled table come from: put together again they are that table."""

import numpy as np
import pytest

from steelyard import resample
from steelyard.resample.lines import select

SAMPLERS = {
    "SMOTE": {},
    "BorderlineSMOTE": {"kind": "borderline-2"},
    "ADASYN": {},
    "SMOTEENN": {},
    "SMOTETomek": {},
    "SVMSMOTE": {},
    "TomekLinks": {},
    "NearMiss": {},
    "RandomOverSampler": {},
    "ClusterCentroids": {},
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_selection_put_together_is_what_the_sampler_returns(name):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [160, 40])
    X = (rng.normal(size=(200, 3)) + y[:, None]).astype("float32")
    make = getattr(resample, name)
    seed = {"random_state": 3} if "random_state" in make().get_params() else {}
    found = select(make(**SAMPLERS[name], **seed), X, y)
    wanted, labels = make(**SAMPLERS[name], **seed).fit_resample(X, y)
    lines = X[found.start] + found.step[:, None] * (X[found.end] - X[found.start])
    rows = np.concatenate([lines.astype("float32"), found.made.reshape(-1, 3)])
    codes = np.concatenate([y[found.start], found.made_y])
    ours, theirs = np.column_stack([codes, rows]), np.column_stack([labels, wanted])
    np.testing.assert_allclose(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)], atol=1e-5)
    if name in ("SVMSMOTE", "ClusterCentroids"):
        assert len(found.made_y)
        assert set(np.unique(found.start)) <= set(range(200))
