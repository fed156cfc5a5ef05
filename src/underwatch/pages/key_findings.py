"""What a run finds, in sentences that a reader can take in half a minute: what terminal, report and studio show first.

A finding names its texts in the catalogue and holds what fills their gaps, so that both languages say the same. Ranges
are those of the worlds of the ensemble; of one history alone each figure is that of the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from underwatch.experiments.ensemble.names import PRIOR
from underwatch.experiments.ensemble.relief import shipped_relief
from underwatch.experiments.ensemble.robustness import ROBUST
from underwatch.experiments.study import Study
from underwatch.facts import COUNTRY, judgements
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.measures import SUMS, Measured
from underwatch.record.ranges import FEWEST, ranges_of
from underwatch.record.schema import ALL, GROUPS, LISTED, ORDINARY
from underwatch.texts.catalogue import text, translated
from underwatch.texts.frequencies import COARSE, FINE, PEOPLE, THIRDS, TIMES, CountRange, Ladder, OutOf, ShareRange
from underwatch.texts.languages import KOREAN
from underwatch.texts.numbers import month, ranged
from underwatch.texts.sentences import Sentence

NOT_MADE = ("calls_avoided", "calls_turned_back", "calls_stopped")
_MOST = 0.5  # of worlds in which one reason is the commonest
_YEAR = (350, 380)  # days of a run that is called a year
_CHANNEL = "S13"
_TURNING = 3  # points of a silence curve that can turn
# How finely each end of a range is said, by what was measured from seed to seed (benchmarks/finding_spread.csv)
LADDERS: Mapping[str, tuple[Ladder, Ladder]] = MappingProxyType(
    {
        "listed": (FINE, FINE), "followed": (FINE, FINE), "unfollowed": (FINE, FINE), "staying": (FINE, FINE),
        "calls": (FINE, FINE), "accused": (COARSE, FINE), "falsely": (FINE, FINE), "incidents": (FINE, FINE),
        "published": (THIRDS, COARSE),
    }
)  # fmt: skip


@dataclass(frozen=True)
class KeyFinding:
    """A finding: what it is about, the text that says it, and what fills its gaps."""

    name: str
    key: str
    values: Mapping[str, object]

    def label(self, language: str) -> str:
        """Return what it is about, in a word or two."""
        return text(language, f"found.{self.name}.label")

    def sentence(self, language: str) -> str:
        """Return what is found."""
        return text(language, f"found.{self.key}", **self.values)


@dataclass(frozen=True)
class _Worlds:
    """The figures of a study by world: float[draws] over the ensemble, or float[1] of its one history."""

    study: Study

    def figures(self, world: str | None) -> Measured | None:
        """Return the figures of a world."""
        if world is None:
            return None
        return self.study.drawn.get(world) if self.study.n_draws else self.study.example.figures.get(world)

    def headline(self, name: str, world: str | None = None, part: str = "year") -> np.ndarray:
        """Return a headline of a world (the baseline where none is named)."""
        of = self.figures(world or self.study.baseline)
        return np.zeros(0) if of is None else np.atleast_1d(getattr(of, part)[..., HEADLINE_NAMES.index(name)])

    def people(self, group: str) -> np.ndarray:
        """Return the residents of a group at the start."""
        of = self.figures(self.study.baseline)
        return np.zeros(0) if of is None else np.atleast_1d(of.people[..., GROUPS.index(group)])

    def total(self, name: str) -> np.ndarray:
        """Return a number of SUMS of the baseline."""
        of = self.figures(self.study.baseline)
        return np.zeros(0) if of is None else np.atleast_1d(of.sums[..., SUMS.index(name)])

    @property
    def published(self) -> np.ndarray:
        """Return the reports that are expected to be published."""
        study = self.study
        if study.n_draws:
            return study.published.get(study.baseline, np.zeros(0))
        return np.atleast_1d(study.example.published.get(study.baseline, np.nan))


def ends(values: np.ndarray) -> tuple[float, float] | None:
    """Return the range of float[n] as it is told, twice the value where there is but one; None where there is none."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, middle, high, n = ranges_of(known)
    return (float(low), float(high)) if n > 1 else (float(middle), float(middle))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide; NaN where there is nothing."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def _share(values: np.ndarray, ladders: tuple[Ladder, Ladder], counter: str = TIMES) -> ShareRange | None:
    found = ends(values)
    return None if found is None else ShareRange(max(0.0, found[0]), min(1.0, found[1]), ladders, counter)


