"""Worlds in memory: frames that part all residents, twins that share luck, own measures and rules, a neighbourhood."""

import calendar
from datetime import date, timedelta

import numpy as np
import pyarrow.compute as pc
import pytest

import underwatch as uw
from underwatch.api.frames import periods
from underwatch.experiments.engine.worlds import init_world, record_of, world_totals
from underwatch.record.measures import totals
from underwatch.world import simulate as engine
from underwatch.world.kernels import rules as compiled_rules
from underwatch.world.layout import GROUND_NAMES

SMALL = {"population": 900, "days": 40, "settle_weeks": 4, "start": "2024-07-03", "threads": 1}


def unfollowed(week):
    return 1 - week.ever_followed.mean()


@pytest.fixture(scope="module")
def world():
    return uw.simulate("hoeryong", **SMALL, measure={"never_followed": unfollowed})


def column(table, name):
    return table.column(name).to_numpy(zero_copy_only=False)


def test_it_is_the_world_of_the_engine(world):
    scenario = uw.scenario_for("hoeryong", **{key: value for key, value in SMALL.items() if key != "threads"})
    lived = engine.run(init_world(scenario, scenario.places[0], scenario.seed), scenario.phases())
    assert world.digest == engine.digest(lived)
    history = record_of(world_totals(lived, scenario), scenario, scenario.places[0])
    for group in ("listed", "ordinary"):
        table = world.to_df("arrow", by="group", every="M", shares=True)
        own = table.filter(pc.equal(table.column("group"), group))
        for name in ("outings", "followed_outings", "accusations"):
            assert column(own, name).sum() == totals(history, group=group)[name]
        first = totals(history, hi=29, group=group)  # the first month has 29 days of the run
        for name in ("listed", "fear", "share_outings_followed"):
            assert column(own, name)[0] == pytest.approx(first[name], rel=1e-12)


@pytest.mark.parametrize("by", ["group", "grounds"])
def test_groups_part_all_residents_and_what_is_counted_adds_up_over_days(world, by):
    whole = world.to_df("arrow")
    for every in ("D", "W", "M"):
        table = world.to_df("arrow", by=by, every=every)
        alone = world.to_df("arrow", every=every)
        n = table.num_rows // alone.num_rows
        for name in whole.column_names[3:]:
            parts = column(table, name).reshape(-1, n).sum(axis=1)
            np.testing.assert_allclose(parts, column(alone, name), rtol=1e-12, err_msg=name)
        assert column(table, "followed_outings").sum() == column(whole, "followed_outings").sum()
        assert column(alone, "n_days").sum() == SMALL["days"]


