"""Scenarios: the calendar of orders against a day-by-day reading, and TOML there and back."""

import re
from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwatch.errors import InputError
from underwatch.experiments.interventions import parse_interventions
from underwatch.facts import find_place, model_parameters, places, rival_forms
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters, possible_range, prior_draws
from underwatch.world.scenario import EPOCH, LAST_DATE, MOST_SETTLE_WEEKS, RULES, Change, Scenario, day_number
from underwatch.world.scenario_file import (
    _KEYS,
    parse,
    scenario_for,
    scenario_toml,
)

FRAME = ("S1", "S2", "S12")
OPEN_RULES = [rule for rule in RULES if rule not in FRAME]
HOERYONG = scenario_for("hoeryong")

FULL = """
place = "Hoeryong"
start = 2024-09-01
end = "2025-02-28"
seed = 7
population = 5000
without = ["S16", "s17"]

[campaign]
first = 2024-12-01
last = 2024-12-31

[parameters]
order_campaign = 3
p_notice = 0.5

[[change]]
date = 2024-10-15
without = ["S9"]

[[change]]
date = 2024-10-01
[change.parameters]
p_reprimand = 0
"""


def days_of(phases):
    """What holds on each day, by the phases."""
    return {phase.day + n: phase for phase in phases for n in range(phase.days)}


def test_the_default_is_the_year_of_the_report():
    assert (HOERYONG.name, HOERYONG.kind, HOERYONG.places) == ("Hoeryong", "place", (places()["Hoeryong"],))
    assert (HOERYONG.start, HOERYONG.end, HOERYONG.days, HOERYONG.seed) == (date(2024, 7, 1), date(2025, 6, 30), 365, 1)
    assert (HOERYONG.residents, HOERYONG.parameters, HOERYONG.without) == (153_532, Parameters.central(), frozenset())
    assert HOERYONG.campaign == (date(2024, 11, 15), date(2025, 1, 15))


def test_the_calendar_of_the_default_year():
    told = [(EPOCH + timedelta(phase.day), phase.days, phase.order, phase.campaign) for phase in HOERYONG.phases()]
    assert told == [
        (date(2024, 7, 1), 78, 1.0, False),
        (date(2024, 9, 17), 14, 1.2, False),
        (date(2024, 10, 1), 45, 1.0, False),
        (date(2024, 11, 15), 62, 2.1, True),
        (date(2025, 1, 16), 61, 1.0, False),
        (date(2025, 3, 18), 14, 1.2, False),
        (date(2025, 4, 1), 77, 1.0, False),
        (date(2025, 6, 17), 14, 1.2, False),
    ]


def test_the_larger_order_is_followed_where_review_and_campaign_meet():
    strict = HOERYONG.replace(parameters=Parameters.central().with_values(order_quarter_review=4))
    held = days_of(strict.phases())
    for day, order in ((date(2024, 12, 17), 2.1), (date(2024, 12, 18), 4.0), (date(2025, 1, 1), 2.1)):
        assert (held[day_number(day)].order, held[day_number(day)].campaign) == (order, True)


def test_the_twin_differs_in_the_campaign_alone():
    change = Change(date(2024, 12, 1), {"order_campaign": 6.0, "p_reprimand": 0.0})
    twin = HOERYONG.replace(changes=(change,)).without_campaign()
    assert twin.parameters == HOERYONG.parameters.with_values(order_campaign=1)
    assert [dict(kept.values) for kept in twin.changes] == [{"p_reprimand": 0.0}]
    assert not any(phase.campaign for phase in twin.phases())
    assert {phase.order for phase in twin.phases()} == {1.0, 1.2}
    # What is ordered at a quarter's end stands outside of the campaign's dates, and within them falls away with it.
    held = days_of(twin.phases())
    orders = {day: held[day_number(day)].order for day in (date(2024, 9, 20), date(2024, 12, 20), date(2025, 3, 20))}
    assert list(orders.values()) == [1.2, 1.0, 1.2]
    never = days_of(HOERYONG.replace(campaign=None).phases())
    assert never[day_number(date(2024, 12, 20))].order == 1.2


