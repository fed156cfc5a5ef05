"""Synthetic residents of a place: households, units, officers' areas, grounds, roles and lists (S1, S2, S3).

Every trait is keyed by the resident's number in census order, so a place is the
same alone or inside its province, and two worlds with the same frame start alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from underwatch.facts import grounds
from underwatch.world import layout as L
from underwatch.world.draws import Purpose, choose, choose16, quarters, split_seed, u16, words
from underwatch.world.rates import q16

if TYPE_CHECKING:
    from underwatch.world.scenario import Phase

HOUSEHOLD_MAX = 7  # a household has 1 + Binomial(6, p) members; see docs/odd.md, "Initialisation"
ROLE_TRIES = 16
ONE_IN_TWO = 1 << 15  # of 65536: households that take the luck of kin, in the form `kin` of S2


# Grounds by number: whose luck is the household's (3 at most), and whose the adult's own (8 at most)
OF_HOUSEHOLDS, OF_ADULTS = (
    np.array([number for number, item in enumerate(grounds().values()) if item.holder == holder], np.int64)
    for holder in ("household", "adult")
)
CALLER_DRAW = OF_ADULTS.tolist().index(L.GROUND_NAMES.index("chinese_phone_user"))


class Frame(NamedTuple):
    """The parameters that make a population, as integers. q16: 65536 = 1."""

    household_sizes: np.ndarray  # uint16[7], cumulative thresholds of sizes 1..7
    unit_low: int  # households of a unit are uniform from unit_low to unit_high
    unit_high: int
    adult: int  # q16, members after the first
    open_roles: int
    covert: int
    units_per_mps_officer: int
    residents_per_mss_officer: int
    shares: np.ndarray  # uint16[grounds], q16, of households or adults
    listed: int
    reactive: int
    list_kept: int
    kin_grounds: int  # 0 or 1: the form of S2
    callers_in_families: int  # q16, callers among the adults of defectors' families


class InitialConditions(NamedTuple):
    """All that a world's first morning follows from, and how many days it is to settle and to last."""

    seed: int
    first: int  # number of the first resident in census order
    residents: int
    frame: Frame
    contact_weeks: int
    start: int  # days since 1970-01-01
    days: int  # that are counted
    settling_days: int = 0  # before them, from `start` on

    @classmethod
    def of(
        cls, phase: Phase, border: bool, seed: int, first: int, residents: int, days: int, settling_days: int = 0
    ) -> InitialConditions:
        """Those of so many people under the parameters and rules of a first phase."""
        weeks = int(phase.values["contact_weeks"] + 0.5)
        drawn = frame(phase.values, border, phase.without, phase.forms)
        return cls(seed, first, residents, drawn, weeks, phase.day, days, settling_days)


def household_size_thresholds(mean: float) -> np.ndarray:
    """Cumulative 16-bit thresholds of 1 + Binomial(6, (mean - 1) / 6)."""
    p = (mean - 1) / (HOUSEHOLD_MAX - 1)
    n = HOUSEHOLD_MAX - 1
    total, thresholds, ways = 0.0, [], 1
    for k in range(n + 1):
        term = float(ways)
        for _ in range(k):
            term *= p
        for _ in range(n - k):
            term *= 1 - p
        total += term
        thresholds.append(q16(total))
        ways = ways * (n - k) // (k + 1)
    return np.array(thresholds, np.uint16)


