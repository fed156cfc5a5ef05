"""The arrays of a place: their names, types, shapes and bits. Every kernel speaks these words.

Why structures of arrays: residents stand sorted by unit and household, so that
a few neighbouring units (a *chunk*) live in the first-level cache through a
whole week. State is integers only; 65535 stands for 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from underwatch.facts import grounds
from underwatch.world.incident_format import COUNT as COUNT
from underwatch.world.incident_format import EPISODE as EPISODE
from underwatch.world.incident_format import EPISODES as EPISODES
from underwatch.world.incident_format import INCIDENT as INCIDENT
from underwatch.world.incident_format import INCIDENT_NAMES as INCIDENT_NAMES
from underwatch.world.incident_format import INDICATORS as INDICATORS
from underwatch.world.incident_format import KIND as KIND
from underwatch.world.incident_format import N_INDICATORS as N_INDICATORS
from underwatch.world.incident_format import TRACE as TRACE
from underwatch.world.incident_format import WORD as WORD

ONE = 65535

GROUND_NAMES = tuple(grounds())
N_GROUNDS = len(GROUND_NAMES)

# Bits of `flags`: adult, the grounds in the order of their table, and the rest. Grounds and LISTED_AT_START never
# change: tables are grouped by them.
ADULT = 1 << 0
GROUND_SHIFT = 1
(
    WAS_DETAINED,
    ON_MPS,
    ON_MSS,
    LISTED_AT_START,
    OPEN_ROLE,
    COVERT,
    REACTIVE,
    DETAINED,
    REAL_OFFENCE,
    NEW_GROUND,
) = (1 << GROUND_SHIFT + N_GROUNDS + place for place in range(10))
if NEW_GROUND >> 16:
    raise ImportError(f"`flags` has 16 bits and 11 are taken: {N_GROUNDS} grounds do not fit; widen it or free a bit")

# The grounds as bits from 0 on, and those of which a rule speaks as bits of `flags`
GROUND_MASK = (1 << N_GROUNDS) - 1
GROUNDS = GROUND_MASK << GROUND_SHIFT
FAMILY, PHONE, DETAINEE = (
    1 << GROUND_SHIFT + GROUND_NAMES.index(name)
    for name in ("defector_family", "chinese_phone_user", "former_detainee")
)
ON_A_LIST = ON_MPS | ON_MSS
# The grounds, as bits of `flags`, that lead to each organ's list
TO_MPS, TO_MSS = (
    sum(1 << GROUND_SHIFT + number for number, item in enumerate(grounds().values()) if item.organ in (organ, "both"))
    for organ in ("mps", "mss")
)
ROLE = OPEN_ROLE | COVERT

# A resident's cell: the grounds, and listed at the start. Cell 0: ordinary, without a ground.
LISTED_CELL = 1 << N_GROUNDS
N_CELLS = 2 * LISTED_CELL
CELL_SHIFT = LISTED_AT_START.bit_length() - LISTED_CELL.bit_length()
# Bits of `marks` of an incident: the subject's grounds, listed that day, listed at the start
MARK_GROUNDS, MARK_LISTED, MARK_LISTED_AT_START = GROUND_MASK, 1 << N_GROUNDS, 2 << N_GROUNDS

MPS, MSS = 0, 1
# Who follows: the unit's open roles, covert informants, the beat officer (MPS), the field officer (MSS).
BY_OPEN_ROLE, BY_COVERT, BY_MPS_OFFICER, BY_MSS_OFFICER = 0, 1, 2, 3

CHUNK_RESIDENTS = 1024  # a chunk is closed when it has at least this many residents

# Rows of State.people, uint16: levels (65535 = 1), files (256 = one report), days of the run (from 1; 0 = never), and
# the first day of the run on which a caller calls again (0 = calls, NEVER = has stopped for good)
FLAGS, FEAR, DISTRESS, FILE_MPS, FILE_MSS, ANGER, LISTED_DAY, FOLLOWED_DAY, CALLS_AGAIN = range(9)
N_PEOPLE_ROWS = 9
NEVER = 65535


class Events(NamedTuple):
    """What is talked of (S11), by kind: each has its own reach."""

    detention: int
    summons: int
    noticed: int  # a following that was noticed
    home_visit: int


EVENT = Events(*range(4))
N_EVENTS = len(EVENT)

# Rows of State.homes, uint8: the week's events by kind (at most 255 of each); a call was completed this week; weeks for
# which contact abroad is still open; mean fear at the last review (255 = 1); on which days of this week word from kin
# reaches the household (bit 0: Monday)
(
    HOME_DETENTIONS,
    HOME_SUMMONS,
    HOME_NOTICED,
    HOME_VISITED,
    HOME_CALLED,
    HOME_CONTACT,
    HOME_FEAR,
    HOME_WORD,
) = range(8)
N_HOME_ROWS = 8
# Rows of State.units, int32: this week's counted reports by organ; by weekday, what a day's talk leaves of the chance
# of not having heard of that weekday's last events (UNHEARD = 1: there were none)
UNIT_REPORTS, UNIT_WORD = 0, 2
N_UNIT_ROWS = UNIT_WORD + 7
UNHEARD = 1 << 30
# Second index of State.officers, int64: pressure (65535 = 1), and what the ratchet has added to the weekly quota
# (256 = one report)
PRESSURE, ADDED = range(2)
# Rows of Town.units, int32: first household and first resident of each unit; its MPS and MSS officer
UNIT_HOUSE, UNIT_START, MPS_OF, MSS_OF = range(4)


class Town(NamedTuple):
    """What does not change: who lives where. R residents, H households, U units, C chunks."""

    first: int  # number of the first resident in census order
    house_start: np.ndarray  # int32[H + 1], first resident (local index) of each household
    units: np.ndarray  # int32[4, U + 1], rows above
    areas: np.ndarray  # int32[2, officers + 1], first unit of each officer's area, by organ; the rest holds U
    chunk_start: np.ndarray  # int32[C + 1], first unit of each chunk
    n_mps: int  # officers
    n_mss: int

    def __repr__(self) -> str:
        return f"Town({len(self.house_start) - 1} households, {self.units.shape[1] - 1} units)"

    @property
    def unit_house(self) -> np.ndarray:
        """First household of each unit, int32[U + 1]."""
        return self.units[UNIT_HOUSE]

    @property
    def unit_start(self) -> np.ndarray:
        """First resident of each unit, int32[U + 1]."""
        return self.units[UNIT_START]

    @property
    def mps_of(self) -> np.ndarray:
        """The unit's MPS beat officer, int32[U]."""
        return self.units[MPS_OF, :-1]

    @property
    def mss_of(self) -> np.ndarray:
        """The unit's MSS field officer, int32[U]."""
        return self.units[MSS_OF, :-1]

    @property
    def mps_units(self) -> np.ndarray:
        """First unit of each beat, int32[officers + 1]."""
        return self.areas[MPS, : self.n_mps + 1]

    @property
    def mss_units(self) -> np.ndarray:
        """First unit of each area, int32[officers + 1]."""
        return self.areas[MSS, : self.n_mss + 1]


