"""From outcomes to an ensemble: weights against closed forms, and what was selected on confirms nothing."""

from datetime import date

import ensemble_study
import numpy as np
import pytest
from scipy.stats import norm
from trials.ensemble_diagnostics import coverage, left_out, weighted_quantiles
from trials.statements import judged_statements as judged

from underwatch.errors import InputError
from underwatch.experiments.ensemble import outcomes as made
from underwatch.experiments.ensemble.outcomes import COLUMNS, MEASURES, leavers_watched_ever, outcomes_of
from underwatch.experiments.ensemble.selection import (
    capped,
    deviations,
    effective,
    error_of,
    holding,
    kept_by,
    on_scale,
    refuse_impossible,
    used_in,
    weights_of,
)
from underwatch.facts import constraints, described, model_parameters, published_facts
from underwatch.facts.tables import RULES_NO_FIGURE_READS, read_rows
from underwatch.record.ranges import range_of
from underwatch.world import layout as L
from underwatch.world.layout import COUNT
from underwatch.world.scenario_file import scenario_for

N = len(COLUMNS)


def draws(n, seed=1, **columns):
    """Outcomes of n draws: every summary of a figure near the figure, every statement holding, unless set."""
    generator = np.random.default_rng(seed)
    rows = np.zeros((n, N))
    for figure in constraints().values():
        values = figure.mean + error_of(figure) * generator.standard_normal(n)
        values = np.exp(values) if figure.scale == "log" else 1 / (1 + np.exp(-values))
        rows[:, COLUMNS.index(figure.summary)] = values
    for each in described().values():
        rows[:, COLUMNS.index(each.measure)] = each.low if np.isfinite(each.low) else each.high
    for name, values in columns.items():
        rows[:, COLUMNS.index(name)] = values
    return rows


def test_no_figure_conditions_the_model_that_set_a_parameter_and_no_root_does_twice():
    rows = constraints().values()
    known = {row["name"] for row in read_rows("constraint_candidates.csv")} | published_facts().keys()
    sources = " ".join(fact.source for fact in model_parameters().values())
    for figure in rows:
        assert figure.figure in known
        assert figure.figure not in sources, f"{figure.figure} set the range of a parameter"
        assert figure.summary in MEASURES
        assert 0 < figure.reading_error < figure.discrepancy
    assert len({figure.root for figure in rows}) == len(rows)
    judgement = {name for name, fact in published_facts().items() if fact.basis == "judgement"}
    assert not judgement & {figure.figure for figure in rows}
    assert {each.measure for each in described().values()} <= MEASURES.keys()


def test_a_root_that_tells_news_counts_in_runs_alone():
    assert constraints()["arrests"].root == "Daily NK"
    assert "arrests" in used_in("run")
    assert "arrests" not in used_in("estimate")
    assert "arrests" not in used_in("run", ["arrests"])


def test_weights_are_the_likelihood_of_the_figures():
    figures = {"arrests": constraints()["arrests"]}
    figure = figures["arrests"]
    at = np.array([0.0, 1.0, -2.0, 2.9, 3.1])  # in standard deviations of both errors together
    z = deviations(draws(5, arrests_per_1000=np.exp(figure.mean + at * error_of(figure))), figures)
    assert z[:, 0] == pytest.approx(at)
    expected = np.where(np.abs(at) <= 3, norm.pdf(at), 0)
    assert weights_of(z) == pytest.approx(expected / expected.sum())
    assert weights_of(deviations(draws(2, arrests_per_1000=[0.0, 0.8]), figures)).tolist() == [0, 1]


def test_a_normal_prior_and_a_normal_figure_give_the_normal_posterior():
    figure = constraints()["watched_at_home_ever"]
    theta = np.random.default_rng(3).normal(1.0, 2.0, 400_000)
    z = deviations(draws(len(theta), leavers_watched_ever=1 / (1 + np.exp(-theta))), {"a": figure})
    weights = weights_of(z)
    precision = 1 / 2.0**2 + 1 / error_of(figure) ** 2
    mean = (1.0 / 2.0**2 + figure.mean / error_of(figure) ** 2) / precision
    assert (weights * theta).sum() == pytest.approx(mean, abs=0.02)
    assert weighted_quantiles(theta, weights, (0.05, 0.95)) == pytest.approx(
        norm.ppf([0.05, 0.95], mean, precision**-0.5), abs=0.03
    )


def test_weighted_quantiles_with_equal_weights_are_those_of_the_ranges():
    values = np.random.default_rng(4).normal(size=25)
    found = weighted_quantiles(values, np.ones(25) / 25, (0.05, 0.5, 0.95))
    result = range_of(values)
    assert found == pytest.approx([result.low, np.median(values), result.high])


