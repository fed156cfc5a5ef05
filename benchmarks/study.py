# ruff: noqa: E501 - tables are read by the line
"""make study: the patterns over worlds of each ensemble, the published figures, and what twins are worth.

Writes the tables of docs/validation.md. Nothing here is tuned: they say what holds and what does not. `--draws N` for a
shorter look, `--part NAME` for one table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from os import cpu_count
from pathlib import Path

import numpy as np
from sections import put_section
from trials.drift import cold_start, cold_start_lines, drift_rows, drifts, without_campaign
from trials.mix import mix_rows
from trials.patterns import CONTROLS, LISTED, PATTERNS, SETTLE_WEEKS, Town, Verdict, count, judged, share

from underwatch.experiments.ensemble.names import DESCRIBED, KNOWN, PRIOR
from underwatch.experiments.ensemble.settings import read_ensemble
from underwatch.record.ranges import TAILS, quantiles
from underwatch.world import layout as L
from underwatch.world.forms import Forms, prior_forms
from underwatch.world.parameters import Parameters, prior_draws
from underwatch.world.rates import UNWATCHED
from underwatch.world.simulate import World

PAGE = Path(__file__).parents[1] / "docs" / "validation.md"
SEED = 2024
SEEDS = range(1, 25)
YEAR = 364


Settings = Sequence[tuple[Parameters, Forms]]


def settings_of_ensembles(n: int) -> dict[str, Settings]:
    """Return n settings of each ensemble, parameters and forms: the prior's, and those of the ones that ship."""
    found: dict[str, Settings] = {PRIOR: list(zip(prior_draws(n, SEED), prior_forms(n, SEED), strict=True))}
    for name in (KNOWN, DESCRIBED):
        shipped = read_ensemble(name)
        found[name] = [(shipped.parameters[row], shipped.forms[row]) for row in shipped.pick(n, SEED)]
    return found


def pattern_rows(ensembles: Mapping[str, Settings], pool: ThreadPoolExecutor) -> list[str]:
    """One table row for each pattern: at central values, where it must fail, and over the worlds of the ensembles."""
    rows = []
    towns = {
        name: [Town(values, residents=4000, forms=forms) for values, forms in some] for name, some in ensembles.items()
    }
    large = Town(Parameters.central(), residents=12_000)
    for name, ask in PATTERNS.items():
        central, control = judged(name, large), judged(name, replace(large, without=CONTROLS[name]))
        shares = " | ".join(held(list(pool.map(partial(judged, name), some))) for some in towns.values())
        figures = ", ".join(f"{k.replace('_', ' ')} {v:,.4g}" for k, v in central.figures.items())
        says = (ask.__doc__ or "").split("\n")[0]
        out = ", ".join(sorted(CONTROLS[name]))
        rows.append(f"| {name} | {says} | {central.words} | {shares} | {control.words} without {out} | {figures} |")
        print(rows[-1], flush=True)
    return rows


def held(verdicts: Sequence[Verdict]) -> str:
    """Return in how many worlds, of those that could be judged, a pattern holds."""
    found = [verdict.holds for verdict in verdicts]
    asked = len(found) - found.count(None)
    return f"{found.count(True)}/{asked} ({100 * share(found.count(True), asked):.0f} %)"


def know_somebody_arrested(world: World) -> float:
    """Share of residents in whose unit somebody was arrested within the year (who may have heard of it)."""
    h = world.history
    arrested = h.who[h.records["kind"] == L.KIND.arrest].astype(np.int64) - world.town.first
    units = np.unique(np.searchsorted(world.town.unit_start, arrested, side="right") - 1)
    return share(float(np.diff(world.town.unit_start)[units].sum()), float(h.residents.sum()))


def figures(p: Parameters, seed: int = 1, residents: int = 4000) -> dict[str, float]:
    """The model's figure for each published one."""
    town = Town(p, seed=seed, residents=residents, days=YEAR, settle_weeks=SETTLE_WEEKS)
    watched = town.world(campaign=True)
    free = town.world(without=UNWATCHED, like=watched)
    ground = np.arange(L.N_CELLS) > 0
    fear = count(watched, L.COUNT.fear, since=0) / 65535 / residents / YEAR
    made, forgone = count(watched, L.COUNT.outings), count(watched, L.COUNT.outings_forgone)
    listed = count(watched, L.COUNT.outings_forgone, LISTED), count(watched, L.COUNT.outings, LISTED)
    return {
        "arrests": 1000 * count(watched, L.COUNT.arrests, since=0) / residents,
        "know": know_somebody_arrested(watched),
        "contact": share(count(watched, L.COUNT.calls_completed), count(free, L.COUNT.calls_completed)),
        "chill_all": share(forgone, forgone + made),
        "chill_listed": share(listed[0], sum(listed)),
        "complaint": 1 - (1 - p["private_speech_floor"]) * fear,
        "reactance": float(count(watched, L.COUNT.protests, since=0) - count(free, L.COUNT.protests, since=0)),
        "ordinary": share(count(watched, L.COUNT.followed_outings, ~ground), count(watched, L.COUNT.followed_outings)),
    }


