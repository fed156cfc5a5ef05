"""Periods: a week, month, quarter or year, or a range of two of one kind. Never a day, never a clock time.

Written as in ISO 8601 where it has a form: 2024-W50, 2024-12, 2024-Q4 (quarters are customary, not ISO), 2024, and
2024-11/2025-01 for a range. What a written period means is settled here alone, for the check, the summary, publishing
and the estimate: its days, and the weeks that belong to it, which are those whose Thursday lies in it. By these it lies
in one quarter or year, or in none. So a range is judged alike, whatever it is a range of.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from underwatch.record.dates import coarsen, first_day_of, thursday, week_number

EARLIEST_YEAR, LATEST_YEAR = 1945, 2199
_FORM = re.compile(r"(\d{4})(?:-(W)(\d\d)|-(Q)([1-4])|-(\d\d))?", re.ASCII)
PATTERN = r"^\d{4}(-W\d\d|-Q[1-4]|-\d\d)?(/\d{4}(-W\d\d|-Q[1-4]|-\d\d)?)?$"
_ONE_DAY, _THREE_DAYS = timedelta(days=1), timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day of a period, and its precision: week, month, quarter or year."""

    first: date
    last: date
    precision: str

    @property
    def weeks(self) -> range:
        """The weeks that belong to it, as `weeks_between`."""
        return weeks_between(self.first, self.last)

    def within(self, precision: str) -> str:
        """Return the one month, quarter or year in which all its weeks lie; '' when they lie in several."""
        slots = {coarsen(thursday(first_day_of(week)), precision) for week in (self.weeks[0], self.weeks[-1])}
        return slots.pop() if len(slots) == 1 else ""


def weeks_between(first: date, last: date) -> range:
    """Return the weeks that belong to a period of these first and last days, as numbers of the calendar.

    They are those whose Thursday lies in it; a period that can be written has at least one.
    """
    return range(week_number(first + _THREE_DAYS), week_number(last - _THREE_DAYS) + 1)


@lru_cache(maxsize=65_536)
def parse_period(text: str) -> Period | None:
    """Return the period that the text names, or None when it names none."""
    if "/" not in text:
        return _simple(text)
    parts = text.split("/")
    if len(parts) != 2:
        return None
    start, end = _simple(parts[0]), _simple(parts[1])
    if start is None or end is None or start.precision != end.precision or start.first >= end.first:
        return None
    return Period(start.first, end.last, start.precision)


def _simple(text: str) -> Period | None:
    """Return the period of a text without a range."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    year = int(match[1])
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return None
    if match[2]:
        return _week(year, int(match[3]))
    if match[4]:
        return _months(year, 3 * int(match[5]) - 2, 3, "quarter")
    if match[6]:
        return _months(year, int(match[6]), 1, "month") if 1 <= int(match[6]) <= 12 else None
    return _months(year, 1, 12, "year")


def _week(year: int, week: int) -> Period | None:
    """Return an ISO week, or None when that year has no such week."""
    try:
        first = date.fromisocalendar(year, week, 1)
    except ValueError:
        return None
    return Period(first, first + 6 * _ONE_DAY, "week")


def _months(year: int, month: int, n_months: int, precision: str) -> Period:
    """Return the period of whole months that starts with the given one."""
    after = year * 12 + month - 1 + n_months
    return Period(date(year, month, 1), date(after // 12, after % 12 + 1, 1) - _ONE_DAY, precision)


def slot_of(text: str, precision: str) -> str:
    """Return the month, quarter or year in which a written period lies; '' when it is none or lies in several."""
    period = parse_period(text)
    return period.within(precision) if period else ""


def quarters(start: str, end: str) -> list[str]:
    """Return the quarters from one to the other, both included; an empty list when the end is before the start.

    ValueError when one of the two is no quarter.
    """
    first, last = _quarter_number(start), _quarter_number(end)
    return [f"{number // 4:04d}-Q{number % 4 + 1}" for number in range(first, last + 1)]


def _quarter_number(text: str) -> int:
    period = parse_period(text)
    if period is None or period.precision != "quarter" or "/" in text:
        raise ValueError(f'"{text}" is no quarter; write it like 2024-Q3')
    return period.first.year * 4 + (period.first.month - 1) // 3
