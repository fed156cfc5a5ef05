"""Sentences kept as plain data, a key and what fills its gaps, and said in a language when somebody reads them.

What fills a gap may be a sentence itself, a list, or a name of a table.
"""

from __future__ import annotations

from typing import NamedTuple

from underwatch.texts.catalogue import Sayable, text, translated, written
from underwatch.texts.languages import ENGLISH, all_texts
from underwatch.texts.numbers import ranged


class Sentence(NamedTuple):
    """A text of the catalogue by its key, and the values of its gaps."""

    key: str
    values: tuple[tuple[str, object], ...] = ()

    def said(self, language: str) -> str:
        """Return it in words."""
        return text(language, self.key, **dict(self.values))


def sentence(key: str, /, **values: object) -> Sentence:
    """Return the sentence of a key with the values of its gaps."""
    return Sentence(key, tuple(values.items()))


class Listed(NamedTuple):
    """Several things one after the other; `between` is a mark, or the key of a word between them."""

    parts: tuple[object, ...]
    between: str = ", "

    def said(self, language: str) -> str:
        """Return them in words."""
        return all_texts(language).get(self.between, self.between).join(written(language, part) for part in self.parts)


class OfTable(NamedTuple):
    """What a table says in English, and the key under which the catalogue has it in another language."""

    key: str
    english: str
    begins: bool = False  # a sentence: then with a capital letter

    def said(self, language: str) -> str:
        """Return it in words."""
        said = translated(language, self.key, self.english)
        return said[:1].upper() + said[1:] if self.begins else said


class Called(NamedTuple):
    """A name that is spelt in each language, as a place's."""

    english: str
    korean: str

    def said(self, language: str) -> str:
        """Return the name."""
        return self.english if language == ENGLISH else self.korean or self.english


class FromTo(NamedTuple):
    """From one end to the other, both written."""

    low: str
    high: str

    def said(self, language: str) -> str:
        """Return it in words."""
        return ranged(self.low, self.high, language)


def in_english(said: Sayable) -> str:
    """Return what is kept in English, as files for machines have it."""
    return said.said(ENGLISH)
