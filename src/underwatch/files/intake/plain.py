"""What every value read from TOML or JSON must be: not too deep, no number without end, no half of a letter."""

from __future__ import annotations

import math
from typing import Any

from underwatch.errors import InputError

DEEPEST = 24  # tables and lists within each other
MOST_DIGITS = 30  # of a whole number: with more it cannot be told in a line, and Python will not even write it


def check_plain(value: Any, where: str, finite: bool) -> None:
    """Raise InputError, begun with `where`, for what no honest file holds; `finite` refuses infinite numbers too."""
    row = [value]
    for depth in range(DEEPEST + 1):
        inner: list[Any] = []
        for one in row:
            if isinstance(one, dict):
                inner += one
                inner += one.values()
            elif isinstance(one, list):
                inner += one
            elif isinstance(one, str):
                if not one.isascii() and any("\ud800" <= letter <= "\udfff" for letter in one):
                    raise InputError(
                        f"{where}holds half of a letter (a lone surrogate), which no text in UTF-8 can hold"
                    )
            elif isinstance(one, int):
                if abs(one) >= 10**MOST_DIGITS:
                    raise InputError(f"{where}holds a number of more than {MOST_DIGITS} digits; write a smaller one")
            elif finite and isinstance(one, float) and not math.isfinite(one):
                raise InputError(f"{where}holds a number that is not finite; write a smaller one")
        if not inner:
            return
        row = inner
        if depth == DEEPEST:
            raise InputError(f"{where}is nested too deep: more than {DEEPEST} tables or lists within each other")
