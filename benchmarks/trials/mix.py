"""What published reports are about: the prior predictive mix of acts beside that of the coded originals.

For each act: in what part of the model's own spread the coded share lies, and how wide that spread is. A share outside
says that the channel cannot have given what was published; a spread wide enough for anything proves nothing.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from underwatch.channel.episodes import EpisodeRecords, episodes
from underwatch.channel.expected_counts import miscoded
from underwatch.channel.random_numbers import waves
from underwatch.channel.reporting import expected_by_episode
from underwatch.evidence.format.vocabularies import entries
from underwatch.evidence.reading import incidents, reports
from underwatch.evidence.samples.example import example_package
from underwatch.experiments.engine.worlds import init_world, prior_scenarios, workers_here
from underwatch.inference.bank.held_out import ACTS
from underwatch.record.tally import N_GROUNDS, N_KINDS
from underwatch.world import simulate
from underwatch.world.draws import rng
from underwatch.world.layout import INCIDENT_NAMES
from underwatch.world.scenario import Scenario, place_scenario

TOWN, RESIDENTS, WEEKS, SETTLING = "hoeryong", 8_000, 52, 26
START = datetime.date(2023, 7, 3)
# All acts together are outside in 5 % of channels that are right
OUTSIDE = 0.05 / N_KINDS / 2
ANYTHING = 0.9  # a spread of shares from 5 to 95 % of so much proves nothing
_TELLING = tuple(f"telling_{name}" for name in INCIDENT_NAMES if name != "followed_outing")

Channel = Callable[[np.ndarray, np.ndarray, datetime.date, Scenario], np.ndarray]


@dataclass(frozen=True)
class ActShare:
    """An act: how often it is coded, and the prior predictive spread of its share among as many reports."""

    act: str
    coded: int
    low: float
    median: float
    high: float
    percentile: float  # of the coded share, from 0 to 1, ties counted half

    @property
    def is_outside(self) -> bool:
        """Whether the model cannot have given so many, or so few."""
        return not OUTSIDE <= self.percentile <= 1.0 - OUTSIDE

    @property
    def width(self) -> float:
        """The spread from the 5th to the 95th percentile, in shares."""
        return self.high - self.low


def coded_originals() -> Counter[str]:
    """Return how many of the coded incidents are of each act: the gravest of each, as an estimate reads it."""
    package = example_package()
    return Counter(item.speaking[0].act for item in incidents(package, reports(package)))


def modelled(originals: Mapping[str, int]) -> np.ndarray:
    """Return int64[kinds]: how many coded originals are of each kind that the model makes."""
    kinds = {act: entry["model_kind"] for act, entry in entries("act").items()}
    return np.array([sum(n for act, n in originals.items() if kinds[act] == name) for name in INCIDENT_NAMES])


def by_episode(records: np.ndarray, who: np.ndarray, start: datetime.date, scenario: Scenario) -> np.ndarray:
    """Return float[kinds]: what the channel tells of a world, in one history of its waves."""
    values, told_of = scenario.parameters, episodes(records, who, start)
    each = expected_by_episode(told_of, values, scenario.forms["S13"])
    each = each * waves(scenario.seed, values["telling_spread"], told_of)
    return np.bincount(told_of.records["kind"], each, N_KINDS)


def by_incident(records: np.ndarray, who: np.ndarray, start: datetime.date, scenario: Scenario) -> np.ndarray:
    """Return float[kinds]: what the former channel told: every incident by itself, all kinds alike, no waves."""
    alike = {**scenario.parameters, **dict.fromkeys(_TELLING, 1.0), "telling_spread": 0.0}
    n = np.arange(len(records))
    each = expected_by_episode(EpisodeRecords(records, n, n, n), alike, scenario.forms["S13"])
    return np.bincount(records["kind"], each, N_KINDS)


def predicted(
    draws: int, n_reports: int, channels: Sequence[Channel], residents: int = RESIDENTS, weeks: int = WEEKS
) -> list[np.ndarray]:
    """Return for each channel int64[worlds, kinds]: `n_reports` reports by coded kind from each world of the prior in
    which anything is told.
    """
    end = START + datetime.timedelta(weeks=SETTLING + weeks) - datetime.timedelta(days=1)
    scenarios = prior_scenarios(place_scenario(TOWN, start=START, end=end, population=residents), draws)

    def told(scenario: Scenario) -> list[np.ndarray]:
        world = simulate.run(init_world(scenario, scenario.places[0], scenario.seed), scenario.phases(), workers_here())
        kept = world.history.records["day"] >= 7 * SETTLING
        seen = world.history.records[kept], world.history.who[kept], START, scenario
        return [_coded(channel(*seen), scenario) for channel in channels]

    with ThreadPoolExecutor() as pool:
        shares = [np.array(rows) for rows in zip(*pool.map(told, scenarios), strict=True)]
    draw = rng(1, "mix of published reports")
    return [draw.multinomial(n_reports, rows[rows.sum(axis=1) > 0]) for rows in shares]


def _coded(expected: np.ndarray, scenario: Scenario) -> np.ndarray:
    """Return float[kinds]: the shares of kinds as coded, with errors and exaggeration; zeros where nothing is told."""
    reports_of = np.zeros((1, N_KINDS, N_GROUNDS))
    reports_of[0, :, 0] = expected
    values = {name: np.array([scenario.parameters[name]]) for name in ("report_reliability", "exaggeration")}
    by_kind = miscoded(reports_of, values)[0].sum(axis=-1)
    total = by_kind.sum()
    return np.asarray(by_kind / total if total > 0 else by_kind)


def act_shares(counts: np.ndarray, coded: np.ndarray) -> list[ActShare]:
    """Return a row for each kind, from `predicted` int64[worlds, kinds] and what is coded int64[kinds]."""
    n = coded.sum()
    below = (counts < coded).mean(axis=0) + 0.5 * (counts == coded).mean(axis=0)
    low, median, high = np.quantile(counts / n, (0.05, 0.5, 0.95), axis=0)
    return [
        ActShare(ACTS[kind], int(coded[kind]), float(low[kind]), float(median[kind]), float(high[kind]), float(part))
        for kind, part in enumerate(below)
    ]


def mix_rows(draws: int) -> list[str]:
    """Return the rows of the table for docs/validation.md: today's channel, and the former one as its control."""
    originals = coded_originals()
    coded = modelled(originals)
    now, former = (
        act_shares(counts, coded) for counts in predicted(draws, int(coded.sum()), (by_episode, by_incident))
    )
    rows = [
        f"| {row.act} | {row.coded} | {_spread(row)} | {_place(row)} | {100 * row.width:.0f} | {_spread(old)} | "
        f"{_place(old)} |"
        for row, old in zip(now, former, strict=True)
    ]
    return [
        *rows,
        f"| unmodelled ({len(set(originals)) - sum(coded > 0)} acts) | {originals.total() - coded.sum()} | | | | | |",
    ]


def _spread(row: ActShare) -> str:
    return f"{100 * row.median:.0f} % ({100 * row.low:.0f} to {100 * row.high:.0f} %)"


def _place(row: ActShare) -> str:
    words = " (outside)" if row.is_outside else " (spread too wide to prove anything)" if row.width > ANYTHING else ""
    return f"{100 * row.percentile:.1f}{words}"
