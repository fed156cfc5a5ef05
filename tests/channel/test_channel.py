"""S13: the channel's expectation is what its draws give, falls with fear, and reads records only."""

import datetime

import numpy as np
import pytest

from underwatch.channel import random_numbers, reporting
from underwatch.channel.episodes import EpisodeRecords, episodes, month_of
from underwatch.channel.reporting import (
    FEAR_RESPONSES,
    expected_by_episode,
    expected_published,
    expected_told,
    fear_response,
    observe,
    p_reported,
    publish,
    readiness,
    selection,
    shares_of_lists,
    witnesses,
)  # fmt: skip
from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import init_world, world_totals
from underwatch.facts import model_parameters
from underwatch.record.incidents import published_table
from underwatch.world.layout import INCIDENT, INCIDENT_NAMES, KIND
from underwatch.world.parameters import Parameters
from underwatch.world.scenario_file import scenario_for
from underwatch.world.simulate import digest, run

START = datetime.date(2024, 7, 1)
# Every kind as ready as a followed outing, so that one number says how much is told
ALIKE = {name: 1.0 for name in model_parameters() if name.startswith("telling_") and name != "telling_spread"}
VALUES = {**Parameters.central(), **ALIKE, "p_tell_at_no_fear": 0.01, "witnesses_per_incident": 8.0}
SEEDS = range(60)


def some_records(n=4000, fear=None, seed=3):
    luck = np.random.default_rng(seed)
    fear = luck.integers(0, 256, n) if fear is None else np.full(n, fear)
    records = np.zeros(n, INCIDENT)
    records["day"] = np.sort(luck.integers(0, 365, n))
    records["kind"], records["marks"] = luck.integers(0, len(INCIDENT_NAMES), n), luck.integers(0, 128, n)
    records["subject_fear"] = records["kin_fear"] = records["neighbours_fear"] = fear
    records["subject_contact"] = luck.integers(0, 2, n)
    records["kin"], records["kin_contact"] = luck.integers(0, 20, n), luck.integers(0, 5, n)
    records["neighbours"], records["neighbours_contact"] = luck.integers(0, 150, n), luck.integers(0, 40, n)
    records["hearsay"] = luck.integers(0, 20, n)
    return records


def apart(records):
    """Each incident an episode of its own: another subject."""
    return episodes(records, np.arange(len(records), dtype=np.uint32), START)


def test_the_expectation_is_the_mean_of_the_draws_kind_by_kind():
    told_of, values = apart(some_records()), {**VALUES, "telling_arrest": 30.0, "telling_listing": 5.0}
    kinds = told_of.records["kind"]
    expected = np.bincount(kinds, expected_by_episode(told_of, values), len(INCIDENT_NAMES))
    found = np.zeros((len(SEEDS), len(INCIDENT_NAMES)))
    for seed in SEEDS:
        seen = observe(told_of, values, seed)
        true = told_of.records["kind"][seen.incident[seen.first_hand]]
        found[seed] = np.bincount(true, minlength=len(INCIDENT_NAMES))
    error = found.std(axis=0) / np.sqrt(len(SEEDS))
    assert (np.abs(found.mean(axis=0) - expected) < 5 * error).all()
    assert expected[KIND.arrest] > 4 * expected[KIND.followed_outing]
    assert expected_published(told_of, values) == pytest.approx(expected.sum())


def test_the_expectation_of_episodes_told_is_the_mean_of_the_draws():
    told_of, values = apart(some_records()), {**VALUES, "p_tell_at_no_fear": 0.05}
    expected = expected_told(told_of, values)
    found = [len(np.unique(observe(told_of, values, seed).incident)) for seed in SEEDS]
    assert abs(np.mean(found) - expected) < 5 * np.std(found) / np.sqrt(len(found))
    assert expected < 0.99 * expected_published(told_of, values)  # some are told to both


