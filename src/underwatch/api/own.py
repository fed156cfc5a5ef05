"""Questions of one's own: a measure of each week, and a rule of one's own in the plain reference world.

Both look at synthetic residents in memory and nothing else: what a measure sees is never written, and there is no
resident to see who is anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from underwatch.errors import InputError
from underwatch.record.schema import DICTIONARY
from underwatch.shown import Displayed
from underwatch.terminal import say
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.population import InitialConditions
from underwatch.world.reference.world import ReferenceWorld
from underwatch.world.reference.world import step as plain_step
from underwatch.world.scenario import EPOCH, Phase, Scenario

# Resident-days a second of the two on one core, measured on 5,000 residents of Hoeryong at the central values
PLAIN_PER_SECOND, COMPILED_PER_SECOND = 20_000, 20_000_000
_INCIDENT = tuple(L.INCIDENT.names or ())
MOST_PLAIN_DAYS = 50_000_000  # resident-days, some twenty minutes

# Where the engine keeps what the reference calls by name: array of `State`, row
_ROWS: Mapping[str, tuple[str, Any]] = {
    "flags": ("people", L.FLAGS), "fear": ("people", L.FEAR), "distress": ("people", L.DISTRESS),
    "file_mps": ("people", L.FILE_MPS), "file_mss": ("people", L.FILE_MSS), "anger": ("people", L.ANGER),
    "listed_day": ("people", L.LISTED_DAY), "followed_day": ("people", L.FOLLOWED_DAY),
    "calls_again": ("people", L.CALLS_AGAIN),
    **{f"house_{name}": ("homes", L.HOME_DETENTIONS + kind) for kind, name in enumerate(L.Events._fields)},
    "house_word": ("homes", L.HOME_WORD), "house_called": ("homes", L.HOME_CALLED),
    "house_contact": ("homes", L.HOME_CONTACT), "house_fear": ("homes", L.HOME_FEAR),
    **{f"unheard_{day}": ("units", L.UNIT_WORD + day) for day in range(7)},
    "reports_mps": ("units", L.UNIT_REPORTS + L.MPS), "reports_mss": ("units", L.UNIT_REPORTS + L.MSS),
    "pressure_mps": ("officers", (L.MPS, L.PRESSURE)), "pressure_mss": ("officers", (L.MSS, L.PRESSURE)),
    "added_mps": ("officers", (L.MPS, L.ADDED)), "added_mss": ("officers", (L.MSS, L.ADDED)),
}  # fmt: skip


class Rules(ReferenceWorld):
    """The rules in plain Python, one resident at a time: change one by overriding its method in a class of your own.

    The methods are those of docs/odd.md: `after_fear(chance, resident)` is what fear leaves of the chance to go out
    (S11), `vigilance(unit, organ)` the chance that a watcher takes an outing up (S4), `feel(resident, rise)` how fear
    rises (S11), and so on; chances are whole numbers of 65536, levels of 65535. Unchanged it comes to the same digest
    as the compiled engine, some thousand times more slowly (`simulate` says how long it will take). A rule that
    proves itself becomes a form of the engine by the steps of CONTRIBUTING.md, "A rule form".
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.residents):,} residents, day {self.day - self.start})"


@dataclass(frozen=True, repr=False)
class Week(Displayed):
    """What a measure sees of a week of a simulated world, on its last evening: arrays of all residents, read-only.

    `first` and `last` are its days, `n_days` how many. An array has one entry for each synthetic resident, in the same
    order every week; nothing in it is a name. All are of the evening of `last`, but for `ever_followed`, which is of
    all days since the world began, the weeks in which it settles included.
    """

    first: date
    last: date
    _town: L.Town
    _state: L.State

    @property
    def n_days(self) -> int:
        """How many days it has: 7, or fewer at the ends of a run."""
        return (self.last - self.first).days + 1

    @property
    def n_residents(self) -> int:
        """How many residents there are."""
        return self._state.people.shape[1]

    def _bits(self, mask: int) -> np.ndarray:
        return _read_only(self._state.flags & mask != 0)

    @property
    def adult(self) -> np.ndarray:
        """bool[R]: of 15 years and over."""
        return self._bits(L.ADULT)

    @property
    def listed(self) -> np.ndarray:
        """bool[R]: on a list now."""
        return self._bits(L.ON_A_LIST)

    @property
    def listed_at_start(self) -> np.ndarray:
        """bool[R]: on a list on the first day, as tables are parted."""
        return self._bits(L.LISTED_AT_START)

    @property
    def detained(self) -> np.ndarray:
        """bool[R]: held."""
        return self._bits(L.DETAINED)

    @property
    def ever_followed(self) -> np.ndarray:
        """bool[R]: somebody has followed them at least once."""
        return _read_only(self._state.followed_day > 0)

    @property
    def has_stopped_calling(self) -> np.ndarray:
        """bool[R]: has given up calling abroad for good."""
        return _read_only(self._state.people[L.CALLS_AGAIN] == L.NEVER)

    @property
    def fear(self) -> np.ndarray:
        """float[R], 0 to 1."""
        return _read_only(self._state.fear / L.ONE)

    @property
    def distress(self) -> np.ndarray:
        """float[R], 0 to 1."""
        return _read_only(self._state.distress / L.ONE)

    @cached_property
    def household(self) -> np.ndarray:
        """int[R]: number of the household, from 0."""
        return _read_only(np.repeat(np.arange(len(self._town.house_start) - 1), np.diff(self._town.house_start)))

    @cached_property
    def unit(self) -> np.ndarray:
        """int[R]: number of the neighbours' unit, from 0."""
        return _read_only(np.repeat(np.arange(len(self._town.unit_start) - 1), np.diff(self._town.unit_start)))

    def ground(self, name: str) -> np.ndarray:
        """Return bool[R]: who holds a ground; InputError with the nearest for one that is not known."""
        from underwatch.api.frames import one_of

        one_of("ground", name, L.GROUND_NAMES)
        return self._bits(1 << L.GROUND_SHIFT + L.GROUND_NAMES.index(name))


