"""Pages: the template engine, the style that all pages share, and how a page is rendered."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined

from underwatch.texts.catalogue import text, texts_of, translated
from underwatch.texts.korean_font import font_style, has_hangul
from underwatch.texts.languages import ENGLISH, all_texts


def _source(name: str) -> str:
    return files("underwatch.pages.templates").joinpath(name).read_text(encoding="utf-8")


def _environment() -> Environment:
    """Return a template engine that escapes everything but plain text, and fails on a name that is not there."""
    engine = Environment(
        autoescape=lambda name: name is None or not name.endswith(".txt.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_source),
    )
    engine.filters["plain"] = plain
    engine.filters["unit"] = unit_words
    return engine


def plain(value: float) -> str:
    """Return a parameter as it was written: 0.0005, 30, 1,000."""
    return f"{value:,.9f}".rstrip("0").rstrip(".")


def unit_words(unit: str) -> str:
    """Return a unit of the table as a reader says it after a number: 'per month' for 1/month, '' for a pure number."""
    return {"1": "", "0-1": "(0 to 1)"}.get(unit, "per " + unit[2:] if unit.startswith("1/") else unit)


class Words(NamedTuple):
    """What a page says of itself: the statement at its head, and the limits beside its figures."""

    statement: str
    limits: tuple[str, ...]


def page_words(name: str, language: str = ENGLISH) -> Words:
    """Return what the page of that name says of itself."""
    return Words(all_texts(language).get(f"{name}.statement", ""), texts_of(language, f"{name}.limit"))


def page(template: str, language: str = ENGLISH, **what: Any) -> str:
    """Return a page that opens offline, of a template of this package. The same data give the same bytes.

    In the template `text(key, ...)` is a text of the catalogue in `language`, and `translated(key, english)` what a
    table says, in it. A page with Korean in it carries its letters.
    """
    speech = {"language": language, "text": partial(text, language), "translated": partial(translated, language)}
    style = _source("style.css")
    written = _environment().get_template(template).render(style=style, **speech, **what)
    if has_hangul(written):
        written = written.replace(style, font_style() + style, 1)
    return written.rstrip() + "\n"


def lines(template: str, **what: Any) -> tuple[str, ...]:
    """Return the paragraphs of a template of plain text, each as one line."""
    text = _environment().get_template(template).render(**what)
    return tuple(paragraph.replace("\n", " ") for paragraph in text.strip().split("\n\n"))