def test_one_witness_of_one_episode_tells_with_the_exact_chance():
    """The subject alone, without fear, to the first list: the mean over waves of 1 - (1 - p) ** wave."""
    record = np.zeros(20_000, INCIDENT)
    record["subject_contact"], record["kind"] = 1, KIND.arrest
    values = {**VALUES, "p_tell_at_no_fear": 0.02, "telling_arrest": 10.0, "share_of_first_list": 1.0}
    values |= {"witnesses_per_incident": 1.0, "telling_spread": 0.5, "list_relay_share": 0.0}
    loud = -np.log(1 - 0.2)
    exact = 1 - (1 + 0.25 * loud) ** -4
    assert p_reported(record[:1], values)[0] == pytest.approx(exact, rel=1e-12)
    assert expected_published(apart(record[:1]), values) == pytest.approx(exact, rel=1e-12)
    share = np.array([len(observe(apart(record), values, seed).incident) for seed in range(300)]) / len(record)
    assert share.mean() == pytest.approx(exact, abs=5 * share.std() / np.sqrt(300))
    assert p_reported(record[:1], {**values, "telling_spread": 0.0})[0] == pytest.approx(0.2, rel=1e-9)


def test_what_is_ready_to_be_told_is_certain_at_most():
    values = {**VALUES, "p_tell_at_no_fear": 0.01, "telling_arrest": 1e4, "telling_listing": 50.0}
    ready = readiness(values)
    assert ready[KIND.arrest] == 1.0
    assert ready[KIND.listing] == pytest.approx(0.5)
    assert ready[KIND.followed_outing] == pytest.approx(0.01)
    afraid = some_records(200, fear=255)
    afraid["kind"], afraid["subject_contact"] = KIND.arrest, 1
    alone = {**values, "witnesses_per_incident": 1.0, "share_of_first_list": 1.0}
    left = np.exp(-values["fear_silence"])  # the cap comes before fear, not after it
    assert p_reported(afraid, {**alone, "telling_spread": 0.0}) == pytest.approx(
        np.minimum(1.0, left * selection(afraid, values)), rel=1e-9
    )


def test_an_episode_is_one_subject_one_kind_one_month():
    days = [0, 3, 27, 28, 40, 3, 3]  # 28 July lies in the week of Thursday 25 July, 29 July in that of 1 August
    records = np.zeros(7, INCIDENT)
    records["day"], records["kind"] = days, [0, 0, 0, 0, 0, 3, 0]
    records["subject_fear"] = np.arange(7)
    told_of = episodes(records, np.array([7, 7, 7, 7, 7, 7, 8], np.uint32), START)
    assert told_of.row.tolist() == [0, 3, 5, 6]
    assert (told_of.records["subject_fear"] == [0, 3, 5, 6]).all()
    assert told_of.month.tolist() == [month_of(START), month_of(START) + 1, *[month_of(START)] * 2]
    for year in (2023, 2024, 2025):  # a week belongs to the month of its Thursday
        assert month_of(datetime.date(year, 1, 15)) - month_of(datetime.date(year - 1, 1, 15)) == 12
    assert month_of(datetime.date(2024, 12, 30)) == month_of(datetime.date(2025, 1, 2))


def test_an_episode_is_told_once_however_often_it_happens():
    record = some_records(1, fear=0)
    record["day"], record["subject_contact"] = 3, 1
    often = np.repeat(record, 50)
    whom = np.full(50, 9, np.uint32)
    assert expected_published(episodes(often, whom, START), VALUES) == pytest.approx(
        expected_published(apart(record), VALUES)
    )


