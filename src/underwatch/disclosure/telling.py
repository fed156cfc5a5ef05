"""An answer in words and in numbers: what the command prints, what a script reads, what the studio shows.

A set below five is told as "fewer than 5", a larger one in two digits that count, rounded down. Nothing else goes out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from underwatch.disclosure.answer import FEWEST, ExposureAnswer, Rewrite
from underwatch.disclosure.lower_ends import Bounds
from underwatch.disclosure.terms import PERIOD, PLACE
from underwatch.facts import COUNTRY, places
from underwatch.texts.catalogue import text, texts_of, translated
from underwatch.texts.numbers import number

_MANY = 100  # from here on two digits count
SETS = ("watchers", "subject", "source")
FEW_WORLDS = 10


@dataclass(frozen=True)
class AnswerPart:
    """A part of the answer: its title, the head of its table ('' where it has none), its rows, and what follows."""

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def rounded_down(size: float) -> int:
    """Return a set as it may be told: whole, and from a hundred on in two digits, always rounded down."""
    whole = math.floor(size + 1e-9)
    scale = 10 ** (len(str(whole)) - 2) if whole >= _MANY else 1
    return whole // scale * scale


def size_words(size: float, language: str) -> str:
    """Return a set as a reader meets it."""
    if size < FEWEST:
        return text(language, "exposure.fewer", n=FEWEST)
    return text(language, "exposure.at_least", n=rounded_down(size))


def said(detail: str, code: str, language: str) -> str:
    """Return what a code of a detail says."""
    if not code:
        return text(language, "exposure.say.nothing")
    if detail == PERIOD:
        return code
    if detail == PLACE:
        return area_words(code, language)
    return text(language, f"exposure.say.{detail}.{code}")


def area_words(name: str, language: str) -> str:
    """Return the name of a place, a province or the country."""
    if name == COUNTRY:
        return text(language, "exposure.say.country")
    if name in places() and language == "ko":
        return places()[name].name_ko
    return name if name in places() else translated(language, f"province.{name.removesuffix(' province')}", name)


def verdict(answer: ExposureAnswer, language: str) -> tuple[str, ...]:
    """Return the lines that come first: the watchers' set against k, and how many worlds speak."""
    lower = size_words(answer.sets.watchers.lower, language)
    key = "exposure.reached" if answer.reaches_k else "exposure.below"
    lines = [text(language, key, lower=lower, k=answer.k)]
    lines.append(text(language, "exposure.worlds", fitting=answer.n_fitting, worlds=answer.n_worlds))
    if answer.n_fitting < FEW_WORLDS:
        lines.append(text(language, "exposure.few_worlds"))
    linked, others = answer.n_earlier
    if linked or others:
        lines.append(text(language, "exposure.earlier", linked=linked, others=others))
    return tuple(lines)


def sections(answer: ExposureAnswer, language: str) -> tuple[AnswerPart, ...]:
    """Return the parts of the answer: the sets, risk by disclosure, rewrites, waiting, and what is unknown."""
    unknown = texts_of(language, "exposure.limit")
    return (
        _sets(answer, language),
        _steps(answer, language),
        _rewrites(answer, language),
        _waits(answer, language),
        AnswerPart("unknown", text(language, "exposure.limits"), (), (), unknown),
    )


def _columns(language: str, *names: str) -> tuple[str, ...]:
    return tuple(text(language, f"exposure.column.{name}") for name in names)


def _sets(answer: ExposureAnswer, language: str) -> AnswerPart:
    rows = []
    for name in SETS:
        bounds: Bounds = getattr(answer.sets, name)
        low, median, high = (size_words(size, language) for size in (bounds.low, bounds.median, bounds.high))
        between = low if low == high else text(language, "number.range", low=low, high=high)
        rows.append((text(language, f"exposure.set.{name}"), size_words(bounds.lower, language), median, between))
    header = _columns(language, "set", "lower", "median", "range")
    return AnswerPart("sets", text(language, "exposure.title"), header, tuple(rows))


