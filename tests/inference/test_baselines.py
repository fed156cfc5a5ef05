"""The simple estimates, against worked examples, and where each of them fails on the toy model."""

import numpy as np
import pytest
from trials import baselines
from trials.toy_model import ToyModel

from underwatch.world.draws import rng


def lists(data):
    """How many acts A, B and both hold."""
    a, b, both = data.told.sum(axis=(2, 3)).T
    return a + both, b + both, both


def test_reports_times_a_constant_with_garwoods_interval():
    told = baselines.reports_times_constant(np.array([0, 10]), 0.1)
    assert told.middle.tolist() == [0.0, 100.0]
    # exact 90 % limits of a Poisson mean: 0 to 2.996 at 0, 5.425 to 16.962 at 10
    assert told.low == pytest.approx([0.0, 54.25], abs=0.01)
    assert told.high == pytest.approx([29.96, 169.62], abs=0.01)


def test_chapman_by_hand():
    """200 and 150 with 30 in both: 201 x 151 / 31 - 1 = 978.06, the sd by Seber's formula 131."""
    told = baselines.capture_recapture(np.array([200]), np.array([150]), np.array([30]))
    assert told.middle[0] == pytest.approx(978.06, abs=0.01)
    variance = 201 * 151 * 170 * 120 / (31**2 * 32)
    assert np.sqrt(variance) == pytest.approx(141.9, abs=0.1)
    assert told.low[0] < 978 - 1.2 * 141.9 < 978 + 1.6 * 141.9 < told.high[0] * 1.05


def test_under_reporting_is_bayes_rule_where_acts_and_chance_do_come_apart():
    luck = rng(1, "under-reporting")
    acts, chance = np.exp(luck.uniform(3, 10, 20_000)), np.exp(luck.uniform(-4, -1, 20_000))
    truth, seen = np.exp(luck.uniform(3, 10, 400)), np.exp(luck.uniform(-4, -1, 400))
    told = baselines.under_reporting(luck.poisson(truth * seen), acts, chance)
    assert told.covers(truth).mean() == pytest.approx(0.9, abs=0.06)
    assert np.median(told.ratio(truth)) == pytest.approx(1.0, rel=0.2)


def test_capture_recapture_is_right_for_independent_lists_and_wrong_with_relays():
    """5 % of one list copied into the other: some half of the truth, and intervals that miss it."""
    law = ToyModel(bounds={"fear_silence": (0.2, 0.2001), "place_spread": (0.05, 0.0501)})
    theta = law.support.from_unit(np.full((200, len(law.support)), 0.5))
    names = law.support.names
    for name, value in {"border_effect": 0, "trend": 0, "campaign_effect": 0, "new_office_gain": 1}.items():
        theta[:, names.index(name)] = value
    theta[:, names.index("p_tell_a")] = theta[:, names.index("p_tell_b")] = 0.05
    found = {}
    for share in (0.0, 0.05):
        theta[:, names.index("relay_share")] = share
        data = law.simulate(theta, rng(2, f"relays {share}"))
        told = baselines.capture_recapture(*lists(data))
        found[share] = np.median(told.ratio(data.acts)), told.covers(data.acts).mean()
    assert found[0.0] == pytest.approx((1.0, 0.9), abs=0.06)
    assert found[0.05][0] < 0.6
    assert found[0.05][1] < 0.1


def test_what_leaves_out_the_silence_fails_on_the_terror_side():
    twin = ToyModel(lists=1)
    _, data = twin.bank(2000, rng(3, "baseline prior"))
    chance = data.reports() / np.maximum(data.acts, 1)
    seen_theta, seen = twin.bank(300, rng(4, "baseline sets"))
    terror, some = twin.terror_side(seen_theta), seen.reports() > 0
    naive = baselines.reports_times_constant(seen.reports(), float(np.exp(np.median(np.log(chance[chance > 0])))))
    stoner = baselines.under_reporting(seen.reports(), data.acts, chance)
    for told in (naive, stoner):
        ratio = told.ratio(seen.acts)
        assert np.median(ratio[terror & some]) < 0.6 * np.median(ratio[~terror & some])
    assert naive.covers(seen.acts).mean() < 0.2