def test_grounds_that_overlap_are_told_apart_by_name_and_hold_more(world):
    table = world.overlapping_grounds("arrow", every="M")
    assert set(table.column("any_of_ground").to_pylist()) <= set(GROUND_NAMES)
    parts = world.to_df("arrow", by="grounds", every="M")
    for name in set(table.column("any_of_ground").to_pylist()):
        own = column(table.filter(pc.equal(table.column("any_of_ground"), name)), "residents")[0]
        held = parts.slice(0, parts.num_rows // 2).to_pylist()
        assert own == sum(row["residents"] for row in held if name in row["grounds"].split(" + "))


@pytest.mark.parametrize("every", ["W", "M"])
@pytest.mark.parametrize(("start", "days"), [(date(2024, 7, 1), 90), (date(2024, 7, 3), 40), (date(2024, 2, 29), 1)])
def test_periods_are_those_of_the_calendar_and_the_cut_ones_are_flagged(start, days, every):
    when = periods(start, days, every)
    assert when.n_days.sum() == days
    for first, n, is_cut in zip(*when, strict=True):
        one, last = start + timedelta(int(first)), start + timedelta(int(first + n) - 1)
        if every == "W":
            whole = one.weekday() == 0 and last.weekday() == 6
        else:
            whole = one.day == 1 and last.day == calendar.monthrange(one.year, one.month)[1]
        assert is_cut == (not whole)


def test_frames_of_pandas_have_dates_units_and_a_measure(world):
    frame = world.to_df(every="W")
    assert str(frame["date"].dtype).startswith("datetime64")
    assert frame.attrs["units"]["outings"] == "outings"
    assert "invented" in frame.attrs["about"]
    assert list(frame["is_partial"]) == [True, False, False, False, False, False]
    # What the last value of the measure is, the state says: nobody is followed for the first time after it
    never = 1 - (world._world.state.followed_day > 0).mean()
    assert frame["never_followed"].iloc[-1] == never
    assert (np.diff(frame["never_followed"]) <= 0).all()


def test_twins_differ_by_what_is_changed_and_by_nothing_before_it():
    pair = uw.twins(
        "hoeryong", {"seen": {"p_notice": 0.95}, "same": {"p_notice": 0.6}}, from_date="2024-07-15", **SMALL
    )
    assert list(pair) == ["baseline", "seen", "same"]
    assert pair["same"] == pair["baseline"] != pair["seen"]
    diff = pair.diff("arrow")
    seen = diff.filter(pc.equal(diff.column("world"), "seen"))
    early = column(seen, "date") < np.datetime64("2024-07-15")
    assert not column(seen, "noticed")[early].any()
    assert column(seen, "noticed").sum() > 0
    one, other = (column(pair[name].to_df("arrow"), "noticed").sum() for name in ("baseline", "seen"))
    assert column(seen, "noticed").sum() == other - one


def test_own_rules_unchanged_are_the_engine_and_changed_are_not(capsys):
    small = {"population": 120, "days": 17, "settle_weeks": 1, "measure": {"never": unfollowed}}

    class Blind(uw.Rules):
        """Nobody takes an outing up."""

        def vigilance(self, unit, organ):
            return 0

    plain, compiled = uw.simulate("hoeryong", rules=uw.Rules, **small), uw.simulate("hoeryong", **small)
    assert plain == compiled
    assert plain.to_df(every="W").equals(compiled.to_df(every="W"))
    assert "times slower than compiled" in capsys.readouterr().err
    assert uw.simulate("hoeryong", rules=Blind, **small).to_df()["followed_outings"].sum() == 0


def test_a_compiled_rule_cannot_be_replaced():
    name = next(name for name, value in vars(compiled_rules).items() if hasattr(value, "py_func"))
    with pytest.raises(uw.InputError, match=r"subclass of underwatch\.Rules"):
        setattr(compiled_rules, name, lambda *given: 0)


def test_an_own_intervention_goes_beside_a_shipped_one():
    none = uw.Intervention("nobody-follows", times={"vigilance_base": 0, "vigilance_pressure": 0})
    eased = uw.simulate("hoeryong", interventions=["halve-quotas", none], from_date="2024-07-10", **SMALL).to_df()
    assert eased.loc[eased["date"] >= "2024-07-10", "followed_outings"].sum() == 0
    assert eased.loc[eased["date"] < "2024-07-10", "followed_outings"].sum() > 0


def test_a_neighbourhood_is_that_of_the_world(world):
    unit = world.graph(unit=2)
    people, town = unit.people(), world._world.town
    lo, hi = town.unit_start[2:4]
    assert len(people) == hi - lo
    np.testing.assert_allclose(people["fear"], world._world.state.fear[lo:hi] / 65535)
    edges = unit.edges()
    assert (edges["kind"] == "lives with").sum() == len(people) - people["household"].nunique()
    watched = edges.loc[edges["kind"] == "watches", "target"]
    assert set(watched) == set(people[people["listed"]].groupby("household")["number"].first())
    assert unit == world.graph(unit=2)


def test_a_week_is_read_only_and_its_numbers_are_numbers():
    def writes(week):
        week.fear[:] = 0

    def says_nothing(week):
        return None

    with pytest.raises(ValueError, match="read-only"):
        uw.simulate("hoeryong", measure={"a": writes}, **SMALL)
    with pytest.raises(uw.InputError, match="return one number a week"):
        uw.simulate("hoeryong", measure={"a": says_nothing}, **SMALL)


REFUSED = {
    lambda: uw.places()["hoeryong"]: 'did you mean "Hoeryong"',
    lambda: uw.model_parameters()["p_notise"]: 'did you mean "p_notice"',
    lambda: uw.Change("2024-08-01"): "changes nothing; say what",
    lambda: uw.Change("tomorrow", {"p_notice": 0.9}): "date = tomorrow is no date",
    lambda: uw.simulate("hoeryong", p_notise=0.9): 'did you mean "p_notice"',
    lambda: uw.simulate("hoeryong", day=9): 'did you mean "days"',
    lambda: uw.simulate("hoeryong", changes="2024-08-01"): "which is no Change",
    lambda: uw.simulate("country"): "simulate is about one city or county",
    lambda: uw.simulate("hoeryong", measure={"a": 3}): "is no function",
    lambda: uw.simulate("hoeryong", rules=dict): "is no class of rules",
    lambda: uw.simulate("hoeryong", rules=uw.Rules): "set a smaller `population`",
    lambda: uw.twins("hoeryong", {"a": {"share_defector_family": 0.1}}): "makes the town, which twins share",
    lambda: uw.twins("hoeryong", {"a": uw.scenario_for("hyesan")}): "twins live in one place",
    lambda: uw.twins("hoeryong", {"p_notice": 0.9}): "twins are named",
    lambda: uw.Intervention("more", times={"quota_mps_per_week": 2}): "may only relieve",
    lambda: uw.simulate("hoeryong", without="S99"): "rule 'S99' is not known",
    lambda: uw.simulate("hoeryong", threads=0): "threads = 0 is no whole number of 1 or more",
    lambda: uw.simulate("hoeryong", interventions=3): "interventions = 3 names none",
    lambda: uw.simulate("hoeryong", values=3): "values = 3 is no mapping",
    lambda: uw.simulate("hoeryong", measure=len): "has no names",
    lambda: uw.simulate("hoeryong", measure={"outings": unfollowed}): "called like a column",
    lambda: uw.twins("hoeryong", {3: {"p_notice": 0.9}}): "twins are named in words",
    lambda: uw.run("hoeryong", draw=3): 'did you mean "draws"',
    lambda: uw.run("hoeryong", draws="many"): "draws = many is no whole number",
    lambda: uw.silence_curve("hoeryong", watching=(-1,)): "must be multiples of the scenario's",
    lambda: uw.ledger(3): "int names no scenario",
    lambda: uw.read_package(3): "3 is no path",
    lambda: uw.estimate(3): "package = 3 is no path",
    lambda: uw.exposure(3): "draft = 3 is no path",
    lambda: uw.diary(3): "run = 3 is no path",
}


@pytest.mark.parametrize("ask", REFUSED, ids=list(REFUSED.values()))
def test_what_cannot_be_is_one_line(ask):
    with pytest.raises(uw.InputError) as told:
        ask()
    assert REFUSED[ask] in str(told.value)
    assert "\n" not in str(told.value)


def test_a_name_that_is_nearly_one_is_told():
    with pytest.raises(AttributeError, match='did you mean "simulate"'):
        uw.simulat  # noqa: B018


def test_a_parameter_of_the_town_in_the_phases_of_another_world_is_refused():
    with pytest.warns(DeprecationWarning, match="init_world goes"):
        begin, run = uw.init_world, uw.run
    scenario = uw.scenario_for("hoeryong", population=300, days=7, settle_weeks=1)
    made, other = begin(scenario, scenario.places[0], 1), scenario.replace(
        parameters=scenario.parameters.with_values(share_defector_family=0.1)
    )  # fmt: skip
    with pytest.warns(DeprecationWarning, match="simulate"), pytest.raises(uw.InputError, match="makes the town"):
        run(made, other.phases())
    with pytest.warns(DeprecationWarning, match="simulate"):
        assert engine.digest(run(made, scenario.phases())) == uw.simulate(scenario).digest


def test_frames_come_in_the_engine_asked_for(world, monkeypatch):
    handed = []
    fake = type("polars", (), {"from_arrow": staticmethod(lambda table: handed.append(table) or "a frame")})
    monkeypatch.setitem(__import__("sys").modules, "polars", fake)
    assert world.to_df("polars") == "a frame"
    assert handed[0].equals(world.to_df("arrow"))
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(uw.InputError, match="pip install polars"):
        world.to_df("polars")
    with pytest.raises(uw.InputError, match='did you mean "pandas"'):
        world.to_df("panda")
