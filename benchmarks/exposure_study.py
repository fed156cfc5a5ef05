# ruff: noqa: E501 - tables are read by the line
"""make study: how often somebody who holds the files would name subject and source, beside what `exposure` says.

Each truth is a world of its own luck. Somebody to whom something happened in it tells, a draft states some of what is
true of it, and an adversary with the written reports names one of those who remain. Writes the table of docs/exposure.md.
`--each N` truths of each ensemble, for a shorter look.
"""

from __future__ import annotations

import argparse
import datetime
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import binom

from underwatch.disclosure.answer import Sets, plain_sets
from underwatch.disclosure.draft import Draft, draft_of
from underwatch.disclosure.lower_ends import Bounds
from underwatch.disclosure.matching import fit
from underwatch.disclosure.sets import distinct, sources
from underwatch.disclosure.terms import acts, terms
from underwatch.disclosure.worlds.lived import LIGHT, LivedWorlds, Settings, live, settings_for
from underwatch.experiments.ensemble.names import ENSEMBLES
from underwatch.experiments.histories.recorded import histories_of
from underwatch.experiments.histories.rows import Histories
from underwatch.facts import model_parameters, rival_forms
from underwatch.record.dates import coarsen
from underwatch.world import layout as L
from underwatch.world.draws import rng
from underwatch.world.layout import GROUND_NAMES
from underwatch.world.scenario import Change, Scenario

OUT = Path(__file__).parents[1] / "docs" / "exposure.md"
BEGIN, END = "<!-- table: make study -->", "<!-- end of the table -->"
PLACE, PUBLISHED = "Samjiyon", datetime.date(2023, 6, 5)
ACTS = ("followed_visit", "call_given_up", "summons", "arrest")
OUTSIDE_EACH = 20
NOMINAL, WRONG = 0.90, 0.05
OUTSIDE = {
    "watching ten times the highest of the range": {"vigilance_base": 10.0, "attention_per_role_per_day": 10.0},
    "visits and calls ten times as many": {
        "visits_per_household_per_month": 10.0,
        "call_attempts_per_caller_per_month": 10.0,
    },
    "a tenth of the watching": {"vigilance_base": 0.1, "p_taken_over_per_km": 0.1},
    "hardly a report is written": {"p_report_followed_base": 0.05, "p_report_followed_pressure": 0.05},
}
_BANDS = ((5, "under_5_km"), (10, "5_to_9_km"), (20, "10_to_19_km"), (math.inf, "20_km_or_more"))
_SIZES = ("alone", "two", "three", "four")
_BY = ("inminban", "informant", "mps", "mss")


@dataclass(frozen=True)
class Trial:
    """One truth beside what is said of its draft; k of the watchers' set is NaN where no report of it was written."""

    row: str
    forms: tuple[str, ...]
    true: tuple[float, float, float]  # watchers, subject, source
    said: Sets
    named: tuple[float, float]  # was the subject named, and the source


