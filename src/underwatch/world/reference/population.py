"""The people of the reference world: residents, households, units and officers, in plain Python (S1, S2, S3).

This is the part "Entities, state variables" and "Initialisation" of the ODD description, made
executable. Nothing here is compiled and nothing is shared with the engine but the names of purposes
and bits, and the luck as plain integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from underwatch.facts import grounds
from underwatch.shown import Displayed
from underwatch.world import layout as L
from underwatch.world.draws import MASK32, Purpose, threefry_plain

if TYPE_CHECKING:
    from underwatch.world.population import Frame

LARGEST_HOUSEHOLD = 7
ROLE_TRIES = 16


class Rng:
    """Every draw: a pure function of (seed, purpose, who, day)."""

    def __init__(self, seed: int) -> None:
        self.key = (seed & MASK32, seed >> 32 & MASK32)

    def words(self, purpose: int, who: int, day: int) -> tuple[int, int]:
        """Two 32-bit words."""
        return threefry_plain(self.key, (who & MASK32, purpose << 16 | day))

    def quarters(self, purpose: int, who: int, day: int) -> tuple[int, int, int, int]:
        """Four 16-bit uniforms: the low and the high half of each word."""
        a, b = self.words(purpose, who, day)
        return a & 0xFFFF, a >> 16, b & 0xFFFF, b >> 16


def choose(word: int, n: int) -> int:
    """One of 0..n-1 from a 32-bit word."""
    return word * n >> 32


def choose16(quarter: int, n: int) -> int:
    """One of 0..n-1 from a 16-bit uniform."""
    return quarter * n >> 16


ORGANS = {"mps": {L.MPS}, "mss": {L.MSS}, "both": {L.MPS, L.MSS}}


@dataclass(slots=True, eq=False, repr=False)
class Resident(Displayed):
    """A person: traits, lists, files, and what the person feels. Levels are multiples of 1/65535."""

    number: int  # in census order; the key of all luck
    house: Household
    adult: bool = False
    grounds: int = 0  # a mask, in the order of L.GROUND_NAMES (S2)
    listed_at_start: bool = False
    lists: set[int] = field(default_factory=set)  # of L.MPS, L.MSS (S3)
    open_role: bool = False  # unit leader or safety group, reports to the MPS (S1)
    covert: bool = False  # covert informant, reports to the MSS (S1)
    reactive: bool = False  # grows angry (S14)
    detained: bool = False  # S9
    was_detained: bool = False
    new_ground: bool = False  # released since the last review
    real_offence: bool = False  # a real offence stands in a file (S5)
    files: list[int] = field(default_factory=lambda: [0, 0])  # by organ, 256 = one report (S5)
    faded: list[int] = field(default_factory=lambda: [0, 0])  # what this week's review took off them
    fear: int = 0  # S11
    distress: int = 0
    anger: int = 0
    listed_day: int = 0  # day of the run, from 1; 0 = never
    followed_day: int = 0
    calls_again: int = 0  # first day of the run on which a caller calls again; L.NEVER = has stopped for good
    outings: list[bool] = field(default_factory=lambda: [False] * 3)  # made today
    followed: list[bool] = field(default_factory=lambda: [False] * 3)  # of these, by somebody
    unwatched_outings: list[bool] = field(default_factory=lambda: [False] * 3)  # made today without fear or watching

    def has(self, ground: str) -> bool:
        """Whether the resident has a ground."""
        return bool(self.grounds >> L.GROUND_NAMES.index(ground) & 1)

    @property
    def family(self) -> bool:
        """Whether somebody of the family left."""
        return self.has("defector_family")

    @property
    def phone(self) -> bool:
        """Whether the resident calls abroad."""
        return self.has("chinese_phone_user")

    @property
    def cell(self) -> int:
        """The group in every table: grounds, and listed at the start; it never changes."""
        return self.grounds + (L.LISTED_CELL if self.listed_at_start else 0)

    @property
    def role(self) -> bool:
        """Whether the resident informs for anybody."""
        return self.open_role or self.covert

    @property
    def flags(self) -> int:
        """The same as the engine's bit mask."""
        return (
            self.adult * L.ADULT
            | self.grounds << L.GROUND_SHIFT
            | self.was_detained * L.WAS_DETAINED
            | (L.MPS in self.lists) * L.ON_MPS
            | (L.MSS in self.lists) * L.ON_MSS
            | self.listed_at_start * L.LISTED_AT_START
            | self.open_role * L.OPEN_ROLE
            | self.covert * L.COVERT
            | self.reactive * L.REACTIVE
            | self.detained * L.DETAINED
            | self.real_offence * L.REAL_OFFENCE
            | self.new_ground * L.NEW_GROUND
        )