def test_changes_add_up_from_their_day_on():
    scenario = HOERYONG.replace(
        changes=(
            Change(date(2024, 10, 9), {"p_reprimand": 0.5}, frozenset({"S9"})),
            Change(date(2024, 8, 1), {"p_reprimand": 0.0, "p_notice": 0.9}),
        )
    )
    held = days_of(scenario.phases())
    for day, reprimand, notice, without in (
        (date(2024, 7, 31), 0.6, 0.6, frozenset()),
        (date(2024, 8, 1), 0.0, 0.9, frozenset()),
        (date(2024, 10, 8), 0.0, 0.9, frozenset()),
        (date(2024, 10, 9), 0.5, 0.9, frozenset({"S9"})),
        (date(2025, 6, 30), 0.5, 0.9, frozenset({"S9"})),
    ):
        phase = held[day_number(day)]
        assert (phase.values["p_reprimand"], phase.values["p_notice"], phase.without) == (reprimand, notice, without)


def test_a_change_with_a_last_day_leaves_what_the_others_leave():
    changes = (
        Change(date(2024, 8, 1), {"p_reprimand": 0.1}, frozenset({"S9"})),
        Change(date(2024, 9, 1), {"p_reprimand": 0.2}, frozenset({"S16"}), date(2024, 9, 10)),
        Change(date(2024, 9, 5), {"p_notice": 0.9}, frozenset({"S9", "S8"}), date(2024, 9, 30)),
    )
    held = days_of(HOERYONG.replace(changes=changes).phases())
    for day, reprimand, notice, without in (
        (date(2024, 8, 31), 0.1, 0.6, {"S9"}),
        (date(2024, 9, 1), 0.2, 0.6, {"S9", "S16"}),
        (date(2024, 9, 10), 0.2, 0.9, {"S8", "S9", "S16"}),
        (date(2024, 9, 11), 0.1, 0.9, {"S8", "S9"}),
        (date(2024, 9, 30), 0.1, 0.9, {"S8", "S9"}),
        (date(2024, 10, 1), 0.1, 0.6, {"S9"}),
    ):
        phase = held[day_number(day)]
        assert (phase.values["p_reprimand"], phase.values["p_notice"], phase.without) == (reprimand, notice, without)


CHANGEABLE = [fact for fact in model_parameters().values() if fact.rule not in ("S1", "S2")]
RULE_SETS = st.frozensets(st.sampled_from(OPEN_RULES), max_size=3)
PLACES = st.sampled_from([*places(), "Pyongyang province", "North Hamgyong", "country"]).map(find_place)


def drawn(facts, ends):
    """Values by name of some of the facts, each between the ends that `ends(fact)` gives."""
    some = st.lists(st.sampled_from(facts), max_size=3, unique_by=lambda fact: fact.name)
    return some.flatmap(lambda few: st.fixed_dictionaries({fact.name: st.floats(*ends(fact)) for fact in few}))


@st.composite
def parameters(draw):
    """Values anywhere in the prior, some of them set by somebody, to the central value too."""
    (base,) = draw(st.sampled_from([[Parameters.central()], prior_draws(1, 1), prior_draws(1, 2)]))
    known = model_parameters()
    central = draw(st.lists(st.sampled_from(list(known)), max_size=2))
    values = draw(drawn(list(known.values()), lambda fact: (fact.low, fact.high)))
    return base.with_values(**{name: known[name].central for name in central} | values)


@st.composite
def dated_changes(draw, start, end):
    """Every field of a change; what is drawn once may change on the first day, and then to the end."""
    first = draw(st.dates(start, end))
    until = draw(st.none() | st.dates(first, end))
    facts = CHANGEABLE if first > start or until not in (None, end) else list(model_parameters().values())
    parts = {"date": first, "values": draw(drawn(facts, possible_range)), "without": draw(RULE_SETS), "until": until}
    assert parts.keys() == {part.name for part in fields(Change)}
    if not parts["values"] and not parts["without"]:
        parts["without"] = frozenset({"S6"})  # one that changes nothing is refused
    return Change(**parts)


@st.composite
def forms(draw):
    """Any forms, set or drawn."""
    some = {rule: draw(st.sampled_from([item.form for item in items])) for rule, items in rival_forms().items()}
    chosen = Forms.central().with_forms(some)
    return replace(chosen, named=frozenset(draw(st.sets(st.sampled_from(sorted(some))))))


