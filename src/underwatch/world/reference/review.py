"""The Sunday review of the reference world: officers, then residents and kin, then what households know of each other.

Nothing a household learns of another is newer than the last review: units are independent within a week.
"""

from __future__ import annotations

from underwatch.facts import grounds
from underwatch.world import layout as L
from underwatch.world.draws import Purpose
from underwatch.world.reference.population import ORGANS, Household, Officer, Resident, Unit, choose16
from underwatch.world.reference.rules import FULL_WEIGHT, ONE, WHOLE, SmallRules, part, weekday

REPRIMANDS = {L.MPS: Purpose.REPRIMAND_MPS, L.MSS: Purpose.REPRIMAND_MSS}
DETAINEE = L.GROUND_NAMES.index("former_detainee")
FORGOTTEN = 64  # a file below a quarter of a report no longer speaks of an offence


def hold(world: SmallRules, order: int, week_days: int) -> None:
    """The whole review, on the Sunday that `world` has reached; `order` is the week's mean, 65536 = 1."""
    for officers in world.officers:
        judge_officers(world, officers, order, week_days)
    for house in world.houses:
        prepare_to_tell(world, house)
    for unit in world.units:
        unit.reports = [0, 0]
        decide_on(world, unit)
    for house in world.houses:
        close_week(world, house)