@dataclass(slots=True, eq=False, repr=False)
class Household(Displayed):
    """People who live together; known by the number of the first. Its head is the first member."""

    number: int
    unit: Unit
    members: list[Resident] = field(default_factory=list)
    events: list[int] = field(default_factory=lambda: [0] * L.N_EVENTS)  # this week's by kind, to tell kin of (S11)
    telling: int = 0  # at the review: chance that one of its kin will hear of the week
    word_days: set[int] = field(default_factory=set)  # days of this week on which word from kin comes; Monday is 0
    called: bool = False  # completed a call abroad this week
    grounds_as: int = -1  # number of the household whose luck with the grounds of households it meets (S2)
    contact: int = 0  # weeks for which contact abroad is still open (S13)
    fear: int = 0  # mean at the last review, 255 = 1

    @property
    def head(self) -> Resident:
        """The first member, always an adult."""
        return self.members[0]


@dataclass(slots=True, eq=False, repr=False)
class Unit(Displayed):
    """A neighbours' unit (inminban) (S1)."""

    number: int
    households: list[Household] = field(default_factory=list)
    officers: list[Officer] = field(default_factory=list)  # MPS beat officer, MSS field officer
    events: list[int] = field(default_factory=lambda: [0] * L.N_EVENTS)  # today's by kind (S11)
    unheard: list[int] = field(default_factory=lambda: [L.UNHEARD] * 7)  # by weekday: what a day's talk of it leaves
    reports: list[int] = field(default_factory=lambda: [0, 0])  # counted this week, by organ
    free: dict[str, int] = field(default_factory=dict)  # outings its watchers can still follow today
    kept: dict[Resident, int] = field(default_factory=dict)  # of these, what role holders keep for their cases (S4)

    @property
    def residents(self) -> list[Resident]:
        """Everybody of the unit, in census order."""
        return [r for house in self.households for r in house.members]

    @property
    def adults(self) -> list[Resident]:
        """Adults of the unit."""
        return [r for r in self.residents if r.adult]

    @property
    def role_holders(self) -> list[Resident]:
        """Open roles first, then covert informants."""
        adults = self.adults
        return [r for r in adults if r.open_role] + [r for r in adults if r.covert]


@dataclass(slots=True, eq=False, repr=False)
class Case(Displayed):
    """A household with listed members and its named watchers: role holders, then officers (S3, S4)."""

    house: Household
    members: list[Resident]  # the listed
    lists: set[int]
    watchers: list[Resident | str]

    @property
    def family(self) -> bool:
        """Whether somebody of the family left."""
        return self.members[0].family


@dataclass(slots=True, eq=False, repr=False)
class Officer(Displayed):
    """An MPS beat officer or an MSS field officer, with the area's units (S6)."""

    organ: int
    units: list[Unit] = field(default_factory=list)
    pressure: int = 0
    added: int = 0  # what the ratchet has added to the weekly quota, 256 = one report


def draw_households(rng: Rng, first: int, residents: int, frame: Frame) -> tuple[list[int], list[int]]:
    """S1: starts of households and of units; the last of each takes what is left."""
    house_start: list[int] = []
    unit_house: list[int] = []
    index = room = 0
    while index < residents:
        q_size, q_room, _, _ = rng.quarters(Purpose.HOUSEHOLD, first + index, 0)
        if room == 0:
            unit_house.append(len(house_start))
            room = frame.unit_low + choose16(q_room, frame.unit_high - frame.unit_low + 1)
        house_start.append(index)
        index += 1 + sum(q_size >= int(limit) for limit in frame.household_sizes[: LARGEST_HOUSEHOLD - 1])
        room -= 1
    return [*house_start, residents], [*unit_house, len(house_start)]


