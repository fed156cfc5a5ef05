"""S3, S4 of the reference world: who watches whom, whose attention is left, and which outings are followed.

Two forms of S4: `assigned`, in which each listed household is a case with named watchers, and `pooled`, in which the
watchers of a unit share the outings of all its listed.
"""

from __future__ import annotations

from underwatch.world import layout as L
from underwatch.world.draws import Purpose
from underwatch.world.reference.population import Case, Household, Resident, Unit, choose
from underwatch.world.reference.rules import (
    COVERT,
    FIRST_TO_GO,
    MPS_OFFICER,
    MSS_OFFICER,
    OPEN_ROLE,
    REPORTS_TO,
    SmallRules,
    at_least_once,
    part,
)

SPARE_TRIES = 16


class Watching(SmallRules):
    """The watchers of each unit on a day."""

    def taken_up(self, unit: Unit, lists: set[int], family: bool) -> int:
        """S3, S4: chance that any of the layers of assigned watchers takes the outing up; the keener list counts."""
        layers = self.layers(unit, family)
        return max((at_least_once(self.vigilance(unit, organ), layers) for organ in lists), default=0)

    def layers(self, unit: Unit, family: bool) -> int:
        """S3: how many watchers are assigned; where they are named, no more than the unit has people and officers."""
        layers = self.rates.layers_family if family else self.rates.layers_person
        return layers if self.rates.pooled else min(layers, len(unit.role_holders) + len(unit.officers))

    def tail(self, house: Household, lists: set[int], taken: bool, joined: bool) -> str | None:
        """S4, S7: who follows: somebody named, else somebody free; where nobody is, somebody along the way may."""
        by = None
        if taken and not self.rates.pooled:
            case = next((case for case in self.cases(house.unit) if case.house is house), None)
            by = case and self.named(case)
        if taken and by is None:
            by = self.anybody(house.unit, lists)
        return by or (OPEN_ROLE if joined else None)

    def anybody(self, unit: Unit, lists: set[int]) -> str | None:
        """S4: who has attention that is kept for nobody. Each list's own people go first."""
        for by in FIRST_TO_GO[L.MPS if L.MPS in lists else L.MSS]:
            if unit.free[by] > 0:
                unit.free[by] -= 1
                return by
        return None

    def cases(self, unit: Unit) -> list[Case]:
        """S3, S4: the households with listed members, defectors' families first, and their named watchers."""
        result = []
        for house in unit.households:
            members = [r for r in house.members if r.lists]
            if members:
                lists = set().union(*(r.lists for r in members))
                result.append(Case(house, members, lists, self.watchers(house, lists, members[0].family)))
        return sorted(result, key=lambda case: not case.family)

    def watchers(self, house: Household, lists: set[int], family: bool) -> list[Resident | str]:
        """S3: the layers of a household are people: round the list's own role holders, the others, then officers."""
        holders = house.unit.role_holders
        own = [r for r in holders if r.open_role == (L.MPS in lists)]
        rings = (own, [r for r in holders if r not in own])
        people: list[Resident | str] = []
        for ring, word in zip(rings, self.rng.words(Purpose.CASE, house.number, 0), strict=True):
            start = choose(word, len(ring))
            people += ring[start:] + ring[:start]
        officers = (MPS_OFFICER, MSS_OFFICER) if L.MPS in lists else (MSS_OFFICER, MPS_OFFICER)
        return [*people, *officers][: self.layers(house.unit, family)]

    def named(self, case: Case) -> str | None:
        """S4: the first named watcher with attention left follows."""
        unit = case.house.unit
        for watcher in case.watchers:
            if isinstance(watcher, str):
                if unit.free[watcher] > 0:
                    unit.free[watcher] -= 1
                    return watcher
            elif unit.kept[watcher] > 0:
                unit.kept[watcher] -= 1
                return OPEN_ROLE if watcher.open_role else COVERT
        return None

    def share_attention(self, unit: Unit) -> None:
        """S4: attention is scarce. Each unit's watchers have so much a day; an officer's outings go round the area."""
        now = self.rates
        q_open, q_covert, _, _ = self.draw(Purpose.UNIT, unit.number)
        n_open = sum(r.open_role for r in unit.adults)
        n_covert = sum(r.covert for r in unit.adults)
        unit.free = {
            OPEN_ROLE: (n_open * now.attention_role + q_open) >> 16,
            COVERT: (n_covert * now.attention_role + q_covert) >> 16,
        }
        if not now.pooled:
            self.keep_attention(unit)
        capacity = part(self.day + 1, now.attention_officer) - part(self.day, now.attention_officer)
        for by, officer in zip((MPS_OFFICER, MSS_OFFICER), unit.officers, strict=True):
            area = officer.units
            turns = range(self.day * capacity, (self.day + 1) * capacity)
            unit.free[by] = sum(area[turn % len(area)] is unit for turn in turns)
        unit.events = [0] * L.N_EVENTS

    def keep_attention(self, unit: Unit) -> None:
        """S4: each role holder has attention of their own, and keeps it for the cases in which they are named."""
        now = self.rates
        named = {watcher for case in self.cases(unit) for watcher in case.watchers}
        unit.free = {OPEN_ROLE: 0, COVERT: 0}
        unit.kept = {}
        for holder in unit.role_holders:
            phase = self.rng.quarters(Purpose.HOLDER, holder.number, 0)[0]
            before, after = (day * now.attention_role + phase >> 16 for day in (self.day, self.day + 1))
            if holder in named:
                unit.kept[holder] = after - before
            else:
                unit.free[OPEN_ROLE if holder.open_role else COVERT] += after - before

    def follow_outings(self, unit: Unit) -> None:
        """S4: outings of the listed are followed while attention lasts, defectors' families first; then S10."""
        if self.rates.pooled:
            self.follow_each(unit)
        else:
            self.follow_cases(unit)
        self.spend_spare(unit)

    def follow_each(self, unit: Unit) -> None:
        """S4, pooled: each outing of a listed resident takes a watcher of its own."""
        listed = [r for r in unit.adults if r.lists]
        for r in sorted(listed, key=lambda r: not r.family):
            draws = self.draw(Purpose.FOLLOW, r.number)
            chance = self.taken_up(unit, r.lists, r.family)
            for slot in range(3):
                if r.outings[slot] and draws[slot] < chance:
                    by = self.anybody(unit, r.lists)
                    if by is not None:
                        self.follow(r, slot, by)

    def follow_cases(self, unit: Unit) -> None:
        """S4: one tail follows all listed members who are out; named watchers first, then whoever is free."""
        unserved = []
        for case in self.cases(unit):
            draws = self.draw(Purpose.FOLLOW, case.house.number)
            chance = self.taken_up(unit, case.lists, case.family)
            for slot in range(3):
                if any(r.outings[slot] for r in case.members) and draws[slot] < chance:
                    by = self.named(case)
                    if by is None:
                        unserved.append((case, slot))
                    else:
                        self.follow_together(case, slot, by)
        for holder, left in unit.kept.items():
            unit.free[OPEN_ROLE if holder.open_role else COVERT] += left
        unit.kept = dict.fromkeys(unit.kept, 0)
        for case, slot in unserved:
            by = self.anybody(unit, case.lists)
            if by is not None:
                self.follow_together(case, slot, by)

    def follow_together(self, case: Case, slot: int, by: str) -> None:
        """S4, S5: all listed members who are out have one follower, who writes of the first; it is talked of once."""
        noticed = False
        for r in [r for r in case.members if r.outings[slot]]:
            first = not any(other.followed[slot] for other in case.members)
            noticed |= self.follow(r, slot, by, first=first, talked_of=noticed)

    def spend_spare(self, unit: Unit) -> None:
        """S10: under pressure what attention is left is turned to whoever of the unlisted is met outside."""
        adults = unit.adults
        for attempt in range(min(sum(unit.free.values()), SPARE_TRIES) if adults else 0):
            by = next(by for by in FIRST_TO_GO[L.MPS] if unit.free[by])
            pressure = unit.officers[REPORTS_TO[by]].pressure
            a, b = self.rng.words(Purpose.SPARE + attempt, unit.number, self.day)
            if a >> 16 >= self.rates.spare * part(self.rates.vigilance_pressure, pressure):
                continue
            r = adults[choose(b, len(adults))]
            slots = [slot for slot in range(3) if r.outings[slot] and not r.followed[slot]]
            if slots and not r.lists:
                unit.free[by] -= 1
                self.follow(r, slots[0], by)

    def follow(self, r: Resident, slot: int, by: str, first: bool = True, talked_of: bool = False) -> bool:
        """S4, S5: one outing is followed, written down if it is the first of its tail, and perhaps noticed; was it?"""
        r.followed[slot] = True
        self.count("followed_outings", r)
        self.was_followed(r)
        q_notice, q_report, q_claim, _ = self.draw(Purpose.TAIL + slot, r.number)
        if first:
            self.write_down(r, REPORTS_TO[by], q_report, q_claim, offence=False)
        if q_notice >= self.rates.notice:
            return False
        self.count("noticed", r)
        self.frighten(r, self.rates.rise_noticed)
        if not talked_of:
            self.word_spreads(r.house, L.EVENT.noticed)
        self.incident("followed_outing", r)
        return True
