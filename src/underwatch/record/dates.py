"""Dates: the week, month, quarter or year to which a day belongs, and the day by which a week belongs to one.

A week belongs to the month, the quarter and the year of its Thursday: so most of its days lie there, no week belongs to
two, and the ISO year is the year. Everything that counts by period rests on these few lines.
"""

from datetime import date, timedelta

_DAYS_TO_THURSDAY = 3
PRECISIONS = ("week", "month", "quarter", "year")


def thursday(day: date) -> date:
    """Return the Thursday of the week, Monday to Sunday, in which a day lies."""
    return day + timedelta(days=_DAYS_TO_THURSDAY - day.weekday())


def week_number(day: date) -> int:
    """Return the number of the week in which a day lies, counted from the first Monday of the calendar."""
    return (day.toordinal() - 1) // 7


def first_day_of(week: int) -> date:
    """Return the Monday of a week given by its `week_number`."""
    return date.fromordinal(7 * week + 1)


def coarsen(day: date, precision: str) -> str:
    """Return the name of the week, month, quarter or year in which a day lies; the names sort as time does.

    ValueError for another precision.
    """
    if precision == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if precision == "month":
        return f"{day.year:04d}-{day.month:02d}"
    if precision == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    if precision == "year":
        return f"{day.year:04d}"
    raise ValueError(f'"{precision}" is no precision of a date; allowed: {", ".join(PRECISIONS)}')