def test_the_chance_of_an_incident_is_that_of_its_witnesses_drawn_one_by_one():
    records = some_records(1, fear=20)
    records["subject_contact"][0] = 1
    values = {**VALUES, "p_tell_at_no_fear": 0.2, "telling_spread": 0.0}
    seen, luck, n = witnesses(records, values), np.random.default_rng(5), 40_000
    told = np.zeros(n, bool)
    for k in range(4):
        people = int(seen.persons[k, 0])
        p = 0.2 * np.exp(-values["fear_silence"] * seen.fear[k, 0]) * seen.contact[k, 0] * seen.knows[k, 0]
        told |= (luck.random((n, people)) < p).any(axis=1)
    chance = float(p_reported(records, values)[0])
    assert abs(told.mean() - chance) < 5 * np.sqrt(chance / n)


def test_witnesses_are_as_many_as_the_parameter_says():
    seen = witnesses(some_records(), VALUES)
    enough = seen.persons.sum(axis=0) >= VALUES["witnesses_per_incident"]
    number = (seen.persons * seen.knows).sum(axis=0)
    assert np.allclose(number[enough], VALUES["witnesses_per_incident"])
    assert (number <= VALUES["witnesses_per_incident"] + 1e-9).all()


@pytest.mark.parametrize("law", FEAR_RESPONSES)
def test_more_fear_tells_less(law):
    told = [expected_published(apart(some_records(fear=fear)), VALUES, law) for fear in (0, 40, 100, 200, 255)]
    assert told == sorted(told, reverse=True)
    assert told[0] > told[-1] > (-1 if law == "threshold" else 0)
    assert fear_response(law)(np.zeros(1), 2.0)[0] == 1


def test_without_contact_nothing_is_told():
    records = some_records()
    for who in ("subject", "kin", "neighbours"):
        records[f"{who}_contact"] = 0
    assert expected_published(apart(records), VALUES) == 0
    assert len(publish(apart(records), START, "Hoeryong", VALUES, 1)["date"]) == 0


def test_no_incident_and_an_unknown_law():
    none = apart(np.zeros(0, INCIDENT))
    assert expected_published(none, VALUES) == 0
    assert published_table(publish(none, START, "Hoeryong", VALUES, 1)).num_rows == 0
    with pytest.raises(InputError, match='did you mean "threshold"'):
        fear_response("treshold")


def test_what_is_published_fits_the_table_and_repeats():
    values = {**VALUES, "report_reliability": 0.6, "list_relay_share": 0.5}
    told_of = apart(some_records())
    columns = publish(told_of, START, "Hoeryong", values, 7)
    table = published_table(columns)
    assert table.equals(published_table(publish(told_of, START, "Hoeryong", values, 7)))
    assert not table.equals(published_table(publish(told_of, START, "Hoeryong", values, 8)))
    relay, n = columns["relay"], int((~columns["relay"]).sum())
    assert 0.35 < relay.sum() / n < 0.65
    assert (columns["delay_days"] >= 0).all()
    assert set(columns["list"]) == {"A", "B"}


def test_the_luck_of_an_episode_hangs_on_nothing_else():
    """Others gone, or in another order: what is said of an episode that stays is the same."""
    told_of, values = apart(some_records()), {**VALUES, "p_tell_at_no_fear": 0.2, "list_relay_share": 0.5}
    shuffled = np.random.default_rng(1).permutation(len(told_of.who))[:2_500]
    some = EpisodeRecords(*(part[shuffled] for part in told_of))
    rows = {
        tuple(int(part[index]) for part in seen)
        for seen in [observe(told_of, values, 7)]
        for index in np.flatnonzero(np.isin(seen.incident, some.row))
    }
    fewer = observe(some, values, 7)
    assert {tuple(int(part[index]) for part in fewer) for index in range(len(fewer.incident))} == rows
    assert len(rows) > 500


def test_uniforms_and_normals_are_what_their_names_say():
    told_of = apart(some_records(20_000))
    drawn = random_numbers.uniforms(1, "test", told_of)
    assert np.abs(np.histogram(drawn, 10, (0, 1))[0] / 2_000 - 1).max() < 0.15
    assert abs(np.corrcoef(drawn, random_numbers.uniforms(1, "other", told_of))[0, 1]) < 0.03
    assert abs(np.corrcoef(drawn, random_numbers.uniforms(2, "test", told_of))[0, 1]) < 0.03
    bell = random_numbers.normals(1, "test", told_of)
    assert abs(bell.mean()) < 0.03
    assert abs(bell.std() - 1) < 0.03