def head(study: Study, language: str) -> tuple[str, str]:
    """Return what the run is of, and whose worlds its figures are and what their ranges are."""
    first, last = (month(day, language) for day in (study.start, study.day(study.days - 1)))
    place = text(
        language, "found.head", place=place_words(study, language), months=ranged(first, last, language),
        residents=study.place.residents,
    )  # fmt: skip
    if study.n_draws < 2:
        return place, text(language, "found.worlds.none")
    key = f"found.worlds.{study.source}{'.adapted' if study.adapted and study.source != PRIOR else ''}"
    return place, text(language, key if study.n_draws >= FEWEST else f"{key}.few", n=study.n_draws)


def place_words(study: Study, language: str) -> str:
    """Return what the place or places are called."""
    place = study.place
    if place.name == COUNTRY:
        return text(language, "place.country")
    own = place.name_ko if language == KOREAN else ""
    return own or translated(language, f"province.{place.name}", place.name)


def key_findings(study: Study) -> tuple[KeyFinding, ...]:
    """Return the findings of a study in the order in which they are read; what a run has no data for is left out."""
    worlds = _Worlds(study)
    makers = (
        _listed,
        _change,
        _followed,
        _effect,
        _accused,
        _calls,
        _staying,
        _out,
        _silence,
        _relief,
        _statements,
        _guesses,
    )
    return tuple(found for maker in makers if (found := maker(worlds)) is not None)


def _change(worlds: _Worlds) -> KeyFinding | None:
    """What the two worlds differ in, and when."""
    study = worlds.study
    if study.twin is None or study.window is None:
        return None
    first, last = study.day(study.window[0]), study.day(study.window[1] - 1)
    if study.relief:
        return KeyFinding("change", "change.relief", {"change": study.change, "first": first})
    return KeyFinding("campaign", "campaign", {"first": first, "last": last})


def _listed(worlds: _Worlds) -> KeyFinding | None:
    share = _share(ratio(worlds.people(LISTED), worlds.people(ALL)), LADDERS["listed"], PEOPLE)
    return None if share is None else KeyFinding("listed", "listed", {"share": share})


def _followed(worlds: _Worlds) -> KeyFinding | None:
    study = worlds.study
    if study.twin is None or study.window is None:
        share = _share(worlds.headline("share_followed"), LADDERS["followed"])
        return None if share is None else KeyFinding("followed", "followed", {"share": share})
    one, other = (_share(worlds.headline("share_followed", name, "window"), LADDERS["followed"]) for name in study.pair)
    if one is None or other is None:
        return None
    rare = "" if one.in_tenths and other.in_tenths else ".rare"
    key = f"followed.{'relief' if study.relief else 'campaign'}{rare}"
    return KeyFinding("followed", key, {"with": one, "without": other})


def _staying(worlds: _Worlds) -> KeyFinding | None:
    share = _share(worlds.headline("forgone"), LADDERS["staying"])
    return None if share is None else KeyFinding("staying", "staying", {"share": share})


def _calls(worlds: _Worlds) -> KeyFinding | None:
    reasons = np.stack([worlds.headline(name) for name in NOT_MADE])
    share = _share(reasons.sum(axis=0), LADDERS["calls"])
    if share is None:
        return KeyFinding("calls", "calls.nobody", {}) if reasons.shape[1] else None
    known = reasons[:, ~np.isnan(reasons.sum(axis=0))]
    commonest = np.argmax(known, axis=0)[known.sum(axis=0) > 0]
    n = np.bincount(commonest, minlength=len(NOT_MADE))
    of = int(n.sum())
    first = int(np.argmax(n))
    if not of or n[first] <= _MOST * of:
        return KeyFinding("calls", "calls.all", {"share": share})
    if len(known[0]) == 1:
        return KeyFinding("calls", f"{NOT_MADE[first]}.alone", {"share": share})
    return KeyFinding("calls", NOT_MADE[first], {"share": share, "worlds": OutOf(int(n[first]), of)})