PUBLISHED = (
    ("arrests", "arrests for calling per 1,000 residents a year", "0.3 to 2", "counts in reports, facts table `arrest_rate_border_phone`", "yes: same unit, though a range of reported totals"),
    ("know", "share in whose unit somebody was arrested in the year", "0.35 know someone punished", "InterMedia, n = 200", "no: foreign media and a lifetime there, calls and one year here"),
    ("contact", "completed calls, watched against unwatched", "0.46", "NKDB surveys 2018 and 2022", "no: a border closure, not watching"),
    ("chill_all", "outings given up, all residents", "0.14 to 0.30", "Penney 2016; Young 2019", "no: open societies, another behaviour"),
    ("chill_listed", "outings given up, listed residents", "0.14 to 0.30", "Penney 2016; Young 2019", "no: open societies, another behaviour"),
    ("complaint", "private complaint kept among close ties", "35 of 36 (0.97)", "CSIS 2016", "in part: knowing of it there, speaking here"),
    ("reactance", "protests more than unwatched (sign)", "positive", "Hager and Krakowski 2021", "sign only"),
)  # fmt: skip


def published_rows(draws: list[Parameters], pool: ThreadPoolExecutor) -> list[str]:
    """One row for each published figure: the model's value and its range over the prior beside the source."""
    central = figures(Parameters.central(), residents=20_000)
    found = list(pool.map(figures, draws))
    rows = []
    for name, meaning, published, source, comparable in PUBLISHED:
        low, high = quantiles(np.array([f[name] for f in found]), TAILS)
        rows.append(
            f"| {meaning} | {central[name]:.3g} | {low:.3g} to {high:.3g} | {published} | {source} | {comparable} |"
        )
    return rows


HEADLINES: dict[str, Callable[[World], float]] = {
    "followed outings": lambda w: count(w, L.COUNT.followed_outings, since=39),
    "noticed": lambda w: count(w, L.COUNT.noticed, since=39),
    "calls given up": lambda w: count(w, L.COUNT.calls_abandoned, since=39),
    "calls completed": lambda w: count(w, L.COUNT.calls_completed, since=39),
    "outings given up": lambda w: count(w, L.COUNT.outings_forgone, since=39),
    "reports about routine acts": lambda w: count(w, L.COUNT.reports_routine, since=39),
    "fear, ordinary residents": lambda w: count(w, L.COUNT.fear, ~LISTED, since=39),
    "distress, all": lambda w: count(w, L.COUNT.distress, since=39),
}


def twin_rows(pool: ThreadPoolExecutor) -> list[str]:
    """The factor by which twins shrink the standard error of a difference against independent runs."""

    def pair(seed: int) -> tuple[World, World]:
        town = Town(Parameters.central(), seed=seed, residents=12_000, settle_weeks=SETTLE_WEEKS)
        watched = town.world(campaign=True)
        return watched, town.world(like=watched)

    worlds = list(pool.map(pair, SEEDS))
    rows = []
    for name, read in HEADLINES.items():
        a = np.array([read(w) for w, _ in worlds], float)
        b = np.array([read(w) for _, w in worlds], float)
        twins, apart = np.std(a - b, ddof=1), np.sqrt(np.var(a, ddof=1) + np.var(b, ddof=1))
        rows.append(f"| {name} | {np.mean(a - b):,.1f} | {twins:,.1f} | {apart:,.1f} | {apart / twins:.1f} |")
    return rows


PATTERN_HEAD = [
    "| pattern | what it says | central | prior | known | described | where it must fail | figures at central values |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
]
FIGURE_HEAD = [
    "| figure | model, central | model, prior range | published | source | comparable? |",
    "| --- | --- | --- | --- | --- | --- |",
]
MIX_HEAD = [
    "| act | coded | share, model | percentile | width | share, former channel | percentile |",
    "| --- | --- | --- | --- | --- | --- | --- |",
]
TWIN_HEAD = [
    "| headline | difference | between twins | between independent runs | factor |",
    "| --- | --- | --- | --- | --- |",
]
DRIFT_HEAD = ["| headline | draws | median | range |", "| --- | --- | --- | --- |"]
PARTS = ("patterns", "published figures", "mix", "twins", "drift", "cold start")


def main() -> None:
    """Run the study and write the sections of its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--part", choices=PARTS, action="append")
    given = parser.parse_args()
    n, parts = given.draws, given.part or PARTS
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        made: dict[str, Callable[[], list[str]]] = {
            "patterns": lambda: PATTERN_HEAD + pattern_rows(settings_of_ensembles(n), pool),
            "published figures": lambda: FIGURE_HEAD + published_rows(prior_draws(n, SEED), pool),
            "mix": lambda: MIX_HEAD + mix_rows(n),
            "twins": lambda: TWIN_HEAD + twin_rows(pool),
            "drift": lambda: DRIFT_HEAD + list(drift_rows(drifts(without_campaign(), n, pool))),
            "cold start": lambda: cold_start_lines(
                {weeks: cold_start(without_campaign(weeks), n, pool) for weeks in (26, 0)}
            ),
        }
        for part in parts:
            put_section(PAGE, part, made[part]())


if __name__ == "__main__":
    main()