def luck_of(rng: Rng, number: int, numbers: Sequence[int], frame: Frame) -> int:
    """S2: a household's own number, or in the form `kin` for every second that of the household at its first tie."""
    if frame.kin_grounds and len(numbers) > 1 and rng.quarters(Purpose.KIN_GROUND, number, 0)[0] < 65536 // 2:
        place = choose(rng.words(Purpose.KIN, number, 0)[0], len(numbers))
        return numbers[place] if numbers[place] != number else numbers[(place + 1) % len(numbers)]
    return number


def draw_resident(rng: Rng, resident: Resident, is_head: bool, frame: Frame) -> None:
    """S1, S2, S3: traits, grounds, covert role and lists of one resident on the first morning."""
    _, home_listed, _, _ = rng.quarters(Purpose.FAMILY, resident.house.number, 0)
    of_home, _, *more = rng.quarters(Purpose.FAMILY, resident.house.grounds_as, 0)
    q_adult, q_reactive, _, _ = rng.quarters(Purpose.MEMBER, resident.number, 0)
    listed, covert, _, _ = rng.quarters(Purpose.LISTED, resident.number, 0)
    own = [q for block in range(2) for q in rng.quarters(Purpose.GROUND + block, resident.number, 0)]
    draws = {"household": iter([of_home, *more]), "adult": iter(own)}
    on_list = {"household": home_listed < frame.listed, "adult": listed < frame.listed}
    resident.reactive = q_reactive < frame.reactive
    resident.adult = is_head or q_adult < frame.adult
    lists = set()
    for number, (name, ground) in enumerate(grounds().items()):
        share = int(frame.shares[number])
        if name == "chinese_phone_user" and resident.family:
            share = frame.callers_in_families  # callers are found more often where somebody left
        if next(draws[ground.holder]) < share and (resident.adult or ground.holder == "household"):
            resident.grounds |= 1 << number
            if on_list[ground.holder]:
                lists |= ORGANS[ground.organ]
    if not resident.adult:
        return
    resident.listed_at_start = bool(lists)
    if frame.list_kept and lists:
        resident.lists = lists
        resident.listed_day = 1
    resident.covert = resident.grounds == 0 and covert < frame.covert


def give_open_roles(rng: Rng, unit: Unit, frame: Frame) -> None:
    """S1: the open roles go to adults at random who have neither a ground nor another role."""
    adults = unit.adults
    left = frame.open_roles
    for attempt in range(ROLE_TRIES if adults else 0):
        if left == 0:
            break
        for word in rng.words(Purpose.OPEN_ROLE + attempt, unit.number, 0):
            chosen = adults[choose(word, len(adults))]
            if left and not chosen.grounds and not chosen.role:
                chosen.open_role = True
                left -= 1


def settle(
    rng: Rng, first: int, house_start: Sequence[int], unit_house: Sequence[int], frame: Frame, contact_weeks: int
) -> tuple[list[Unit], tuple[list[Officer], list[Officer]]]:
    """The units with their people, and the officers by organ, on the first morning."""
    units: list[Unit] = []
    officers: tuple[list[Officer], list[Officer]] = ([], [])
    last_area = [-1, -1]
    numbers = [first + int(start) for start in house_start[:-1]]
    for u, (low, high) in enumerate(pairwise(unit_house)):
        start = int(house_start[low])
        unit = Unit(first + start)
        units.append(unit)
        areas = (u // frame.units_per_mps_officer, start // frame.residents_per_mss_officer)
        for organ in (L.MPS, L.MSS):
            if areas[organ] != last_area[organ]:
                officers[organ].append(Officer(organ))
                last_area[organ] = areas[organ]
            officers[organ][-1].units.append(unit)
            unit.officers.append(officers[organ][-1])
        for h in range(low, high):
            house = Household(numbers[h], unit)
            house.grounds_as = luck_of(rng, house.number, numbers, frame)
            unit.households.append(house)
            for i in range(house_start[h], house_start[h + 1]):
                resident = Resident(first + int(i), house)
                draw_resident(rng, resident, not house.members, frame)
                house.members.append(resident)
            if any(r.phone for r in house.members):
                house.contact = contact_weeks
        give_open_roles(rng, unit, frame)
    return units, officers
