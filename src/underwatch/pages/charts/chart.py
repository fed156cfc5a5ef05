"""A chart: a picture, what it shows, the table it was drawn from; and the words that many charts share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from underwatch.experiments.study import Study
from underwatch.pages.drawing.picture import Picture
from underwatch.record.headlines import Headline
from underwatch.record.ranges import FEWEST
from underwatch.texts.catalogue import text, translated
from underwatch.texts.numbers import form_of, signed


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and its table. `caption` says all that a reader needs who meets the picture alone, and goes with it.

    `brief` stands under it on a page that says the rest once for many. `rights` names the articles of the ICCPR that it
    concerns. What is not drawn as `picture` cannot be saved.
    """

    key: str
    title: str
    caption: str
    rights: str
    svg: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    brief: str = ""
    picture: Picture | None = None


def rights_of(language: str, articles: Sequence[int]) -> str:
    """Return the articles that a chart concerns, in a sentence; '' for none."""
    named = ", ".join(text(language, f"article.{number}") for number in articles)
    return text(language, "figure.concerns", rights=named) if named else ""


def title_of(language: str, headline: Headline) -> str:
    """Return the title of a headline."""
    return translated(language, f"headline.{headline.name}", headline.title)


def unit_of(language: str, headline: Headline) -> str:
    """Return the unit of a headline."""
    return translated(language, f"headline.{headline.name}.unit", headline.unit)


def world_of(language: str, study: Study, world: str) -> str:
    """Return the name of a world: the baseline, or its twin."""
    return text(language, "world.baseline" if world == study.baseline else "world.counter-world")


def change_of(language: str, study: Study) -> str:
    """Return the name of what differs between the worlds."""
    return study.change if study.relief else text(language, "change.campaign")


def shown(language: str, is_share: bool) -> Callable[[float], str]:
    """Return how numbers of a figure are written: shares as percentages."""
    return partial(form_of(is_share), language=language)


def points(value: float, language: str) -> str:
    """Return a difference of shares in percentage points."""
    return f"{signed(100.0 * value, language)}\u00a0{text(language, 'number.points')}"


def month_at(language: str) -> Callable[[date], str]:
    """Return how a month is written at an axis: January by its year."""
    return lambda day: str(day.year) if day.month == 1 else text(language, f"month.{day.month}")


def range_sentence(language: str, study: Study, n: int | None = None) -> str:
    """Say what ranges are: how many worlds they hold, of how many of which ensemble."""
    n = study.n_draws if n is None else n
    kind = "none" if n == 0 else "alone" if n == 1 else "few" if n < FEWEST else "many"
    return text(language, f"report.range.{kind}", n=n, ensemble=ensemble_of(language, study))


def ensemble_of(language: str, study: Study) -> str:
    """Return the name of the ensemble whose worlds a study has."""
    return text(language, f"report.ensemble.{study.source}{'.adapted' if study.adapted else ''}")


def shade_sentence(language: str, study: Study) -> str:
    """Say what the grey days are; nothing where none are."""
    if study.window is None or study.twin is None:
        return ""
    first, last = study.day(study.window[0]), study.day(study.window[1] - 1)
    return text(language, "figure.shade", change=change_of(language, study), first=first, last=last)


def together(*sentences: str) -> str:
    """Return sentences one after the other, those that are empty left out."""
    return " ".join(sentence for sentence in sentences if sentence)
