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
from underwatch.channel.expected_counts import RESPONSES, miscoded
from underwatch.channel.random_numbers import waves
from underwatch.channel.reporting import expected_by_episode
from underwatch.evidence.format.vocabularies import entries
from underwatch.evidence.reading import incidents, reports
from underwatch.evidence.samples.example import example_package
from underwatch.experiments.engine.worlds import init_world, prior_scenarios, workers_here
from underwatch.inference.bank.held_out import ACTS
from underwatch.inference.bank.priors import channel_prior
from underwatch.record.tally import N_GROUNDS, N_KINDS
from underwatch.world import simulate
from underwatch.world.draws import rng
from underwatch.world.layout import INCIDENT_NAMES
from underwatch.world.parameters import latin_hypercube
from underwatch.world.scenario import place_scenario

TOWN, RESIDENTS, WEEKS = "hoeryong", 8_000, 52
START = datetime.date(2023, 7, 3)
# All acts together are outside in 5 % of channels that are right
OUTSIDE = 0.05 / N_KINDS / 2
ANYTHING = 0.9  # a spread of shares from 5 to 95 % of so much proves nothing
_TELLING = tuple(f"telling_{name}" for name in INCIDENT_NAMES if name != "followed_outing")

PER_WORLD = 10  # channels through which each world is heard


@dataclass(frozen=True)
class Heard:
    """A world's incidents INCIDENT[n] from `START` on, their subjects uint32[n], and a channel drawn from the prior."""

    records: np.ndarray
    who: np.ndarray
    values: Mapping[str, float]
    response: str
    seed: int


Channel = Callable[[Heard], np.ndarray]


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


def by_episode(heard: Heard) -> np.ndarray:
    """Return float[kinds]: what the channel tells of a world, in one history of its waves."""
    told_of = episodes(heard.records, heard.who, START)
    each = expected_by_episode(told_of, heard.values, heard.response)
    each = each * waves(heard.seed, heard.values["telling_spread"], told_of)
    return np.bincount(told_of.records["kind"], each, N_KINDS)


def by_incident(heard: Heard) -> np.ndarray:
    """Return float[kinds]: what the former channel told: every incident by itself, all kinds alike, no waves."""
    alike = {**heard.values, **dict.fromkeys(_TELLING, 1.0), "telling_spread": 0.0}
    n = np.arange(len(heard.records))
    each = expected_by_episode(EpisodeRecords(heard.records, n, n, n), alike, heard.response)
    return np.bincount(heard.records["kind"], each, N_KINDS)


def predicted(
    worlds: int, n_reports: int, channels: Sequence[Channel], residents: int = RESIDENTS, weeks: int = WEEKS
) -> list[np.ndarray]:
    """Return for each channel int64[n, kinds]: `n_reports` reports by coded kind from each world of the prior through
    `PER_WORLD` channels of the prior, where anything is told.
    """
    end = START + datetime.timedelta(weeks=weeks) - datetime.timedelta(days=1)
    scenarios = prior_scenarios(place_scenario(TOWN, start=START, end=end, population=residents), worlds)
    drawn = latin_hypercube(channel_prior(), PER_WORLD * worlds, 1, "mix of published reports")

    def told(number: int) -> list[list[np.ndarray]]:
        scenario = scenarios[number]
        world = simulate.run(init_world(scenario, scenario.places[0], scenario.seed), scenario.phases(), workers_here())
        rows = []
        for row in range(PER_WORLD * number, PER_WORLD * (number + 1)):
            values = {**scenario.parameters, **{name: float(column[row]) for name, column in drawn.items()}}
            response = RESPONSES[row % len(RESPONSES)]
            heard = Heard(world.history.records, world.history.who, values, response, row)
            rows.append([_coded(channel(heard), values) for channel in channels])
        return rows

    with ThreadPoolExecutor() as pool:
        shares = np.array([row for rows in pool.map(told, range(worlds)) for row in rows])
    draw = rng(1, "mix of published reports")
    return [draw.multinomial(n_reports, part[part.sum(axis=1) > 0]) for part in shares.swapaxes(0, 1)]


def _coded(expected: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Return float[kinds]: the shares of kinds as coded, with errors and exaggeration; zeros where nothing is told."""
    reports_of = np.zeros((1, N_KINDS, N_GROUNDS))
    reports_of[0, :, 0] = expected
    by_kind = miscoded(reports_of, {name: np.array([value]) for name, value in values.items()})[0].sum(axis=-1)
    total = by_kind.sum()
    return np.asarray(by_kind / total if total > 0 else by_kind)


def act_shares(counts: np.ndarray, coded: np.ndarray) -> list[ActShare]:
    """Return a row for each kind, from `predicted` int64[n, kinds] and what is coded int64[kinds]."""
    n = coded.sum()
    below = (counts < coded).mean(axis=0) + 0.5 * (counts == coded).mean(axis=0)
    low, median, high = np.quantile(counts / n, (0.05, 0.5, 0.95), axis=0)
    return [
        ActShare(ACTS[kind], int(coded[kind]), float(low[kind]), float(median[kind]), float(high[kind]), float(part))
        for kind, part in enumerate(below)
    ]


def mix_rows(worlds: int) -> list[str]:
    """Return the rows of the table for docs/validation.md: today's channel, and the former one as its control."""
    originals = coded_originals()
    coded = modelled(originals)
    now, former = (
        act_shares(counts, coded) for counts in predicted(worlds, int(coded.sum()), (by_episode, by_incident))
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
