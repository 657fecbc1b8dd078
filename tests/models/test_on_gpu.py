"""The packed networks on a GPU are those of the CPU."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from steelyard._tensorflow import tf  # noqa: E402
from steelyard.models import packed  # noqa: E402
from steelyard.models.members import Member  # noqa: E402
from steelyard.models.packed_graph import Settings  # noqa: E402
from steelyard.techniques.loss import LossNumbers  # noqa: E402
from steelyard.techniques.sample import SampleIndices  # noqa: E402

needs_gpu = pytest.mark.skipif(
    not tf.config.list_physical_devices("GPU"), reason="TensorFlow sees no GPU on this machine"
)
SETTINGS = Settings(hidden=(8,), batch=32, steps=100, check_every=25)


def networks():
    """One of each kind of loss that all packs hold, one of them with synthetic rows."""
    rows, held = np.arange(300), np.arange(300, 400)
    found = []
    for seed, gamma in enumerate((0.0, 0.0, 2.0)):
        loss = LossNumbers(np.array([0.6, 2.5]), np.array([0.1, -0.3]), gamma)
        share = np.full(len(rows), 0.5 * (seed == 1), "float32")
        drawn = SampleIndices(rows, np.roll(rows, 1), share)
        found.append(Member(drawn, held, loss, loss, np.array([0.8, 0.2]), 5, (seed,)))
    return found


@pytest.fixture
def full_precision():
    """Products in float32: TF32 rounds them to 10 bits, which no CPU does."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(enabled=False)
    yield
    tf.config.experimental.enable_tensor_float_32_execution(enabled=before)


@needs_gpu
@pytest.mark.usefixtures("full_precision")
def test_a_pack_on_the_gpu_gives_the_results_of_the_cpu():
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.2).astype("int64")
    X = (rng.normal(size=(400, 5)) + y[:, None]).astype("float32")
    found = []
    for device in ("/CPU:0", "/GPU:0"):
        packed._graph.cache_clear()
        with tf.device(device):
            trained = packed.train(X, y, networks(), SETTINGS)
            found.append(packed.probabilities(trained, X))
    packed._graph.cache_clear()
    np.testing.assert_allclose(found[1], found[0], atol=1e-3)
