"""What is recorded is what the engine did: each incident is a row, and each report in a file was written by it."""

import os
import stat
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest

from disclosure.made import DRAFT, tiny
from underwatch.disclosure.answer import judge
from underwatch.disclosure.draft import draft_of
from underwatch.disclosure.lower_ends import bounds_of, groups, lower_end, weighted
from underwatch.disclosure.telling import record, sections, verdict
from underwatch.disclosure.worlds import cache as kept
from underwatch.disclosure.worlds import drawn as drawing
from underwatch.disclosure.worlds import lived as kept_lived
from underwatch.disclosure.worlds.cache import WorldCache
from underwatch.disclosure.worlds.lived import live, settings_for
from underwatch.experiments.engine.worlds import init_world
from underwatch.experiments.histories.recorded import histories_of
from underwatch.experiments.histories.rows import LATER
from underwatch.world import simulate
from underwatch.world.forms import Forms
from underwatch.world.layout import EPISODE, FILE_MPS, FILE_MSS, INCIDENT_NAMES, KIND
from underwatch.world.scenario import place_scenario
from underwatch.world.workers import Workers

DAYS = {"start": date(2023, 3, 1), "end": date(2023, 5, 10), "settle_weeks": 4, "population": 2500}
ALL = tuple(range(len(INCIDENT_NAMES)))


def lived_through(**parts):
    """The histories of a small world, and what the engine itself counted in it."""
    scenario = place_scenario("Hoeryong", **DAYS | parts)
    world = init_world(scenario, scenario.places[0], scenario.seed)
    simulate.run(world, scenario.phases(), Workers(1))
    return scenario, histories_of(scenario, scenario.places[0], ALL), world.history


@pytest.fixture(scope="module")
def tiny_worlds():
    settings = tiny()
    with ThreadPoolExecutor(1) as executor:
        return settings, live(settings, (KIND.followed_visit,), executor)


def test_each_incident_is_a_row_with_its_days_and_witnesses():
    scenario, found, history = lived_through()
    monday = scenario.start.weekday()
    for kind in ALL:
        mine = history.records["kind"] == kind
        records, rows = history.records[mine], found.rows[kind]
        who = history.who[mine].astype(int) - scenario.places[0].first_resident
        days = {(int(a), int(b)) for a, b in zip(who, records["day"], strict=True)}
        seen = {
            (int(one["who"]), int(one["week"]) * 7 + bit - monday)
            for one in rows
            for bit in range(7)
            if one["days"] >> bit & 1
        }
        assert seen == days, INCIDENT_NAMES[kind]
        assert set(rows["neighbours"]) <= set(records["neighbours"])
    arrests = found.later[found.later["what"] == LATER.index("arrest")]
    assert len(arrests) == np.count_nonzero(history.records["kind"] == KIND.arrest)


def test_a_report_stands_in_the_files_exactly_where_the_engine_wrote_it():
    """Six days without a review: a file holds something if and only if a report was written of its resident."""
    scenario = place_scenario(
        "Hoeryong", start=date(2023, 3, 6), end=date(2023, 3, 11), settle_weeks=0, population=20_000,
        forms=Forms.central().with_forms({"S4": "pooled"}), without=frozenset({"S8", "S10", "S16"}),
    )  # fmt: skip
    found = histories_of(scenario, scenario.places[0], ALL)
    world = init_world(scenario, scenario.places[0], scenario.seed)
    simulate.run(world, scenario.phases(), Workers(1, trace_who=-1))
    trace, people = world.history.trace, world.state.people
    in_files = set(np.flatnonzero((people[FILE_MPS] > 0) | (people[FILE_MSS] > 0)).tolist())
    written = {int(who) for rows in found.rows.values() for who in rows["who"][rows["written"] > 0]}
    assert written <= in_files
    assert len(written) > 100

    def of(*episodes):
        return Counter(trace["who"][np.isin(trace["kind"], episodes)].tolist())

    unseen = of(EPISODE.followed) - of(EPISODE.noticed) + (of(EPISODE.visit_followed) - of(EPISODE.visit_noticed))
    unseen += of(EPISODE.report, EPISODE.lodging)
    unseen += Counter({who: n - 1 for who, n in of(EPISODE.home_visit).items()})  # of a week's one is an incident
    plain = {who for kind in ALL for who in found.rows[kind]["who"].tolist()} - set(+unseen)
    assert len(plain) > 100
    assert plain & in_files == plain & written


def test_a_set_and_its_lower_end_are_shares_of_weight():
    values = np.array([5.0, 1.0, 9.0, 3.0])
    weights = np.array([0.25, 0.0, 0.25, 0.5])
    assert [weighted(values, weights, share) for share in (0.05, 0.5, 0.6, 0.9)] == [3, 3, 5, 9]
    settings = settings_for(draft_of(DRAFT), 4)
    many = np.arange(12.0) + 1
    even = np.ones(12)
    among = groups(settings.worlds)
    assert lower_end(many, even, among) == 1
    assert bounds_of(many, many, even, among)[:3] == (1, 1, 6)
    for mine in (*among.ensembles, *among.forms):
        assert lower_end(np.where(mine, 2.0, 50.0), even, among) == 2, "the lowest of any ensemble and form"


