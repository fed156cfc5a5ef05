"""S4 in its two forms: named watchers keep their attention for their cases, and one tail follows all who go out."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from underwatch.world import layout as L
from underwatch.world import population, simulate
from underwatch.world.draws import Purpose, threefry_plain
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters
from underwatch.world.rates import rates
from underwatch.world.reference.population import Rng, choose
from underwatch.world.scenario import Phase
from underwatch.world.workers import Workers

SEED, RESIDENTS, DAYS, MONDAY = 1, 3000, 28, 20094
# Nobody notices, enters or leaves a list, and every follower writes: what is followed hangs on the watchers alone.
QUIET = {
    "list_exit_per_year": 0.0,
    "accusation_threshold": 1e4,
    "p_report_followed_base": 1.0,
    "p_notice": 0.0,
    "p_detected_per_call": 0.0,
    "routine_reports_base": 0.0,
    "routine_reports_pressure": 0.0,
    "offences_per_adult_per_year": 0.0,
    "guests_found_per_check": 0.0,
}
AT_HOME = frozenset({"S6", "S7", "S8", "S16", "S17"})  # so that outings alone use attention and are written of


@cache
def lived(form: str = "assigned", without: frozenset[str] = AT_HOME, **values: float) -> SimpleNamespace:
    """A world, the outings made on each day (bool[days, 3, R]), and its trace."""
    some = {**Parameters.central().to_dict(), **QUIET, **values}
    phase = Phase(MONDAY, DAYS, some, without, 1.0, False, Forms.central().with_forms({"S4": form}))
    given = population.InitialConditions.of(phase, True, SEED, 5000, RESIDENTS, DAYS)
    world, workers = simulate.init(given), Workers(trace_who=-1, acts=np.zeros((7, RESIDENTS), np.uint16))
    acts = []
    for day in range(DAYS):
        simulate.step(world, phase, 1, workers)
        acts.append(workers.acts[day % 7] & L.ACT_OUTINGS)
    outings = np.stack([np.array(acts) >> part & 1 for part in range(3)], axis=1).astype(bool)
    return SimpleNamespace(
        world=world, outings=outings, trace=world.history.trace, town=world.town, flags=world.state.flags
    )


def summed(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sums over neighbours on the last axis."""
    return np.add.reduceat(values.astype(int), starts[:-1], axis=-1)


def followed(run: SimpleNamespace) -> np.ndarray:
    """Which outings of the listed were followed, and by which class of watcher (-1: not), int64[days, 3, R]."""
    rows = run.trace[run.trace["kind"] == L.EPISODE.followed]
    result = np.full((DAYS, 3, RESIDENTS), -1)
    result[rows["day"], rows["value"], rows["who"]] = rows["other"]
    return np.where(run.flags & L.ON_A_LIST, result, -1)


def tails(run: SimpleNamespace, by: int) -> np.ndarray:
    """Tails of a class of watcher by day and unit: a household's in one part of a day is one."""
    houses = summed(followed(run) == by, run.town.house_start) > 0
    return summed(houses.sum(axis=1), run.town.unit_house)


def able(run: SimpleNamespace, flag: int, attention: float) -> np.ndarray:
    """Outings that those of each unit who hold a role can follow on each day, by the closed form."""
    a = int(attention * 65536 + 0.5)
    key = (int(run.world.key[0]), int(run.world.key[1]))
    numbers = run.town.first + np.arange(RESIDENTS)
    phase = np.array([threefry_plain(key, (int(who), Purpose.HOLDER << 16))[0] & 0xFFFF for who in numbers])
    day = MONDAY + np.arange(DAYS)[:, None]
    each = ((day + 1) * a + phase >> 16) - (day * a + phase >> 16)
    return summed(np.where(run.flags & flag != 0, each, 0), run.town.unit_start)


def test_capacity_is_never_exceeded_and_is_used_to_the_last_outing_where_more_is_wanted() -> None:
    run = lived(attention_per_officer_per_day=0.0, vigilance_base=1.0, attention_per_role_per_day=0.3)
    out = run.outings & (run.flags & L.ON_A_LIST != 0)
    wanted = summed((summed(out, run.town.house_start) > 0).sum(axis=1), run.town.unit_house)
    capacity = able(run, L.ROLE, 0.3)
    used = tails(run, L.BY_OPEN_ROLE) + tails(run, L.BY_COVERT)
    assert np.array_equal(used, np.minimum(capacity, wanted))
    assert np.all(tails(run, L.BY_OPEN_ROLE) <= able(run, L.OPEN_ROLE, 0.3))
    assert np.all(tails(run, L.BY_COVERT) <= able(run, L.COVERT, 0.3))
    assert min((wanted > capacity).sum(), (wanted < capacity).sum()) > 50


def test_visits_and_calls_use_the_same_attention() -> None:
    """Nobody joins on the way here, so whoever follows is of the unit."""
    some = {"attention_per_officer_per_day": 0.0, "p_taken_over_per_km": 0.0, "vigilance_base": 1.0}
    run = lived(without=frozenset({"S6"}), visits_per_household_per_month=4.0, permit_days=7.0, **some)
    rows = run.trace[np.isin(run.trace["kind"], (L.EPISODE.visit_followed, L.EPISODE.call_followed))]
    unit = np.searchsorted(run.town.unit_start, rows["who"], side="right") - 1
    assert len(rows) > 50
    for by, flag in ((L.BY_OPEN_ROLE, L.OPEN_ROLE), (L.BY_COVERT, L.COVERT)):
        used = tails(run, by)
        mine = rows["other"] == by
        np.add.at(used, (rows["day"][mine], unit[mine]), 1)
        assert np.all(used <= able(run, flag, 0.5))


