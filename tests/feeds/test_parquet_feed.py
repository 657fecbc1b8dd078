"""Batches from files: shares, passes over the streamed rows, and what memory is allowed."""

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from steelyard.errors import DataError, RequestError, TargetError
from steelyard.feeds import from_csv, from_parquet
from steelyard.feeds.streaming import keep_in_memory

N = 3_000
RNG = np.random.default_rng(0)
Y = RNG.choice(3, size=N, p=[0.9, 0.07, 0.03])
TABLE = pa.table({"row": np.arange(N), "y": Y, "x": RNG.normal(size=N)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("parts")
    for i, part in enumerate(np.array_split(np.arange(N), 4)):
        pq.write_table(TABLE.take(part), path / f"{i}.parquet", row_group_size=170)
    return path


def epoch(feed):
    batches = [(x.numpy(), y.numpy()) for x, y in feed]
    return np.stack([x[:, 0].astype(int) for x, _ in batches]), np.stack([y for _, y in batches])


def passes_are_whole(walk, label):
    members = np.flatnonzero(label == Y)
    whole = len(walk) // members.size
    assert whole >= 1
    for turn in np.split(walk[: whole * members.size], whole):
        np.testing.assert_array_equal(np.sort(turn), members)


@pytest.mark.parametrize("memory_limit", [0, 1_200, 1 << 30])
def test_shares_and_passes_whatever_is_kept_in_memory(folder, memory_limit):
    # Nothing, the rarest class, or all but the largest class fits into the limit.
    feed = from_parquet(folder, "y", 60, memory_limit=memory_limit, window_rows=400, seed=2)
    epochs = [epoch(feed), epoch(feed)]
    rows = np.concatenate([rows for rows, _ in epochs])
    labels = np.concatenate([labels for _, labels in epochs])
    np.testing.assert_array_equal(labels, Y[rows])
    for label in range(3):
        assert ((labels == label).sum(axis=1) == 20).all()
        passes_are_whole(rows[labels == label], label)
    assert len(feed) == feed.info.steps_per_epoch == -(-int((Y == 0).sum()) // 20)
    assert feed.element_spec[0].shape.as_list() == [60, 2]
    assert not np.array_equal(epochs[0][0], epochs[1][0])


def test_short_epochs_go_on_where_the_last_one_ended(folder):
    feed = from_parquet(folder, "y", 60, steps_per_epoch=37, window_rows=400)
    walk = [epoch(feed) for _ in range(8)]
    rows = np.concatenate([rows[labels == 0] for rows, labels in walk])
    passes_are_whole(rows, 0)


def test_same_seed_same_batches_and_resume_at_an_epoch(folder):
    first, again = (from_parquet(folder, "y", 60, seed=5, window_rows=400) for _ in "12")
    epochs = [epoch(first)[0], epoch(first)[0]]
    np.testing.assert_array_equal(epoch(again)[0], epochs[0])
    resumed = from_parquet(folder, "y", 60, seed=5, window_rows=400, first_epoch=1)
    np.testing.assert_array_equal(epoch(resumed)[0], epochs[1])
    other = from_parquet(folder, "y", 60, seed=6, window_rows=400)
    assert not np.array_equal(epoch(other)[0], epochs[0])


@pytest.mark.parametrize("memory_limit", [0, 1 << 30])
@pytest.mark.parametrize("step", [8, 45, 130])
def test_resumed_in_mid_epoch_equals_uninterrupted(folder, step, memory_limit):
    made = {"seed": 5, "window_rows": 400, "memory_limit": memory_limit}
    feed = from_parquet(folder, "y", 64, **made)
    whole = np.concatenate([epoch(feed)[0], epoch(feed)[0]])
    assert len(feed) < 130
    resumed = from_parquet(folder, "y", 64, **made, first_step=step)
    np.testing.assert_array_equal(epoch(resumed)[0], whole[step:][: -step % len(feed)])
    rest = iter(from_parquet(folder, "y", 64, **made, first_step=step))
    np.testing.assert_array_equal(next(rest)[0][:, 0], whole[step])


def test_resumed_from_a_checkpoint_equals_uninterrupted(folder, tmp_path):
    iterator = iter(from_parquet(folder, "y", 64, window_rows=400))
    for _ in range(21):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "feed"))
    rest = epoch(iterator)[0]
    fresh = iter(from_parquet(folder, "y", 64, window_rows=400))
    tf.train.Checkpoint(iterator=fresh).restore(path)
    np.testing.assert_array_equal(epoch(fresh)[0], rest)


def test_workers_share_every_batch_exactly(folder):
    whole, labels = epoch(from_parquet(folder, "y", 64, window_rows=400))
    parts = [epoch(from_parquet(folder, "y", 64, window_rows=400, shard=(i, 4))) for i in range(4)]
    np.testing.assert_array_equal(np.concatenate([rows for rows, _ in parts], axis=1), whole)
    np.testing.assert_array_equal(np.concatenate([mine for _, mine in parts], axis=1), labels)


def test_rotating_rows_and_own_shares(folder):
    feed = from_parquet(folder, "y", 64, {0: 2, 1: 1, 2: 1}, columns=["x", "row"])
    x, y = next(iter(feed))
    assert np.bincount(y).tolist() == [32, 16, 16]
    rows = x.numpy()[:, 1].astype(int)
    np.testing.assert_allclose(x.numpy()[:, 0], TABLE["x"].to_numpy()[rows].astype("float32"))
    assert feed.trained_on == (0.5, 0.25, 0.25)
    thirds = np.stack([np.bincount(y, minlength=3) for _, y in from_parquet(folder, "y", 64)])
    assert thirds.min() == 21
    assert np.ptp(thirds[: len(thirds) // 3 * 3].sum(axis=0)) == 0


def test_csv_gives_the_batches_of_its_parquet(tmp_path):
    pacsv.write_csv(TABLE, tmp_path / "t.csv")
    cached = from_csv(tmp_path / "t.csv", "y", 60, cache=str(tmp_path / "cache"))
    rows, labels = epoch(cached)
    np.testing.assert_array_equal(labels, Y[rows])
    parquet = from_parquet(next((tmp_path / "cache").iterdir()), "y", 60)
    np.testing.assert_array_equal(rows, epoch(parquet)[0])
    temporary = from_csv(tmp_path / "t.csv", "y", 60)
    np.testing.assert_array_equal(rows, epoch(temporary)[0])


def test_text_classes_become_codes(tmp_path):
    names = pa.array(np.array(["no", "yes"])[(Y == 2).astype(int)])
    pq.write_table(TABLE.select(["row"]).append_column("y", names), tmp_path / "t.parquet")
    feed = from_parquet(tmp_path / "t.parquet", "y", 32)
    assert feed.info.classes == ("no", "yes")
    rows, labels = epoch(feed)
    np.testing.assert_array_equal(labels, Y[rows] == 2)


def test_smallest_classes_are_kept_first():
    shares = np.full(3, 1 / 3)
    assert keep_in_memory({0: 90, 1: 9, 2: 1}, shares, 10, 1_000) == [2, 1]
    assert keep_in_memory({0: 90, 1: 9, 2: 1}, shares, 10, 50) == [2]


@pytest.mark.parametrize(
    ("error", "table", "change"),
    [
        (DataError, TABLE, {"target": "z"}),
        (DataError, TABLE, {"columns": ["z"]}),
        (DataError, TABLE.append_column("s", pa.array(["a"] * N)), {}),
        (TargetError, TABLE.set_column(1, "y", pa.array([None] + [1] * (N - 1))), {}),
        (TargetError, TABLE.set_column(1, "y", pa.array([1] * N)), {}),
        (RequestError, TABLE, {"batch_size": 2}),
    ],
)
def test_requests_that_cannot_work(tmp_path, error, table, change):
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(error):
        from_parquet(tmp_path / "t.parquet", **({"target": "y", "batch_size": 60} | change))


def test_files_of_other_tables_are_refused(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    pq.write_table(TABLE.drop_columns(["x"]), tmp_path / "b.parquet")
    with pytest.raises(DataError, match="other columns"):
        from_parquet(tmp_path, "y", 60)


@pytest.mark.parametrize(
    "content",
    [
        "v;w;y\n" + "".join(f"{i},5;{i % 7};{i % 3 // 2}\n" for i in range(90)),
        "v, w , y\n" + "".join(f"{i}.5,{i % 7},{i % 3 // 2}\n" for i in range(90)),
        "# made by x\nv\tw\ty\n" + "".join(f"{i}.5\t{i % 7}\t{i % 3 // 2}\n" for i in range(90)),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_csv_is_read_as_everywhere_else(content, encoding, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode(encoding))
    X, y = next(iter(from_csv(path, "y", 30)))
    assert sorted(set(np.asarray(y).tolist())) == [0, 1]
    assert set(np.asarray(X)[:, 0].tolist()) <= {i + 0.5 for i in range(90)}


def test_a_cache_of_an_older_file_is_not_used(tmp_path):
    path = tmp_path / "t.csv"
    for shift in (0, 1000):
        rows = "".join(f"{shift + i},{i % 3 // 2}\n" for i in range(90))
        path.write_text("v,y\n" + rows)
        X, _ = next(iter(from_csv(path, "y", 30, cache=str(tmp_path / "cache"))))
        assert (np.asarray(X) >= shift).all()
