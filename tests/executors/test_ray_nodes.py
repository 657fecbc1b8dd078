"""A Ray cluster of two nodes on this machine, one of which is lost on the way."""

import pytest
import training_cases
from executor_cases import METHODS, digest, digests, naps, resampled, written, written_all
from training_cases import far, plain, trained

from steelyard._keras import keras
from steelyard.executors import Serial, executor_for

ray = pytest.importorskip("ray", reason="needs the extra [ray]: pip install 'steelyard[ray]'")


@pytest.fixture(scope="module")
def cluster(on_workers):
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("method", METHODS)
def test_the_same_rows_as_on_one_process(method, cluster, tmp_path):
    sources = written_all(tmp_path / "sources")
    alone = digests(sources, tmp_path, Serial(), method)
    with executor_for("auto") as executor:
        assert executor.workers == 2
        assert digests(sources, tmp_path, executor, method) == alone


def test_a_node_that_is_lost_on_the_way_costs_nothing_but_time(cluster):
    third = cluster.add_node(num_cpus=1)
    with executor_for("auto") as executor:
        assert executor.workers >= 3  # a node lost before may still be counted
        flow = executor.map(naps, [(n, 0.4) for n in range(1, 13)])
        assert next(flow) == 1
        cluster.remove_node(third, allow_graceful=False)  # SIGKILL of its raylet
        assert list(flow) == list(range(2, 13))


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("step", ["counting classes", "writing"])
def test_a_node_that_is_lost_while_rows_are_chosen_changes_none(step, cluster, tmp_path):
    source, options = written(tmp_path / "parts", 50), {"ratio": METHODS["random-under"]}
    alone, told = resampled(source, tmp_path / "alone.parquet", Serial(), **options)
    third, lost = cluster.add_node(num_cpus=1), []

    def lose(done, total, what):
        if what == step and done > total // 4 and not lost:
            lost.append(what)
            cluster.remove_node(third, allow_graceful=False)

    with executor_for("auto") as executor:
        out = tmp_path / "found.parquet"
        found, ledger = resampled(source, out, executor, progress=lose, **options)
    assert lost
    assert digest(found) == digest(alone)
    assert ledger == told


def test_a_training_that_loses_a_node_ends_with_the_same_weights(cluster, tmp_path):
    folder = training_cases.written(tmp_path)
    alone, _ = trained(plain, folder)
    third = cluster.add_node(num_cpus=1)
    lost = []

    def lose(batch, logs):
        if batch == 7 and not lost:
            cluster.remove_node(third, allow_graceful=False)  # SIGKILL of its raylet
            lost.append(third)

    with executor_for("auto") as executor:
        assert executor.workers >= 3  # a node lost before may still be counted
        callbacks = [keras.callbacks.LambdaCallback(on_train_batch_end=lose)]
        model, _ = trained(plain, folder, cluster=executor, callbacks=callbacks)
    assert lost
    assert far(model, alone) < 1e-5