def frame(
    values: Mapping[str, float],
    border: bool,
    without: frozenset[str] = frozenset(),
    forms: Mapping[str, str] = MappingProxyType({}),
) -> Frame:
    """The frame of a place from parameter `values`. Inland there are no callers and few defector families."""
    mean = values["persons_per_household"]
    households = values["households_per_unit"]
    spread = households * values["unit_size_spread"]
    adult = (values["share_adult"] * mean - 1) / (mean - 1)  # the first member is always an adult
    names = {name: ground.share(border) for name, ground in grounds().items()}
    shares = {name: values[parameter] if parameter else 0.0 for name, parameter in names.items()}
    others, of_families = callers(
        shares["chinese_phone_user"], shares["defector_family"], values["callers_in_families_ratio"]
    )
    shares["chinese_phone_user"] = others
    return Frame(
        household_sizes=household_size_thresholds(mean),
        unit_low=max(1, int(households - spread + 0.5)),
        unit_high=max(1, int(households + spread + 0.5)),
        adult=q16(max(0.0, adult)),
        open_roles=int(values["open_roles_per_unit"] + 0.5),
        covert=q16(values["share_covert_informants"]),
        units_per_mps_officer=int(values["units_per_mps_officer"] + 0.5),
        residents_per_mss_officer=int(values["residents_per_mss_officer"] + 0.5),
        shares=np.array([q16(share) for share in shares.values()], np.uint16),
        listed=q16(values["p_listed_given_ground"]),
        reactive=q16(values["reactance_share"]),
        list_kept=0 if "S3" in without else 1,
        kin_grounds=int(forms.get("S2") == "kin"),
        callers_in_families=q16(of_families),
    )


def callers(share: float, families: float, ratio: float) -> tuple[float, float]:
    """S2: the shares of callers among the adults of other households and of defectors' families.

    The second is `ratio` times the first as far as a share goes, and all adults together keep `share`; `families` is
    the share of adults who live in such a family.
    """
    of_families = min(1.0, ratio * share / (1 - families + ratio * families))
    others = (share - families * of_families) / (1 - families) if families < 1 else share
    return others, of_families


@njit(cache=True, nogil=True)
def draw_households(
    key: tuple, first: int, residents: int, sizes: np.ndarray, unit_low: int, unit_high: int,
    house_start: np.ndarray, unit_house: np.ndarray,
) -> tuple[int, int]:  # fmt: skip
    """Fill `residents` people into households and households into units; return how many of each.

    house_start int32[residents + 1], unit_house int32[residents + 1] are filled from the left.
    The last household and the last unit take what is left.
    """
    houses = 0
    units = 0
    index = 0
    room = 0
    while index < residents:
        q0, q1, _, _ = quarters(key, Purpose.HOUSEHOLD, first + index, 0)
        if room == 0:
            room = unit_low + choose16(q1, unit_high - unit_low + 1)
            unit_house[units] = houses
            units += 1
        size = 1
        while size < HOUSEHOLD_MAX and q0 >= sizes[size - 1]:
            size += 1
        house_start[houses] = index
        index += size
        houses += 1
        room -= 1
    house_start[houses] = residents
    unit_house[units] = houses
    return houses, units


@njit(cache=True, nogil=True)
def held_of(drawn: tuple, numbers: np.ndarray, f: Frame) -> int:
    """The grounds, as bits of `flags`, of those of these numbers whose share is met by what was drawn."""
    held = 0
    for k in range(len(numbers)):
        if drawn[k] < f.shares[numbers[k]]:
            held |= 1 << (L.GROUND_SHIFT + numbers[k])
    return held


@njit(cache=True, nogil=True)
def lists_of(held: int) -> int:
    """The lists, as bits of `flags`, that grounds lead to."""
    return (L.ON_MPS if held & L.TO_MPS else 0) | (L.ON_MSS if held & L.TO_MSS else 0)


@njit(cache=True, nogil=True)
def luck_of(key: tuple, first: int, house_start: np.ndarray, h: int, f: Frame) -> int | np.int64:
    """S2: the household whose luck with the grounds of households is met by household `h`: its own, or its kin's.

    In the form `kin` one in two takes that of the household at the other end of its first tie, so that families with
    the ground are kin of each other; which one it is hangs on nothing drawn for it, so each share stays what it was.
    """
    houses = len(house_start) - 1
    if not f.kin_grounds or houses < 2:
        return h
    if quarters(key, Purpose.KIN_GROUND, first + house_start[h], 0)[0] >= ONE_IN_TWO:
        return h
    word, _ = words(key, Purpose.KIN, first + house_start[h], 0)
    other = np.int64(choose(word, houses))
    return (other + 1) % houses if other == h else other


