"""The catalogue: a text by its key, in a language, with its gaps filled in.

What the fact tables, the interventions and the indicators say in English stands there; `ko/tables.json` has it in
Korean, and `translated` chooses.
"""

from __future__ import annotations

import datetime
import unicodedata
from itertools import count, takewhile
from typing import Protocol, runtime_checkable

from underwatch.texts.languages import ENGLISH, all_texts
from underwatch.texts.numbers import date, number

_ONE = ".one"


@runtime_checkable
class Sayable(Protocol):
    """What is written as each language writes it."""

    def said(self, language: str) -> str:
        """Return it in words."""


def text(language: str, key: str, /, **values: object) -> str:
    """Return a text with its gaps filled in: whole numbers, figures and dates as the language writes them.

    Where `n` is 1 and the language has a text of its own for one, under KEY.one, that is taken.
    KeyError for a text or a gap's value that is missing.
    """
    texts = all_texts(language)
    one = f"{key}{_ONE}"
    said = texts[one] if values.get("n") in (1, "1") and one in texts else texts[key]
    return said.format_map({name: written(language, value) for name, value in values.items()})


def written(language: str, value: object) -> str:
    """Return a value as a language writes it; what is written already stays as it is."""
    if isinstance(value, Sayable):
        return value.said(language)
    if isinstance(value, datetime.date):
        return date(value, language)
    if isinstance(value, int):
        return f"{value:,}"
    return number(value, language) if isinstance(value, float) else str(value)


def texts_of(language: str, key: str) -> tuple[str, ...]:
    """Return the texts KEY.0, KEY.1 and so on."""
    texts = all_texts(language)
    return tuple(texts[one] for one in takewhile(texts.__contains__, (f"{key}.{at}" for at in count())))


def translated(language: str, key: str, english: str) -> str:
    """Return what a table says in English, in the language where its catalogue has it."""
    return english if language == ENGLISH else all_texts(language).get(key, english)


def columns(words: str) -> int:
    """Return how many columns of a terminal a text takes: two for a wide letter, as Hangul is."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)
