"""A Ray cluster of two nodes on this machine, one of which is lost on the way."""

import pytest
from executor_cases import METHODS, digests, written_all

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