@st.composite
def scenarios(draw):
    """Every field of a scenario, with changes and a campaign anywhere."""
    start = draw(st.dates(EPOCH, LAST_DATE))
    end = start + timedelta(draw(st.integers(0, min(500, (LAST_DATE - start).days))))
    near = st.dates(max(EPOCH, start - timedelta(60)) if start > EPOCH + timedelta(60) else EPOCH, end)
    kind, name, members = draw(PLACES)
    parts = {
        "name": name,
        "kind": kind,
        "places": members,
        "start": start,
        "end": end,
        "seed": draw(st.integers(0, 2**64 - 1)),
        "parameters": draw(parameters()),
        "forms": draw(forms()),
        "without": draw(RULE_SETS),
        "changes": tuple(draw(st.lists(dated_changes(start, end), max_size=3))),
        "population": draw(st.none() | st.integers(1, 10**6)) if len(members) == 1 else None,
        "settle_weeks": draw(st.integers(0, min(MOST_SETTLE_WEEKS, (start - EPOCH).days // 7))),
        "campaign": draw(st.none() | st.tuples(near | st.dates(), near | st.dates()).map(sorted).map(tuple)),
    }
    assert parts.keys() == {part.name for part in fields(Scenario)}
    return Scenario(**parts)


def plain_day(scenario, day):
    """What holds on a day, read from the rules of the calendar one day at a time."""
    values, without = dict(scenario.parameters), set(scenario.without)
    for change in scenario.changes:
        if change.date <= day <= (change.until or scenario.end):
            values.update(change.values)
            without |= change.without
    inside = scenario.campaign is not None and scenario.campaign[0] <= day <= scenario.campaign[1]
    campaign = inside and values["order_campaign"] > 1
    after = [day + timedelta(n) for n in range(14)]
    review = any((d + timedelta(1)).day == 1 and d.month in (3, 6, 9, 12) for d in after)
    review = review and (campaign or not inside)
    orders = [values["order_campaign"]] * campaign + [values["order_quarter_review"]] * review
    return values, frozenset(without), max(orders) if orders else 1.0, campaign


@given(scenarios())
def test_phases_say_what_a_day_by_day_reading_says_and_are_as_long_as_can_be(scenario):
    phases = scenario.phases()
    assert phases[0].day == day_number(scenario.start)
    assert sum(phase.days for phase in phases) == scenario.days
    for phase, following in pairwise(phases):
        assert phase.day + phase.days == following.day
        before, after = ((p.values, p.without, p.order, p.campaign) for p in (phase, following))
        assert before != after
    for phase in phases:
        for at in (0, phase.days // 2, phase.days - 1):
            day = EPOCH + timedelta(phase.day + at)
            assert (phase.values, phase.without, phase.order, phase.campaign) == plain_day(scenario, day)


@given(scenarios())
def test_toml_reads_back_as_the_same_scenario(scenario):
    read = parse(scenario_toml(scenario))
    assert read == scenario
    assert read.parameters.fixed == scenario.parameters.fixed
    assert read.forms.fixed == scenario.forms.fixed
    assert hash(read) == hash(scenario)
    assert scenario_toml(read) == scenario_toml(scenario)


@pytest.mark.parametrize("name", ["Pyongyang", "Pyongyang province", "North Hamgyong", "country", *places()])
def test_each_place_reads_back_as_itself(name):
    scenario = scenario_for(name)
    kind, full_name, members = find_place(name)
    assert (scenario.kind, scenario.name, scenario.places) == (kind, full_name, members)
    assert parse(scenario_toml(scenario)) == scenario


def test_a_full_file_is_read(tmp_path):
    path = tmp_path / "strict.toml"
    path.write_text(FULL)
    scenario = scenario_for(path)
    assert scenario == scenario_for(path) == scenario_for(str(path))
    assert (scenario.start, scenario.end, scenario.seed) == (date(2024, 9, 1), date(2025, 2, 28), 7)
    assert (scenario.residents, scenario.without) == (5000, frozenset({"S16", "S17"}))
    assert scenario.campaign == (date(2024, 12, 1), date(2024, 12, 31))
    assert scenario.parameters == Parameters.central().with_values(order_campaign=3, p_notice=0.5)
    assert scenario.changes == (
        Change(date(2024, 10, 1), {"p_reprimand": 0.0}),
        Change(date(2024, 10, 15), {}, frozenset({"S9"})),
    )


def test_the_page_on_scenario_files_can_be_read():
    page = (Path(__file__).parents[2] / "docs/how-to/scenario.md").read_text(encoding="utf-8")
    scenario, intervention = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    found = parse(scenario)
    assert {key for key in _KEYS if f"{key} = " in scenario or f"[{key}]" in scenario} == {*_KEYS, "days"} - {"set"}
    assert found.changes[1] == Change(date(2024, 10, 1), {"p_reprimand": 0.0}, frozenset({"S16"}), date(2024, 10, 31))
    (month,) = parse_interventions(intervention, "")
    assert (month.days, month.without) == (30, {"S16"})


def test_options_stand_above_the_file(tmp_path):
    path = tmp_path / "strict.toml"
    path.write_text(FULL)
    scenario = scenario_for(path, days=40, seed=9, population=None, without=("S6",), values={"p_notice": 0.7})
    assert (scenario.start, scenario.days, scenario.seed, scenario.residents) == (date(2024, 9, 1), 40, 9, 5000)
    assert scenario.without == {"S6", "S16", "S17"}
    assert (scenario.parameters.p_notice, scenario.parameters.order_campaign) == (0.7, 3)
    # The change of 15 October lies beyond the shortened run, the other holds.
    assert [change.date for change in scenario.changes] == [date(2024, 10, 1)]
    later = scenario_for(path, start="2024-10-20")
    assert (later.start, later.end) == (date(2024, 10, 20), date(2025, 2, 28))
    assert days_of(later.phases())[day_number(later.start)].values["p_reprimand"] == 0
    assert days_of(later.phases())[day_number(later.start)].without == {"S9", "S16", "S17"}
    assert parse(scenario_toml(later)) == later


def test_in_a_window_that_is_moved_a_change_holds_on_its_days_there(tmp_path):
    path = tmp_path / "some weeks.toml"
    path.write_text(FULL.replace("date = 2024-10-15", "date = 2024-10-15\nuntil = 2024-11-15"))
    rule = frozenset({"S9"})
    for window, told in (
        ({}, [(date(2024, 10, 15), date(2024, 11, 15))]),
        ({"start": "2024-11-01"}, [(date(2024, 11, 1), date(2024, 11, 15))]),
        ({"end": "2024-10-20"}, [(date(2024, 10, 15), date(2024, 10, 20))]),
        ({"start": "2024-11-15", "days": 1}, [(date(2024, 11, 15), date(2024, 11, 15))]),
        ({"start": "2024-11-16"}, []),
        ({"end": "2024-10-14"}, []),
    ):
        scenario = scenario_for(path, **window)
        assert [(change.date, change.until) for change in scenario.changes if change.without == rule] == told
        assert parse(scenario_toml(scenario)) == scenario


def test_days_and_a_start_make_the_end():
    assert parse('place = "hyesan"\nstart = 2023-01-01\ndays = 31').end == date(2023, 1, 31)
    assert scenario_for("hyesan", start="2023-01-01").days == 365
    assert parse('place = "hyesan"\ncampaign = false').campaign is None


@pytest.mark.parametrize("rule", FRAME)
def test_the_frame_cannot_be_taken_out(rule):
    with pytest.raises(InputError, match=f"^{rule} .* cannot be taken out; without takes S3 to S17"):
        scenario_for("hoeryong", without=(rule,))


def test_every_other_rule_can_be_taken_out():
    assert scenario_for("hoeryong", without=OPEN_RULES).without == set(OPEN_RULES)


def test_replace_checks_and_names_the_nearest():
    with pytest.raises(InputError, match=r'no "sed" .did you mean "seed"'):
        HOERYONG.replace(sed=3)
    with pytest.raises(InputError, match="is before start"):
        HOERYONG.replace(end=date(2020, 1, 1))
    with pytest.raises(InputError, match=r'no option "day" .did you mean "days"'):
        scenario_for("hoeryong", day=3)
