"""The reference world: the same rules in plain Python, one resident at a time: the ODD made executable.

Written from what the rules mean (MODEL: rows S1 to S17), not from the engine: nothing compiled is
called, no array is used in a rule, and every number is a Python integer. Chances are 16-bit thresholds
(65536 = 1), levels are multiples of 1/65535. The engine must agree with this to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from underwatch.world import layout as L
from underwatch.world.draws import Purpose
from underwatch.world.rates import rates
from underwatch.world.reference import review
from underwatch.world.reference.at_home import AtHome
from underwatch.world.reference.population import (
    Household,
    Resident,
    Rng,
    Unit,
    choose16,
    draw_households,
    settle,
)
from underwatch.world.reference.rules import (
    ONE,
    REPORTS_TO,
    WHOLE,
    part,
    weekday,
)
from underwatch.world.reference.watching import Watching

if TYPE_CHECKING:
    from underwatch.world.population import InitialConditions
    from underwatch.world.scenario import Phase

SUNDAY = 6


class ReferenceWorld(AtHome, Watching):
    """One place in one history.

    Explicit `starts` (first resident of each household and first household of each unit, with an end) replace the drawn
    ones. `chunk_residents` only says in what order incidents are noted.
    """

    def __init__(
        self,
        given: InitialConditions,
        starts: tuple[Sequence[int], Sequence[int]] | None = None,
        chunk_residents: int = L.CHUNK_RESIDENTS,
    ) -> None:
        rng = Rng(given.seed)
        house_start, unit_house = starts or draw_households(rng, given.first, given.residents, given.frame)
        units, officers = settle(rng, given.first, house_start, unit_house, given.frame, given.contact_weeks)
        super().__init__(rng, units, officers, given.start, given.start + given.settling_days)
        self.chunks = self._chunks(chunk_residents)
        self.order_sum = self.week_days = 0

    def _chunks(self, least: int) -> list[list[Unit]]:
        """Neighbouring units that go through a week together."""
        chunks: list[list[Unit]] = [[]]
        size = 0
        for unit in self.units:
            if size >= least:
                chunks.append([])
                size = 0
            chunks[-1].append(unit)
            size += len(unit.residents)
        return chunks

    # --- the calendar ---

    def run(self, phases: Iterable[Phase]) -> ReferenceWorld:
        """Take the world from the day it has reached to the end of `phases`."""
        for phase in phases:
            while phase.day <= self.day < phase.day + phase.days:
                step(self, phase, min(7 - weekday(self.day), phase.day + phase.days - self.day))
        return self

    def live(self, days: int, order: int) -> None:
        """Days of one week under one set of rates; a Sunday ends with the review."""
        if self.day >= self.counted:
            self.counts.extend([[0] * L.N_INDICATORS for _ in range(L.N_CELLS)] for _ in range(days))
        begin = self.day
        for units in self.chunks:
            for self.day in range(begin, begin + days):
                self.live_through(units)
        self.order_sum += order * days
        self.week_days += days
        if weekday(self.day) == SUNDAY:
            review.hold(self, self.order_sum // self.week_days, self.week_days)
            self.order_sum = self.week_days = 0
        self.day = begin + days

    def live_through(self, units: list[Unit]) -> None:
        """The day, in the order of the ODD's process overview."""
        for step in (
            self.feel_and_set_out,
            self.share_attention,
            self.visit_kin,
            self.call_abroad,
            self.follow_outings,
            self.visit_homes,
            self.at_home,
            self.tally,
        ):
            for unit in units:
                step(unit)

    # --- the steps of the day ---

    def feel_and_set_out(self, unit: Unit) -> None:
        """S11: fear fades and hearsay raises it, distress integrates fear, and both keep people from going out."""
        now = self.rates
        unheard = L.UNHEARD
        for of_a_day in unit.unheard:
            unheard = unheard * of_a_day // L.UNHEARD
        hears = min(ONE, (2 * WHOLE * (L.UNHEARD - unheard) // L.UNHEARD + 1) // 2)
        for r in unit.residents:
            *q_outings, q_hear = self.draw(Purpose.DAY, r.number)
            r.fear = part(r.fear, now.keep_fear)
            if q_hear < hears:
                self.feel(r, now.rise_hearsay)
            r.distress = min(ONE, part(r.distress, now.keep_distress) + part(r.fear, now.gain_distress))
            if weekday(self.day) in r.house.word_days:
                self.feel(r, now.rise_hearsay)
            unwatched = now.outing_adult if r.adult else now.outing_child
            chance = 0 if r.detained else self.after_fear(unwatched, r)
            r.outings = [q < chance for q in q_outings]
            r.followed = [False] * 3
            r.unwatched_outings = [q < unwatched for q in q_outings]

    def visit_kin(self, unit: Unit) -> None:
        """S7, S16: who planned a visit to kin or a journey for today goes, unless kept by detention or fear."""
        monday = self.day - weekday(self.day)
        for house in unit.households:
            word, when = self.rng.words(Purpose.VISIT, house.number, monday)
            if word >> 16 < self.rates.visit and monday + choose16(when >> 16, 7) == self.day:
                tie = choose16(word & 0xFFFF, max(1, self.rates.kin_ties))
                kin, distance = self.kin(house, tie)
                if kin is not None:
                    self.go(house, int(self.rates.visit_km[distance]), journey=False)
            self.travel(house, monday)

    def travel(self, house: Household, monday: int) -> None:
        """S16: a journey needs a permit, asked for weeks ago; the answer may be no."""
        now = self.rates
        asked = monday - (now.permit_lag if now.permits_needed else 0)
        if self.rng.words(Purpose.PERMIT, house.number, asked)[0] >> 16 >= now.permit:
            return
        q_refused, q_when, _, _ = self.rng.quarters(Purpose.PERMIT_ANSWER, house.number, monday)
        if monday + choose16(q_when, 7) != self.day:
            return
        if now.permits_needed and any(r.lists for r in house.members) and q_refused < now.permit_refused:
            self.count("permits_refused", house.head)
        else:
            self.go(house, 0, journey=True)

    def go(self, house: Household, km: int, journey: bool) -> None:
        """S7, S16: a household sets out; a watcher may follow or join; a permit sets the tail on anybody."""
        now, unit, head = self.rates, house.unit, house.head
        self.count("visits_intended", head)
        purpose = Purpose.JOURNEY_TAIL if journey else Purpose.VISIT_TAIL
        q_made, q_taken, q_joined, q_notice = self.draw(purpose, house.number)
        if head.detained or q_made >= self.after_fear(WHOLE, head):
            return
        self.count("visits_made", head)
        if journey:
            self.count("journeys", head)
        if not now.visits_followed:
            return
        lists = set().union(*(r.lists for r in house.members))
        chance = self.taken_up(unit, lists, head.family)
        if journey and now.permits_needed:
            chance = self.taken_up(unit, {L.MPS, L.MSS}, True)
        by = self.tail(house, lists, q_taken < chance, bool(lists) and q_joined < self.joined(unit, km))
        if by is None:
            return
        self.count("followed_visits", head)
        for r in house.members:
            self.was_followed(r)
        purpose = Purpose.JOURNEY_CLAIM if journey else Purpose.VISIT_CLAIM
        q_report, q_claim, _, _ = self.draw(purpose, house.number)
        self.write_down(head, REPORTS_TO[by], q_report, q_claim, offence=False)
        if q_notice < now.notice:
            for r in house.members:
                if not r.detained:
                    self.frighten(r, now.rise_noticed)
            self.word_spreads(house, L.EVENT.noticed)
            self.incident("followed_visit", head)

    def call_abroad(self, unit: Unit) -> None:
        """S8, S9: callers intend calls; fear keeps some at home; the detained may be released."""
        now = self.rates
        for r in [r for r in unit.adults if r.phone]:
            q_call, q_taken, q_joined, q_notice = self.draw(Purpose.CALL, r.number)
            intends = q_call < now.call
            if intends:
                self.count("calls_intended", r)
            if r.detained:
                if self.draw(Purpose.RELEASE, r.number)[0] < now.release:
                    r.detained = False
                    r.was_detained = r.new_ground = True
                    self.stop_calling(r, now.phone_lost)
            elif intends and self.day - self.start + 1 < r.calls_again:
                self.count("calling_stopped", r)
            elif intends and q_call >= now.call - part(now.call, part(r.fear, now.avoid_call)):
                self.count("calls_avoided", r)
            elif intends:
                self.go_and_call(r, q_taken, q_joined, q_notice)

    def go_and_call(self, r: Resident, q_taken: int, q_joined: int, q_notice: int) -> None:
        """S8, S9: a caller may be followed (one unlisted by those along the way) and turn back; a call risks arrest."""
        now, unit = self.rates, r.house.unit
        spot = self.rng.quarters(Purpose.CALL_SPOT, r.number, 0)[2]
        km = int(now.call_km[choose16(spot, 32)])
        by = None
        if now.calls_followed:
            taken = bool(r.lists) and q_taken < self.taken_up(unit, r.lists, r.family)
            by = self.tail(r.house, r.lists, taken, q_joined < self.joined(unit, km))
        noticed = by is not None and q_notice < now.notice_caller
        q_back, q_report, q_claim, _ = self.draw(Purpose.CALL_END, r.number)
        if by is not None:
            self.count("followed_calls", r)
            self.was_followed(r)
        if noticed:
            self.frighten(r, now.rise_noticed)
        if noticed and by is not None and q_back < now.abandon:
            self.count("calls_abandoned", r)
            self.write_down(r, REPORTS_TO[by], q_report, q_claim, offence=False)
            self.incident("call_given_up", r)
            self.stop_calling(r, now.stop_turned_back)
            return
        self.count("calls_completed", r)
        r.house.called = True
        if by is not None:
            self.write_down(r, REPORTS_TO[by], q_report, q_claim, offence=True)
        if self.rng.words(Purpose.DETECTION, r.number, self.day)[0] < now.detection:
            self.count("arrests", r)
            r.detained = True
            self.frighten(r, now.rise_accused)
            self.word_spreads(r.house, L.EVENT.detention)
            self.incident("arrest", r)

    def stop_calling(self, r: Resident, chance: int) -> None:
        """S8, S9: a turn-back, or an arrest that took the phone, may end calling, for a time or for good."""
        q_stop, q_good, q_pause, _ = self.draw(Purpose.STOP_CALLING, r.number)
        if q_stop < chance:
            days = int(self.rates.pause_days[choose16(q_pause, 32)])
            for_good = q_good < self.rates.stop_for_good
            r.calls_again = L.NEVER if for_good else min(self.day - self.start + 1 + days, L.NEVER - 1)

    def tally(self, unit: Unit) -> None:
        """The day's counts and levels, by group at the start."""
        for r in unit.residents:
            self.count("outings", r, sum(r.outings))
            self.count("outings_forgone", r, sum(r.unwatched_outings) - sum(r.outings))
            self.count("fear", r, r.fear)
            self.count("distress", r, r.distress)
            self.count("distressed", r, r.distress >= self.rates.threshold_distress)
            self.count("detained", r, r.detained)
            self.count("listed", r, bool(r.lists))


def init(given: InitialConditions) -> ReferenceWorld:
    """A world on its first morning."""
    return ReferenceWorld(given)


def step(world: ReferenceWorld, phase: Phase, days: int) -> None:
    """Take the world through `days` days of one week, all in `phase`; if the last is a Sunday, hold the review.

    From the first day that is counted, residents are grouped by the lists as they stand; without lists, as drawn.
    """
    if weekday(world.day) + days > SUNDAY + 1:
        raise ValueError(f"{days} days from weekday {weekday(world.day)} cross a Sunday")
    if world.day < world.counted < world.day + days:
        raise ValueError(f"{days} days from day {world.day} cross the first day that is counted, {world.counted}")
    world.rates = rates(phase.values, phase.without, phase.order, phase.campaign, phase.forms)
    world.live(days, int(phase.order * WHOLE + 0.5))
    if world.day == world.counted and "S3" not in phase.without:
        for r in world.residents:
            r.listed_at_start = bool(r.lists)


if TYPE_CHECKING:  # engine and reference keep the one contract: mypy holds it here
    from underwatch.world import simulate
    from underwatch.world.reference import world as reference

    ENGINE: simulate.Model[simulate.World] = simulate
    REFERENCE: simulate.Model[ReferenceWorld] = reference
