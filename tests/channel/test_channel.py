"""S13: the channel's expectation is what its draws give, falls with fear, and reads records only."""

import datetime

import numpy as np
import pytest

from underwatch.channel import reporting
from underwatch.channel.reporting import (
    FEAR_RESPONSES,
    expected_incidents_reported,
    expected_published,
    fear_response,
    observe,
    p_reported,
    publish,
    selection,
    shares_of_lists,
    witnesses,
)  # fmt: skip
from underwatch.errors import InputError
from underwatch.record.incidents import published_table
from underwatch.world.layout import INCIDENT
from underwatch.world.parameters import Parameters

START = datetime.date(2024, 7, 1)
VALUES = {**Parameters.central(), "p_tell_at_no_fear": 0.01, "witnesses_per_incident": 8.0}


def some_records(n=4000, fear=None, seed=3):
    luck = np.random.default_rng(seed)
    fear = luck.integers(0, 256, n) if fear is None else np.full(n, fear)
    records = np.zeros(n, INCIDENT)
    records["day"] = np.sort(luck.integers(0, 365, n))
    records["kind"], records["marks"] = luck.integers(0, 6, n), luck.integers(0, 128, n)
    records["subject_fear"] = records["kin_fear"] = records["neighbours_fear"] = fear
    records["subject_contact"] = luck.integers(0, 2, n)
    records["kin"], records["kin_contact"] = luck.integers(0, 20, n), luck.integers(0, 5, n)
    records["neighbours"], records["neighbours_contact"] = luck.integers(0, 150, n), luck.integers(0, 40, n)
    records["hearsay"] = luck.integers(0, 20, n)
    return records


def test_the_expectation_is_the_mean_of_the_draws():
    records = some_records()
    expected = expected_published(records, VALUES)
    found = [int((~publish(records, START, "Hoeryong", VALUES, seed)["relay"]).sum()) for seed in range(60)]
    assert abs(np.mean(found) - expected) < 5 * np.std(found) / np.sqrt(len(found))


def test_the_expectation_of_incidents_told_is_the_mean_of_the_draws():
    records, values = some_records(), {**VALUES, "p_tell_at_no_fear": 0.05}
    expected = expected_incidents_reported(records, values)
    found = [len(np.unique(observe(records, values, seed).incident)) for seed in range(60)]
    assert abs(np.mean(found) - expected) < 5 * np.std(found) / np.sqrt(len(found))
    assert expected < 0.99 * expected_published(records, values)  # some are told to both


def test_the_chance_of_an_incident_is_that_of_its_witnesses_drawn_one_by_one():
    records = some_records(1, fear=20)
    records["subject_contact"][0] = 1
    values = {**VALUES, "p_tell_at_no_fear": 0.2}
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
    told = [expected_published(some_records(fear=fear), VALUES, law) for fear in (0, 40, 100, 200, 255)]
    assert told == sorted(told, reverse=True)
    assert told[0] > told[-1] > (-1 if law == "threshold" else 0)
    assert fear_response(law)(np.zeros(1), 2.0)[0] == 1


def test_without_contact_nothing_is_told():
    records = some_records()
    for who in ("subject", "kin", "neighbours"):
        records[f"{who}_contact"] = 0
    assert expected_published(records, VALUES) == 0
    assert len(publish(records, START, "Hoeryong", VALUES, 1)["date"]) == 0


def test_no_incident_and_an_unknown_law():
    none = np.zeros(0, INCIDENT)
    assert expected_published(none, VALUES) == 0
    assert published_table(publish(none, START, "Hoeryong", VALUES, 1)).num_rows == 0
    with pytest.raises(InputError, match='did you mean "threshold"'):
        fear_response("treshold")


def test_what_is_published_fits_the_table_and_repeats():
    values = {**VALUES, "report_reliability": 0.6, "list_relay_share": 0.5}
    records = some_records()
    columns = publish(records, START, "Hoeryong", values, 7)
    table = published_table(columns)
    assert table.equals(published_table(publish(records, START, "Hoeryong", values, 7)))
    assert not table.equals(published_table(publish(records, START, "Hoeryong", values, 8)))
    relay, n = columns["relay"], int((~columns["relay"]).sum())
    assert 0.35 < relay.sum() / n < 0.65
    assert (columns["delay_days"] >= 0).all()
    assert set(columns["list"]) == {"A", "B"}


def test_delays_are_log_normal_on_one_plus_days():
    columns = publish(some_records(20_000, fear=0), START, "Hoeryong", {**VALUES, "p_tell_at_no_fear": 0.5}, 7)
    logs = np.log1p(columns["delay_days"][~columns["relay"]])
    assert abs(logs.mean() - VALUES["delay_log_mean"]) < 0.03
    assert abs(logs.std() - VALUES["delay_log_sd"]) < 0.03


@pytest.mark.parametrize("law", FEAR_RESPONSES)
@pytest.mark.parametrize("tell", [1e-6, 1e-3, 0.3, 1.0])
def test_the_compiled_pass_is_the_plain_form(law, tell):
    """Small chances by a series and large ones by the library, up to certainty, effort by list and week."""
    records, values = some_records(3000), {**VALUES, "p_tell_at_no_fear": tell}
    records["kin"][:50] = records["neighbours"][50:100] = records["hearsay"][50:100] = 0  # no kin; nobody near
    effort = np.random.default_rng(8).random((2, 53))
    for border, heard in ((True, None), (False, effort)):
        found = reporting._chances(records, reporting._model(values, law, border, heard))
        pull, week = selection(records, values, border), records["day"] // 7
        for at, share in enumerate(shares_of_lists(values)):
            reach = share * pull * (1.0 if heard is None else heard[at, week])
            np.testing.assert_allclose(found[at], p_reported(records, values, law, reach), rtol=1e-11, atol=1e-300)
