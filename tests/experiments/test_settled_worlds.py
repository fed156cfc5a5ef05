"""Worlds that settle before they are counted: stopped meanwhile they go on, and twins of a study share the weeks."""

import numpy as np
import pytest

from underwatch.experiments.engine.runner import KeptWorld, Runner, StopAsked, Watch
from underwatch.experiments.engine.worlds import calm_world, init_world, totals_of
from underwatch.experiments.studies.running_study import RunningStudy
from underwatch.experiments.studies.study_plan import StudyPlan
from underwatch.world import simulate
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

SETTLING = scenario_for("hoeryong", days=40, start="2024-11-06", population=900, settle_weeks=10)


class Nothing:
    """Collects nothing."""

    def week(self, key, world, days):
        assert days > 0

    def finished(self, finished, world):
        pass


def carry_on(kept, weeks_until_stop):
    """Take a world on from where it is kept, and stop it after some weeks; return it if it came to its end."""
    left = iter(range(weeks_until_stop))
    runner = Runner(lambda days: None, lambda: next(left, None) is None, lambda: None, 1e-9)
    world = calm_world(SETTLING, SETTLING.places[0], 1)
    watch = Watch(runner, world, kept)
    for _ in simulate.weeks(world, SETTLING.all_phases(), Workers(1)):
        try:
            watch.week()
        except StopAsked:
            return None
    return world


@pytest.mark.parametrize("stops", [(3, 100), (10, 100), (11, 100), (12, 100), (2, 3, 5, 2, 100)], ids=str)
def test_a_world_stopped_while_it_settles_goes_on_and_is_the_same(tmp_path, stops):
    whole = carry_on(None, 100)
    kept = KeptWorld(tmp_path / "world.npz", {"a": 1})
    *before, world = [carry_on(kept, weeks) for weeks in stops]
    assert before == [None] * len(before)
    assert simulate.digest(world) == simulate.digest(whole)
    for name in ("residents", "adults", "watched"):
        assert getattr(world.history, name).tolist() == getattr(whole.history, name).tolist()


def test_twins_of_a_study_settle_once_and_are_what_they_are_alone():
    plan = StudyPlan(SETTLING, draws=2)
    days = []
    study = RunningStudy(plan, 1, Runner(days.append, lambda: False, lambda: None), Nothing())
    study.run_draws()
    assert sum(days) == 900 * (70 + 2 * 40) * 2 == plan.draws * plan.drawn_residents * plan.days_of(2)
    for draw in (1, 2):
        (drawn,) = plan.stand_ins_at(draw)
        for figures, lived in zip(study.drawn[draw].figures, plan.worlds_of(drawn).values(), strict=True):
            (alone,) = totals_of(drawn, [lived], drawn.seed)
            np.testing.assert_array_equal(figures.year, alone.measured(plan.scenario, plan.window).year)
    days.clear()
    totals, digests = study.run_place(0, Workers(1), [0])
    assert sum(days) == 900 * (70 + 2 * 40)
    alone = [
        simulate.digest(simulate.run(init_world(one, one.places[0], 1), one.phases(), Workers(1)))
        for one in plan.worlds().values()
    ]
    assert digests == alone
    assert len(set(digests)) == len(totals) == 2
