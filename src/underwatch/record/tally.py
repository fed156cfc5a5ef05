"""Incidents as a tally: all that a channel needs to know of a world's incidents, and no incident any more.

What is told is an episode: a subject, a kind, a month, as its first incident found it (`channel.episodes`). A witness
tells with a chance p times what fear leaves of it, so that what an episode's witnesses tell is p times a sum over them
(`channel.reporting`). That sum needs two distributions of fear for each sort of episode: of subjects whose contact is
open, and of the others who may know, weighted by their share with open contact. They are kept at the nodes of a grid,
each episode dealt out between the two nodes beside it, so that the mean is exact and any response function can be laid
over them later. Beside them stand counts: of incidents, of episodes, of persons, of persons for the first time.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numba import njit

from underwatch.record.dates import coarsen, thursday, week_number
from underwatch.shown import Displayed
from underwatch.world.layout import GROUND_NAMES, INCIDENT_NAMES, KIND, MARK_LISTED, N_INDICATORS

# Where fear is kept, in the 255 steps of a record; closer where there is much of it, and from 1/6 on, where most
# thresholds lie.
FEAR_NODES = np.array([
    0, 4, 8, 13, 18, 24, 30, 36, 39, 41, 43, 45, 47, 50, 54, 59, 64, 70, 77, 85, 94, 104, 116, 130, 146, 164, 184, 206,
    230, 255,
])  # fmt: skip
N_NODES, N_KINDS = len(FEAR_NODES), len(INCIDENT_NAMES)
NO_GROUND = len(GROUND_NAMES)  # the last column by ground: no ground is held
N_GROUNDS = NO_GROUND + 1
MOST_PERIODS = 16  # one bit each
_FEAR_BYTES = 256
# Who noticed a follower, whatever for
_FOLLOWED = [KIND.followed_outing, KIND.followed_visit, KIND.call_given_up]
_LAW, _STRENGTH = 0, 2  # by which weeks are told apart: exponential, near the middle of the prior


@dataclass(frozen=True)
class Window:
    """The weeks of a tally, from a Monday on, and the periods (quarters) to which they belong by their Thursday."""

    start: date
    n_weeks: int

    def __post_init__(self) -> None:
        if self.start.weekday() != 0:
            raise ValueError(f"{self.start} is no Monday")

    @property
    def end(self) -> date:
        """The last day, a Sunday."""
        return self.start + timedelta(days=7 * self.n_weeks - 1)

    def thursday(self, week: int) -> date:
        """Return the day that says to which month, quarter and year a week belongs."""
        return thursday(self.start + timedelta(weeks=week))

    def of_weeks(self, precision: str) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return int64[weeks], the number of each week's month, quarter or year, and their names in order."""
        slots = [coarsen(self.thursday(week), precision) for week in range(self.n_weeks)]
        names = tuple(sorted(set(slots)))
        return np.array([names.index(slot) for slot in slots], np.int64), names

    def span(self, weeks: range) -> tuple[int, int] | None:
        """Return the first and last of the weeks, given by their numbers in the calendar, as weeks of the window; None
        where one lies outside.
        """
        first = weeks[0] - week_number(self.start)
        last = first + len(weeks) - 1
        return (first, last) if first >= 0 and last < self.n_weeks else None

    @property
    def n_periods(self) -> int:
        """The number of quarters."""
        return len(self.of_weeks("quarter")[1])


class Sums(NamedTuple):
    """The sums of a tally while it grows; `response` is what fear leaves by function, strength and step of fear."""

    counts: np.ndarray  # uint32[weeks, kinds, 2, grounds], incidents; listed at the time or not
    subject: np.ndarray  # float64[periods, kinds, grounds, nodes], episodes whose subject's contact is open
    others: np.ndarray  # float64[periods, kinds, grounds, nodes], share of the others with open contact
    pairs: np.ndarray  # float64[periods, kinds, responses, strengths, 2], products for being told twice
    # float64[weeks, kinds, grounds, 2], subjects and others at one response function, to tell weeks of a period apart
    weekly: np.ndarray
    known: np.ndarray  # float64[periods, kinds], residents who knew of an episode
    mask: np.ndarray  # uint16[kinds, residents], periods in which a resident was the subject
    month: np.ndarray  # uint8[kinds, residents], the last month in which a resident was the subject, from 1; 0: none
    episodes: np.ndarray  # uint32[weeks, kinds, 2, grounds], the same as `counts` of episodes, by their first incident
    firsts: np.ndarray  # uint32[weeks, kinds, 2], subjects to whom a kind happens for the first time in the window