def test_news_of_a_kind_comes_in_waves_of_the_size_that_the_parameter_says():
    """Of one kind and month the counts spread by more than luck; of two months they are apart."""
    records = some_records(4_000, fear=0)
    records["kind"], records["marks"] = KIND.arrest, 0
    records["day"] = np.where(np.arange(4_000) < 2_000, 10, 40)
    told_of, values = apart(records), {**VALUES, "telling_spread": 1.0, "list_relay_share": 0.0}
    values["p_tell_at_no_fear"] = 1e-3
    counts = np.zeros((400, 2))
    for seed in range(400):
        seen = observe(told_of, values, seed)
        counts[seed] = np.bincount(seen.incident >= 2_000, minlength=2)
    mean = counts.mean(axis=0)
    spread = np.sqrt(np.maximum(counts.var(axis=0) - mean, 0)) / mean
    assert spread == pytest.approx([1.0, 1.0], abs=0.2)
    assert abs(np.corrcoef(counts.T)[0, 1]) < 0.2
    calm = [len(observe(told_of, {**values, "telling_spread": 0.0}, seed).incident) for seed in range(200)]
    assert np.var(calm) < 1.4 * np.mean(calm)


def test_the_form_of_the_rule_is_the_response_to_fear_and_changes_nothing_that_happens():
    scenario = scenario_for("hoeryong", population=1_500, days=60)
    digests, published = set(), {}
    for law in FEAR_RESPONSES:
        chosen = scenario.replace(forms=scenario.forms.with_forms({"S13": law}))
        world = run(init_world(chosen, chosen.places[0], 1), chosen.phases())
        digests.add(digest(world))
        told_of = episodes(world.history.records, world.history.who, chosen.start)
        published[law] = world_totals(world, chosen).numbers[1]
        assert published[law] == expected_published(told_of, chosen.parameters, law)
    assert len(digests) == 1
    assert len(set(published.values())) == len(FEAR_RESPONSES)


def test_delays_are_log_normal_on_one_plus_days():
    told_of = apart(some_records(20_000, fear=0))
    columns = publish(told_of, START, "Hoeryong", {**VALUES, "p_tell_at_no_fear": 0.5}, 7)
    logs = np.log1p(columns["delay_days"][~columns["relay"]])
    assert abs(logs.mean() - VALUES["delay_log_mean"]) < 0.03
    assert abs(logs.std() - VALUES["delay_log_sd"]) < 0.03


@pytest.mark.parametrize("law", FEAR_RESPONSES)
@pytest.mark.parametrize("tell", [1e-6, 1e-3, 0.3, 1.0])
def test_the_compiled_pass_is_the_plain_form(law, tell):
    """Small chances by a series and large ones by the library, up to certainty, effort by list and week."""
    records, values = some_records(3000), {**VALUES, "p_tell_at_no_fear": tell, "telling_arrest": 40.0}
    records["kin"][:50] = records["neighbours"][50:100] = records["hearsay"][50:100] = 0  # no kin; nobody near
    effort = np.random.default_rng(8).random((2, 53))
    for border, heard in ((True, None), (False, effort)):
        loud = reporting._loudness(records, reporting._model(values, law, border, heard))
        found = reporting.told(loud, values["telling_spread"])
        pull, week = selection(records, values, border), records["day"] // 7
        for at, share in enumerate(shares_of_lists(values)):
            reach = share * pull * (1.0 if heard is None else heard[at, week])
            np.testing.assert_allclose(found[at], p_reported(records, values, law, reach), rtol=1e-11, atol=1e-300)
