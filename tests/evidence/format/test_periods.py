"""What a written period means, for all grains, ranges, year-ends and leap years, against counting its days."""

from datetime import date, timedelta

import numpy as np
import pytest

from underwatch.evidence.format.periods import parse_period, quarters, slot_of, weeks_between
from underwatch.record.dates import coarsen, first_day_of, thursday, week_number
from underwatch.record.tally import Window

# 2016, 2020 and 2024 are leap years; 2015, 2020 and 2026 have 53 weeks.
DAYS = [date(2014, 12, 29) + timedelta(days=n) for n in range(7 * 52 * 13)]
QUARTER_OF_MONTH = {f"{month:02d}": "111222333444"[month - 1] for month in range(1, 13)}


def name_of(day, precision):
    """By the C library's calendar, not by ours."""
    if precision == "quarter":
        return f"{day.strftime('%Y')}-Q{QUARTER_OF_MONTH[day.strftime('%m')]}"
    return day.strftime({"week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}[precision])


NAMES = {
    precision: np.array([name_of(day, precision) for day in DAYS]) for precision in ("week", "month", "quarter", "year")
}
WEEKS, WEEK_OF_DAY = np.unique(NAMES["week"], return_inverse=True)


def most_days(precision):
    """The month, quarter or year in which most of the seven days of each week lie."""
    found = []
    for week in range(len(WEEKS)):
        names, n = np.unique(NAMES[precision][week == WEEK_OF_DAY], return_counts=True)
        found.append(str(names[n.argmax()]))
    return found


BY_MOST_DAYS = {precision: most_days(precision) for precision in ("month", "quarter", "year")}


def written(precision, first_year, last_year):
    """Every period of a precision and every range of two, with the positions of its days."""
    whole = [name for name in dict.fromkeys(NAMES[precision].tolist()) if first_year <= int(name[:4]) <= last_year]
    at = {name: np.flatnonzero(NAMES[precision] == name) for name in whole}
    for i, first in enumerate(whole):
        yield first, at[first]
        for last in whole[i + 1 :]:
            yield f"{first}/{last}", np.arange(at[first][0], at[last][-1] + 1)


@pytest.mark.parametrize(
    ("precision", "first_year", "last_year"),
    [("week", 2020, 2021), ("week", 2024, 2024), ("month", 2019, 2024), ("quarter", 2015, 2026), ("year", 2015, 2026)],
)
def test_every_period_and_every_range_is_its_days(precision, first_year, last_year):
    n = 0
    for text, days in written(precision, first_year, last_year):
        n += 1
        period = parse_period(text)
        assert (period.first, period.last, period.precision) == (DAYS[days[0]], DAYS[days[-1]], precision), text
        mine = np.flatnonzero(np.bincount(WEEK_OF_DAY[days], minlength=len(WEEKS)) >= 4)
        told = [first_day_of(week).strftime("%G-W%V") for week in period.weeks]
        assert told == WEEKS[mine].tolist(), text
        assert period.weeks == weeks_between(period.first, period.last)
        for coarse in ("month", "quarter", "year"):
            slots = {BY_MOST_DAYS[coarse][week] for week in mine}
            assert slot_of(text, coarse) == (slots.pop() if len(slots) == 1 else ""), (text, coarse)
    assert n > 70


def test_every_day_has_its_week_month_quarter_and_year():
    for precision, names in NAMES.items():
        assert [coarsen(day, precision) for day in DAYS] == names.tolist()
    for day in DAYS:
        assert first_day_of(week_number(day)) <= day <= first_day_of(week_number(day)) + timedelta(days=6)
        assert thursday(day).strftime("%a %G-W%V") == f"Thu {name_of(day, 'week')}"
    with pytest.raises(ValueError, match="precision"):
        coarsen(DAYS[0], "decade")


@pytest.mark.parametrize("n_weeks", [3, 26, 104])
def test_a_window_puts_its_weeks_where_most_of_their_days_lie(n_weeks):
    for start in range(0, len(WEEKS) - n_weeks, 17):
        window = Window(DAYS[7 * start], n_weeks)
        for precision in ("month", "quarter", "year"):
            number, names = window.of_weeks(precision)
            assert [names[at] for at in number] == BY_MOST_DAYS[precision][start : start + n_weeks]
        first = week_number(window.start)
        assert window.span(range(first, first + n_weeks)) == (0, n_weeks - 1)
        assert window.span(range(first + 1, first + 2)) == (1, 1)
        assert window.span(range(first - 1, first + 1)) is None
        assert window.span(range(first + n_weeks - 1, first + n_weeks + 1)) is None


def test_quarters_follow_each_other():
    every = list(dict.fromkeys(NAMES["quarter"].tolist()))
    assert quarters(every[1], every[-2]) == every[1:-1]
    assert quarters("2024-Q3", "2024-Q2") == []
    for wrong in ("2024", "2024-Q1/2024-Q2", "2024-W01", ""):
        with pytest.raises(ValueError, match="no quarter"):
            quarters(wrong, "2024-Q2")