class Ruler(NamedTuple):
    """What the sums are measured with."""

    response: np.ndarray  # float64[responses, strengths, 256]
    settling: int  # weeks before the first that counts
    period_of_week: np.ndarray  # int64[weeks]
    month_of_week: np.ndarray  # int64[weeks]
    node: np.ndarray  # int64[256], the node at or below a step of fear
    share: np.ndarray  # float64[256], how much of it goes to the next node
    household: float  # mean size
    first_resident: int


@njit(cache=True, nogil=True)
def _add(records, who, ruler, sums):  # type: ignore[no-untyped-def]
    """Add incidents to the sums."""
    n_laws, n_strengths = ruler.response.shape[0], ruler.response.shape[1]
    for row in range(len(records)):
        record = records[row]
        week = np.int64(record["day"]) // 7 - ruler.settling
        if week < 0:
            continue
        kind, listed = np.int64(record["kind"]), np.int64(record["marks"] & MARK_LISTED != 0)
        ground = 0
        while ground < NO_GROUND and record["marks"] >> ground & 1 == 0:
            ground += 1
        period = ruler.period_of_week[week]
        sums.counts[week, kind, listed, ground] += np.uint32(1)
        person, month = np.int64(who[row]) - ruler.first_resident, np.uint8(ruler.month_of_week[week] + 1)
        if sums.month[kind, person] == 0:
            sums.firsts[week, kind, listed] += np.uint32(1)
        sums.mask[kind, person] |= np.uint16(1 << period)
        if sums.month[kind, person] == month:
            continue
        sums.month[kind, person] = month
        sums.episodes[week, kind, listed, ground] += np.uint32(1)
        fear, is_open = np.int64(record["subject_fear"]), record["subject_contact"]
        kin, near, heard = np.int64(record["kin"]), np.int64(record["neighbours"]), np.int64(record["hearsay"])
        kin_fear, near_fear = np.int64(record["kin_fear"]), np.int64(record["neighbours_fear"])
        sums.known[period, kind] += 1 + kin + heard
        n_others = max(1.0, float(kin + near + heard))
        kin_share = min(1.0, float(record["kin_contact"]) / max(1.0, (kin + 1) / ruler.household))
        near_share = min(1.0, float(record["neighbours_contact"]) / max(1.0, near / ruler.household + 1.0))
        of_kin, of_near = kin * kin_share / n_others, (near + heard) * near_share / n_others
        if is_open > 0:
            node = ruler.node[fear]
            sums.subject[period, kind, ground, node] += 1.0 - ruler.share[fear]
            sums.subject[period, kind, ground, node + 1] += ruler.share[fear]
            sums.weekly[week, kind, ground, 0] += ruler.response[_LAW, _STRENGTH, fear]
        node = ruler.node[kin_fear]
        sums.others[period, kind, ground, node] += of_kin * (1.0 - ruler.share[kin_fear])
        sums.others[period, kind, ground, node + 1] += of_kin * ruler.share[kin_fear]
        node = ruler.node[near_fear]
        sums.others[period, kind, ground, node] += of_near * (1.0 - ruler.share[near_fear])
        sums.others[period, kind, ground, node + 1] += of_near * ruler.share[near_fear]
        left = ruler.response[_LAW, _STRENGTH]
        sums.weekly[week, kind, ground, 1] += of_kin * left[kin_fear] + of_near * left[near_fear]
        for response in range(n_laws):
            for k in range(n_strengths):
                left = ruler.response[response, k]
                b = of_kin * left[kin_fear] + of_near * left[near_fear]
                sums.pairs[period, kind, response, k, 1] += b * b
                if is_open > 0:
                    sums.pairs[period, kind, response, k, 0] += left[fear] * b


