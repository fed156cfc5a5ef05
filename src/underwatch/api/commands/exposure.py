"""`exposure`: whom a draft would expose, before it is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from underwatch.api import frames
from underwatch.api.asked import path_of
from underwatch.api.results import Result, digest_of_table
from underwatch.disclosure.answer import DEFAULT_K, ExposureAnswer
from underwatch.disclosure.asking import ExposureQuestion
from underwatch.disclosure.asking import exposure as judged
from underwatch.disclosure.draft import Draft, draft_of, read_draft
from underwatch.disclosure.mosaic import read_earlier
from underwatch.disclosure.telling import SETS, record, verdict
from underwatch.disclosure.worlds.lived import WORLDS_EACH
from underwatch.errors import InputError
from underwatch.experiments.engine.progress import Progress, warn_if_cold
from underwatch.texts.languages import language_of


@dataclass(frozen=True, eq=False, repr=False)
class ExposureResult(Result):
    """The answer to a draft: how few it could be about for who holds the files; a large set is no permission."""

    answer: ExposureAnswer
    language: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """What comes first, in words."""
        return verdict(self.answer, self.language)

    @property
    def reaches_k(self) -> bool:
        """Whether the lower end of the watchers' set reaches k; that it does is not safety."""
        return self.answer.reaches_k

    @cached_property
    def record(self) -> dict[str, Any]:
        """The whole answer as plain data; a set of fewer than five is None."""
        return record(self.answer)

    @cached_property
    def _table(self) -> pa.Table:
        steps, field = self.record["steps"], frames.field_of
        columns: list[tuple[pa.Field, Any]] = [
            (field("detail", pa.string(), "stated, in the order of the draft"), [step["detail"] for step in steps]),
            (field("code", pa.string(), "what it says"), [step["code"] for step in steps]),
        ]
        for name in SETS:
            sizes = [step["lower"][name] for step in steps]
            columns.append((field(name, pa.int64(), "at least, once all so far is stated", "residents"), sizes))
        for name in ("divides_alone", "divides_last"):
            columns.append((field(name, pa.float64(), "the watchers' set", "times"), [step[name] for step in steps]))
        return frames.table_of(columns, "A set that is missing has fewer than 5.")

    @property
    def digest(self) -> str:
        """The hash of its table."""
        return digest_of_table(self._table)

    def to_df(self, engine: str = "pandas") -> Any:
        """Return a row for each detail of the draft: how few may fit once it and all before are stated; missing is
        fewer than five.
        """
        return frames.frame_of(self._table, engine)

    def _line(self) -> str:
        return f"ExposureResult({self.lines[0]})"

    def _facts(self) -> list[tuple[str, str]]:
        said = [(str(number), line) for number, line in enumerate(self.lines, 1)]
        steps = [(step["detail"], f"divides by {step['divides_alone']} alone") for step in self.record["steps"]]
        return [*said, *steps]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()", ".lines", ".record")


def exposure(
    draft: str | Path | Mapping[str, Any] | Draft,
    *,
    k: int = DEFAULT_K,
    published: str | Path | None = None,
    worlds: int = WORLDS_EACH,
    cache: bool = True,
    threads: int | None = None,
    language: str | None = None,
) -> ExposureResult:
    """Do what `underwatch exposure` does: say how few residents a draft could be about, before it is published.

    `draft` is a TOML file, or its details in codes as a mapping (`{"act": "followed_visit", "place": "Samjiyon"}` and
    so on); never a name, never words. `k` is how large the watchers' set must be at least; no k is safety. `published`
    is a folder of what is out already. `worlds` of each of three ensembles are lived through or taken from the cache.
    Nothing is written but that cache. InputError in one line that repeats nothing of the draft.
    """
    if isinstance(draft, Draft):
        stated = draft
    else:
        stated = draft_of(draft) if isinstance(draft, Mapping) else read_draft(path_of("draft", draft))
    if stated.links and published is None:
        raise InputError("the draft has [links]; give the folder of what is out with --published")
    earlier = [] if published is None else read_earlier(Path(published), stated)
    with Progress(1) as progress:

        def begin(work: int) -> Callable[[int], object]:
            warn_if_cold()
            progress.bar.update(progress.task, total=work)
            progress.say("worlds")
            return progress.advance

        answer = judged(stated, ExposureQuestion(k, worlds, cache, threads, begin), earlier)
    return ExposureResult(answer, language_of(language))
