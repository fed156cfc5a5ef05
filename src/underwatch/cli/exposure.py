"""`underwatch exposure`: whom a draft would expose, before it is published."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from underwatch.cli.typed import help_of, json_option, number, path_option, takes, threads
from underwatch.errors import InputError
from underwatch.terminal import ask, is_asked_by_hand, say, say_json, say_table

if TYPE_CHECKING:
    from underwatch.disclosure.answer import ExposureAnswer
    from underwatch.disclosure.draft import Draft

ASK = "new"
_PRIVATE = 0o600
_WHOLE = ("sets", "waits")


@dataclass(frozen=True)
class ExposureOptions:
    """What the command is given."""

    draft: Path | None
    k: int
    published: Path | None
    out: Path | None
    lang: str | None
    worlds: int
    no_cache: bool
    threads: int | None
    as_json: bool


@click.command(**help_of("exposure"))
@click.argument("draft", required=False, type=click.Path(path_type=Path), metavar="DRAFT.toml|new")
@number("--k", 2, 1_000_000, "How large the watchers' set must be at least; no k is safety. Example: --k 50", 20)
@path_option("--published", what="DIR", help="What is out already: drafts, or a package. Example: --published out")
@path_option("--out", what="FILE", help="Keep the draft that `new` asks for (mode 600); else nothing is written.")
@click.option("--lang", metavar="LANGUAGE", help="en or ko. Example: --lang ko")
@number("--worlds", 5, 200, "Worlds of each of the three ensembles. Example: --worlds 40", 20)
@click.option("--no-cache", is_flag=True, help="Neither look for kept worlds nor keep any.")
@threads("; the result does not depend on them")
@json_option("Print JSON for a script. Example: --json | jq .sets.watchers.lower")
@takes(ExposureOptions)
def exposure(given: ExposureOptions) -> int:
    """Judge a draft and print the answer; 1 where the watchers' set does not reach k."""
    from underwatch.disclosure.draft import read_draft
    from underwatch.disclosure.telling import record
    from underwatch.texts.languages import language_of

    language = language_of(given.lang)
    if given.draft is None:
        raise InputError("a draft is missing; `underwatch exposure new` asks for it, detail by detail")
    is_asked = str(given.draft) == ASK
    if given.out is not None and not is_asked:
        raise InputError("--out goes with `underwatch exposure new`: a draft that is a file is kept already")
    from underwatch.api.commands.exposure import exposure as judge

    draft = _ask(given.out, language) if is_asked else read_draft(given.draft)
    result = judge(draft, k=given.k, published=given.published, worlds=given.worlds, cache=not given.no_cache,
                 threads=given.threads, language=language)  # fmt: skip
    answer = result.answer
    if given.as_json:
        say_json(json.dumps(record(answer), indent=2, ensure_ascii=False))
    else:
        _print(answer, language)
    return 0 if answer.reaches_k else 1


def _print(answer: ExposureAnswer, language: str) -> None:
    from underwatch.disclosure.telling import sections, verdict

    say(*verdict(answer, language))
    for section in sections(answer, language):
        say("", section.title)
        if section.header:
            say_table(section.header, section.rows, (), whole=section.header if section.name in _WHOLE else ())
        say(*section.notes) if section.notes else None


def _ask(out: Path | None, language: str) -> Draft:
    """Ask for the details one by one; what is typed is a code or nothing, and is kept only where --out says so."""
    from underwatch.disclosure.draft import draft_of, draft_toml
    from underwatch.disclosure.terms import NEEDED, codes_of, details
    from underwatch.files.writing import must_be_new, write_new
    from underwatch.texts.catalogue import text

    if out is not None:
        must_be_new(out)
    if not is_asked_by_hand():
        raise InputError("`underwatch exposure new` asks on a terminal; a script writes the draft as TOML")
    told: dict[str, str] = {}
    for detail in details():
        codes = codes_of(detail)
        say("", text(language, f"exposure.detail.{detail}"), *(f"  {code}" for code in codes))
        answer = ask(detail).strip()
        while not answer and detail in NEEDED:
            answer = ask(detail).strip()
        if answer:
            told[detail] = answer
    draft = draft_of(told)
    if out is not None:
        write_new(out, draft_toml(draft).encode(), _PRIVATE)
    return draft
