"""A pytest plugin: imbalanced-learn's own sampler tests, with our classes in place of theirs.

    make their-tests

runs the tests that imbalanced-learn installs beside its code. Each test module takes its samplers
from `imblearn.over_sampling`, `under_sampling` or `combine`; they are replaced there first.
"""

import imblearn.combine
import imblearn.over_sampling
import imblearn.under_sampling

from steelyard import resample

for module in (imblearn.over_sampling, imblearn.under_sampling, imblearn.combine):
    for name in module.__all__:
        setattr(module, name, getattr(resample, name))


def pytest_collection_modifyitems(items):
    """Make sure that ours are what is tested: every sampler that a test module holds."""
    for test_module in {item.module for item in items}:
        held = [getattr(test_module, n) for n in resample.__all__ if hasattr(test_module, n)]
        assert held, test_module
        assert all(kind.__module__.startswith("steelyard.") for kind in held), test_module