def _accused(worlds: _Worlds) -> KeyFinding | None:
    study = worlds.study
    share = _share(ratio(worlds.total("residents_accused"), worlds.people(ORDINARY)), LADDERS["accused"], PEOPLE)
    if share is None:
        return None
    falsely = _share(ratio(worlds.headline("falsely_accused"), worlds.headline("accused")), LADDERS["falsely"])
    when = "year" if _YEAR[0] <= study.days <= _YEAR[1] else "days"
    if falsely is None:
        return KeyFinding("accused", f"accused.{when}.none", {"share": share, "days": study.days})
    return KeyFinding("accused", f"accused.{when}", {"share": share, "falsely": falsely, "days": study.days})


def _effect(worlds: _Worlds) -> KeyFinding | None:
    """In how many worlds more, or with relief fewer, are followed, are accused, and call, in the days of the change."""
    study = worlds.study
    if study.twin is None or study.n_draws < 2:
        return None

    sign = -1 if study.relief else 1

    def in_which(name: str, sign: int, again: bool = True) -> OutOf:
        one, other = (worlds.headline(name, world, "window") for world in study.pair)
        return OutOf(int((sign * (one - other) > 0).sum()), study.n_draws, again)

    counts = {"followed": in_which("followed", sign, False), "accused": in_which("accused", sign)}
    key = "effect.relief" if study.relief else "effect"
    if not np.nansum(worlds.headline("calls")):
        return KeyFinding("effect", f"{key}.no_calls", counts)
    return KeyFinding("effect", key, counts | {"calls": in_which("calls", -sign)})


def _out(worlds: _Worlds) -> KeyFinding | None:
    incidents, published = ends(worlds.total("incidents")), ends(worlds.published)
    if incidents is None:
        return None
    lived = CountRange(*incidents, LADDERS["incidents"])
    setting = worlds.study.example.setting
    if published is None or (setting is not None and _CHANNEL in setting.without):
        return KeyFinding("out", "out.unknown", {"incidents": lived})
    return KeyFinding("out", "out", {"incidents": lived, "published": CountRange(*published, LADDERS["published"])})


def _silence(worlds: _Worlds) -> KeyFinding | None:
    silence = worlds.study.silence
    if silence.n < 2 or len(silence.points) < _TURNING:
        return None
    key = "silence" if silence.turns > _MOST * silence.n else "silence.rare"
    return KeyFinding("silence", key, {"turns": OutOf(silence.turns, silence.n)})


def _relief(worlds: _Worlds) -> KeyFinding | None:
    """The intervention that takes most accusations from people on no list, among those whose sign is robust."""
    study = worlds.study
    rows = shipped_relief(study.source, study.adapted) or ()
    sure = [row for row in rows if row.headline == "accused" and row.is_relief and row.verdict == ROBUST]
    if not sure:
        return None
    best = min(sure, key=lambda row: row.change)
    values = {"intervention": Sentence(f"chip.{best.intervention}"), "worlds": OutOf(best.relieved, best.worlds)}
    return KeyFinding("relief", "relief", values)


def _statements(worlds: _Worlds) -> KeyFinding | None:
    verdicts = [row["verdict"] for row in worlds.study.statements]
    holds, fails = (verdicts.count(verdict) for verdict in ("agrees", "disagrees"))
    if not holds and not fails:
        return None
    unsaid = len(verdicts) - holds - fails
    return KeyFinding("report", "report", {"holds": holds, "all": len(verdicts), "fails": fails, "unsaid": unsaid})


def _guesses(worlds: _Worlds) -> KeyFinding:
    counted = judgements()
    return KeyFinding("guesses", "guesses", {"guesses": counted.n, "all": counted.of})