class State(NamedTuple):
    """What changes, and all that a checkpoint holds. Few arrays, because a kernel pays for each it is handed."""

    people: np.ndarray  # uint16[9, R]
    homes: np.ndarray  # uint8[8, H]
    units: np.ndarray  # int32[9, U]
    officers: np.ndarray  # int64[2, 2, officers], by organ

    def __repr__(self) -> str:
        return f"State({self.people.shape[1]} residents)"

    @property
    def flags(self) -> np.ndarray:
        """Bits of each resident, uint16[R]."""
        return self.people[FLAGS]

    @property
    def fear(self) -> np.ndarray:
        """uint16[R], 65535 = 1."""
        return self.people[FEAR]

    @property
    def distress(self) -> np.ndarray:
        """uint16[R], 65535 = 1."""
        return self.people[DISTRESS]

    @property
    def listed_day(self) -> np.ndarray:
        """Day of the run on which first listed, from 1; 0 = never."""
        return self.people[LISTED_DAY]

    @property
    def followed_day(self) -> np.ndarray:
        """Day of the run on which first followed, from 1; 0 = never."""
        return self.people[FOLLOWED_DAY]

    @property
    def house_contact(self) -> np.ndarray:
        """Weeks for which contact abroad is still open, uint8[H]."""
        return self.homes[HOME_CONTACT]


