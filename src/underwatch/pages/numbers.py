"""How numbers are written for a reader: two or three digits that count, and no more."""

from __future__ import annotations

import math
from collections.abc import Callable

PERCENT = "\u00a0%"  # stays on the line of its number


def number(value: float) -> str:
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
    return "under 0.0005" if value > 0 else "over -0.0005"


def percent(value: float) -> str:
    """Return a share as a percentage."""
    if math.isnan(value):
        return "–"
    hundred = 100.0 * value
    return f"{number(round(hundred) if abs(hundred) >= 10 else hundred)}{PERCENT}"


def form_of(is_share: bool) -> Callable[[float], str]:
    """Return how the numbers of a figure are written: shares as percentages."""
    return percent if is_share else number


def signed(value: float) -> str:
    """Return a difference with its sign."""
    return f"+{number(value)}" if value > 0 else number(value).replace("-", "−")