@njit(cache=True, nogil=True)
def draw_people(key: tuple, first: int, house_start: np.ndarray, f: Frame, flags: np.ndarray) -> None:
    """Adults, grounds, lists and covert informants of every household (flags uint16[residents])."""
    for h in range(len(house_start) - 1):
        lo, hi = house_start[h], house_start[h + 1]
        _, home_listed, _, _ = quarters(key, Purpose.FAMILY, first + lo, 0)
        q0, _, q2, q3 = quarters(key, Purpose.FAMILY, first + house_start[luck_of(key, first, house_start, h, f)], 0)
        of_home = held_of((q0, q2, q3), OF_HOUSEHOLDS, f)
        for i in range(lo, hi):
            who = first + i
            q_adult, q_reactive, _, _ = quarters(key, Purpose.MEMBER, who, 0)
            flag = of_home | (L.REACTIVE if q_reactive < f.reactive else 0)
            if i == lo or q_adult < f.adult:
                flag |= L.ADULT
                drawn = quarters(key, Purpose.GROUND, who, 0) + quarters(key, Purpose.GROUND + 1, who, 0)
                own = held_of(drawn, OF_ADULTS, f)
                if of_home & L.FAMILY:
                    own &= ~L.PHONE
                    own |= L.PHONE if drawn[CALLER_DRAW] < f.callers_in_families else 0
                listed, covert, _, _ = quarters(key, Purpose.LISTED, who, 0)
                flag |= own
                lists = lists_of(of_home) if home_listed < f.listed else 0
                if listed < f.listed:
                    lists |= lists_of(own)
                if lists:
                    flag |= L.LISTED_AT_START
                    if f.list_kept:
                        flag |= lists
                if not flag & L.GROUNDS and covert < f.covert:
                    flag |= L.COVERT
            flags[i] = flag


@njit(cache=True, nogil=True)
def draw_open_roles(
    key: tuple, first: int, unit_start: np.ndarray, n_roles: int, flags: np.ndarray, adults: np.ndarray
) -> None:
    """Give the open roles of each unit to adults without a ground or another role (`adults` is scratch)."""
    for u in range(len(unit_start) - 1):
        n = 0
        for i in range(unit_start[u], unit_start[u + 1]):
            if flags[i] & L.ADULT:
                adults[n] = i
                n += 1
        left = n_roles
        for t in range(ROLE_TRIES):
            if left == 0 or n == 0:
                break
            pair = words(key, Purpose.OPEN_ROLE + t, first + unit_start[u], 0)
            for word in pair:
                i = adults[choose(word, n)]
                if left and not flags[i] & (L.GROUNDS | L.ROLE):
                    flags[i] |= u16(L.OPEN_ROLE)
                    left -= 1