def judge_officers(world: SmallRules, officers: list[Officer], order: int, week_days: int) -> None:
    """S6: who brought fewer reports than expected may be reprimanded: pressure rises. Else it eases; quotas ratchet.

    In the form `avoidance` no reprimand needs to fall: the chance of one presses on who is not safely above.
    """
    now = world.rates
    brought = {
        officer: sum(unit.reports[officer.organ] for unit in officer.units) * FULL_WEIGHT for officer in officers
    }
    quotas = (now.quota_mps, now.quota_mss)
    mean = sum(brought.values()) // len(officers)
    for officer, reports in brought.items():
        expected = ((quotas[officer.organ] + officer.added) * order >> 16) * week_days // 7
        expected += part(max(0, mean - expected), now.comparison)
        if reports >= expected:
            officer.added += part(now.ratchet, reports - expected)
        before = officer.pressure
        if now.avoidance:
            safe = expected + part(expected, now.cushion)
            if reports < safe:
                shortfall = min(ONE, (safe - reports << 16) // safe)
                officer.pressure += part(part(part(now.pressure_gain, shortfall), now.reprimand), ONE - before)
                officer.pressure -= part(part(now.pressure_relax, WHOLE - now.reprimand), before)
            else:
                officer.pressure -= part(now.pressure_relax, before)
            continue
        reprimanded = world.draw(REPRIMANDS[officer.organ], officer.units[0].number)[0] < now.reprimand
        if reports < expected and reprimanded:
            shortfall = min(ONE, (expected - reports << 16) // expected)
            officer.pressure += part(part(now.pressure_gain, shortfall), ONE - before)
        else:
            officer.pressure -= part(now.pressure_relax, before)


def decide_on(world: SmallRules, unit: Unit) -> None:
    """S3, S10, S11: the week's decisions on a unit's residents, and what its households hear from kin."""
    now = world.rates
    for house in unit.households:
        for r in house.members:
            files, r.files = r.files, [part(file, now.keep_file) for file in r.files]
            r.faded = [before - after for before, after in zip(files, r.files, strict=True)]
            r.anger = part(r.anger, now.keep_anger)
            if max(r.files) < FORGOTTEN:
                r.real_offence = False
            consider(world, r)
            r.new_ground = False
            protest(world, r)
        hear_from_kin(world, house)


def consider(world: SmallRules, r: Resident) -> None:
    """S3, S10: the listed may come off the list, slowly; anybody may be accused; the unlisted, listed for a ground."""
    now = world.rates
    if r.lists and world.draw(Purpose.EXIT, r.number)[2] < let_off(world, r):
        r.lists = set()
        world.count("delistings", r)
        return
    if r.detained or not r.adult:
        return
    if r.lists:
        if max(r.files) < FULL_WEIGHT and world.rng.words(Purpose.EXIT, r.number, world.day)[0] < now.exit:
            r.lists = set()
            world.count("delistings", r)
        elif (organ := accuser(world, r, now.accuse_listed)) is not None:
            accuse(world, r, organ)
        return
    if (organ := accuser(world, r, now.accuse)) is not None:
        accuse(world, r, organ)
    elif r.new_ground and now.list_kept and world.draw(Purpose.ENTRY, r.number)[0] < reentry(world):
        enlist(world, r, {L.MPS})
    take_in_the_wave(world, r)


def accuser(world: SmallRules, r: Resident, weight: int) -> int | None:
    """S10: the organ that summons the resident this week: its file is full, or (form hazard) a report turns into one.

    In that form what fades from the file this week, over the bar, is the chance: in all a report carries its weight
    over the bar.
    """
    now = world.rates
    draws = world.draw(Purpose.HAZARD, r.number)
    for organ, officer in enumerate(r.house.unit.officers):
        bar = max(1, weight - part(weight, part(now.accuse_pressure, officer.pressure)))
        due = draws[organ] < min(ONE, (r.faded[organ] << 16) // bar) if now.hazard else r.files[organ] >= bar
        if now.accusations and due:
            return organ
    return None


def take_in_the_wave(world: SmallRules, r: Resident) -> None:
    """S3, S6: in a campaign an unlisted adult with a ground may be put on its lists; a defector's family as one."""
    held = r.grounds | (1 << DETAINEE if r.was_detained else 0)
    who = r.house.number if r.family else r.number
    chance = part(world.rates.ordered, 65536 - let_off(world, r)) if world.rates.list_kept and held else 0
    if not r.lists and world.draw(Purpose.ENTRY, who)[1] < chance:
        names = [ground for number, ground in enumerate(grounds().values()) if held >> number & 1]
        enlist(world, r, set().union(*(ORGANS[ground.organ] for ground in names)))


def let_off(world: SmallRules, r: Resident) -> int:
    """S3: the chance of being let off by order: of all, or of those who have no other ground than those named."""
    chances = world.rates.let_off
    held = r.grounds | (1 << DETAINEE if r.was_detained else 0)
    own = [int(chances[number]) for number in range(L.N_GROUNDS) if held >> number & 1]
    return max(min(own, default=0), int(chances[-1]))


def reentry(world: SmallRules) -> int:
    """S3, S9: the chance that a release is a ground for the list, unless that ground was taken from it."""
    return part(world.rates.entry, 65536 - int(world.rates.let_off[DETAINEE]))


def accuse(world: SmallRules, r: Resident, organ: int) -> None:
    """S10: a resident is summoned; false where no real offence stands in the file. The unlisted may end on a list."""
    world.count("accusations", r)
    if not r.real_offence:
        world.count("false_accusations", r)
    world.frighten(r, world.rates.rise_accused)
    summons, unit, today = L.EVENT.summons, r.house.unit, weekday(world.day)
    r.house.events[summons] = min(255, r.house.events[summons] + 1)
    unit.unheard[today] = unit.unheard[today] * int(world.rates.unheard[summons]) // L.UNHEARD
    world.incident("accusation", r)
    r.real_offence = False
    r.files = [0, 0]
    chance = world.rates.listed_after if world.rates.list_kept and not r.lists else 0
    if world.draw(Purpose.ACCUSED, r.number)[0] < chance:
        enlist(world, r, {organ})


def enlist(world: SmallRules, r: Resident, lists: set[int]) -> None:
    """S3: onto the lists of these organs, out of any role; the resident may learn of it."""
    r.lists = lists
    r.open_role = r.covert = False
    world.count("listings", r)
    r.listed_day = r.listed_day or world.day - world.start + 1
    if world.draw(Purpose.ACCUSED, r.number)[1] < world.rates.learns:
        world.incident("listing", r)


def protest(world: SmallRules, r: Resident) -> None:
    """S14: anger may come out."""
    if r.adult and world.rng.words(Purpose.PROTEST, r.number, world.day)[0] < part(world.rates.protest, r.anger):
        world.count("protests", r)


def prepare_to_tell(world: SmallRules, house: Household) -> None:
    """S11, S15: the chance that one of its kin hears of the week (any event of it), if the household dares."""
    now, unheard = world.rates, WHOLE
    for kind, times in enumerate(house.events):
        for _ in range(times):
            unheard = part(unheard, WHOLE - int(now.reach[kind]))
    dares = ONE - part(house.fear * 257, ONE - now.speech_floor)
    house.telling = part(min(ONE, WHOLE - unheard), dares)
    house.events = [0] * L.N_EVENTS


def hear_from_kin(world: SmallRules, house: Household) -> None:
    """S11: kin to whom something happened may tell; the word of each who does comes on some day of the week to come."""
    house.word_days = set()
    for tie in range(world.rates.kin_ties):
        kin, _ = world.kin(house, tie)
        if kin is not None and world.draw(Purpose.KIN_WORD + tie // 4, house.number)[tie % 4] < kin.telling:
            house.word_days.add(choose16(world.draw(Purpose.WORD_DAY + tie // 4, house.number)[tie % 4], 7))


def close_week(world: SmallRules, house: Household) -> None:
    """S11, S13: what others will know of the household until the next review: its fear, and its contact abroad."""
    house.fear = sum(r.fear for r in house.members) // len(house.members) >> 8
    house.contact = world.rates.contact_weeks if house.called else max(0, house.contact - 1)
    house.called = False
