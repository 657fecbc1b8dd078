"""Training on Ray's workers gives what it gives on one process."""

import numpy as np
import pytest
from training_cases import Killing, dropping, far, trained, written

from steelyard.executors import executor_for

pytest.importorskip("ray", reason="needs the extra [ray]: pip install 'steelyard[ray]'")


@pytest.fixture(scope="module")
def executor(on_workers):
    with executor_for("local") as tasks:
        yield tasks


def test_ray_gives_the_same_and_a_killed_worker_costs_nothing_but_time(executor, tmp_path):
    folder = written(tmp_path)
    alone, told = trained(dropping, folder)
    killing = Killing(13, executor)
    model, history = trained(dropping, folder, cluster=executor, callbacks=[killing])
    assert killing.killed
    assert far(model, alone) < 1e-5
    np.testing.assert_allclose(history.history["loss"], told.history["loss"], rtol=1e-5)
