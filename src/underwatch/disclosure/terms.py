"""The words of a draft: which details there are, which codes each may have, and what is said in place of each.

Acts, grounds and organs are those of the evidence format. A code leads to a broader one of which it is a case, and the
broadest to nothing said: so every detail has a ladder, from what is stated to what is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from underwatch.errors import InputError, nearest
from underwatch.evidence.format.vocabularies import entries
from underwatch.facts.tables import read_rows
from underwatch.world.layout import INCIDENT_NAMES

ACT, PLACE, PERIOD, PUBLISHED = "act", "place", "period", "published"
NEEDED = (ACT, PLACE, PUBLISHED)


@dataclass(frozen=True, slots=True)
class Term:
    """A code of a detail, and the broader code of which it is a case ('' where nothing is left to say)."""

    code: str
    broader: str


@cache
def terms() -> Mapping[str, Mapping[str, Term]]:
    """Return the codes of each detail that has a list of them, in order; without acts, places and periods."""
    result: dict[str, dict[str, Term]] = {}
    for row in read_rows("terms.csv", "underwatch.disclosure"):
        term = Term(row["code"], row["broader"])
        result.setdefault(row["detail"], {})[term.code] = term
    return MappingProxyType({detail: MappingProxyType(codes) for detail, codes in result.items()})


@cache
def acts() -> Mapping[str, int]:
    """Return the acts that the model has, as the evidence format calls them, and the kind of incident of each."""
    kinds = {code: row["model_kind"] for code, row in entries("act").items() if row["model_kind"]}
    return MappingProxyType({code: INCIDENT_NAMES.index(kind) for code, kind in kinds.items()})


@cache
def details() -> tuple[str, ...]:
    """Return the names of all details that a draft can state."""
    return (ACT, PLACE, PERIOD, *terms(), PUBLISHED)


def codes_of(detail: str) -> tuple[str, ...]:
    """Return the codes that a detail may have, () where it is a place, a period or a date."""
    return tuple(acts()) if detail == ACT else tuple(terms().get(detail, ()))


def checked_code(detail: str, text: str) -> str:
    """Return a code of a detail; InputError for another text, with the nearest, and without the text itself."""
    known = codes_of(detail)
    if text in known:
        return text
    if detail == ACT and text in entries("act"):
        raise InputError(f"act: the model has no such act, so nothing can be said of it; it has {', '.join(known)}")
    raise InputError(f"{detail}: what is stated is not in its vocabulary{nearest(text[:40], known)}; known: "
                     f"{', '.join(known)}")  # fmt: skip


def ladder(detail: str, code: str) -> tuple[str, ...]:
    """Return a code and what may be said in its place, ever broader; the last is '', nothing said."""
    steps = [code]
    while steps[-1]:
        steps.append(terms()[detail][steps[-1]].broader)
    return tuple(steps)
