"""The vocabularies: every code a cell may hold, with a label of our own and the HURIDOCS code beside it.

A package carries a copy of each file in `vocab/`, byte for byte, so that it can be read without this program.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType

from underwatch.facts import grounds
from underwatch.texts.catalogue import translated

_FOLDER, _GROUNDS = "vocab", "ground.csv"
SHARE = "share"  # of a group that was asked: the one unit that a survey gives


@cache
def vocabulary_files() -> Mapping[str, bytes]:
    """Return the vocabulary files as every package carries them, file name to bytes: as they ship, grounds put in."""
    folder = resources.files("underwatch.evidence.format") / _FOLDER
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".csv"))
    files = {name: (folder / name).read_bytes() for name in names}
    header, *other = files[_GROUNDS].splitlines(keepends=True)
    known = [f"{name},{ground.reported}\n".encode() for name, ground in grounds().items()]
    files[_GROUNDS] = b"".join([header, *known, *other])
    return MappingProxyType(files)


@cache
def entries(vocabulary: str) -> Mapping[str, Mapping[str, str]]:
    """Return the rows of one vocabulary by code, in the order of the file; KeyError for an unknown vocabulary."""
    text = vocabulary_files()[f"{vocabulary}.csv"].decode("utf-8")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return MappingProxyType({row["code"]: MappingProxyType(row) for row in rows})


@cache
def codes(vocabulary: str) -> frozenset[str]:
    """Return the codes of one vocabulary as a set, for fast tests of membership."""
    return frozenset(entries(vocabulary))


def label(vocabulary: str, code: str) -> str:
    """Return the label of a code, or the code itself when the vocabulary has none."""
    entry = entries(vocabulary).get(code)
    return entry["label"] if entry else code


def named_in(language: str, vocabulary: str, code: str) -> str:
    """Return the label of a code in a language."""
    return translated(language, f"vocab.{vocabulary}.{code}", label(vocabulary, code))


def unit_of(measure: str) -> str:
    """Return the one unit in which a measure is given; KeyError for an unknown measure."""
    return entries("measure")[measure]["unit"]


def can_be(value: float, unit: str) -> bool:
    """Say whether a number can be of a unit: within its bounds, and whole where people are counted."""
    entry = entries("measure_unit")[unit]
    inside = float(entry["lowest"]) <= value <= float(entry["highest"] or "inf") and math.isfinite(value)
    return inside and (entry["whole"] == "no" or value == int(value))


@cache
def _words() -> Mapping[str, str]:
    """Return every code of every vocabulary, and the empty cell, by itself."""
    return {"": ""} | {code: code for name in vocabulary_files() for code in codes(name.removesuffix(".csv"))}


def shared(cells: Sequence[str], own: dict[str, str]) -> list[str]:
    """Return the cells with one text for all that hold the same code, or the same as one in `own`, which grows.

    A large table is mostly codes, and then identifiers that come again and again.
    """
    words = list(map(_words().get, cells, cells))
    return list(map(own.setdefault, words, words))
