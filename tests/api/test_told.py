"""What is told of a world is what the channel tells of it; a bank is of the scenario asked for; a mark is verified."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import underwatch as uw
from underwatch.api.commands.estimate import EstimateResult
from underwatch.api.told import ToldPackage, verified
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.check.problems import ERROR
from underwatch.evidence.package import parse_package, to_files
from underwatch.inference.bank.priors import channel_prior
from underwatch.inference.bank.quantities import ALL_NAMES
from underwatch.world.layout import COUNT

TOWN = {"population": 700, "start": "2024-07-03", "days": 45, "settle_weeks": 4, "threads": 1}


_PRIOR = channel_prior()
LOUD = {name: _PRIOR[name].high for name in ("p_tell_at_no_fear", "witnesses_per_incident", "selection_kin_abroad")}
LOUD["fear_silence"] = _PRIOR["fear_silence"].low


@pytest.fixture(scope="module")
def world():
    return uw.simulate("hoeryong", seed=3, **TOWN)


@pytest.fixture(scope="module")
def package(world):
    return uw.tell(world, seed=5, **LOUD)


def test_a_told_package_is_a_sound_one_and_says_synthetic(package):
    assert package.kind == "synthetic"
    assert [one for one in check_files(to_files(package.keyed())) if one.level == ERROR] == []
    assert len(package.table("reports").rows) > 0
    place = package.table("reports").column("place_code")
    assert set(place) == {"hoeryong"}


def test_its_truth_is_counted_in_the_whole_weeks_of_the_world(world, package):
    """From Monday 8 July on five weeks: in the third quarter all of them, so that there is no second half."""
    truth = dict(zip(*(package.truth()[name] for name in ("quantity", "value")), strict=True))
    counts = world._world.history.cells[5:40].sum(axis=(0, 1))
    weeks = {year: truth[f"followed_outings_{year}"] for year in ("first_year", "second_year")}
    assert sum(weeks.values()) == (counts[COUNT.followed_outings] + counts[COUNT.followed_visits]) / 5
    listed = truth["listed_residents_first_year"] + truth["listed_residents_second_year"]
    assert listed == pytest.approx(counts[COUNT.listed] / 35)
    assert package.truth()["unit"].ne("").all()


def test_more_is_told_where_witnesses_tell_more(world, package):
    fewer = uw.tell(world, seed=5, **{**LOUD, "p_tell_at_no_fear": _PRIOR["p_tell_at_no_fear"].low})
    assert len(fewer.table("reports").rows) < len(package.table("reports").rows)
    assert uw.tell(world, seed=5, asked=0).table("survey").rows == ()


def test_the_mark_is_verified_by_telling_again(package, tmp_path):
    assert verified(package)
    assert not verified(package.with_rows("reports", package.table("reports").rows[1:]))
    real = uw.example_package()
    forged = ToldPackage(real.kind, real.declares, real.tables, real.key, package.recipe)
    assert not verified(forged)
    other = replace(package.recipe, how=(("seed", 6), *package.recipe.how[1:]))
    assert not verified(replace(package, recipe=other))
    # What is written and read again is a package like any other: a mark in a file would be no proof
    assert not isinstance(parse_package(to_files(package.keyed())), ToldPackage)


def result_of(package):
    """A result whose gates let nothing through, with the draws behind them."""
    draws = np.ones((5, len(ALL_NAMES)))
    findings = SimpleNamespace(answer=SimpleNamespace(draws=draws), rows=(), shown=())
    return EstimateResult(None, "", "en", (), findings, package)


def test_ungated_is_for_told_packages_and_wants_a_reason(package):
    assert list(result_of(package).ungated(reason="a test of it").columns) == list(ALL_NAMES)
    assert not set(channel_prior()) & set(ALL_NAMES)
    for other in (uw.example_package(), None, package.with_rows("survey", ())):
        with pytest.raises(uw.InputError, match="what a gate withholds stays withheld"):
            result_of(other).ungated(reason="to see more")
    for reason in ("", "because", None):
        with pytest.raises(uw.InputError, match="wants a reason in words"):
            result_of(package).ungated(reason=reason)


def test_a_bank_is_of_the_scenario_asked_for_and_draws_nothing_that_it_sets():
    bank = uw.bank("hoeryong", worlds=2, p_notice=0.8, forms={"S4": "pooled"}, **TOWN)
    assert len(bank) == 2
    assert set(bank.value("p_notice")) == {0.8}
    assert len(set(bank.value(next(name for name in bank.names if name != "p_notice")))) == 2
    again = uw.bank("hoeryong", worlds=2, p_notice=0.8, forms={"S4": "pooled"}, **TOWN)
    assert bank.key == again.key
    assert (bank.counts == again.counts).all()
    assert bank.residents[:, :, 0].sum(axis=1).tolist() == [TOWN["population"]] * 2
    with pytest.raises(uw.InputError, match="5 weeks of one quarter"):
        uw.estimate(uw.example_package(), bank=bank)


REFUSED = {
    lambda w: uw.tell("hoeryong"): "tell takes a world that simulate() made",
    lambda w: uw.tell(w, p_tel=0.1): "is no parameter of the channel",
    lambda w: uw.tell(w, p_tell_at_no_fear=2.0): "out of range",
    lambda w: uw.tell(w, response="linear"): 'response = "linear" is not known',
    lambda w: uw.tell(uw.simulate("hoeryong", **{**TOWN, "days": 20})): "4 whole weeks from a Monday on",
    lambda w: uw.bank("hoeryong", changes=[uw.Change("2024-08-01", {"p_notice": 0.9})], **TOWN): "leave dated changes",
    lambda w: uw.bank("hoeryong", p_tell_at_no_fear=1e-5, **TOWN): "is of the channel",
    lambda w: uw.bank("hoeryong", worlds=0, **TOWN): "worlds = 0",
}  # fmt: skip


@pytest.mark.parametrize("ask", REFUSED, ids=list(REFUSED.values()))
def test_what_cannot_be_told_is_one_line(world, ask):
    with pytest.raises(uw.InputError) as told:
        ask(world)
    assert REFUSED[ask] in str(told.value)
    assert "\n" not in str(told.value)
