"""A value shows itself: one line, and a card of bounded length that escapes what it shows; a plot says who is in it."""

import re
from html.parser import HTMLParser

import api_page
import matplotlib
import pytest

import underwatch as uw
from underwatch.api.commands.run import DiaryResult
from underwatch.experiments.histories.diary import Diary
from underwatch.facts import model_parameters
from underwatch.shown import INVENTED, LONGEST_CARD, LONGEST_LINE, Displayed
from underwatch.world.parameters import prior_draws
from underwatch.world.reference.population import Household, Officer, Resident, Unit

matplotlib.use("agg")
SMALL = {"population": 500, "days": 20, "settle_weeks": 1, "threads": 1}


@pytest.fixture(scope="module")
def world():
    return uw.simulate("hoeryong", **SMALL)


def a_unit():
    unit = Unit(1)
    house = Household(1, unit)
    house.members = [Resident(number, house) for number in range(100)]
    unit.households = [house] * 100
    return unit


def values_of(world):
    """One of every public type, and what stands behind them."""
    scenario, unit = world.scenario, a_unit()
    yield from (world, world._world, world._world.town, world._world.state, world._history, world._totals)
    yield from (world._world.history, world.graph(), scenario, scenario.phases()[0], prior_draws(2, 1)[0])
    yield from (uw.places()["Hoeryong"], uw.model_parameters()["p_notice"], next(iter(uw.published_facts().values())))
    yield from (uw.Change("2024-08-01", {"p_notice": 0.9}), *uw.find_interventions("halve-quotas"))
    yield from (uw.example_package(), uw.example_package().table("reports"))
    yield from (unit, unit.households[0], unit.residents[0], Officer(0, [unit]))
    yield uw.tell(uw.simulate("hoeryong", **{**SMALL, "days": 35}))
    yield uw.silence_curve("hoeryong", watching=(0.5, 1.0), **SMALL)
    yield uw.twins("hoeryong", "halve-quotas", **SMALL)
    yield uw.ledger("hoeryong", population=300, days=7, settle_weeks=1)


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_public_type_is_one_short_line_and_a_short_card(world):
    for value in values_of(world):
        line = repr(value)
        assert len(line) <= LONGEST_LINE, type(value)
        assert "\n" not in line
        assert "array(" not in line
        assert " object at 0x" not in line
        if isinstance(value, Displayed):
            card, reader = value._repr_html_(), Reader()
            assert len(card) <= LONGEST_CARD, type(value)
            reader.feed(card)
            assert reader.open == []
            assert INVENTED in card


@pytest.mark.parametrize("kind", api_page.COME_BACK)
def test_what_comes_back_shows_itself_by_the_one_way(kind):
    assert issubclass(kind, Displayed)
    assert "__repr__" not in vars(kind)


class Wild(Displayed):
    def _line(self):
        return "a <b> & a\nline " + "x" * 1000

    def _facts(self):
        return [("<script>", "alert(1)" * 1000)] * 1000

    def _next(self):
        return ["<i>" * 100] * 100


def test_a_card_is_bounded_and_escapes_what_it_shows():
    card, reader = Wild()._repr_html_(), Reader()
    reader.feed(card)
    assert reader.seen <= {"div", "p", "b", "table", "tr", "th", "td", "code"}
    assert len(card) <= LONGEST_CARD
    assert len(repr(Wild())) == LONGEST_LINE


def test_parameters_show_a_few_of_those_that_are_moved():
    shown = repr(prior_draws(1, 1)[0])
    assert re.search(r"and \d+ more\)$", shown)
    assert shown.count("=") < len(model_parameters()) / 10


def test_equal_is_equal_digests(world):
    again, other = uw.simulate("hoeryong", **SMALL), uw.simulate("hoeryong", **SMALL, seed=2)
    assert world == again
    assert len({world, again, other}) == 2
    assert world._world == again._world
    assert world._world != other._world
    assert world != world.digest


def test_a_plot_is_on_the_axes_asked_for_and_says_who_is_in_it(world):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    assert world.plot("share_outings_followed", by="group", ax=axes) is axes
    assert INVENTED in [text.get_text() for text in axes.texts]
    lines = {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}
    frame = world.to_df(by="group", every="W", shares=True)
    for group, line in lines.items():
        own = frame.loc[frame["group"] == group, "share_outings_followed"]
        assert list(line.get_ydata()) == list(own)
    assert set(lines) == {"listed", "ordinary"}
    with pytest.raises(uw.InputError, match='did you mean "outings"'):
        world.plot("outing", ax=axes)
    assert INVENTED in [text.get_text() for text in world.graph().plot(ax=Figure().subplots()).texts]


def test_a_diary_is_data():
    from datetime import date

    days = ((date(2024, 8, 1), ("Went out.", "Was called at.")), (date(2024, 8, 3), ("Stayed.",)))
    told = DiaryResult(Diary("Hoeryong", "accused", date(2024, 7, 1), date(2024, 9, 1), days, ()))
    frame = told.to_df()
    assert list(frame["what"]) == ["Went out.", "Was called at.", "Stayed."]
    assert str(frame["date"].iloc[2].date()) == "2024-08-03"
