"""Parameters against their table: what may be set, what a change may do, and draws that are a Latin hypercube."""

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwatch.errors import InputError
from underwatch.facts import model_parameters
from underwatch.world import parameters
from underwatch.world.parameters import Parameters, _exp, checked, possible_range, prior_draws

FACTS = list(model_parameters().values())
CENTRAL = Parameters.central()


def test_central_values_are_those_of_the_table():
    assert CENTRAL.to_dict() == {fact.name: fact.central for fact in FACTS}
    assert CENTRAL.names() == tuple(CENTRAL) == tuple(model_parameters())
    assert len(CENTRAL) == len(FACTS)
    assert CENTRAL.p_notice == CENTRAL["p_notice"] == model_parameters()["p_notice"].central


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_each_parameter_takes_both_ends_of_its_range_and_nothing_beyond(fact):
    for value in (fact.low, fact.central, fact.high):
        assert CENTRAL.with_values(**{fact.name: value})[fact.name] == value
    for value in (math.nextafter(fact.low, -math.inf), math.nextafter(fact.high, math.inf)):
        with pytest.raises(InputError, match=f"^{fact.name} = .* is out of range; it may be "):
            CENTRAL.with_values(**{fact.name: value})


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_dated_change_may_go_to_all_that_is_possible(fact):
    low, high = possible_range(fact)
    assert low <= fact.low
    assert fact.high <= high
    if fact.unit in ("fraction", "probability"):
        assert (low, high) == (0, 1)
    assert checked(fact.name, low, dated=True) == low
    assert checked(fact.name, high, dated=True) == high
    for value in (low - 0.001, high + 0.001, math.nan):
        with pytest.raises(InputError, match="a dated change may set it from"):
            checked(fact.name, value, dated=True)


@pytest.mark.parametrize(
    "name", ["detention_days", "permit_days", "units_per_mps_officer", "residents_per_mss_officer"]
)
def test_what_is_divided_by_stays_at_one_or_more(name):
    assert possible_range(model_parameters()[name])[0] == 1


def test_an_error_tells_name_value_range_unit_source_and_where_to_read_more():
    with pytest.raises(InputError) as error:
        CENTRAL.with_values(quota_mps_per_week=100)
    fact = model_parameters()["quota_mps_per_week"]
    for words in ("quota_mps_per_week = 100", "3 to 30 reports/week", fact.source, "facts quota_mps_per_week"):
        assert words in str(error.value)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r'"quota_mps_per_wek" is not known .did you mean "quota_mps_per_week"'):
        CENTRAL.with_values(quota_mps_per_wek=10)
    with pytest.raises(AttributeError, match="quota_mps_per_week"):
        CENTRAL.quota_mps_per_wek  # noqa: B018


@pytest.mark.parametrize(
    "value",
    ["10", None, True, [10], math.nan, math.inf, -math.inf, 10**400, 10**5000, 1j],
    ids=lambda v: type(v).__name__,
)
def test_what_is_no_number_is_refused_in_a_short_line(value):
    with pytest.raises(InputError, match=r"is no number|is out of range") as error:
        CENTRAL.with_values(quota_mps_per_week=value)
    assert len(str(error.value)) < 400


def test_they_are_frozen_and_equal_by_value():
    other = CENTRAL.with_values(order_campaign=2)
    assert other != CENTRAL
    assert other.with_values(order_campaign=CENTRAL["order_campaign"]) == CENTRAL
    assert {other, CENTRAL, Parameters.central()} == {CENTRAL, other}
    assert pickle.loads(pickle.dumps(other)) == copy.deepcopy(other) == other
    assert repr(other) == "Parameters(order_campaign=2)"
    with pytest.raises(AttributeError):
        other.in_order = ()
    with pytest.raises(AttributeError):
        other.order_campaign = 1.0


@given(n=st.integers(1, 40), seed=st.integers(0, 2**64 - 1))
def test_prior_draws_meet_each_part_of_each_range_once(n, seed):
    draws = prior_draws(n, seed)
    for fact in FACTS:
        values = np.array([draw[fact.name] for draw in draws])
        assert values.min() >= fact.low
        assert values.max() <= fact.high
        if fact.basis == "policy":  # not unknown: not done
            continue
        if fact.scale == "log":
            share = np.log(values / fact.low) / math.log(fact.high / fact.low)
        else:
            share = (values - fact.low) / (fact.high - fact.low)
        part = np.sort(share) * n - np.arange(n)
        assert part.min() >= -1e-9
        assert part.max() <= 1 + 1e-9


def test_prior_draws_are_reproduced_bit_for_bit():
    assert prior_draws(3, 1) == prior_draws(3, 1)
    assert prior_draws(3, 1) != prior_draws(3, 2)
    # Known answers, written down once: another machine or another NumPy must give the same bits.
    draws = prior_draws(3, 1)
    assert [draw.quota_mps_per_week.hex() for draw in draws] == KNOWN_QUOTA
    assert [draw.p_notice.hex() for draw in draws] == KNOWN_NOTICE


def test_a_row_more_in_the_middle_of_the_table_changes_no_other_draw(monkeypatch):
    before = [draw.to_dict() for draw in prior_draws(5, 1)]
    rows = {fact.name: fact for fact in (*FACTS[:20], replace(FACTS[0], name="new_row"), *FACTS[20:])}
    monkeypatch.setattr(parameters, "model_parameters", lambda: rows)
    monkeypatch.setattr(parameters, "_index", parameters._index.__wrapped__)
    after = [draw.to_dict() for draw in prior_draws(5, 1)]
    assert len({draw.pop("new_row") for draw in after}) == 5
    assert after == before


def test_no_draws_are_refused():
    with pytest.raises(InputError, match="1 or more"):
        prior_draws(0, 1)


def test_the_exponential_of_the_draws_is_one():
    y = np.linspace(0, 20, 5001)
    assert np.max(np.abs(_exp(y) / np.exp(y) - 1)) < 1e-11
    assert _exp(np.zeros(1)) == [1.0]


KNOWN_QUOTA = ["0x1.b86d5785b3eaep+3", "0x1.5417490e785f6p+4", "0x1.67165b02f3e26p+2"]
KNOWN_NOTICE = ["0x1.04fbd96c2b05dp-1", "0x1.46f10e54bd6f5p-1", "0x1.8503994423e5ep-1"]