Measure = Callable[[Week], float]
_MEASURE_EXAMPLE = 'for example: measure={"never_followed": lambda week: 1 - week.ever_followed.mean()}'
_TAKEN = frozenset(("date", "n_days", "is_partial", "world", *DICTIONARY))


def _read_only(array: np.ndarray) -> np.ndarray:
    """Return an array that nobody can write to."""
    view = array.view()
    view.flags.writeable = False
    return view


def day_of(number: int) -> date:
    """Return the date of a day counted from 1970-01-01."""
    return EPOCH + timedelta(number)


def checked_measures(given: Mapping[str, Measure] | None) -> dict[str, Measure]:
    """Return measures by name; InputError for what cannot be called."""
    if not isinstance(given or {}, Mapping):
        raise InputError(f"measure = {given!s:.40} has no names; {_MEASURE_EXAMPLE}")
    measures = dict(given or {})
    for name, function in measures.items():
        if not isinstance(name, str) or name in _TAKEN:
            raise InputError(f'measure "{name!s:.40}" is called like a column that frames have; take another name')
        if not callable(function):
            raise InputError(f'measure "{name:.40}" is no function; {_MEASURE_EXAMPLE}')
    return measures


def measured(name: str, function: Measure, week: Week) -> float:
    """Return what a measure says of a week; InputError where that is no number."""
    value = function(week)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(
            f'measure "{name:.40}" gave {value!s:.40}, which is no number; return one number a week'
        ) from None


def slower_words(scenario: Scenario) -> str:
    """Say how much slower rules in plain Python are, and about how long they take."""
    work = scenario.residents * scenario.lived_days
    times, seconds = COMPILED_PER_SECOND // PLAIN_PER_SECOND, max(1, round(work / PLAIN_PER_SECOND))
    return (
        f"rules of your own run in plain Python, some {times} times slower than compiled: {scenario.residents:,} "
        f"residents for {scenario.lived_days} days (settling among them), about {seconds} s"
    )


class PlainWorld:
    """A world that lives by rules in plain Python, and what the engine would hold of it."""

    def __init__(self, rules: type[Rules], scenario: Scenario, seed: int) -> None:
        if not (isinstance(rules, type) and issubclass(rules, ReferenceWorld)):
            raise InputError(f"rules = {rules!s:.40} is no class of rules; for example: class Jumpy(underwatch.Rules)")
        if scenario.residents * scenario.lived_days > MOST_PLAIN_DAYS:
            raise InputError(f"{slower_words(scenario)}; set a smaller `population`, fewer days or fewer settle_weeks")
        place = scenario.places[0]
        given = InitialConditions.of(
            scenario.all_phases()[0], place.border, seed, place.first_resident, scenario.residents, scenario.days,
            scenario.settling_days,
        )  # fmt: skip
        self.plain, self.world = rules(given), simulate.init(given)

    def live(self, phases: tuple[Phase, ...]) -> None:
        """Take it through phases, and bring the engine's state to where it is."""
        self.plain.run(phases)
        self.take_over()

    def plain_step(self, phase: Phase, days: int) -> None:
        """Take the plain world through days of one week that lie in one phase."""
        plain_step(self.plain, phase, days)

    def take_over(self) -> None:
        """Put what the plain world has into the arrays of the engine."""
        plain, world = self.plain, self.world
        for name, column in plain.state().items():
            array, row = _ROWS[name]
            getattr(world.state, array)[row][: len(column)] = column
        world.day = plain.day
        if plain.counts:
            cells = plain.cells
            world.history.cells[: len(cells)] = cells
        done = sum(map(len, world.history.record_blocks))
        new = plain.records[done:]
        if new:
            records = np.array([tuple(one[name] for name in _INCIDENT) for one in new], L.INCIDENT)
            world.history.record_blocks.append(records)
            world.history.who_blocks.append(np.array(plain.who[done:], np.uint32))

    def settled(self, phases: tuple[Phase, ...]) -> None:
        """Live the weeks before the first day that is counted, and group residents by the lists as they stand."""
        self.live(phases)
        if phases and "S3" not in phases[-1].without:
            simulate.group_by(self.world, self.world.state.flags & L.ON_A_LIST != 0)


def warn_of_plain(scenario: Scenario) -> None:
    """Say once before the work how long rules in plain Python take."""
    say(slower_words(scenario), err=True)
