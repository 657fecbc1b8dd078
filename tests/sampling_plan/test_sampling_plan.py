"""The plan against published hashes, sorting by hand, and every way of cutting up one table."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from steelyard.errors import DataError, TargetCountError
from steelyard.sampling_plan import (
    copies_at_rate,
    derive,
    key_ids,
    limits,
    make_plan,
    row_hash,
    splitmix64,
    unit,
)
from steelyard.sampling_plan.plan import InMemory

# Published outputs of SplitMix64 seeded with 1234567 (Vigna's reference code): its state steps by
# the golden-ratio constant, so its n-th output is our function at seed + n * constant.
REFERENCE = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def test_splitmix64_reference_outputs():
    step = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + n * step) % 2**64 for n in range(5)], dtype=np.uint64)
    assert splitmix64(states).tolist() == REFERENCE


def test_row_hash_known_values():
    expected = [
        13679457532755275413,
        13432527470776545160,
        3935774486848180498,
        1265094156158224713,
        13469799137962766343,
    ]
    assert row_hash(np.arange(5), 42).tolist() == expected
    assert np.argsort(row_hash(np.arange(1000), 42))[:5].tolist() == [516, 970, 238, 498, 269]


def test_negative_seed_and_scalars_are_taken():
    assert row_hash(np.arange(3), -1).tolist() == row_hash(np.arange(3), 2**64 - 1).tolist()
    assert splitmix64(np.uint64(7)).shape == ()
    assert derive(1, np.arange(3)).shape == (3,)


def test_unit_is_uniform():
    sample = unit(row_hash(np.arange(20_000), 3))
    assert stats.kstest(sample, "uniform").pvalue > 0.001


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_limit_is_the_kth_of_the_sort_whatever_the_ranges(data):
    ids = data.draw(st.lists(st.integers(0, 2**63 - 1), unique=True, min_size=1, max_size=300))
    k = data.draw(st.integers(1, len(ids)))
    hashes = row_hash(np.array(ids, dtype=np.uint64), 1)
    gathered = data.draw(st.sampled_from([1, 7, 1000]))
    chunks = [(part, np.zeros(len(part), int)) for part in np.array_split(np.array(ids), 5)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "GATHERED", gathered)
        found = limits.find_limits([len(ids)], [k], ["a"], InMemory(chunks, 1))
    assert found.tolist() == [sorted(hashes.tolist())[k - 1]]


def test_no_more_is_gathered_than_the_range_of_the_limit():
    hashes = row_hash(np.arange(400_000), 5)
    ranges = limits.Ranges({0: limits.bits_for(400_000, 1_000)}, {0: 3})
    (found,) = limits.hashes_in_range([(hashes, np.zeros(400_000, int))], ranges).values()
    assert found.size < 2_000
    assert found.tolist() == [h for h in hashes.tolist() if h >> (64 - ranges.bits[0]) == 3]


def labels(n=5_000, seed=0):
    return np.random.default_rng(seed).choice(3, size=n, p=[0.9, 0.08, 0.02])


def counts_of(codes):
    return dict(enumerate(np.bincount(codes, minlength=3).tolist()))


@pytest.mark.parametrize("target", [{0: 101, 1: 57}, {1: 1_000, 2: 4_999}, {0: 0, 2: 12_345}])
def test_counts_are_exact_and_spread_evenly(target):
    codes = labels()
    counts, ids = counts_of(codes), np.arange(codes.size)
    plan = make_plan(counts, target, [(ids, codes)], seed=9)
    copies = plan.copies(ids, codes)
    for label, have in counts.items():
        mine = copies[codes == label]
        assert mine.sum() == target.get(label, have)
        assert mine.max() - mine.min() <= 1


@pytest.mark.parametrize("parts", [1, 7, 50])
def test_pieces_and_order_do_not_matter(parts):
    codes = labels()
    ids = np.random.default_rng(1).permutation(codes.size) * 977
    target = {0: 300, 2: 777}
    whole = make_plan(counts_of(codes), target, [(ids, codes)], seed=4)
    order = np.random.default_rng(2).permutation(codes.size)
    pieces = [(ids[part], codes[part]) for part in np.array_split(order, parts)]
    again = make_plan(counts_of(codes), target, pieces, seed=4)
    np.testing.assert_array_equal(again.limit, whole.limit)
    np.testing.assert_array_equal(again.copies(ids, codes), whole.copies(ids, codes))


def test_kept_rows_are_those_with_the_smallest_hashes():
    codes = labels()
    ids = np.arange(codes.size)
    plan = make_plan(counts_of(codes), {0: 200}, [(ids, codes)], seed=42)
    kept = ids[(plan.copies(ids, codes) == 1) & (codes == 0)]
    zeros = ids[codes == 0]
    by_hand = zeros[np.argsort(row_hash(zeros, 42))[:200]]
    assert kept.tolist() == sorted(by_hand.tolist())


def test_smaller_samples_are_nested_and_seeds_differ():
    codes = np.zeros(3_000, dtype=int)
    ids = np.arange(codes.size)

    def kept(k, seed=0):
        plan = make_plan({0: codes.size}, {0: k}, [(ids, codes)], seed=seed)
        return set(ids[plan.copies(ids, codes) > 0])

    assert kept(100) < kept(1_000)
    assert len(kept(1_000) & kept(1_000, seed=1)) == pytest.approx(1_000 / 3, abs=80)


def test_repeated_ids_at_the_edge_are_refused():
    with pytest.raises(DataError, match="repeat"):
        make_plan({"a": 4, "b": 1}, {"a": 3}, [([5, 5, 5, 5, 9], [0, 0, 0, 0, 1])])


def test_changed_data_is_noticed():
    with pytest.raises(DataError, match="changed"):
        make_plan({"a": 10}, {"a": 5}, [([1, 2], [0, 0])])


@pytest.mark.parametrize("target", [{"a": -1}, {"z": 3}, {"b": 2}])
def test_impossible_targets(target):
    with pytest.raises(TargetCountError):
        make_plan({"a": 10, "b": 0}, target, [])


@given(st.floats(0, 6, allow_nan=False))
@settings(max_examples=40, deadline=None)
def test_rate_copies_are_binomial_around_the_rate(rate):
    copies = copies_at_rate(np.arange(20_000), rate, seed=11)
    assert set(copies.tolist()) <= {int(rate), int(rate) + 1}
    assert abs(copies.mean() - rate) < 5 * 0.5 / np.sqrt(20_000)


def test_rates_are_nested():
    ids = np.arange(5_000)
    assert np.all(copies_at_rate(ids, 0.2) <= copies_at_rate(ids, 0.5))
    assert copies_at_rate(ids, 1.0).tolist() == [1] * 5_000
    with pytest.raises(TargetCountError):
        copies_at_rate(ids, -0.1)


TEXTS = ["", "a", "b", "abcdefgh", "abcdefghi", "abcdefgh\0", "Zürich", "x" * 100]


def test_text_keys_do_not_depend_on_their_neighbours():
    together = key_ids(pa.array(TEXTS))
    alone = [int(key_ids(pa.array([text]))[0]) for text in TEXTS]
    assert together.tolist() == alone
    assert len(set(alone)) == len(TEXTS)
    sliced = pa.array(["zzz", *TEXTS]).slice(1)
    assert key_ids(sliced).tolist() == alone
    assert key_ids(pa.array(TEXTS).dictionary_encode()).tolist() == alone


@given(st.lists(st.text(max_size=30), unique=True, max_size=100))
@settings(max_examples=50, deadline=None)
def test_distinct_texts_have_distinct_ids(texts):
    assert len(set(key_ids(pa.array(texts, pa.large_string())).tolist())) == len(texts)


def test_whole_numbers_are_their_own_ids():
    assert key_ids(pa.chunked_array([[3, 1], [2]])).tolist() == [3, 1, 2]
    assert key_ids(pa.array([-1])).tolist() == [2**64 - 1]


@pytest.mark.parametrize("column", [pa.array([1.5]), pa.array([1, None]), pa.array([True])])
def test_unusable_keys(column):
    with pytest.raises(DataError, match="key"):
        key_ids(column)


def test_numbers_written_as_text_have_the_ids_of_numbers():
    numbers = [0, 7, -7, 10**18, 2**63 - 1, -(2**63)]
    assert key_ids(pa.array([str(n) for n in numbers])).tolist() == [n % 2**64 for n in numbers]
    others = ["007", "+7", "-0", "7.0", " 7", str(2**63), "9" * 19, "1" * 20]
    assert not set(key_ids(pa.array(others)).tolist()) & {0, 7, 2**63, int("9" * 19)}
