"""How numbers, ranges and dates are written for a reader: two or three digits that count, and no more."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable

from underwatch.texts.languages import ENGLISH, KOREAN, all_texts

PERCENT = "\u00a0%"  # stays on the line of its number


def number(value: float, language: str = ENGLISH) -> str:
    """Return a number as a reader wants it: two or three digits that count, thousands apart; a dash for none."""
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{round(value, 3 - len(str(round(size)))):,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 0.01:
        return f"{value:.2g}"
    if size >= 0.0005:
        return f"{value:.1g}"
    return all_texts(language)["number.under" if value > 0 else "number.over"]


def percent(value: float, language: str = ENGLISH) -> str:
    """Return a share as a percentage."""
    if math.isnan(value):
        return "–"
    hundred = 100.0 * value
    return (
        f"{number(round(hundred) if abs(hundred) >= 10 else hundred, language)}{all_texts(language)['number.percent']}"
    )


def form_of(is_share: bool) -> Callable[..., str]:
    """Return how the numbers of a figure are written: shares as percentages."""
    return percent if is_share else number


def signed(value: float, language: str = ENGLISH) -> str:
    """Return a difference with its sign."""
    return f"+{number(value, language)}" if value > 0 else number(value, language).replace("-", "−")


def ranged(low: str, high: str, language: str = ENGLISH) -> str:
    """Return 'low to high' of two numbers that are written, their common unit once; one where both are the same."""
    if low == high:
        return high
    texts = all_texts(language)
    return texts["number.range"].format(low=low.removesuffix(texts["number.percent"]), high=high)


def date(day: datetime.date, language: str = ENGLISH) -> str:
    """Return '1 July 2024' or '2024년 7월 1일'."""
    if language == KOREAN:
        return f"{day.year}년 {day.month}월 {day.day}일"
    return f"{day.day} {day:%B} {day.year}"


def month(day: datetime.date, language: str = ENGLISH) -> str:
    """Return 'July 2024' or '2024년 7월'."""
    return f"{day.year}년 {day.month}월" if language == KOREAN else f"{day:%B} {day.year}"
