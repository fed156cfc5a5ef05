"""The story of an example is what its residents lived through, of those nearest to the medians, and of nobody real."""

from datetime import date

import numpy as np
import pytest

from underwatch.experiments.engine.worlds import BASELINE, COUNTER, worlds_of
from underwatch.experiments.histories.diary import traced_weeks
from underwatch.experiments.histories.story import BEFORE, DAYS, TWIN, WITHIN, nearest, story_of, told_days
from underwatch.world.scenario_file import scenario_for


@pytest.fixture(scope="module")
def scenario():
    """One in which those who are told of have something on the first and on the last of the days."""
    days = {"start": "2024-10-07", "end": "2025-01-12", "settle_weeks": 4}
    return scenario_for("hoeryong", population=3000, seed=8, **days)


@pytest.fixture(scope="module")
def story(scenario):
    return story_of(worlds_of(scenario))


def test_the_days_told_end_with_the_year_or_with_the_campaign(scenario):
    assert told_days(scenario) == (date(2024, 12, 18) - date(2024, 10, 7)).days
    early = scenario_for("hoeryong", start="2024-10-07", end="2024-12-15")
    assert told_days(early) == (date(2024, 12, 2) - date(2024, 10, 7)).days
    for without in (
        scenario_for("hoeryong", start="2024-11-04", end="2025-01-12"),  # too few days before
        scenario_for("hoeryong", start="2025-02-01", end="2025-04-01"),
        scenario.without_campaign(),
    ):
        assert told_days(without) is None
        assert story_of(worlds_of(without)) is None
    assert story_of({BASELINE: scenario}) is None


def test_the_story_is_what_was_lived(scenario, story):
    """The whole run traced from its first day has the same rows of the same residents on these days."""
    assert list(story.household.rows) == list(story.caller.rows) == [BASELINE, COUNTER]
    for name, lived in worlds_of(scenario).items():
        of_all = np.concatenate([rows for _, rows in traced_weeks(lived)])
        of_all = of_all[(of_all["day"] >= story.first) & (of_all["day"] < story.first + DAYS)]
        house = story.household.rows[name]
        who = np.unique(np.concatenate([rows["who"] for rows in story.household.rows.values()]))
        assert np.array_equal(np.sort(house), np.sort(of_all[np.isin(of_all["who"], who)]))
        assert set(story.caller.rows[name]["day"]) <= set(range(story.first, story.first + DAYS))
    told = np.concatenate([*story.household.rows.values(), *story.caller.rows.values()])["day"] - story.first
    assert (told.min(), told.max()) == (0, DAYS - 1)
    assert story.start == date(2024, 12, 18)
    assert story.last == date(2024, 12, 31)


def test_before_the_campaign_both_worlds_are_one_and_after_it_they_differ(scenario, story):
    of = story.neighbours
    assert story.before.weekday() == 0
    assert (story.before - date(2024, 11, 15)).days in range(-21, -13)
    assert set(of.listed) == set(of.followed) == {BEFORE, WITHIN, TWIN}
    assert len({len(view) for view in (*of.listed.values(), *of.followed.values())}) == 1
    house = [np.sort(rows).tolist() for rows in story.household.rows.values()]
    assert house[0] != house[1]


def test_the_same_story_on_any_number_of_threads(scenario, story):
    other = story_of(worlds_of(scenario), 2)
    for name in (BASELINE, COUNTER):
        assert np.array_equal(other.household.rows[name], story.household.rows[name])
        assert np.array_equal(other.caller.rows[name], story.caller.rows[name])
    for name in (BEFORE, WITHIN, TWIN):
        assert np.array_equal(other.neighbours.followed[name], story.neighbours.followed[name])


def test_the_one_nearest_to_the_medians_is_told_of():
    figures = np.array([[0.0, 10.0], [2.0, 4.0], [3.0, 5.0], [9.0, 6.0], [2.0, 5.0]])
    assert nearest(figures) == 4  # the medians themselves
    assert nearest(figures[:4]) == 2  # medians 2.5 and 5.5: 0.2 + 0.09, against 0.2 + 0.27 of the one before
    assert nearest(np.array([[1.0], [1.0]])) == 0
