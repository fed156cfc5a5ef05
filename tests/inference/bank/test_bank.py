"""The bank: the same rows on any executor, resumed or not; damage and other versions are found."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from underwatch.errors import InputError
from underwatch.facts import model_parameters, rival_forms
from underwatch.inference.bank import bank as bank_module
from underwatch.inference.bank import priors
from underwatch.inference.bank.bank import BankPlan, build, described, plan_of, read_bank, row_of, shipped_folder
from underwatch.inference.bank.figure_answers import figure_parts, read_figures
from underwatch.inference.bank.form import INDICATORS_READ
from underwatch.inference.bank.priors import channel_prior, levels_of, world_of, world_prior, world_rules
from underwatch.inference.bank.shard import lengthen, shards_in, shorten
from underwatch.record.tally import Window
from underwatch.world.layout import INDICATORS
from underwatch.world.parameters import latin_hypercube

PLAN = BankPlan(window=Window(date(2024, 10, 7), 13), population=900, per_shard=3)


def run(plan, folder, n):
    with ThreadPoolExecutor(2) as executor:
        build(plan, folder, n, executor, 2, lambda worlds: None)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return run(PLAN, tmp_path_factory.mktemp("bank") / "tiny", 6)


def test_a_bank_holds_each_row_as_it_is_run_alone(folder):
    bank = read_bank(folder)
    assert len(bank) == 6
    alone = row_of(PLAN, 1, 2)
    for name in ("counts", "episodes", "firsts", "reached", "indicators", "residents", "values", "forms"):
        assert (getattr(bank, name)[5] == alone[name]).all()
    for name in ("subject", "others", "pairs", "weekly", "known", "curve"):
        assert np.allclose(getattr(bank, name)[5], alone[name], rtol=2**-7)
    assert bank.value("p_notice")[5] == PLAN.rows(1)["p_notice"][2]


def test_a_bank_that_grows_or_lost_a_part_comes_to_the_same_bytes(folder, tmp_path):
    grown = run(PLAN, run(PLAN, tmp_path / "grown", 2), 6)
    lost = shards_in(grown)[0]
    before = lost.read_bytes()
    lost.unlink()
    run(PLAN, grown, 6)
    assert lost.read_bytes() == before
    assert [path.name for path in shards_in(grown).values()] == [path.name for path in shards_in(folder).values()]


def test_a_damaged_part_is_named(folder, tmp_path):
    broken = run(PLAN, tmp_path / "broken", 3)
    part = shards_in(broken)[0]
    data = bytearray(part.read_bytes())
    data[100] ^= 1
    part.write_bytes(bytes(data))
    with pytest.raises(InputError, match=rf"{part.name} is damaged.*delete it"):
        read_bank(broken)


def test_a_bank_of_other_rules_or_another_prior_is_refused(folder, monkeypatch):
    key = PLAN.key()
    original = bank_module.row_of
    monkeypatch.setattr(bank_module, "_probe", lambda: "another history")
    with pytest.raises(InputError, match="another version"):
        read_bank(folder)
    monkeypatch.undo()
    assert bank_module.row_of is original
    narrow = {**world_prior(), "p_notice": replace(world_prior()["p_notice"], low=0.4)}
    monkeypatch.setattr(bank_module, "world_prior", lambda: narrow)
    assert PLAN.key() != key


def test_a_change_of_the_channels_prior_keeps_the_bank(monkeypatch):
    key, table = PLAN.key(), dict(model_parameters())
    table["p_tell_at_no_fear"] = replace(table["p_tell_at_no_fear"], high=0.5)
    table["a_new_one"] = replace(table["fear_silence"], name="a_new_one")
    monkeypatch.setattr(priors, "model_parameters", lambda: table)
    assert "a_new_one" in channel_prior()
    assert PLAN.key() == key


def test_an_indicator_that_no_estimate_reads_keeps_the_bank(folder, monkeypatch):
    before, tally_world = read_bank(folder), bank_module.tally_world

    def one_more(*asked):
        tally = tally_world(*asked)
        return replace(tally, indicators=np.insert(tally.indicators, 3, 7.0, axis=-1))

    monkeypatch.setattr(bank_module, "tally_world", one_more)
    monkeypatch.setattr(bank_module, "INDICATORS", (*INDICATORS[:3], "a_new_one", *INDICATORS[3:]))
    bank = read_bank(folder)
    fresh = row_of(replace(PLAN, indicators=bank_module.INDICATORS), 1, 2)["indicators"]
    for name in INDICATORS_READ:
        assert (bank.indicator(name) == before.indicator(name)).all()
        assert (fresh[..., bank_module.INDICATORS.index(name)] == bank.indicator(name)[5]).all()
    assert (fresh[..., 3] == 7).all()


def test_the_shipped_bank_is_valid():
    folder = shipped_folder()
    valid = described(folder)["key"] == plan_of(folder).key() and described(folder)["parameters"] == list(world_prior())
    assert valid, (
        "the shipped bank is of other rules or another prior; rebuild it:\n"
        f"  B={folder}; rm $B/* && underwatch calibrate --bank $B --worlds 2000"
    )


def test_the_worlds_of_the_shipped_bank_answer_to_the_published_figures():
    folder = shipped_folder()
    parts, key = figure_parts(folder), bank_module._figures_key(described(folder)["key"])
    figures = read_figures([parts.get((number, key)) for number in shards_in(folder)], plan_of(folder).per_shard)
    assert np.isfinite(figures).mean(axis=0).min() > 0.95, (
        f"figures or what answers to them have changed: `underwatch calibrate --worlds {len(figures)}` asks the worlds"
    )


def test_a_bank_of_other_indicators_does_not_grow(folder):
    with pytest.raises(InputError, match="another version"):
        run(replace(PLAN, indicators=INDICATORS), folder, 9)


def test_no_parameter_is_drawn_twice_and_none_is_left_out():
    world, channel = set(world_prior()), set(channel_prior())
    assert not world & channel
    assert {name for name, fact in model_parameters().items() if fact.low < fact.high} <= world | channel
    assert "contact_weeks" in world


def test_a_draw_hangs_on_its_name_alone_and_fills_the_range_evenly():
    prior = channel_prior()
    some = {name: prior[name] for name in ("fear_silence", "list_relay_share")}
    all_of_them, few = latin_hypercube(prior, 50, 3, "x"), latin_hypercube(some, 50, 3, "x")
    assert (all_of_them["fear_silence"] == few["fear_silence"]).all()
    fact = prior["fear_silence"]
    places = np.sort(np.log(few["fear_silence"] / fact.low) / np.log(fact.high / fact.low) * 50)
    assert (places.astype(int) == np.arange(50)).all()


def test_the_change_of_orders_comes_in_its_week():
    values = {name: fact.central for name, fact in world_prior().items()} | {"ramp_factor": 2.0, "ramp_week": 0.5}
    scenario = world_of(PLAN.scenario(), PLAN.window, values, PLAN.forms(0)[1])
    assert scenario.forms == PLAN.forms(0)[1]
    assert scenario.changes[0].date == date(2024, 11, 18)
    assert scenario.changes[0].values["quota_mps_per_week"] == 2 * values["quota_mps_per_week"]


def test_the_forms_of_the_worlds_are_drawn_evenly_and_kept(folder):
    forms = BankPlan(per_shard=60).forms(3)
    for rule in world_rules():
        names = [item.form for item in rival_forms()[rule]]
        assert [sum(one[rule] == name for one in forms) for name in names] == [60 // len(names)] * len(names)
    assert {one["S13"] for one in forms} == {"exponential"}  # the channel's is drawn for each package
    kept = read_bank(folder).forms
    assert kept.tolist() == [levels_of(one) for shard in (0, 1) for one in PLAN.forms(shard)]
    assert len({tuple(row) for row in kept.tolist()}) > 1


def test_sums_keep_seven_bits_and_zero():
    values = np.array([0.0, 1.0, 1e-6, 3.14159, 1e7], np.float32)
    again = lengthen(shorten(values))
    assert again[0] == 0
    assert np.allclose(again, values, rtol=2**-7)


def test_no_bank_and_an_empty_one(tmp_path):
    with pytest.raises(InputError, match="is no bank"):
        read_bank(tmp_path)
    run(PLAN, tmp_path / "empty", 0)
    with pytest.raises(InputError, match="holds no world yet"):
        read_bank(tmp_path / "empty")