def test_more_detail_never_makes_a_set_larger_and_nothing_goes_out_but_sets(tiny_worlds):
    settings, lived = tiny_worlds
    told = {"act": "followed_visit", "place": "Samjiyon", "period": "2023-01", "companions": "three"}
    draft = draft_of(told | {"published": "2023-03-01"})
    answer = judge(draft, lived, settings, 20)
    for which in range(3):
        lowers = [step.lower[which] for step in answer.steps]
        assert lowers == sorted(lowers, reverse=True)
    assert answer.sets.watchers.lower <= answer.sets.subject.lower <= answer.sets.subject.median
    for rewrite in answer.rewrites:
        assert rewrite.lower >= 20
        assert rewrite.changes
    sizes = [size for sets in [answer.sets] for bounds in (sets.watchers, sets.subject, sets.source) for size in bounds]
    told = record(answer)
    assert [size for of in told["sets"].values() for size in of.values()] == [
        None if size < 5 else pytest.approx(size, rel=0.1, abs=1) for size in sizes
    ]
    for language, few in (("en", "fewer than 5"), ("ko", "5명 미만")):
        lines = [
            *verdict(answer, language),
            *(cell for part in sections(answer, language) for row in part.rows for cell in row),
        ]
        assert few in " ".join(lines)
        assert not any("safe" in line.split() for line in lines)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "exposure"
    place.mkdir(0o700)
    return place


def test_kept_worlds_are_those_that_were_lived_through(folder, tiny_worlds):
    settings, lived = tiny_worlds
    kept_worlds = WorldCache(folder)
    assert kept_worlds.read(settings, [KIND.followed_visit]) is None
    kept_worlds.write(settings, lived)
    found = WorldCache(folder).read(settings, [KIND.followed_visit, KIND.arrest])
    for kind, parts in found.items():
        for one, other in zip(parts, lived[kind], strict=True):
            for here, there in zip(one.worlds, other.worlds, strict=True):
                assert np.array_equal(here.rows[kind], there.rows[kind])
                assert np.array_equal(here.later, there.later)


def test_names_hang_on_settings_and_on_a_salt_and_tell_nothing(folder, tmp_path, tiny_worlds):
    settings, lived = tiny_worlds
    (tmp_path / "other").mkdir()
    first, second = WorldCache(folder), WorldCache(tmp_path / "other")
    first.write(settings, lived)
    part = settings.parts[0]
    assert first.path(settings, part, 1).name != second.path(settings, part, 1).name
    assert first.path(settings, part, 1) == WorldCache(folder).path(settings, part, 1)
    others = {first.path(other, other.parts[0], 1) for other in (tiny(each=2), tiny(residents=900))}
    others |= {first.path(settings, settings.parts[1], 1), first.path(settings, part, 2)}
    assert len(others | {first.path(settings, part, 1)}) == 5
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        data = path.read_bytes()
        assert not any(word in data for word in (b"Samjiyon", b"2023", b"defector", b"followed_visit"))


def test_kept_settings_are_those_that_are_drawn_and_damaged_ones_are_drawn_anew(folder, tiny_worlds, monkeypatch):
    settings, lived = tiny_worlds
    cache, anew, draw = WorldCache(folder), settings.worlds, drawing._draw
    assert cache.read(settings, [KIND.followed_visit]) is None
    cache.write(settings, lived)
    path = cache.path_of_settings(settings)
    whole = path.read_bytes()

    def read_by_another_process(draw):
        monkeypatch.setattr(drawing, "_known", {})
        monkeypatch.setattr(drawing, "_draw", draw)
        kept_lived._worlds.cache_clear()
        assert cache.read(settings, [KIND.followed_visit]) is not None
        assert settings.worlds == anew
        assert path.read_bytes() == whole

    read_by_another_process(lambda *_: pytest.fail("drawn, though it is kept"))
    for wound in (b"[]", b"[[1, 2, 3, 4]]", whole.replace(b"assigned", b"neither"), b"\xff"):
        path.write_bytes(wound)
        read_by_another_process(draw)


def test_what_finds_its_worlds_kept_loads_neither_the_engine_nor_pandas():
    heavy = ["underwatch.world.simulate", "underwatch.world.draws", "pandas"]
    code = f"import sys, underwatch.api.commands.exposure; print([one for one in {heavy} if one in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_days_that_are_kept_tell_no_period():
    def days(**change):
        found = settings_for(draft_of(DRAFT | change))
        return found.start, found.days

    assert days() == days(period="2023-01-12") == days(period="2023-02") == days(published="2023-02-27")
    assert days()[0].month % 3 == 1
    assert days()[0].day == 1


def test_what_is_kept_is_bounded_and_what_is_damaged_is_made_anew(folder, tiny_worlds, monkeypatch):
    settings, lived = tiny_worlds
    cache = WorldCache(folder)
    cache.write(settings, lived)
    path = cache.path(settings, settings.parts[0], KIND.followed_visit)
    data = path.read_bytes()
    for wound in (data[:-20], b"", data[:100] + b"\0" * 50 + data[150:]):
        path.write_bytes(wound)
        assert cache.read(settings, [KIND.followed_visit]) is None
    monkeypatch.setattr(kept, "MOST_BYTES", 20_000)
    cache.write(settings, lived)
    assert sum(path.stat().st_size for path in folder.glob("*.parquet")) <= 20_000
    for name in os.listdir(folder):
        (folder / name).unlink()
    WorldCache(folder).write(settings, lived)
