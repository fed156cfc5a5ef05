"""Words for quantities, features, steps and chances, in each language; in English they are those of the tables."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from underwatch.inference.bank.quantities import ALL_NAMES, derived, quantities
from underwatch.texts.catalogue import Sayable, text, translated
from underwatch.texts.languages import ENGLISH
from underwatch.texts.sentences import OfTable

_ALL = {quantity.name: quantity for quantity in (*quantities(), *derived())}
_BY_LENGTH = sorted(ALL_NAMES, key=len, reverse=True)
_YEAR = "_first_year"
# Names that are made of parts, and the text that says each part's in another language; the parts are its gaps.
_MADE = {
    "feature.first_list": r"first list (?P<period>.+)",
    "feature.second_list": r"second list (?P<period>.+)",
    "feature.dated": r"dated to (?P<year>\d+)",
    "feature.half.first": r"(?P<kind>\w+), first half",
    "feature.half.second": r"(?P<kind>\w+), second half",
    "feature.ground": r"ground (?P<n>\d+)",
    "feature.survey": r"survey (?P<question>\w+)",
    "feature.figure": r"figure (?P<n>\d+)",
    "feature.published": r"published figure (?P<figure_name>\w+)",
    "feature.cell.shown": r"(?P<family>\w+) (?P<period>\d{4}\S*) shown",
    "feature.cell": r"(?P<family>\w+) (?P<period>\d{4}\S*)",
    "step.cross_check": r"cross-check of round (?P<n>\d)",
    "step.law": r"(?P<law>\w+) law alone, round (?P<n>\d)",
    "step.seed": r"another seed, round (?P<n>\d)",
    "step.part": r"80 % of the bank, round (?P<n>\d)",
}


def number(value: float) -> str:
    """Write two digits, thousands in full: no more is known."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    digits = 1 - int(np.floor(np.log10(abs(value))))
    return f"{round(value, digits):,.{max(0, digits)}f}"


def percent(share: float, language: str = ENGLISH) -> str:
    """Write a chance or share; none is said to be certain."""
    if 0.0 < share < 0.005:
        return text(language, "estimate.chance.under")
    return text(language, "estimate.chance.over" if 0.995 <= share < 1.0 else "estimate.chance", n=f"{100 * share:.0f}")


class Chance(NamedTuple):
    """A chance or share that fills a gap."""

    share: float

    def said(self, language: str) -> str:
        """Return it in words."""
        return percent(self.share, language)


def words_of(name: str, language: str = ENGLISH) -> str:
    """Return what a column is in words."""
    return translated(language, f"quantity.{name}", _ALL[name].words)


def unit_of_column(name: str, language: str = ENGLISH) -> str:
    """Return the unit of a column."""
    return translated(language, f"unit.{_ALL[name].unit}", _ALL[name].unit)


def in_any_year(stem: str) -> OfTable:
    """Return what a counted quantity is in words, of whichever year, as a sentence begins."""
    return OfTable(f"quantity.{stem}", _ALL[f"{stem}{_YEAR}"].words.removesuffix(", first year"), begins=True)


def in_words_of_columns(sentence: str, language: str = ENGLISH) -> str:
    """Return a gate's sentence with the columns it names in words."""
    for name in _BY_LENGTH:
        sentence = sentence.replace(name, f'"{words_of(name, language)}"')
    return sentence


class InColumns(NamedTuple):
    """What a gate says, with the columns it names in words."""

    told: Sayable

    def said(self, language: str) -> str:
        """Return it in words."""
        return in_words_of_columns(self.told.said(language), language)


class Made(NamedTuple):
    """The name of a feature of the evidence or of a step of the work: English, and made of parts."""

    name: str

    def said(self, language: str) -> str:
        """Return it in words."""
        if language == ENGLISH:
            return self.name
        for key, pattern in _MADE.items():
            if found := re.fullmatch(pattern, self.name):
                parts = {part: translated(language, f"{part}.{one}", one) for part, one in found.groupdict().items()}
                return translated(language, key, self.name).format_map(parts)
        return translated(language, f"feature.{self.name}", self.name)