def test_an_officer_is_a_layer_where_the_unit_has_too_few_people() -> None:
    """With nobody in a role, the tails of a listed family are those of the officers on their rounds."""
    run = lived(open_roles_per_unit=0.0, share_covert_informants=0.0, vigilance_base=1.0)
    assert not (run.flags & L.ROLE).any()
    by_officer = tails(run, L.BY_MPS_OFFICER), tails(run, L.BY_MSS_OFFICER)
    assert all(found.any() for found in by_officer)
    for found, area in zip(by_officer, (run.town.mps_of, run.town.mss_of), strict=True):
        for day in range(DAYS):
            assert np.bincount(area, weights=found[day]).max() <= 3
    assert not tails(run, L.BY_OPEN_ROLE).any()
    assert not tails(run, L.BY_COVERT).any()


def test_one_tail_follows_all_listed_members_who_are_out_and_is_written_of_once() -> None:
    run = lived(vigilance_base=0.4)
    on_list = run.flags & L.ON_A_LIST != 0
    out = summed(run.outings & on_list, run.town.house_start)
    tailed = summed(followed(run) >= 0, run.town.house_start)
    assert np.all((tailed == 0) | (tailed == out))
    assert (tailed > 1).sum() > 50
    reports = run.world.history.cells[..., L.COUNT.reports].sum()
    assert reports == (tailed > 0).sum() < tailed.sum()
    apart = lived("pooled", vigilance_base=0.4)
    tailed = summed(followed(apart) >= 0, apart.town.house_start)
    assert ((tailed > 0) & (tailed < summed(apart.outings & on_list, apart.town.house_start))).sum() > 50
    assert apart.world.history.cells[..., L.COUNT.reports].sum() == tailed.sum()


def test_a_tail_is_talked_of_once_however_many_notice_it() -> None:
    """What a day leaves of the chance of not having heard is that of so many tails, whatever the number of members."""
    run = lived(without=AT_HOME | {"S10"}, vigilance_base=0.4, p_notice=1.0)
    n_tails = sum(tails(run, by) for by in range(4))[-7:]
    noticed = summed(summed(followed(run) >= 0, run.town.house_start).sum(axis=1), run.town.unit_house)[-7:]
    left = run.world.state.units[L.UNIT_WORD :] / L.UNHEARD
    one = rates({**Parameters.central().to_dict()}).unheard[L.EVENT.noticed] / L.UNHEARD
    np.testing.assert_allclose(np.log(left) / np.log(one), n_tails, atol=1e-5)
    assert (noticed > n_tails).sum() > 10


def test_named_watchers_keep_their_attention_for_their_cases() -> None:
    """A permit sets a tail on anybody. Where all role holders are named in a case, nobody is left for the unlisted."""
    some = {
        "attention_per_officer_per_day": 0.0,
        "attention_per_role_per_day": 2.0,
        "permit_days": 7.0,
        "permit_journeys_per_household_per_year": 20.0,
        "vigilance_base": 1.0,
        "watch_layers_family": 40.0,
        "watch_layers_person": 40.0,
    }
    shares = {}
    for form in ("assigned", "pooled"):
        run = lived(form, frozenset({"S6", "S8"}), **some)
        rows = run.trace[np.isin(run.trace["kind"], (L.EPISODE.visit_followed, L.EPISODE.journey))]
        on_list = summed(run.flags & L.ON_A_LIST != 0, run.town.house_start)
        house = np.searchsorted(run.town.house_start, rows["who"], side="right") - 1
        unit = np.searchsorted(run.town.unit_start, rows["who"], side="right") - 1
        unlisted, cases = on_list[house] == 0, summed(on_list, run.town.unit_house)[unit] > 0
        tailed = rows["kind"] == L.EPISODE.visit_followed
        shares[form] = [(tailed & unlisted & where).sum() / (unlisted & where).sum() for where in (cases, ~cases)]
    assert shares["assigned"][0] == 0.0 < shares["assigned"][1]
    assert shares["pooled"][0] > 0.1


def test_who_is_named_first_follows_first() -> None:
    """A family on both lists has an open role as its one layer, while others of the unit have attention too."""
    run = lived(vigilance_base=1.0, watch_layers_family=1.0, attention_per_role_per_day=2.0)
    by = followed(run)
    family = run.flags & (L.FAMILY | L.ON_MPS | L.ON_MSS) == L.FAMILY | L.ON_MPS | L.ON_MSS
    first = np.where(by[:, 0] >= 0, by[:, 0], 9).min(axis=0)
    alone = summed((summed(family, run.town.house_start) > 0), run.town.unit_house) == 1
    unit = np.searchsorted(run.town.unit_start, np.arange(RESIDENTS), side="right") - 1
    has_open = summed(run.flags & L.OPEN_ROLE != 0, run.town.unit_start)[unit] > 0
    seen = first[family & alone[unit] & has_open]
    assert len(seen) > 20
    assert set(seen[seen < 9]) == {L.BY_OPEN_ROLE}


def test_the_key_of_a_case_is_spread_evenly_over_the_holders() -> None:
    """Round which holder a case begins: each of five as often, within four standard deviations."""
    starts = np.bincount([choose(Rng(SEED).words(Purpose.CASE, who, 0)[0], 5) for who in range(4000)])
    assert np.all(np.abs(starts - 800) < 4 * np.sqrt(800 * 0.8))
