"""The finished example that ships with the studio: of this model and its ensemble, and what a run of today gives."""

import numpy as np
import pytest
import studio_example

from underwatch.experiments.engine.runner import Runner
from underwatch.experiments.engine.worlds import BASELINE
from underwatch.experiments.studies.running_study import RunningStudy
from underwatch.pages.summary import summary_lines
from underwatch.record.ranges import ranges_of
from underwatch.record.schema import GROUPS, LISTED
from underwatch.web.session import stored
from underwatch.web.session.request import question_of
from underwatch.web.session.simulation import answer
from underwatch.web.session.studio_run import StudioRun
from underwatch.web.views.figures import run_view
from underwatch.web.views.life import life
from underwatch.web.views.outsider import seen_from_outside
from underwatch.world.layout import INCIDENT_NAMES
from web.served import ROOT


@pytest.fixture(scope="module")
def kept():
    run = stored.stored_run()
    assert run is not None, "the model, its ensemble or the figures of a run have changed: `make example` remakes it"
    return run


def test_it_answers_the_default_question(kept):
    assert kept.question == question_of({"place": "Hoeryong"})
    assert not kept.study.adapted
    assert kept.study.n_draws == kept.question.draws


def test_a_world_of_its_ensemble_has_the_same_figures_today(kept):
    """The last world is run again: that its figures are those kept says that all were made by this model."""
    study = RunningStudy(kept.question, 1, Runner(lambda days: None, lambda: False, object), stored.Nobody())
    again = study._draw(kept.question.draws)
    for world, figures in zip(kept.worlds, again.figures, strict=True):
        for part in ("year", "window", "groups"):
            np.testing.assert_allclose(getattr(kept.study.drawn[world], part)[-1], getattr(figures, part), rtol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 18, 19, 20, 40, 137, 199, 200])
def test_the_weeks_of_its_worlds_have_the_range_that_was_kept(n):
    drawn = np.random.default_rng(n).normal(size=(200, 3, 2))
    drawn[n:] = np.nan
    bands = np.stack(ranges_of(drawn))
    np.testing.assert_array_equal(np.stack(ranges_of(stored.spread(bands, 200))), bands)


def test_its_map_its_figures_and_its_incidents_are_of_one_history(kept):
    own = kept.study.example.figures[BASELINE]
    listed, followed = kept.stored.days[BASELINE]
    assert len(listed) == len(followed) == kept.unit_start[-1] == kept.study.place.residents
    at_start = own.people[GROUPS.index(LISTED)]
    assert np.isnan(at_start) or (listed == 1).sum() >= at_start
    seen = seen_from_outside(kept)
    for world in kept.worlds:
        assert sum(sum(weeks) for weeks in seen[world]["incidents"].values()) == seen[world]["total"]
        assert [*seen[world]["incidents"]] == [*INCIDENT_NAMES]


def test_the_life_that_is_told_first_is_kept(kept):
    first = kept.stored.examples[studio_example.SHOWN_FIRST][0]
    told = life(kept, first)
    assert told["resident"] == first
    assert any(
        kind == studio_example.SHOWN_FIRST for day in told["days"] for kind, *_ in day["worlds"][BASELINE]["events"]
    )


def test_the_page_is_given_all_that_it_is_given_of_a_run(kept):
    small = StudioRun(1, question_of({"place": "Hoeryong", "population": 300, "days": 8, "draws": 1}), kept=True)
    answer(small, 1)
    assert {*run_view(kept)} == {*run_view(small)}
    assert all(chart["worlds"][BASELINE]["median"] for chart in run_view(kept)["charts"])


def test_one_of_another_model_is_not_shown(monkeypatch):
    monkeypatch.setattr(stored, "shipped_key", lambda name: "another")
    stored._read.cache_clear()
    try:
        assert stored.stored_run() is None
    finally:
        stored._read.cache_clear()


@pytest.mark.parametrize(("page", "language"), [("README.md", "en"), ("README.ko.md", "ko")])
def test_what_a_newcomer_reads_is_what_the_studio_shows(kept, page, language):
    shown = (ROOT / page).read_text(encoding="utf-8").split("```text\n")[1].split("\n```")[0]
    assert shown.splitlines() == [*summary_lines(kept.study, language)]


@pytest.mark.deep
def test_it_is_what_the_command_makes():
    run = StudioRun(1, question_of(studio_example.QUESTION), kept=True)
    answer(run, 2)
    assert studio_example.packed(run, studio_example.kept_of(run)) == stored.stored_path().read_bytes()
