"""A draft: what a report is about to state, detail by detail in its own order, each by a code and never in words.

What is refused is never repeated: not in the message, and nowhere else.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from underwatch.disclosure.terms import (
    ACT,
    NEEDED,
    PERIOD,
    PLACE,
    PUBLISHED,
    acts,
    checked_code,
    codes_of,
    details,
    ladder,
)
from underwatch.errors import InputError, nearest
from underwatch.evidence.format.periods import Period, parse_period
from underwatch.facts import COUNTRY, Place, find_place, places, provinces
from underwatch.files.intake.regular import read_text
from underwatch.files.intake.toml import parse_toml
from underwatch.files.tripwire import key_tripped, tripped
from underwatch.record.dates import coarsen, thursday

MOST_BYTES = 20_000
LINKS = "links"
RELATIONS = ("same_incident", "same_subject", "same_source", "other")
EARLIEST, LATEST = datetime.date(1972, 1, 1), datetime.date(2148, 1, 1)
MOST_DAYS_BEFORE = 730  # from the first day of the period to publication: worlds are not lived through for longer
PRECISIONS = ("day", "week", "month", "quarter")
_FINER = (
    "a place is a city or county, a province or the country: what is finer cannot be judged and should not be printed"
)
# What only some acts can have
_ONLY = {
    "distance": ("followed_visit", "call_given_up", "arrest"),
    "purpose": ("followed_visit", "call_given_up", "arrest"),
    "organ": ("tailing", "followed_visit", "home_visit", "listing", "summons", "call_given_up"),
}
_ACTS_OF_PURPOSE = {"call_abroad": ("call_given_up", "arrest")}
_TOGETHER = ("two", "three", "four", "five_or_more", "family")


@dataclass(frozen=True)
class Draft:
    """What a draft states: codes by detail in its order, when it is published, and what it shares with earlier ones.

    `links` has the name of an earlier report and one of `RELATIONS`; it stays in memory.
    """

    stated: Mapping[str, str]
    published: datetime.date
    links: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def act(self) -> str:
        """The act, of which every draft tells."""
        return self.stated[ACT]

    @property
    def details(self) -> tuple[str, ...]:
        """What it states, in its own order."""
        return tuple(self.stated)

    @cached_property
    def ladders(self) -> dict[str, tuple[str, ...]]:
        """What may be said of each detail, from what is stated to the broadest; the act stays."""
        return {detail: _ladder(detail, code) for detail, code in self.stated.items()}

    @property
    def place(self) -> Place | None:
        """The city or county, None where it states a province or the country."""
        kind, _, members = find_place(self.stated[PLACE])
        return members[0] if kind == "place" else None


def _ladder(detail: str, code: str) -> tuple[str, ...]:
    if detail == ACT:
        return (code,)
    if detail == PERIOD:
        period = period_of(code)
        middle = thursday(period.first) if period.precision == "week" else period.first
        found = [coarsen(middle, precision) for precision in PRECISIONS[1 + PRECISIONS.index(period.precision) :]]
        return (code, *found, "")
    if detail == PLACE:
        kind, name, members = find_place(code)
        above = (members[0].province, COUNTRY) if kind == "place" else (COUNTRY,)
        return (name, *above) if kind != "country" else above
    return ladder(detail, code)


def period_of(text: str) -> Period:
    """Return the days that a period names: a day, an ISO week, a month or a quarter; InputError for another text."""
    try:
        day = datetime.date.fromisoformat(text) if len(text) == 10 and text[4:5] == text[7:8] == "-" else None
    except ValueError:
        day = None
    period = Period(day, day, "day") if day else parse_period(text)
    if period is None or period.precision not in PRECISIONS or "/" in text:
        raise InputError(
            "period: write a day (2024-03-12), a week (2024-W11), a month (2024-03) or a quarter (2024-Q1)"
        )
    return period


def read_draft(path: Path) -> Draft:
    """Return the draft of a TOML file; InputError as in `draft_of`, and for what is no such file."""
    return draft_of_text(read_text(path, MOST_BYTES, "draft"))


def draft_of_text(text: str) -> Draft:
    """Return the draft of TOML text; InputError in a line that repeats nothing of it."""
    try:
        tables = parse_toml(text, "the draft ")
    except InputError:
        raise InputError("the draft is no TOML of lines such as act = \"followed_visit\"; `underwatch exposure new` "
                         "asks for each detail") from None  # fmt: skip
    return draft_of(tables)


def draft_of(told: Mapping[str, Any]) -> Draft:
    """Return the draft that a mapping of details to codes states; InputError for all that a draft cannot state."""
    if not told:
        raise InputError(f"the draft is empty; it states at least {', '.join(NEEDED)}")
    links = _links(told.get(LINKS, {}))
    stated: dict[str, str] = {}
    for number, (name, value) in enumerate(told.items(), 1):
        if name != LINKS:
            detail = _detail(name, number)  # before its value is looked at: a refusal of that names the detail
            stated[detail] = _value(detail, value)
    missing = [name for name in NEEDED if name not in stated]
    if missing:
        raise InputError(f"the draft does not state {', '.join(missing)}; it states at least {', '.join(NEEDED)}")
    published = _date(stated.pop(PUBLISHED))
    draft = Draft(MappingProxyType({name: _checked(name, code) for name, code in stated.items()}), published, links)
    _check_sense(draft)
    return draft


def _detail(name: str, number: int) -> str:
    if name in details():
        return name
    if key_tripped(name, details()) or tripped(name):
        raise InputError(f"line {number} of the draft looks like a person, a spot or free text, which a draft never "
                         "holds: take it out of the file, and do not print it")  # fmt: skip
    raise InputError(f"line {number} of the draft is no detail that it can state{nearest(name[:40], details())}; "
                     f"known: {', '.join(details())}")  # fmt: skip


def _value(name: str, value: Any) -> str:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = value.isoformat()
    if not isinstance(value, str) or len(value) > 60:
        raise InputError(f"{name}: what is stated is no code; a draft holds codes, never text or numbers")
    if not value.strip():
        raise InputError(f"{name}: nothing is stated; leave the line out, or give a code")
    return value.strip()


def _checked(name: str, value: str) -> str:
    if name == PERIOD:
        period_of(value)
        return value
    if name == PLACE:
        return _place(value)
    if value not in codes_of(name) and (kind := tripped(value)):
        what = {"identity-name": "a name", "identity-text": "free text"}.get(kind, "a person's number or address")
        raise InputError(f"{name}: what is stated looks like {what}; a draft holds codes alone. Take it out of the "
                         "file: it is not repeated here")  # fmt: skip
    return checked_code(name, value)


def _place(value: str) -> str:
    try:
        if any(letter.isdigit() for letter in value):
            raise InputError("")
        kind, name, _ = find_place(value)
        return f"{name} province" if kind == "province" and name in places() else name
    except InputError:
        near = nearest(value[:40], [*places(), *provinces(), COUNTRY])
        raise InputError(f"place: what is stated is no city or county of the 2008 census, no province and not the "
                         f"country{near}; {_FINER}") from None  # fmt: skip


def _date(value: str) -> datetime.date:
    try:
        day = datetime.date.fromisoformat(value)
    except ValueError:
        raise InputError("published: write the day of publication, like 2024-03-20") from None
    if not EARLIEST <= day <= LATEST:
        raise InputError(f"published: may be {EARLIEST} to {LATEST}")
    return day


def _links(told: Any) -> Mapping[str, str]:
    if not isinstance(told, dict) or not all(value in RELATIONS for value in told.values() if isinstance(value, str)):
        raise InputError(f"links: a table of earlier reports, each with one of {', '.join(RELATIONS)}")
    if not all(isinstance(value, str) for value in told.values()):
        raise InputError(f"links: each earlier report has one of {', '.join(RELATIONS)}")
    return MappingProxyType(dict(told))


def _check_sense(draft: Draft) -> None:
    """Raise InputError where two details contradict each other."""
    stated, act = draft.stated, draft.act
    for detail, can_have in _ONLY.items():
        if detail in stated and act not in can_have:
            raise InputError(f"{detail} does not go with act = {act}: the model records it of {', '.join(can_have)}")
    purpose = stated.get("purpose", "")
    if purpose and act not in _ACTS_OF_PURPOSE.get(purpose, ("followed_visit",)):
        raise InputError(f"purpose = {purpose} contradicts act = {act}")
    if stated.get("companions") in _TOGETHER and act != "followed_visit":
        raise InputError(f"companions = {stated['companions']} contradicts act = {act}: it happens to one person")
    if purpose == "permit_journey" and "distance" in stated:
        raise InputError("distance does not go with purpose = permit_journey: the model records none of it")
    if act in ("listing", "summons") and stated.get("organ") in ("inminban", "informant"):
        raise InputError(f"organ = {stated['organ']} contradicts act = {act}: that is done by mps or mss")
    if PERIOD in stated:
        period = period_of(stated[PERIOD])
        if period.first > draft.published:
            raise InputError("period and published contradict each other: it would be published before it happened")


def kind_of(draft: Draft) -> int:
    """Return the kind of incident that the draft tells of."""
    return acts()[draft.act]


def draft_toml(draft: Draft) -> str:
    """Return a draft as the TOML that reads back as it, without links."""
    lines = [f'{name} = "{code}"' for name, code in draft.stated.items()]
    return "\n".join([*lines, f'published = "{draft.published}"', ""])