def _steps(answer: ExposureAnswer, language: str) -> AnswerPart:
    rows = tuple(
        (
            text(language, f"exposure.detail.{step.detail}"), said(step.detail, step.code, language),
            *(size_words(size, language) for size in step.lower), _factor(step.alone, language),
            _factor(step.last, language),
        )
        for step in answer.steps
    )  # fmt: skip
    header = _columns(language, "detail", "said", *SETS, "alone", "last")
    return AnswerPart("steps", text(language, "exposure.steps"), header, rows)


def _factor(times: float, language: str) -> str:
    return number(times if times < 10 or math.isnan(times) else float(round(times)), language)


def _rewrites(answer: ExposureAnswer, language: str) -> AnswerPart:
    title = text(language, "exposure.rewrites", k=answer.k)
    if answer.reaches_k or not answer.rewrites:
        key = "exposure.rewrites.needless" if answer.reaches_k else "exposure.rewrites.none"
        return AnswerPart("rewrites", title, (), (), (text(language, key, k=answer.k),))
    rows = tuple(
        (changes_words(one, language), costs_words(one, language), size_words(one.lower, language))
        for one in answer.rewrites
    )
    more = (text(language, "exposure.rewrites.more", n=answer.n_rewrites),)
    return AnswerPart(
        "rewrites", title, _columns(language, "rewrite", "costs", "watchers"), rows,
        more if answer.n_rewrites > len(rows) else (),
    )  # fmt: skip


def changes_words(rewrite: Rewrite, language: str) -> str:
    """Return what is said instead."""
    return "; ".join(
        text(
            language, "exposure.change" if after else "exposure.left_out",
            detail=text(language, f"exposure.detail.{detail}"),
            **({"before": said(detail, before, language), "after": said(detail, after, language)} if after else {}),
        )
        for detail, before, after in rewrite.changes
    )  # fmt: skip


def costs_words(rewrite: Rewrite, language: str) -> str:
    """Return what the reader no longer learns."""
    return "; ".join(text(language, f"exposure.costs.{detail}") for detail, _, _ in rewrite.changes)


def _waits(answer: ExposureAnswer, language: str) -> AnswerPart:
    rows = tuple(
        (
            text(language, "exposure.wait.weeks", n=weeks) if weeks else text(language, "exposure.wait.now"),
            *(size_words(size, language) for size in sets.lower),
        )
        for weeks, sets in answer.waits
    )
    same = len({row[1:] for row in rows}) == 1
    notes = (text(language, "exposure.waits.same"),) if same and PERIOD in answer.draft.stated else ()
    return AnswerPart("waits", text(language, "exposure.waits"), _columns(language, "when", *SETS), rows, notes)


def record(answer: ExposureAnswer) -> dict[str, Any]:
    """Return the answer for a script: a set is a number, or null where it is fewer than 5."""
    sets = {name: {end: _size(getattr(getattr(answer.sets, name), end)) for end in Bounds._fields} for name in SETS}
    return {
        "k": answer.k,
        "reaches_k": answer.reaches_k,
        "null_means": f"fewer than {FEWEST}",
        "worlds": answer.n_worlds,
        "worlds_with_somebody_who_fits": answer.n_fitting,
        "earlier_reports": {"linked": answer.n_earlier[0], "others": answer.n_earlier[1]},
        "sets": sets,
        "steps": [
            {
                "detail": step.detail, "code": step.code, "lower": _lower(step.lower),
                "divides_alone": _plain(step.alone), "divides_last": _plain(step.last),
            }
            for step in answer.steps
        ],
        "rewrites": [
            {
                "changes": [{"detail": detail, "from": before, "to": after} for detail, before, after in one.changes],
                "watchers": _size(one.lower),
            }
            for one in answer.rewrites
        ],
        "rewrites_in_all": answer.n_rewrites,
        "waiting": [{"weeks": weeks, "lower": _lower(sets.lower)} for weeks, sets in answer.waits],
        "unknown": list(texts_of("en", "exposure.limit")),
    }  # fmt: skip


def _lower(sizes: tuple[float, ...]) -> dict[str, int | None]:
    return dict(zip(SETS, map(_size, sizes), strict=True))


def _size(size: float) -> int | None:
    return None if size < FEWEST else rounded_down(size)


def _plain(times: float) -> float | None:
    return None if math.isnan(times) else float(f"{times:.2g}")