def truths(settings: Settings, each: int) -> Iterator[tuple[str, Scenario]]:
    """Yield the worlds of the truths: of each ensemble with luck of their own, then of no ensemble."""
    drawn = replace(settings, each=each, seed=77_000).worlds
    yield from drawn
    for number, (words, times) in enumerate(OUTSIDE.items()):
        for name, scenario in replace(settings, each=-(-OUTSIDE_EACH // 3), seed=99_000 + number).worlds:
            assert name in ENSEMBLES
            yield words, outside(scenario, times)


def outside(scenario: Scenario, times: dict[str, float]) -> Scenario:
    """Return a world with parameters outside of the range of the table, from its first counted day on."""
    facts = model_parameters()
    high = {name: min(1.0, facts[name].high * by) if facts[name].unit == "probability" else facts[name].high * by
            for name, by in times.items() if by > 1}  # fmt: skip
    low = {name: facts[name].low * by for name, by in times.items() if by < 1}
    return scenario.replace(changes=(Change(scenario.start, high | low),))


def told(world: Histories, settings: Settings, generator: np.random.Generator) -> tuple[Draft, np.void] | None:
    """Return a draft of something that happened in a world, and its row; None where nothing of an act did."""
    for act in generator.permutation(ACTS).tolist():
        rows = world.rows[acts()[act]]
        begun = (PUBLISHED - datetime.timedelta(150) - settings.start).days // 7
        rows = rows[(rows["week"] > begun) & (rows["week"] < (PUBLISHED - settings.start).days // 7 - 1)]
        if not len(rows):
            continue
        who = generator.choice(np.unique(rows["who"]))
        row = generator.choice(rows[rows["who"] == who])
        return draft_of(
            {"act": act, "place": PLACE, "published": PUBLISHED, **stated(act, row, settings, generator)}
        ), row
    return None


def stated(act: str, row: np.void, settings: Settings, generator: np.random.Generator) -> dict[str, str]:
    """Return some of what is true of a row, each detail by a coin."""
    bits = [bit for bit in range(7) if row["days"] >> bit & 1]
    day = (
        settings.start
        - datetime.timedelta(settings.start.weekday())
        + datetime.timedelta(7 * int(row["week"]) + int(generator.choice(bits)))
    )
    when = generator.choice(["day", "week", "month", "quarter", ""])
    true = {"period": day.isoformat() if when == "day" else coarsen(day, when) if when else ""}
    held = [name for bit, name in enumerate(GROUND_NAMES) if row["marks"] >> bit & 1]
    true["ground"] = str(generator.choice(held)) if held else ""
    if act != "arrest":
        true["organ"] = _BY[row["by"]]
    if act == "followed_visit":
        true["companions"] = _SIZES[row["size"] - 1] if row["size"] < 5 else "five_or_more"
    if act in ("call_given_up", "arrest") or (act == "followed_visit" and row["km"]):
        true["distance"] = next(code for most, code in _BANDS if row["km"] < most)
    assert all(code in terms()[name] for name, code in true.items() if name != "period" and code)
    return {name: code for name, code in true.items() if code and (name == "period" or generator.random() < 0.5)}


def tried(
    row: str, scenario: Scenario, lived: dict[int, list[LivedWorlds]], settings: Settings, number: int
) -> Trial | None:
    """Live a truth through, draft something of it, ask, and let the adversary name one of those who remain."""
    part = settings.parts[0]
    here = scenario.replace(places=(part.place,), name=part.place.name, population=part.residents)
    world = histories_of(here, part.place, LIGHT)
    generator = rng(number, "exposure study")
    found = told(world, settings, generator)
    if found is None:
        return None
    draft, event = found
    kind = acts()[draft.act]
    fits, files = fit(world, kind, draft, settings, PUBLISHED, stated=True)
    witnesses = here.parameters["witnesses_per_incident"]
    in_files = bool(np.isin(event["who"], files.rows["who"]))
    true = (float(distinct(files)) if in_files else math.nan, float(distinct(fits)), max(1.0, sources(fits, witnesses)))
    named = tuple(float(generator.random() < 1 / size) if size == size else math.nan for size in (true[0], true[2]))
    return Trial(row, here.forms.in_order, true, plain_sets(draft, lived, settings), named)


def no_worse(n_wrong: int, n: int, share: float) -> str:
    """Return the one-sided chance of so many or more, if no more than `share` go wrong."""
    p = float(binom.sf(n_wrong - 1, n, share)) if n else 1.0
    return f"{n_wrong}/{n} (p {p:.2g}{'' if p > WRONG else ', worse than nominal'})"


def cells(trials: Sequence[Trial], which: int) -> list[str]:
    """Return of one set: outside the 90 % interval, lower end too high, median error of k as a factor."""
    some = [(one.true[which], bounds(one.said, which)) for one in trials if not math.isnan(one.true[which])]
    outside_of = sum(
        not (b.low - 1e-9 <= math.floor(k + 1e-9) <= b.high + 1e-9) and not (b.low <= k <= b.high) for k, b in some
    )
    too_high = sum(b.lower > k + 1e-9 for k, b in some)
    factor = float(np.median([abs(math.log(b.median / k)) for k, b in some])) if some else math.nan
    return [
        no_worse(outside_of, len(some), 1 - NOMINAL),
        no_worse(too_high, len(some), WRONG),
        f"{math.exp(factor):.2f}",
    ]


def bounds(said: Sets, which: int) -> Bounds:
    """Return one of the three sets."""
    return (said.watchers, said.subject, said.source)[which]


def successes(trials: Sequence[Trial], which: int) -> str:
    """Return how often the adversary names whom, beside what the bounds say: at most 1 over the lower end."""
    at = (0, 2)[which]
    some = [one for one in trials if not math.isnan(one.named[which])]
    n = sum(one.named[which] for one in some)
    most, middle = (sum(min(1.0, 1 / getattr(bounds(one.said, at), end)) for one in some) for end in ("low", "median"))
    least = sum(1 / bounds(one.said, at).high for one in some)
    return f"{n:.0f} of {len(some)} (said {least:.0f} to {most:.0f}, middle {middle:.0f})"


HEAD = (
    "| truths | n | watchers: outside of the 90 % interval | lower end too high | median error of k, a factor | subjects: outside | too high | factor "
    "| sources: outside | too high | factor | subjects named | sources named |\n|" + " --- |" * 13
)


def table(trials: Sequence[Trial]) -> str:
    """Return the table: the ensembles together and apart, each form, then the worlds outside."""
    inside = [one for one in trials if one.row in ENSEMBLES]
    groups = [
        ("all three ensembles", inside),
        *((f"{name}", [one for one in inside if one.row == name]) for name in ENSEMBLES),
    ]
    for position, rule in enumerate(rival_forms()):
        for form in sorted({one.forms[position] for one in inside}):
            groups.append((f"{rule} {form}", [one for one in inside if one.forms[position] == form]))
    groups += [(f"outside: {words}", [one for one in trials if one.row == words]) for words in OUTSIDE]
    lines = [HEAD]
    for words, some in groups:
        row = [
            words,
            str(len(some)),
            *(cell for which in range(3) for cell in cells(some, which)),
            successes(some, 0),
            successes(some, 1),
        ]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def main() -> None:
    """Live, try, and write the table in its place."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=80)
    parser.add_argument("--worlds", type=int, default=20)
    given = parser.parse_args()
    draft = draft_of({"act": ACTS[0], "place": PLACE, "published": PUBLISHED})
    whole = settings_for(draft, given.worlds)
    days = (PUBLISHED - whole.start).days + 1
    settings = replace(whole, parts=whole.parts[:1], days=days)
    assert set(LIGHT) >= {L.KIND.followed_visit, L.KIND.call_given_up, L.KIND.accusation, L.KIND.arrest}
    with ThreadPoolExecutor(2) as executor:
        lived = live(settings, LIGHT, executor)
        jobs = [
            executor.submit(tried, *truth, lived, settings, number)
            for number, truth in enumerate(truths(settings, given.each))
        ]
        trials = [one for job in jobs if (one := job.result()) is not None]
    n_none = len(jobs) - len(trials)
    note = (
        f"{len(trials)} truths in {PLACE} ({settings.parts[0].residents:,} residents, whole), each beside the same {len(settings.worlds)} worlds; in "
        f"{n_none} further ones nothing of these acts happened. In brackets: the one-sided chance of so many or more if the nominal share held."
    )
    text = OUT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    OUT.write_text(f"{before}{BEGIN}\n{note}\n\n{table(trials)}\n{END}{after}", encoding="utf-8")
    print(note, table(trials), sep="\n\n")


if __name__ == "__main__":
    main()
