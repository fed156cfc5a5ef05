"""A package is read as it is, and simulated packages are heard through the same rules, with what the world holds."""

import numpy as np
import pytest

from support.reported import PLACE, WINDOW, A, B, made_package, report, some_reports
from underwatch.channel.expected_counts import RESPONSES
from underwatch.evidence.format.ids import new_id
from underwatch.inference.bank.bank import read_bank
from underwatch.inference.bank.priors import channel_prior
from underwatch.inference.bank.quantities import (
    ALL_NAMES,
    quantities,
    slope_of_reports,
    with_derived,
)
from underwatch.inference.bank.simulations import simulations
from underwatch.inference.bank.summaries import columns, row_of, simulate_package
from underwatch.inference.inputs.observed import read_for
from underwatch.world.parameters import latin_hypercube


@pytest.fixture(scope="module")
def bank(bank_folder):
    return read_bank(bank_folder)


def test_a_package_is_read_as_it_is():
    one, two, three, four = new_id(), new_id(), new_id(), new_id()
    told = [
        report(one, A, "2024-08", ground="defector_family"),
        report(one, B, "2024-08", ground="defector_family"),
        report(two, A, "2024-W40", "call_given_up"),
        report(two, B, "2024-W40", "call_given_up", relay="list"),
        report(three, B, "2024-12", "arrest", ground="unknown"),
        report(four, A, "2024-12", "search"),
        report(new_id(), A, "2024-12", place="north-hamgyong"),
        report(new_id(), A, "2023-03"),
    ]
    survey = [("recent_leavers", "2024-Q3", "hoeryong", "was_followed", "40", "12")]
    figures = [("arrests_calls", "2024-Q3/2024-Q4", "hoeryong", "10", "30", "persons", "independent")]
    read = read_for(made_package(told, survey=survey, figures=figures), PLACE, WINDOW)
    assert read.design.lists == 2
    assert read.anchors == ("second list", "survey", "figure")
    assert read.observed.by_list.sum() == 3
    assert read.observed.by_list[:, 0].tolist() == [0, 0, 1]  # told to both in the third quarter
    assert read.observed.by_list[:2, 1].sum() == 2  # week 40 has its Thursday on 3 October
    assert read.observed.relays == 1
    assert read.observed.by_kind[0, 0] == read.observed.by_kind[1, 2] == read.observed.by_kind[1, 3] == 1
    assert read.observed.by_ground.tolist() == [1, 0, 0, 0, 0, 1]
    assert read.observed.figures[0] == pytest.approx(np.log(np.sqrt(10.5 * 30.5)))
    assert read.design.surveys[0].periods == (0, 0)
    assert sum(read.set_aside.values()) == 3


def test_relays_that_nobody_rules_out_and_a_single_root_are_one_list():
    told = [report(new_id(), which, "2024-08", relay="unknown") for which in (A, B) for _ in range(3)]
    assert read_for(made_package(told), PLACE, WINDOW).design.lists == 1
    package = made_package(some_reports())
    assert read_for(package, PLACE, WINDOW).design.lists == 2
    assert read_for(package, PLACE, WINDOW, anchors=False).anchors == ()


def test_a_quarter_that_was_cut_gives_no_number(bank):
    names, cut = WINDOW.of_weeks("quarter")[1], [at for at in range(26) if WINDOW.of_weeks("quarter")[0][at] == 0]
    whole, part = (read_for(made_package(some_reports(), cut=weeks), PLACE, WINDOW) for weeks in ((), cut))
    assert f"first list {names[0]}" in columns(whole.design)
    assert f"first list {names[0]}" not in columns(part.design)
    for read in (whole, part):
        assert len(row_of(read.observed, read.design)) == len(columns(read.design))
        simulated = simulations(bank, read.design, 1)
        assert simulated.x.shape == (144, len(columns(read.design)))
        assert np.isfinite(simulated.x).all()


def test_simulated_packages_tell_as_many_incidents_as_are_expected(bank):
    read = read_for(made_package(some_reports()), PLACE, WINDOW)
    n = 2_000
    luck = np.random.default_rng(4)
    laws = luck.integers(0, len(RESPONSES), n)
    values = {name: np.full(n, fact.central) for name, fact in channel_prior().items()}
    values |= {name: np.ones(n) for name in values if name.startswith("telling_") and name != "telling_spread"}
    values |= {"p_tell_at_no_fear": np.full(n, 0.01), "list_relay_share": np.full(n, 0.5)}
    values["telling_spread"] = np.full(n, 2.0)
    heard = simulate_package(bank, luck.integers(0, len(bank), n), values, laws, read.design, 3)
    told = heard.by_list.sum(axis=(1, 2)) + heard.by_year.sum(axis=1)
    expected = heard.n_told * read.design.share_by_quarter
    assert told.sum() == pytest.approx(expected.sum(), abs=5 * np.sqrt(n) * (told - expected).std())
    spread = ((told - expected) ** 2).sum() / expected.sum()
    assert spread > 1.15  # more than a Poisson's: news comes in waves
    unmarked = {**values, "relay_marked": np.zeros(n)}
    hidden = simulate_package(bank, luck.integers(0, len(bank), n), unmarked, laws, read.design, 3)
    assert hidden.relays.sum() == 0
    assert hidden.by_list[:, 2].sum() > 3 * heard.by_list[:, 2].sum()