@dataclass(frozen=True, repr=False)
class Tally(Displayed):
    """A world's incidents and episodes by week, kind, ground and listing, and what a channel needs of the witnesses of
    its episodes.

    Of the indicators it keeps the sums over the days of each period, by listed or ordinary at the start.
    """

    counts: np.ndarray  # uint32[weeks, kinds, 2, grounds]
    subject: np.ndarray  # float32[periods, kinds, grounds, nodes]
    others: np.ndarray  # float32[periods, kinds, grounds, nodes]
    pairs: np.ndarray  # float32[periods, kinds, responses, strengths, 2]
    weekly: np.ndarray  # float32[weeks, kinds, grounds, 2]
    known: np.ndarray  # float32[periods, kinds]
    reached: np.ndarray  # uint32[ranges, kinds + 1], distinct subjects in periods i to j ; last: followed
    indicators: np.ndarray  # float64[periods, 2, indicators]: listed, ordinary
    residents: np.ndarray  # int64[2, 2]: listed, ordinary; residents, adults
    episodes: np.ndarray  # uint32[weeks, kinds, 2, grounds], by the first incident
    firsts: np.ndarray  # uint32[weeks, kinds, 2], persons to whom a kind happens for the first time in the window

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the parts by name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}


def period_ranges(n_periods: int) -> list[tuple[int, int]]:
    """Return the ranges of periods i to j (both inclusive) in the order of `Tally.reached`."""
    return [(i, j) for i in range(n_periods) for j in range(i, n_periods)]


class Tallier:
    """Adds up the incidents of one world, week by week, so that they need not be kept."""

    def __init__(
        self, window: Window, response: np.ndarray, household: float, residents: tuple[int, int], settling: int = 0
    ) -> None:
        """`residents`: the number of the first resident, and how many there are; `settling`: weeks before the window.

        The world is run through these first, because it starts calm; what happens in them is not counted.
        """
        period_of_week, names = window.of_weeks("quarter")
        n = len(names)
        if n > MOST_PERIODS:
            raise ValueError(f"{n} quarters; a tally holds at most {MOST_PERIODS}")
        steps = np.arange(_FEAR_BYTES)
        node = np.minimum(np.searchsorted(FEAR_NODES, steps, side="right") - 1, N_NODES - 2)
        share = (steps - FEAR_NODES[node]) / (FEAR_NODES[node + 1] - FEAR_NODES[node])
        months = window.of_weeks("month")[0]
        self.ruler = Ruler(
            response, settling, period_of_week, months, node.astype(np.int64), share, float(household),
            int(residents[0]),
        )  # fmt: skip
        self.sums = Sums(
            np.zeros((window.n_weeks, N_KINDS, 2, N_GROUNDS), np.uint32),
            np.zeros((n, N_KINDS, N_GROUNDS, N_NODES)),
            np.zeros((n, N_KINDS, N_GROUNDS, N_NODES)),
            np.zeros((n, N_KINDS, *response.shape[:2], 2)),
            np.zeros((window.n_weeks, N_KINDS, N_GROUNDS, 2)),
            np.zeros((n, N_KINDS)),
            np.zeros((N_KINDS, residents[1]), np.uint16),
            np.zeros((N_KINDS, residents[1]), np.uint8),
            np.zeros((window.n_weeks, N_KINDS, 2, N_GROUNDS), np.uint32),
            np.zeros((window.n_weeks, N_KINDS, 2), np.uint32),
        )

    def add(self, records: np.ndarray, who: np.ndarray) -> None:
        """Add incidents INCIDENT[n] and the numbers of their subjects uint32[n], in the order of time."""
        if len(records):
            _add(records, who, self.ruler, self.sums)

    def tally(self, indicators: np.ndarray, residents: np.ndarray) -> Tally:
        """Return the tally; `indicators` int64[days, 2, indicators] and `residents` int64[2, 2] as in `Tally`."""
        sums, n = self.sums, len(self.sums.subject)
        bits = [sum(1 << period for period in range(i, j + 1)) for i, j in period_ranges(n)]
        masks = [*sums.mask, np.bitwise_or.reduce(sums.mask[_FOLLOWED], axis=0)]
        reached = [[np.count_nonzero(mask & np.uint16(bit)) for mask in masks] for bit in bits]
        by_period = np.zeros((n, 2, N_INDICATORS))
        counted = indicators[7 * self.ruler.settling :]
        np.add.at(by_period, self.ruler.period_of_week[np.arange(len(counted)) // 7], counted)
        parts = (sums.subject, sums.others, sums.pairs, sums.weekly, sums.known)
        subject, others, pairs, weekly, known = (part.astype(np.float32) for part in parts)
        table = np.array(reached, np.uint32)
        return Tally(
            sums.counts, subject, others, pairs, weekly, known, table, by_period, residents, sums.episodes, sums.firsts
        )
