"""Episodes: what people tell of. All that happened to one resident of one kind within one month is told as one thing.

Word goes around once a thing has begun ("they follow her now"); the tenth followed outing of a month is no tenth piece
of news. So an episode has the date, the witnesses, their fear and their contact of its first incident. A month is the
calendar's, and a week belongs to that of its Thursday, as everywhere: three months are a quarter and twelve a year, so
that no period holds more beginnings than another, which months of 30 days would not give.

The subject only tells episodes apart and keys their luck; nothing that is published or written says who it was.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from underwatch.record.dates import thursday
from underwatch.world.layout import INCIDENT, INCIDENT_NAMES

_MONTHS_OF_A_YEAR = 12
_MOST_MONTHS = 1 << 18  # of the calendar, and
_MOST_KINDS = 1 << 4  # kinds: they share 22 bits of a key with the 32 of the subject


class EpisodeRecords(NamedTuple):
    """Episodes in the order of their first incidents; each array has n."""

    records: np.ndarray  # INCIDENT, the first incident
    row: np.ndarray  # int64, where that stands among the incidents
    who: np.ndarray  # uint32, the subject
    month: np.ndarray  # int64, months of the calendar since year 0


def month_of(day: datetime.date) -> int:
    """Return the number of the month in which the Thursday of a day's week lies, since year 0."""
    middle = thursday(day)
    return _MONTHS_OF_A_YEAR * middle.year + middle.month - 1


def months_of(start: datetime.date, n_days: int) -> np.ndarray:
    """Return int64[n_days]: the month of each day from `start` on."""
    return np.array([month_of(start + datetime.timedelta(days=day)) for day in range(n_days)], np.int64)


def episodes(records: np.ndarray, who: np.ndarray, start: datetime.date) -> EpisodeRecords:
    """Return the episodes of incidents INCIDENT[n] whose subjects are uint32[n]; `start` is their day 0.

    Incidents of one subject stand in the order of time, as a history has them; that of others does not matter.
    """
    if not len(records):
        return EpisodeRecords(
            np.zeros(0, INCIDENT), np.zeros(0, np.int64), np.zeros(0, np.uint32), np.zeros(0, np.int64)
        )
    if len(INCIDENT_NAMES) > _MOST_KINDS:
        raise ValueError(f"{len(INCIDENT_NAMES)} kinds of incident; a key holds {_MOST_KINDS}")
    month = months_of(start, int(records["day"].max()) + 1)[records["day"]]
    word = who.astype(np.uint64) * np.uint64(_MOST_KINDS) + records["kind"].astype(np.uint64)
    _, first = np.unique(word * np.uint64(_MOST_MONTHS) + month.astype(np.uint64), return_index=True)
    row = np.sort(first)
    return EpisodeRecords(records[row], row, who[row].astype(np.uint32), month[row])