def test_packages_hang_on_no_size_of_blocks_and_on_no_other_purpose(bank, monkeypatch):
    survey = [("recent_leavers", "2024-Q3/2024-Q4", "hoeryong", "gave_up_call", "5000", "100")]
    plain, asked = (read_for(made_package(some_reports(), survey=rows), PLACE, WINDOW) for rows in ((), survey))
    rows, values = np.arange(len(bank)), latin_hypercube(channel_prior(), len(bank), 1, "x")
    heard = [simulate_package(bank, rows, values, rows % 3, read.design, 3) for read in (plain, asked)]
    monkeypatch.setattr("underwatch.inference.bank.summaries.AT_ONCE", 7)
    blocks = simulate_package(bank, rows, values, rows % 3, asked.design, 3)
    for name in heard[0]._fields:
        assert np.array_equal(getattr(heard[1], name), getattr(blocks, name)), name
        if name != "answers":
            assert np.array_equal(getattr(heard[0], name), getattr(heard[1], name)), name
    assert heard[0].by_list.sum() > 0


def test_survey_and_figure_are_what_the_world_holds(bank):
    survey = [("recent_leavers", "2024-Q3/2024-Q4", "hoeryong", "gave_up_call", "5000", "100")]
    figures = [("arrests_calls", "2024-Q3/2024-Q4", "hoeryong", "10", "10", "persons", "independent")]
    read = read_for(made_package(some_reports(), survey=survey, figures=figures), PLACE, WINDOW)
    n = len(bank)
    values = {name: np.full(n, fact.central) for name, fact in channel_prior().items()}
    values |= {"leavers_ratio": np.ones(n), "figure_log_sd": np.zeros(n)}
    heard = simulate_package(bank, np.arange(n), values, np.zeros(n, int), read.design, 3)
    share = bank.reached[:, 1, 2] / bank.residents[:, :, 1].sum(axis=1)
    assert np.abs(heard.answers[:, 0] / 5000 - share).max() < 5 * np.sqrt(0.25 / 5000)
    assert heard.figures[:, 0] == pytest.approx(np.log(bank.counts[:, :, 3].sum(axis=(1, 2, 3)) + 0.5))


@pytest.mark.parametrize("period", ["2024-Q3", "2024-08", "2024-W33", "2024-W33/2024-W40"])
def test_a_count_is_simulated_over_its_own_weeks_and_zero_is_one(bank, period):
    figures = [("arrests_calls", period, "hoeryong", "0", "0", "persons", "independent")]
    read = read_for(made_package(some_reports(), figures=figures), PLACE, WINDOW)
    n = len(bank)
    values = {name: np.full(n, fact.central) for name, fact in channel_prior().items()} | {"figure_log_sd": np.zeros(n)}
    heard = simulate_package(bank, np.arange(n), values, np.zeros(n, int), read.design, 3)
    ends = {"2024-Q3": (0, 12), "2024-08": (4, 8), "2024-W33": (6, 6), "2024-W33/2024-W40": (6, 13)}[period]
    true = bank.counts[:, ends[0] : ends[1] + 1, 3].sum(axis=(1, 2, 3))
    assert heard.figures[:, 0] == pytest.approx(np.log(true + 0.5))
    assert (true == 0).any()
    assert heard.figures[true == 0, 0] == pytest.approx(read.observed.figures[0])
    assert np.isfinite(row_of(heard, read.design)).all()


def test_the_hidden_quantities_are_the_worlds_own(bank):
    read = read_for(made_package(some_reports()), PLACE, WINDOW)
    runs = simulations(bank, read.design, 1)
    names = [quantity.name for quantity in quantities()]
    theta = with_derived(runs.theta)
    weeks = np.bincount(WINDOW.of_weeks("quarter")[0])
    followed = (bank.indicator("followed_outings") + bank.indicator("followed_visits")).sum(axis=2)
    assert theta[:, names.index("followed_outings_first_year")] == pytest.approx(followed[:, 0] / weeks[0])
    assert theta[:, ALL_NAMES.index("followed_outings_second_year")] == pytest.approx(followed[:, 1] / weeks[1])
    accused = bank.indicator("accusations").sum(axis=(1, 2))
    ours = (
        theta[:, names.index("accusations_first_year")] * weeks[0]
        + theta[:, ALL_NAMES.index("accusations_second_year")] * weeks[1]
    )
    assert (ours - accused > 0).all()
    assert (ours - accused < 2).all()


def test_a_world_without_fear_has_no_side_of_terror(bank):
    values = latin_hypercube(channel_prior(), len(bank), 1, "x") | {"fear_silence": np.full(len(bank), 1e-6)}
    values |= {name: np.ones(len(bank)) for name in values if name.startswith("telling_") and name != "telling_spread"}
    calm = slope_of_reports(bank, np.arange(len(bank)), values, np.zeros(len(bank), int))
    values["fear_silence"] = np.full(len(bank), 60.0)
    silenced = slope_of_reports(bank, np.arange(len(bank)), values, np.zeros(len(bank), int))
    assert (silenced < calm).mean() > 0.9
