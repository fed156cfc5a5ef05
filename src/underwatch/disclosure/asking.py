"""Ask about a draft: the worlds come from the cache or are lived through, then the draft is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from underwatch.disclosure.answer import DEFAULT_K, ExposureAnswer, judge
from underwatch.disclosure.counts import Earlier, check_earlier
from underwatch.disclosure.draft import Draft, kind_of
from underwatch.disclosure.worlds.cache import WorldCache, cache_folder
from underwatch.disclosure.worlds.lived import WORLDS_EACH, LivedWorlds, Settings, live, settings_for
from underwatch.errors import InputError
from underwatch.experiments.engine.executors import executor_for

LEAST_K, MOST_K = 2, 1_000_000


@dataclass(frozen=True)
class ExposureQuestion:
    """How a draft is judged: the k asked for, `each` worlds of each ensemble, on so many threads.

    `keep` looks worlds up in the cache and keeps them there. `begin` is told how many resident-days are to be lived
    through, if any, and returns what counts them.
    """

    k: int = DEFAULT_K
    each: int = WORLDS_EACH
    keep: bool = True
    threads: int | None = None
    begin: Callable[[int], Callable[[int], object]] = lambda _: lambda _: None

    def __post_init__(self) -> None:
        if not LEAST_K <= self.k <= MOST_K:
            raise InputError(f"k = {self.k} is out of range; it may be {LEAST_K} to {MOST_K:,}")


def exposure(draft: Draft, asked: ExposureQuestion | None = None, earlier: Sequence[Earlier] = ()) -> ExposureAnswer:
    """Return whom a draft would expose, beside what is out already; InputError for what cannot be judged."""
    asked = asked or ExposureQuestion()
    check_earlier(draft, earlier)
    settings = settings_for(draft, asked.each, earlier=[one.draft for one in earlier if one.relation != "other"])
    return judge(draft, lived_for(draft, settings, earlier, asked), settings, asked.k, earlier)


def lived_for(
    draft: Draft, settings: Settings, earlier: Sequence[Earlier], asked: ExposureQuestion
) -> dict[int, list[LivedWorlds]]:
    """Return the histories of the kinds of incident that a draft and what is out tell of, kept or made."""
    kinds = tuple(sorted({kind_of(draft), *(kind_of(one.draft) for one in earlier if one.relation != "other")}))
    folder = cache_folder() if asked.keep else None
    cache = WorldCache(folder) if folder else None
    found = cache.read(settings, kinds) if cache else None
    if found is None:
        with executor_for(asked.threads) as executor:
            found = live(settings, kinds, executor, asked.begin(settings.work))
        if cache:
            cache.write(settings, found)
    return found
