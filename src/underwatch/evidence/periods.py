"""Periods: a week, month, quarter or year, or a range of two of one kind. Never a day, never a clock time.

Written as in ISO 8601 where it has a form: 2024-W50, 2024-12, 2024-Q4 (quarters are customary, not ISO), 2024, and
2024-11/2025-01 for a range.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

EARLIEST_YEAR, LATEST_YEAR = 1945, 2199
_FORM = re.compile(r"(\d{4})(?:-(W)(\d\d)|-(Q)([1-4])|-(\d\d))?", re.ASCII)
PATTERN = r"^\d{4}(-W\d\d|-Q[1-4]|-\d\d)?(/\d{4}(-W\d\d|-Q[1-4]|-\d\d)?)?$"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day of a period, and its precision: week, month, quarter or year."""

    first: date
    last: date
    precision: str


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


def coarsen(day: date, precision: str) -> str:
    """Write the period of that precision in which the day lies: the one way in which days enter a package."""
    if precision == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if precision == "month":
        return f"{day.year:04d}-{day.month:02d}"
    if precision == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    if precision == "year":
        return f"{day.year:04d}"
    raise ValueError(f'"{precision}" is no precision of a date; allowed: week, month, quarter, year')


def quarters(start: str, end: str) -> list[str]:
    """Return the quarters from one to the other, both included; an empty list when the end is before the start."""
    first, last = _quarter_number(start), _quarter_number(end)
    return [f"{number // 4:04d}-Q{number % 4 + 1}" for number in range(first, last + 1)]


def _quarter_number(text: str) -> int:
    period = parse_period(text)
    if period is None or period.precision != "quarter" or "/" in text:
        raise ValueError(f'"{text}" is no quarter; write it like 2024-Q3')
    return period.first.year * 4 + (period.first.month - 1) // 3