def test_a_constraint_that_no_draw_satisfies_is_named():
    figures = used_in("run")
    z = deviations(draws(50, arrests_per_1000=1e9), figures)
    with pytest.raises(InputError, match="constraint arrests: of 50 draws none"):
        refuse_impossible(z, figures)
    with pytest.raises(InputError, match="no draw is plausible"):
        weights_of(z)
    refuse_impossible(deviations(draws(50), figures), figures)


def test_the_study_writes_nothing_when_no_draw_satisfies_a_constraint(tmp_path, monkeypatch):
    for name in ("SHIPPED", "PAGE"):
        monkeypatch.setattr(ensemble_study, name, tmp_path / name)
    monkeypatch.setattr(ensemble_study, "all_outcomes", lambda *_: draws(50, calls_ratio=1e-9))
    monkeypatch.setattr("sys.argv", ["ensemble_study"])
    with pytest.raises(InputError, match=r"constraint calls_after_tightening: .* nothing was written"):
        ensemble_study.main()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seed", range(5))
def test_no_setting_has_more_than_one_hundredth_of_the_weight(seed):
    weights = np.random.default_rng(seed).pareto(0.8, 300)
    kept = capped(weights / weights.sum())
    assert kept.sum() == pytest.approx(1)
    assert kept.max() <= 0.01 * (1 + 1e-9)
    free = kept < 0.01 * (1 - 1e-9)
    assert np.ptp(kept[free] / weights[free]) < 1e-9 * kept.max() / weights[free].min()  # in proportion, below
    with pytest.raises(InputError, match="99 settings cannot"):
        capped(np.ones(99))


def test_statements_hold_within_their_ends_and_not_where_nothing_was_measured():
    rows = draws(4, family_followed=[0.49, 0.5, 1.0, np.nan])
    place = list(described()).index("R4")
    assert holding(rows)[:, place].tolist() == [False, True, True, False]
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    assert kept_by(weights, holding(rows)) == pytest.approx([0, 0.4, 0.6, 0])
    assert kept_by(weights, holding(rows), without=place) == pytest.approx(weights)
    assert effective(np.ones(7) / 7) == pytest.approx(7)


def test_a_statement_is_judged_by_worlds_that_were_selected_without_it():
    n = 3_000
    half = np.arange(n) % 2 == 0
    few = np.arange(n) % 10 == 0
    rows = draws(n, family_followed=np.where(half, 0.9, 0.1), followed_ratio=np.where(few, 1.0, 2.0))
    verdicts = {row.id: row for row in judged(rows, np.ones(n) / n)}
    assert (verdicts["R4"].prior, verdicts["R4"].known) == pytest.approx((0.5, 0.5))
    # of the worlds in which R5 holds and R4 was not asked: half of 90 %, without the tenth that are all even
    assert verdicts["R4"].without == pytest.approx(4 / 9, abs=1e-3)
    assert verdicts["R4"].verdict == "cannot be said"
    assert verdicts["R5"].without == pytest.approx(0.8, abs=1e-3)  # among the even ones a fifth are a tenth of all
    assert verdicts["R5"].verdict == "agrees"
    assert {row.verdict for row in judged(rows[:90], np.ones(90) / 90)} == {"cannot be said"}  # too few


def test_ranges_hold_nine_in_ten_synthetic_truths():
    n = 2_000
    generator = np.random.default_rng(5)
    theta = generator.normal(0, 1.5, n)
    rows = draws(n, leavers_watched_ever=1 / (1 + np.exp(-theta)))
    rows[:, -1] = theta + generator.normal(0, 0.5, n)
    for figure in constraints().values():
        if figure.summary != "leavers_watched_ever":  # says nothing about theta
            rows[:, COLUMNS.index(figure.summary)] = np.exp(figure.mean) if figure.scale == "log" else 0.5
    held, n = coverage(rows, [COLUMNS[-1]], truths=600, seed=2)
    assert n == 600
    held = held[COLUMNS[-1]]
    assert abs(held.held - 0.9) < 0.035
    assert held.ties == pytest.approx(held.held, abs=0.01)  # nothing is equal


