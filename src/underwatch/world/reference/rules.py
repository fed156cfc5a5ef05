"""The small rules of the reference world: chances, who follows, what is written, felt, told and noted."""

from __future__ import annotations

import numpy as np

from underwatch.world import layout as L
from underwatch.world.draws import Purpose
from underwatch.world.rates import Rates
from underwatch.world.reference.population import Household, Officer, Resident, Rng, Unit, choose, choose16

ONE = L.ONE
WHOLE = 65536  # certainty, as a 16-bit threshold
FULL_WEIGHT = 256  # one report in a file
DISTANCES = 32

# Who follows, to whom they report, and who goes first when a resident is on the list of the MPS, or of the MSS alone.
OPEN_ROLE, COVERT, MPS_OFFICER, MSS_OFFICER = "open role", "covert", "beat officer", "field officer"
REPORTS_TO = {OPEN_ROLE: L.MPS, COVERT: L.MSS, MPS_OFFICER: L.MPS, MSS_OFFICER: L.MSS}
FIRST_TO_GO = {
    L.MPS: (OPEN_ROLE, MPS_OFFICER, COVERT, MSS_OFFICER),
    L.MSS: (COVERT, MSS_OFFICER, OPEN_ROLE, MPS_OFFICER),
}
INDICATOR = {name: column for column, name in enumerate(L.INDICATORS)}


def part(a: int, b: int) -> int:
    """`a` times the share `b`, rounded down."""
    return a * b >> 16


def at_least_once(chance: int, times: int) -> int:
    """Chance of at least one success in so many independent tries."""
    none = WHOLE
    for _ in range(times):
        none = none * (WHOLE - chance) >> 16
    return min(ONE, WHOLE - none)


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + 3) % 7


