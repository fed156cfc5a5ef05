"""What published reports are about: the coded originals beside the model's spread, and the control that must fail."""

import numpy as np
import pytest
from trials import mix
from trials.mix import Heard, act_shares, by_episode, by_incident, coded_originals, modelled, predicted

from channel.test_channel import VALUES, some_records
from underwatch.record.tally import N_KINDS
from underwatch.world.layout import KIND

CODED = modelled(coded_originals())


def test_the_originals_are_counted_once_and_what_the_model_does_not_make_is_no_summons():
    originals = coded_originals()
    assert originals.total() == 164
    assert (CODED[KIND.arrest], CODED[KIND.followed_outing]) == (34, 8)
    assert CODED[KIND.accusation] == originals["summons"] == 4  # 15 residents "reported to an officer" are unmodelled
    assert originals["report"] == 15


def test_one_who_is_followed_fifty_times_is_one_piece_of_news_and_was_fifty():
    record = some_records(1, fear=0)
    record["day"], record["subject_contact"], record["kind"] = 3, 1, KIND.followed_outing
    values = {**VALUES, "telling_spread": 0.0}
    heard = Heard(np.repeat(record, 50), np.full(50, 9, np.uint32), values, "exponential", 1)
    assert by_incident(heard).sum() == pytest.approx(50 * by_episode(heard).sum())


def test_a_percentile_and_a_width_are_those_of_the_spread():
    counts = np.zeros((1_000, N_KINDS), int)
    counts[:, 0] = np.arange(1_000) % 100
    counts[:, 1] = 100 - counts[:, 0]
    coded = np.zeros(N_KINDS, int)
    coded[:2] = 90, 10
    first, second, *rest = act_shares(counts, coded)
    assert first.percentile == pytest.approx(0.905)
    assert second.percentile == pytest.approx(0.095)
    assert first.width == pytest.approx(0.9, abs=0.02)
    assert not first.is_outside
    assert all(row.percentile == 0.5 and row.width == 0 for row in rest)
    coded[0], coded[1] = 100, 0
    assert act_shares(counts, coded)[0].is_outside


def test_arrests_as_often_as_they_are_coded_come_out_of_this_channel_and_not_of_the_former_one(monkeypatch):
    monkeypatch.setattr(mix, "PER_WORLD", 12)
    n = int(CODED.sum())
    now, former = (
        act_shares(counts, CODED)[KIND.arrest]
        for counts in predicted(60, n, (by_episode, by_incident), residents=4_000, weeks=26)
    )
    assert former.is_outside
    assert former.high < 0.5 * CODED[KIND.arrest] / n
    assert not now.is_outside
    assert now.width < mix.ANYTHING