def test_a_truth_at_the_end_of_a_range_is_held_by_chance_where_many_are_equal():
    """Of draws of which 60 % are 0 the range holds every 0; by chance it holds 55 of the 60, and 35 of 40 above."""
    n = 3_000
    rows = draws(n, seed=8)
    for figure in constraints().values():  # no figure says anything
        rows[:, COLUMNS.index(figure.summary)] = np.exp(figure.mean) if figure.scale == "log" else 0.5
    rows[:, -1] = np.maximum(0.0, np.random.default_rng(6).uniform(-1.5, 1.0, n))
    held, _ = coverage(rows, [COLUMNS[-1]], truths=500, seed=3)
    assert held[COLUMNS[-1]].held == pytest.approx(0.95, abs=0.03)
    assert held[COLUMNS[-1]].ties == pytest.approx(0.90, abs=0.03)


def test_a_figure_is_predicted_without_itself():
    rows = {row.name: row for row in left_out(draws(4_000))}
    assert rows.keys() == used_in("run").keys()
    for row in rows.values():
        assert row.prior.low < row.figure < row.prior.high
        assert row.conflict > 0.9  # the draws lie around the figure
    far = {row.name: row for row in left_out(draws(4_000, arrests_per_1000=8.0))}
    beyond = 2 * norm.sf((np.log(8.0) - constraints()["arrests"].mean) / error_of(constraints()["arrests"]))
    assert far["arrests"].conflict == pytest.approx(beyond)


def test_leavers_are_those_with_a_ground_more_often_and_are_asked_about_all_their_years():
    scenario = scenario_for("hoeryong", population=600, days=7, seed=3)
    pair = made.pair_of(scenario.replace(campaign=(date(2024, 7, 2), date(2024, 7, 5))))
    life = pair.baseline
    cells = np.arange(len(life.adults))
    ground, listed = cells & L.GROUND_MASK != 0, cells & L.LISTED_CELL != 0
    life.cells[:, :, COUNT.home_visits] = 1
    life.cells[:, :, COUNT.listings] = 0
    share = life.adults[listed].sum() / life.adults.sum()
    assert leavers_watched_ever(pair, 10, 1) == pytest.approx(share)  # nobody is listed later
    some = life.adults[ground].sum(), life.adults[ground & listed].sum(), life.adults[~ground & listed].sum()
    others = life.adults.sum() - some[0]
    expected = (5 * some[1] + some[2]) / (5 * some[0] + others)
    assert leavers_watched_ever(pair, 10, 5) == pytest.approx(expected)
    life.cells[0, 0, COUNT.listings] = 1  # one in a week, among those without a ground
    later = 365 / 7 / (others - some[2])
    never = (1 - some[2] / others) * (1 - min(1, later)) ** 9
    expected = (some[1] + others * (1 - never)) / life.adults.sum()
    assert leavers_watched_ever(pair, 10, 1) == pytest.approx(expected)
    life.cells[:, :, COUNT.home_visits] = 0
    assert leavers_watched_ever(pair, 10, 5) == 0


def test_a_world_without_campaign_is_its_own_twin():
    scenario = scenario_for("hoeryong", population=700, seed=5, values={"order_campaign": 1.0})
    row = dict(zip(COLUMNS, outcomes_of(scenario), strict=True))
    assert row["followed_ratio"] == row["reports_ratio"] == row["calls_ratio"] == 1
    assert row["forgone_rise"] == row["distress_rise"] == 0
    assert not holding(np.array([list(row.values())]))[0, list(described()).index("R5")]
    for name in ("followed", "accused"):
        assert row[f"{name}:baseline:year"] == row[f"{name}:twin:year"]


def test_scales():
    assert on_scale(np.array([0.5, 0.0, 1.0]), "logit") == pytest.approx([0, -13.8155, 13.8155], abs=1e-3)
    assert np.isnan(on_scale(np.array([0.0, -1.0]), "log")).all()


def test_no_figure_answers_to_the_parameters_that_are_said_to_be_unanswered():
    small = scenario_for("hoeryong", population=800, settle_weeks=4).replace(
        start=date(2024, 12, 9), end=date(2025, 2, 2), campaign=(date(2024, 12, 16), date(2025, 1, 12))
    )

    def summaries(rules, end):
        ends = {fact.name: getattr(fact, end) for fact in model_parameters().values() if fact.rule in rules}
        pair = made.pair_of(small.replace(parameters=small.parameters.with_values(**ends)))
        return [MEASURES[figure.summary](pair) for figure in constraints().values()]

    central = summaries((), "central")
    for end in ("low", "high"):
        assert summaries(RULES_NO_FIGURE_READS, end) == pytest.approx(central, rel=1e-12, nan_ok=True)
    assert summaries(("S11",), "high") != pytest.approx(central, rel=0.1, nan_ok=True)  # it would be seen
