"""What happens at home in the reference world: visits to the listed, reports by neighbours, night checks."""

from __future__ import annotations

from underwatch.world import layout as L
from underwatch.world.draws import Purpose
from underwatch.world.reference.population import Resident, Unit, choose, choose16
from underwatch.world.reference.rules import FULL_WEIGHT, ONE, SmallRules, part, weekday

MOST_ROLES = 64


class AtHome(SmallRules):
    """The last steps of the day, in the unit."""

    def visit_homes(self, unit: Unit) -> None:
        """S17: the unit's open roles call at the homes of the listed, defectors' families first, while time is left."""
        now = self.rates
        listed = sorted((r for r in unit.adults if r.lists), key=lambda r: not r.family)
        checked = {r.house: r for r in reversed(listed)}  # of each home the first listed member
        each = now.home_time * sum(r.open_role for r in unit.adults)
        left = part(self.day + 1, each) - part(self.day, each)
        for house in dict.fromkeys(r.house for r in listed):
            q_due, q_report, q_claim, _ = self.draw(Purpose.HOME_VISIT, house.number)
            if left > 0 and q_due < now.home_visit and not checked[house].detained:
                left -= 1
                self.count("home_visits", checked[house])
                self.write_down(checked[house], L.MPS, q_report, q_claim, offence=False)
                for r in house.members:
                    if not r.detained:
                        self.frighten(r, now.rise_home_visit)
                if not house.events[L.EVENT.home_visit]:  # a week's visits are one incident, and talked of once
                    self.word_spreads(house, L.EVENT.home_visit)
                    self.incident("home_visit", checked[house])

    def at_home(self, unit: Unit) -> None:
        """S5, S10, S17: neighbours report offences seen and routine acts, and homes are checked at night."""
        now, adults, holders = self.rates, unit.adults, unit.role_holders
        if now.written and holders and len(adults) > 1:
            _, _, q_lodging, q_offence = self.draw(Purpose.UNIT, unit.number)
            if q_offence < min(ONE, part(len(adults), now.offence_per_adult)):
                q_who, q_told, q_role, _ = self.draw(Purpose.OFFENCE, unit.number)
                if q_told < now.report_offence:
                    witness = holders[choose16(q_role, len(holders))]
                    organ = L.MPS if witness.open_role else L.MSS
                    self.report(adults[choose16(q_who, len(adults))], organ, "reports_offence", FULL_WEIGHT)
            for role, holder in enumerate(holders[:MOST_ROLES]):
                self.report_routine(unit, role, holder, adults)
            if holders[0].open_role and q_lodging < now.lodging:
                self.check_homes(unit)
        self.end_of_talk(unit)

    def end_of_talk(self, unit: Unit) -> None:
        """S11: what a day of talk will leave of the chance of not having heard of today; last week's is gone."""
        unheard = L.UNHEARD
        for kind, times in enumerate(unit.events):
            for _ in range(times):
                unheard = unheard * int(self.rates.unheard[kind]) // L.UNHEARD
        unit.unheard[weekday(self.day)] = unheard

    def report_routine(self, unit: Unit, role: int, holder: Resident, adults: list[Resident]) -> None:
        """S10: a role holder may make a routine act of some other adult of the unit into a report."""
        organ = L.MPS if holder.open_role else L.MSS
        chance = self.under_pressure(unit, organ, self.rates.routine_base, self.rates.routine_pressure)
        if self.draw(Purpose.ROUTINE + role // 4, unit.number)[role % 4] >= chance:
            return
        word, _ = self.rng.words(Purpose.ROUTINE_TARGET, holder.number, self.day)
        pick = choose(word, len(adults))
        if adults[pick] is holder:
            pick = (pick + 1) % len(adults)
        if not adults[pick].detained:
            self.report(adults[pick], organ, "reports_routine", FULL_WEIGHT)

    def check_homes(self, unit: Unit) -> None:
        """S17: guests who are not registered are found; the host is reported and knows it."""
        for slot, q_found in enumerate(self.draw(Purpose.LODGING, unit.number)):
            if q_found < self.rates.guest:
                word, _ = self.rng.words(Purpose.LODGING_HOME + slot, unit.number, self.day)
                host = unit.households[choose(word, len(unit.households))].head
                self.report(host, L.MPS, "reports_routine", FULL_WEIGHT)
                self.frighten(host, self.rates.rise_noticed)
                self.word_spreads(host.house, L.EVENT.home_visit)