class Output(NamedTuple):
    """Where a kernel writes. One per thread; sums are integers, so threads cannot matter."""

    cells: np.ndarray  # int64[7, cells, indicators], events and stocks by day and cell
    totals: np.ndarray  # int64[7, 5], dense totals over all residents by day
    records: np.ndarray  # uint16[capacity, 8], incidents as words
    who: np.ndarray  # uint32[capacity], number of the subject of each incident (never written out)
    house: np.ndarray  # int32[capacity], and the subject's household, whose kin are still to be named
    trace: np.ndarray  # TRACE[capacity], `who` by local index; empty when not tracing
    acts: np.ndarray  # uint16[7, R], what each resident did by day of the week, in bits; empty when nobody asks
    used: np.ndarray  # int64[2], records and trace rows used
    trace_who: int  # -1: trace everybody; otherwise one local index


class Scratch(NamedTuple):
    """Per-thread memory of one chunk, small enough for the first-level cache."""

    buffers: np.ndarray  # uint16[N_BUFFERS, n], rows below
    draws: np.ndarray  # uint32[4, m], draws taken together: of who, what (purpose and day), and the two words drawn
    turns: np.ndarray  # int32[m, 5], who is followed today, in order: columns below
    house_draws: np.ndarray  # uint32[4, n], this week's words of each household (visits, permits)
    planned: np.ndarray  # int32[n, 4], day, unit, household and kind or tie of this week's visits, as drawn
    visits: np.ndarray  # int32[n, 8], visits sorted by day and unit: columns below
    visit_spans: np.ndarray  # int32[7 * units + 1]
    spans: np.ndarray  # int64[units + 1, 6], where each unit's adults, listed, callers, ... begin
    unit_terms: np.ndarray  # int64[units, N_TERMS], thresholds of the week
    free: np.ndarray  # int64[units, N_FREE], today: attention left by class; two draws; events by kind; and more below
    cases: np.ndarray  # int32[n, N_CASE], households with listed members, by unit: columns below


class Span(NamedTuple):
    """Where a kernel stands, a chunk on a day, and all that it has at hand.

    The smallest rules (`trace`, `act`, `first_followed`) take the little they need: with it all, they took 5 s longer
    to compile.
    """

    key: tuple
    town: Town
    state: State
    rates: np.ndarray
    scratch: Scratch
    out: Output
    first_unit: int
    n_units: int
    lo: int  # first resident of the chunk (local index in the place)
    n: int  # residents of the chunk
    day: int  # days since 1 January 1970
    t: int  # day of the run, from 0
    k: int  # day of the span, from 0: row of Output.cells


# Bits of `acts`: outings in three parts of the day; a household head's visit to kin and journey; a call completed; held
# that morning; a journey came up that nobody refused; turned back by a follower; listed, followed or held before today;
# a call came up and the caller has stopped calling
ACT_OUTINGS, ACT_VISIT, ACT_JOURNEY, ACT_CALL = 7, 8, 16, 32
ACT_HELD, ACT_MAY_TRAVEL, ACT_TURNED_BACK, ACT_WATCHED_BEFORE, ACT_STOPPED = 64, 128, 256, 512, 1024

