# ruff: noqa: E501 - tables are read by the line
"""make study: the patterns over prior draws, the published figures, and what twins are worth. Writes docs/validation.md.

Nothing here is tuned: the table says what holds and what does not. `--draws N` for a shorter look.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from os import cpu_count
from pathlib import Path

import numpy as np
from trials import patterns
from trials.drift import drift_rows, drifts, without_campaign
from trials.mix import PER_WORLD, mix_rows
from trials.patterns import CONTROLS, LISTED, PATTERNS, SETTLE_WEEKS, Town, count, judged, share

from underwatch.record.ranges import TAILS, quantiles
from underwatch.world import layout as L
from underwatch.world.forms import prior_forms
from underwatch.world.parameters import Parameters, prior_draws
from underwatch.world.rates import UNWATCHED
from underwatch.world.simulate import World

OUT = Path(__file__).parents[1] / "docs" / "validation.md"
SEEDS = range(1, 25)
YEAR = 364


def pattern_rows(draws: list[Parameters], pool: ThreadPoolExecutor) -> list[str]:
    """One table row for each pattern: at central values, where it must fail, and over draws of parameters and forms."""
    rows = []
    towns = [Town(p, residents=4000, forms=f) for p, f in zip(draws, prior_forms(len(draws), 2024), strict=True)]
    large = Town(Parameters.central(), residents=12_000)
    for name, ask in PATTERNS.items():
        central, control = judged(name, large), judged(name, replace(large, without=CONTROLS[name]))
        verdicts = [v.holds for v in pool.map(partial(judged, name), towns)]
        held, asked = verdicts.count(True), len(verdicts) - verdicts.count(None)
        figures = ", ".join(f"{k.replace('_', ' ')} {v:,.4g}" for k, v in central.figures.items())
        says = (ask.__doc__ or "").split("\n")[0]
        out = ", ".join(sorted(CONTROLS[name]))
        rows.append(
            f"| {name} | {says} | {central.words} | {held}/{asked} ({100 * share(held, asked):.0f} %) | "
            f"{control.words} without {out} | {figures} |"
        )
    return rows


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


def main() -> None:
    """Run the study and write its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    n = parser.parse_args().draws
    draws = prior_draws(n, 2024)
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        rows = pattern_rows(draws, pool)
        published = published_rows(draws, pool)
        twins = twin_rows(pool)
        drift = list(drift_rows(drifts(without_campaign(), n, pool)))
    mix = mix_rows(n)
    OUT.write_text(
        "# Validation: what the model reproduces, and what it does not\n\n"
        "Generated by `make study`. Nothing is tuned to make a row hold; a pattern that fails is reported as failing.\n"
        f"Worlds: a border town like Hoeryong with {patterns.DAYS} days after {SETTLE_WEEKS} weeks that are not counted; {n} draws of\n"
        "parameters and forms (4,000 residents each), central values on 12,000 residents. A pattern is not judged where too\n"
        "little happens; each has a world in which it must fail (rules taken out).\n\n## Patterns of the report\n\n"
        "P1, P4, P6 and P7 should hold in 60 % of draws and more.\n\n"
        "| pattern | what it says | central | draws in which it holds, of those judged | where it must fail | figures at central values |\n"
        "| --- | --- | --- | --- | --- | --- |\n" + "\n".join(rows) + "\n\n## Published figures\n\n"
        "Central: 20,000 residents for 52 weeks. Range: 5 to 95 % over the prior draws.\n\n"
        "| figure | model, central | model, prior range | published | source | comparable? |\n"
        "| --- | --- | --- | --- | --- | --- |\n" + "\n".join(published) + "\n\n## What published reports are about\n\n"
        f"Shares of acts among as many reports as are coded originals of acts that the model makes: the prior predictive spread\n"
        f"(median, 5 to 95 %) over {n} worlds of the prior, each heard through {PER_WORLD} channels of the prior, and the percentile of\n"
        f'the coded share in it; "outside" where all acts together would be so in less than 5 % of right channels. A wide spread proves\n'
        "little: its width is in percentage points. Beside it the former channel, which told of single incidents and of all kinds alike.\n\n"
        "| act | coded | share, model | percentile | width | share, former channel | percentile |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n" + "\n".join(mix) + "\n\n## What twins are worth\n\n"
        f"Campaign against no campaign, 12,000 residents, from 15 November on, {len(SEEDS)} seeds: standard deviation of the\n"
        "difference between twins (all luck shared) and between independent runs; the factor is their ratio.\n\n"
        "| headline | difference | between twins | between independent runs | factor |\n"
        "| --- | --- | --- | --- | --- |\n" + "\n".join(twins) + "\n\n## What still drifts in a settled world\n\n"
        f"Each headline in the last quarter of a year without any campaign over that in the first, {n} prior draws of 4,000\n"
        "residents: median and 5 to 95 % over the draws that have something in both.\n\n"
        "| headline | draws | median | range |\n| --- | --- | --- | --- |\n" + "\n".join(drift) + "\n"
    )
    print(OUT.read_text())


if __name__ == "__main__":
    main()
