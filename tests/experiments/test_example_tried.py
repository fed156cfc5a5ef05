"""The example: of the settings nearest to the medians, the first whose figures lie inside of their ranges."""

from underwatch.experiments.engine.runner import Runner
from underwatch.experiments.engine.worlds import BASELINE, COUNTER
from underwatch.experiments.ensemble.stand_ins import STAND_IN
from underwatch.experiments.studies import running_study
from underwatch.experiments.studies.running_study import RunningStudy
from underwatch.experiments.studies.study_plan import TRIED, StudyPlan
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

WORLDS = (BASELINE, COUNTER)


def study_of(plan):
    class Nothing:
        def week(self, key, world, days):
            pass

        def finished(self, finished, world):
            tried.append((plan.seed if hasattr(plan, "seed") else 0, finished.key.world))

    tried = []
    runner = Runner(lambda _: None, lambda: False, lambda: None)
    return RunningStudy(plan, 2, runner, Nothing()), tried


def test_the_nearest_five_are_tried_and_only_the_one_inside_has_a_twin(monkeypatch):
    """All candidates but the third are refused: it is the one that is kept, and nothing of the others is."""
    plan = StudyPlan(scenario_for("hoeryong", population=300, days=14, start="2024-11-11"), draws=8)
    study, collected = study_of(plan)
    study.run_draws()
    nearest = study.candidates()
    assert len(nearest) == TRIED
    noted = []

    def note(self, outside, totals):
        noted.append(self.draw)
        outside[self.draw] = 0 if len(noted) == 3 else 1
        return outside[self.draw]

    monkeypatch.setattr(running_study.RunningStudy, "_note", note)
    with Workers(1) as workers:
        study.add_place(plan.scenario.places[0], *study.run_place(0, workers, study.candidates()))
    assert noted == nearest[:3]
    assert study.draw == nearest[2]
    assert [world for _, world in collected] == list(WORLDS)
    assert study.study().example.setting.parameters == plan.settings[nearest[2] - 1].parameters


def test_where_none_lies_inside_the_one_with_the_fewest_outside_is_kept(monkeypatch):
    plan = StudyPlan(scenario_for("hoeryong", population=300, days=14, start="2024-11-11"), draws=8)
    study, _ = study_of(plan)
    study.run_draws()
    nearest = study.candidates()
    many = dict(zip(nearest, (4, 2, 3, 2, 9), strict=True))

    def note(self, outside, totals):
        outside[self.draw] = many[self.draw]
        return outside[self.draw]

    monkeypatch.setattr(running_study.RunningStudy, "_note", note)
    with Workers(1) as workers:
        study.add_place(plan.scenario.places[0], *study.run_place(0, workers, study.candidates()))
    assert study.draw == nearest[1]


def test_of_many_places_the_nearest_five_are_tried_in_what_stands_in_for_them(monkeypatch):
    """Trials are of ten times a draw's residents; the first of those with the fewest figures outside is taken."""
    plan = StudyPlan(scenario_for("north hamgyong", days=14, start="2024-11-11", settle_weeks=0), draws=8, twin=False)
    study, _ = study_of(plan)
    study.run_draws()
    nearest = study.candidates()
    assert len(nearest) == TRIED == plan.n_trials
    assert plan.days_of_a_try == 10 * STAND_IN * plan.days_of(1)
    many, seen = dict(zip(nearest, (4, 2, 3, 2, 9), strict=True)), {}

    def note(self, outside, totals):
        seen[self.draw] = int(totals.residents.sum())
        outside[self.draw] = many[self.draw]
        return outside[self.draw]

    monkeypatch.setattr(running_study.RunningStudy, "_note", note)
    study.choose()
    assert list(seen) == nearest
    assert set(seen.values()) == {10 * STAND_IN}
    assert study.draw == nearest[1]


def test_a_trial_of_another_size_is_brought_to_the_residents_of_all():
    plan = StudyPlan(scenario_for("hoeryong", population=900, days=14, start="2024-11-11", settle_weeks=0), draws=20)
    study, _ = study_of(plan)
    study.run_draws()
    one = study._trial(study.candidates()[0])
    outside = [study._note({}, totals) for totals in (one, one.plus(one))]  # the same rates in twice the residents
    assert outside[0] == outside[1]
    assert study._note({}, one._replace(numbers=1e6 * one.numbers)) == outside[0] + 2  # incidents, published reports


def test_no_draw_gives_the_scenarios_own_history():
    plan = StudyPlan(scenario_for("hoeryong", population=300, days=14, start="2024-11-11"), draws=0)
    study, _ = study_of(plan)
    assert study.candidates() == [0]
    assert study.example == plan.scenario