def _areas(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Consecutive officer numbers of the units and the first unit of each officer's area."""
    if not len(index):
        return index.astype(np.int32), np.zeros(1, np.int32)
    change = np.flatnonzero(np.diff(index, prepend=index[0] - 1))
    officer = np.cumsum(np.isin(np.arange(len(index)), change)) - 1
    return officer.astype(np.int32), np.append(change, len(index)).astype(np.int32)


def settle(first: int, house_start: np.ndarray, unit_house: np.ndarray, f: Frame) -> L.Town:
    """A town from its households and units: officers' areas and chunks."""
    unit_start = house_start[unit_house]
    n_units = len(unit_house) - 1
    mps_of, mps_units = _areas(np.arange(n_units) // f.units_per_mps_officer)
    mss_of, mss_units = _areas(unit_start[:-1] // f.residents_per_mss_officer)
    chunks = [0]
    for u in range(1, n_units + 1):
        if u == n_units or unit_start[u] - unit_start[chunks[-1]] >= L.CHUNK_RESIDENTS:
            chunks.append(u)
    chunk_start = np.array(chunks, np.int32)
    units = np.zeros((4, n_units + 1), np.int32)
    units[L.UNIT_HOUSE], units[L.UNIT_START] = unit_house, unit_start
    units[L.MPS_OF, :-1], units[L.MSS_OF, :-1] = mps_of, mss_of
    n_mps, n_mss = len(mps_units) - 1, len(mss_units) - 1
    areas = np.full((2, max(n_mps, n_mss) + 1), n_units, np.int32)
    areas[L.MPS, : n_mps + 1], areas[L.MSS, : n_mss + 1] = mps_units, mss_units
    return L.Town(first, house_start, units, areas, chunk_start, n_mps, n_mss)


def calm_state(town: L.Town) -> L.State:
    """A state in which nothing has happened yet."""
    units = np.zeros((L.N_UNIT_ROWS, town.units.shape[1] - 1), np.int32)
    units[L.UNIT_WORD :] = L.UNHEARD
    officers = np.zeros((2, 2, town.areas.shape[1] - 1), np.int64)
    return L.State(
        np.zeros((L.N_PEOPLE_ROWS, int(town.house_start[-1])), np.uint16),
        np.zeros((L.N_HOME_ROWS, len(town.house_start) - 1), np.uint8),
        units,
        officers,
    )


def draw_town(key: tuple, first: int, residents: int, f: Frame) -> tuple[np.ndarray, np.ndarray]:
    """House and unit starts of `residents` people numbered from `first`."""
    house_start = np.zeros(residents + 1, np.int32)
    unit_house = np.zeros(residents + 1, np.int32)
    n_houses, n_units = draw_households(
        key, first, residents, f.household_sizes, f.unit_low, f.unit_high, house_start, unit_house
    )
    return house_start[: n_houses + 1].copy(), unit_house[: n_units + 1].copy()


def people(key: tuple, town: L.Town, f: Frame) -> L.State:
    """The state of the first morning: who is who, and who is on a list."""
    state = calm_state(town)
    draw_people(key, town.first, town.house_start, f, state.flags)
    scratch = np.zeros(max(1, int(np.diff(town.unit_start).max(initial=0))), np.int32)
    draw_open_roles(key, town.first, town.unit_start, f.open_roles, state.flags, scratch)
    on_list = state.flags & L.ON_A_LIST != 0
    state.listed_day[on_list] = 1
    return state


def open_contact(town: L.Town, state: L.State, weeks: int) -> None:
    """At the start, contact abroad is open for every household with a caller."""
    callers = np.flatnonzero(state.flags & L.PHONE)
    houses = np.searchsorted(town.house_start, callers, side="right") - 1
    state.house_contact[houses] = weeks


def cells(flags: np.ndarray) -> np.ndarray:
    """The cell of each resident: the grounds, then listed at the start."""
    return ((flags >> L.GROUND_SHIFT) & L.GROUND_MASK) | ((flags & L.LISTED_AT_START) >> L.CELL_SHIFT)


def watched(town: L.Town, state: L.State) -> np.ndarray:
    """bool[R]: does the resident live in a unit with at least one role holder or informant?"""
    holders = np.concatenate([[0], np.cumsum(state.flags & L.ROLE != 0)])
    there = holders[town.unit_start[1:]] > holders[town.unit_start[:-1]]
    return np.repeat(there, np.diff(town.unit_start))


def people_of(given: InitialConditions) -> tuple[tuple, L.Town, L.State]:
    """Key, town and first state of a place."""
    key = split_seed(given.seed)
    house_start, unit_house = draw_town(key, given.first, given.residents, given.frame)
    town = settle(given.first, house_start, unit_house, given.frame)
    state = people(key, town, given.frame)
    open_contact(town, state, given.contact_weeks)
    return key, town, state
