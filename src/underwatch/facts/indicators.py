"""The indicators that the kernels count: a line gives each its column, name, meaning, unit and articles.

The kernels write `COUNT.outings`; the data dictionary of a run and every table are made from the same line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple, get_type_hints

SUM, STOCK, RATIO = "count", "stock", "ratio"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator. A ratio names its numerator and denominator; `articles` are those of the ICCPR it concerns."""

    name: str
    meaning: str
    unit: str
    kind: str
    articles: tuple[int, ...]
    numerator: str = ""
    denominator: str = ""

    @property
    def is_share(self) -> bool:
        """Whether it is written in percent."""
        return self.unit == "fraction"


def _sum(meaning: str, unit: str, *articles: int) -> tuple[str, str, str, tuple[int, ...]]:
    return meaning, unit, SUM, articles


def _stock(meaning: str, unit: str, *articles: int) -> tuple[str, str, str, tuple[int, ...]]:
    return meaning, unit, STOCK, articles


class Indicators(NamedTuple):
    """What is counted each day, in the order of its columns."""

    outings: Annotated[int, _sum("outings beyond the unit that were made", "outings", 12)]
    outings_forgone: Annotated[int, _sum("outings not made that an unwatched life would have had", "outings", 12)]
    followed_outings: Annotated[int, _sum("outings that somebody followed", "outings", 12, 17)]
    noticed: Annotated[int, _sum("followed outings on which the resident noticed the follower", "outings", 12, 17)]
    visits_intended: Annotated[int, _sum("visits to kin outside the unit that were meant", "visits", 12, 17)]
    visits_made: Annotated[int, _sum("visits to kin outside the unit that were made", "visits", 12, 17)]
    followed_visits: Annotated[int, _sum("visits to kin that somebody followed", "visits", 12, 17)]
    calls_intended: Annotated[int, _sum("calls abroad that callers meant to make", "calls", 19)]
    calls_avoided: Annotated[int, _sum("calls for which the caller, out of fear, did not set out", "calls", 19)]
    calls_abandoned: Annotated[int, _sum("calls given up on the way because of a follower", "calls", 12, 17, 19)]
    calls_completed: Annotated[int, _sum("calls abroad that were made: contact kept", "calls", 19)]
    followed_calls: Annotated[int, _sum("journeys to a call that somebody followed", "calls", 12, 17, 19)]
    reports: Annotated[int, _sum("written reports on residents that reached an officer", "reports", 17)]
    reports_routine: Annotated[int, _sum("reports that make a routine act suspicious", "reports", 17)]
    reports_offence: Annotated[int, _sum("reports of an offence that was in fact seen", "reports", 17)]
    listings: Annotated[int, _sum("residents put on a list", "residents", 17)]
    delistings: Annotated[int, _sum("residents taken off their last list", "residents", 17)]
    accusations: Annotated[int, _sum("residents summoned and accused", "accusations", 9, 17)]
    false_accusations: Annotated[int, _sum("accusations behind which there is no offence", "accusations", 9, 17)]
    arrests: Annotated[int, _sum("arrests", "arrests", 9)]
    detained: Annotated[int, _stock("residents held that day", "residents", 9)]
    fear: Annotated[int, _stock("fear of being watched (0 to 1), summed over residents", "residents at fear 1", 17, 19)]
    distress: Annotated[int, _stock("distress (0 to 1), summed over residents", "residents at distress 1", 17)]
    distressed: Annotated[int, _stock("residents in serious distress that day", "residents", 17)]
    listed: Annotated[int, _stock("residents on a list that day", "residents", 17)]
    protests: Annotated[int, _sum("acts of protest or open refusal", "acts", 19)]
    permits_refused: Annotated[int, _sum("permits to travel that were refused", "permits", 12)]
    journeys: Annotated[int, _sum("journeys out of the place made with a permit", "journeys", 12)]
    calling_stopped: Annotated[
        int, _sum("calls not made because the caller has stopped calling, for a time or for good", "calls", 17, 19)
    ]
    home_visits: Annotated[int, _sum("visits of the unit's watchers to homes of the listed", "visits", 17)]


COUNTED = tuple(
    Indicator(name, *hint.__metadata__[0]) for name, hint in get_type_hints(Indicators, include_extras=True).items()
)
