"""Rows ranked once: counts by hand, subsets without a new look, ties whatever their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

from steelyard.stats.curves import calibration_curve
from steelyard.stats.falling import Falling
from steelyard.stats.ranking import (
    Ranked,
    average_precision_influence,
    roc_auc_influence,
)

rows = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), st.sampled_from([1, 2])),
    min_size=2,
    max_size=40,
).filter(lambda rows: 0 < sum(hit for hit, _, _ in rows) < len(rows))


def columns(rows):
    hit, score, weight = zip(*rows, strict=True)
    return np.array(hit), np.array(score), np.array(weight, float)


@given(rows)
def test_counts_at_falling_scores_are_those_of_flagging_by_hand(rows):
    hit, score, weight = columns(rows)
    falling = Falling(score, hit)
    for counted, own in ((falling.counts, None), (falling.weighed(weight), weight)):
        for at, *upto in zip(falling.scores, *map(np.cumsum, counted), strict=True):
            table = confusion_matrix(hit, score >= at, sample_weight=own, labels=[False, True])
            assert upto == [table[1, 1], table[0, 1]]


@given(rows, st.data())
def test_some_rows_are_ranked_as_if_the_others_had_never_been(rows, data):
    hit, score, weight = columns(rows)
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(hit), max_size=len(hit))), bool)
    if not 0 < hit[kept].sum() < kept.sum():
        return
    for own in (None, weight):
        some = Ranked.of(hit, score, own).some(kept)
        named = {} if own is None else {"sample_weight": own[kept]}
        for ours, theirs in (
            (average_precision_influence, average_precision_score),
            (roc_auc_influence, roc_auc_score),
        ):
            value, influence = ours(some)
            assert value == pytest.approx(theirs(hit[kept], score[kept], **named))
            anew = Ranked.of(hit[kept], score[kept], None if own is None else own[kept])
            np.testing.assert_allclose(influence, ours(anew)[1], atol=1e-12)


def test_rows_of_one_probability_share_their_mean_outcome():
    p = np.repeat([0.1, 0.4], [300, 100])
    truth = np.zeros(400, bool)
    truth[:30] = truth[300:340] = True
    ours = calibration_curve(truth, p)
    assert ours == calibration_curve(truth[::-1], p[::-1])
    assert ours["observed"] == pytest.approx(ours["predicted"])
    weighed = calibration_curve(truth, p, np.full(400, 1.0))
    assert weighed["high"] == pytest.approx(ours["high"])