class SmallRules:
    """A place on a day, and what the steps of the day and the review are made of."""

    def __init__(
        self, rng: Rng, units: list[Unit], officers: tuple[list[Officer], list[Officer]], day: int, counted: int
    ) -> None:
        self.rng = rng
        self.units = units
        self.officers = officers
        self.houses = [house for unit in units for house in unit.households]
        self.residents = [r for house in self.houses for r in house.members]
        self.place = {house: h for h, house in enumerate(self.houses)}
        self.start = self.day = day
        self.counted = counted  # from this day on
        self.rates: Rates
        self.counts: list[list[list[int]]] = []  # by day, cell and indicator
        self.records: list[dict[str, int]] = []  # fields of L.INCIDENT
        self.who: list[int] = []

    def draw(self, purpose: int, who: int) -> tuple[int, int, int, int]:
        """Today's four uniforms."""
        return self.rng.quarters(purpose, who, self.day)

    # --- chances ---

    def after_fear(self, chance: int, r: Resident) -> int:
        """S11: what fear and distress leave of the chance of something that need not be done."""
        chance -= part(chance, part(r.fear, self.rates.avoid_fear))
        return chance - part(chance, part(r.distress, self.rates.avoid_distress))

    def under_pressure(self, unit: Unit, organ: int, base: int, added: int) -> int:
        """S6: a chance that the pressure on the unit's officer raises."""
        return min(ONE, base + part(added, unit.officers[organ].pressure))

    def vigilance(self, unit: Unit, organ: int) -> int:
        """S4, S6: chance that one free watcher takes up an outing of a listed resident."""
        return self.under_pressure(unit, organ, self.rates.vigilance_base, self.rates.vigilance_pressure)

    def joined(self, unit: Unit, km: int) -> int:
        """S7: chance that somebody along the way joins or takes over; the longer, the likelier."""
        keenest = max(self.vigilance(unit, L.MPS), self.vigilance(unit, L.MSS))
        return at_least_once(part(self.rates.join_per_km, keenest), km)

    # --- watching and writing ---

    def was_followed(self, r: Resident) -> None:
        """Remember the first day."""
        r.followed_day = r.followed_day or self.day - self.start + 1

    def write_down(self, r: Resident, organ: int, q_report: int, q_claim: int, offence: bool) -> None:
        """S5: the follower's report: an offence seen, a routine act made suspicious, or nothing seen."""
        now, unit = self.rates, r.house.unit
        if not now.written or q_report >= self.under_pressure(unit, organ, now.report_base, now.report_pressure):
            return
        if offence:
            self.report(r, organ, "reports_offence", FULL_WEIGHT)
        elif q_claim < self.under_pressure(unit, organ, now.claim_base, now.claim_pressure):
            self.report(r, organ, "reports_routine", FULL_WEIGHT)
        else:
            self.report(r, organ, "", now.weight_nothing)

    def report(self, r: Resident, organ: int, claim: str, weight: int) -> None:
        """S5, S6: a report feeds the file; it counts towards the quota if it claims something."""
        self.count("reports", r)
        r.files[organ] = min(ONE, r.files[organ] + weight)
        if claim:
            self.count(claim, r)
            r.house.unit.reports[organ] += 1
        if claim == "reports_offence":
            r.real_offence = True

    # --- fear and word ---

    def feel(self, r: Resident, rise: int) -> None:
        """S11: fear rises, less in those who are used to it (form habituating)."""
        if self.rates.habituating:
            rise -= part(rise, part(r.distress, self.rates.habituation))
        r.fear = min(ONE, r.fear + rise)

    def frighten(self, r: Resident, rise: int) -> None:
        """S11, S14: fear rises, and anger in the reactive."""
        self.feel(r, rise)
        if self.rates.anger and r.reactive:
            r.anger = min(ONE, r.anger + rise)

    def word_spreads(self, house: Household, kind: int) -> None:
        """S11: the unit will talk of it on the seven days to come, kin may hear of it next week."""
        house.unit.events[kind] += 1
        house.events[kind] = min(255, house.events[kind] + 1)

    def kin(self, house: Household, tie: int) -> tuple[Household | None, int]:
        """S1: the household at the other end of a tie, anywhere in the place, and the class of its distance."""
        word, other_word = self.rng.words(Purpose.KIN + tie, house.number, 0)
        n = len(self.houses)
        other = choose(word, n)
        if other == self.place[house]:
            other = (other + 1) % n
        return self.houses[other] if n > 1 else None, choose16(other_word & 0xFFFF, DISTANCES)

    # --- the record ---

    def count(self, indicator: str, r: Resident, amount: int = 1) -> None:
        """Count for the resident's group today, if the day is counted."""
        if self.day < self.counted:
            return
        self.counts[self.day - self.counted][r.cell][INDICATOR[indicator]] += amount

    def incident(self, kind: str, r: Resident) -> None:
        """S13: what happened, and per class of witness how many, whether contact is open, and their fear."""
        if self.day < self.counted:
            return
        house, unit = r.house, r.house.unit
        relatives = [kin for tie in range(self.rates.kin_ties) if (kin := self.kin(house, tie)[0]) is not None]
        close = [house, *relatives]
        neighbours = len(unit.residents) - len(house.members)
        record = {
            "day": self.day - self.counted,
            "marks": r.grounds | bool(r.lists) * L.MARK_LISTED | bool(r.listed_at_start) * L.MARK_LISTED_AT_START,
            "kind": L.INCIDENT_NAMES.index(kind),
            "subject_contact": int(house.contact > 0),
            "subject_fear": r.fear >> 8,
            "kin": sum(len(h.members) for h in close) - 1,
            "kin_fear": sum(h.fear for h in close) // len(close),
            "kin_contact": sum(h.contact > 0 for h in close),
            "neighbours": neighbours,
            "neighbours_fear": sum(h.fear for h in unit.households) // max(1, len(unit.households)),
            "neighbours_contact": min(255, sum(h.contact > 0 for h in unit.households)),
            "hearsay": part(neighbours, int(self.rates.heard_of[L.INCIDENT_NAMES.index(kind)])),
        }
        self.records.append(record)
        self.who.append(r.number)

    # --- to compare with the engine ---

    def state(self) -> dict[str, np.ndarray]:
        """Everything that changes, under the engine's names."""
        people, houses, units = self.residents, self.houses, self.units
        mps, mss = self.officers
        columns = {
            "flags": [r.flags for r in people],
            "fear": [r.fear for r in people],
            "distress": [r.distress for r in people],
            "file_mps": [r.files[L.MPS] for r in people],
            "file_mss": [r.files[L.MSS] for r in people],
            "anger": [r.anger for r in people],
            "listed_day": [r.listed_day for r in people],
            "followed_day": [r.followed_day for r in people],
            **{f"house_{name}": [h.events[kind] for h in houses] for kind, name in enumerate(L.Events._fields)},
            "house_word": [sum(1 << day for day in h.word_days) for h in houses],
            "calls_again": [r.calls_again for r in people],
            "house_called": [h.called for h in houses],
            "house_contact": [h.contact for h in houses],
            "house_fear": [h.fear for h in houses],
            **{f"unheard_{day}": [u.unheard[day] for u in units] for day in range(7)},
            "reports_mps": [u.reports[L.MPS] for u in units],
            "reports_mss": [u.reports[L.MSS] for u in units],
            "pressure_mps": [o.pressure for o in mps],
            "pressure_mss": [o.pressure for o in mss],
            "added_mps": [o.added for o in mps],
            "added_mss": [o.added for o in mss],
        }
        return {name: np.array(values, np.int64) for name, values in columns.items()}

    @property
    def cells(self) -> np.ndarray:
        """Daily indicators, int64[days, cells, indicators]."""
        return np.array(self.counts, np.int64)