# Columns of `unit_terms`
(
    T_TAKE_PERSON_MPS,
    T_TAKE_PERSON_MSS,
    T_TAKE_FAMILY_MPS,
    T_TAKE_FAMILY_MSS,
    T_REPORT_MPS,
    T_REPORT_MSS,
    T_CLAIM_MPS,
    T_CLAIM_MSS,
    T_ROUTINE_MPS,
    T_ROUTINE_MSS,
    T_SPARE_MPS,
    T_SPARE_MSS,
    T_JOIN,
    T_OFFENCE,
    T_CONTACT,
    T_FEAR,
) = range(16)
N_TERMS = 16

# Rows of Scratch.buffers: four uniforms of the day; chance of an outing; outings made (bits 0-2), made if unwatched
# (bits 3-5), followed (bits 6-8); chance at no fear now and when free; chance of hearsay; then lists of indices within
# the chunk: residents of whom there is something to note (for a while), those with a cell other than 0, and by unit
# listed (defector families first), callers, open roles, covert informants; then the cell of each of the marked, and
# the chance that an outing of each of the listed is taken up, and which would be today (of the listed, or of the
# cases); then by role holder, unit by unit, open roles first: where the rounding of attention begins, what is left
# today for the cases in which the holder is named, and a shift (16 where there is one, else 0); by household of the
# chunk its case, from 1 (0: it has none); the households of the chunk that word from kin reaches this week, and on
# which days; by unit the adults
(
    BUFFER_DRAWS,
    BUFFER_CHANCE,
    BUFFER_OUTINGS,
    BUFFER_RATE,
    BUFFER_BASE,
    BUFFER_HEAR,
    BUFFER_MARKED,
    BUFFER_NOTABLE,
    BUFFER_LISTED,
    BUFFER_CALLERS,
    BUFFER_OPEN_ROLES,
    BUFFER_COVERT,
    BUFFER_CELLS,
    BUFFER_TAKE,
    BUFFER_WANT,
    BUFFER_PHASE,
    BUFFER_KEPT,
    BUFFER_NAMED,
    BUFFER_CASE,
    BUFFER_TOLD,
    BUFFER_TOLD_DAYS,
    BUFFER_ADULTS,
) = (0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)
N_BUFFERS = 25

# Columns of `visits`: household; tie; class of the distance; four uniforms of the day; unit of the chunk
V_HOUSE, V_TIE, V_DISTANCE, V_MADE, V_TAKEN, V_JOINED, V_NOTICE, V_UNIT = range(8)
# What stands for a tie in `visits` when it is no visit to kin
JOURNEY, REFUSED = 100, 101

# Columns of `turns`: resident of the chunk; their household, or UNKNOWN; part of the day; class of watcher; is it the
# first of a tail
W_RESIDENT, W_HOUSE, W_SLOT, W_BY, W_FIRST = range(5)
UNKNOWN = -1

# Columns of `cases`: household; its rows in BUFFER_LISTED, first and after the last; the lists of its members; how
# likely a tail is taken up; how many watchers; with which holder of its own list's organ they begin, and of the other;
# the household's number; its first listed member; then the first NOTED of those who are named, as holders of the unit
C_HOUSE, C_FIRST, C_AFTER, C_LISTS, C_TAKE, C_LAYERS, C_OWN, C_OTHER, C_NUMBER, C_SUBJECT, C_NAMED = range(11)
NOTED = 8
N_CASE = C_NAMED + NOTED

# Columns of `free`: attention that is kept for cases; the row after the unit's turns, and how many choices of whom to
# follow its free watchers make then
F_LODGING, F_OFFENCE, F_EVENTS = 4, 5, 6
F_KEPT_OPEN, F_KEPT_COVERT = F_EVENTS + N_EVENTS, F_EVENTS + N_EVENTS + 1
F_TURNS, F_CHOICES = F_KEPT_COVERT + 1, F_KEPT_COVERT + 2
N_FREE = F_CHOICES + 1

# Columns of `spans`
S_ADULTS, S_LISTED, S_CALLERS, S_OPEN, S_COVERT, S_CASES = range(6)
N_SPANS = 6

# Columns of `totals`
D_OUTINGS, D_FORGONE, D_FEAR, D_DISTRESS, D_DISTRESSED = range(5)
