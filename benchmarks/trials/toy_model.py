"""The toy model: a reduced model of what leaks out whose likelihood is known exactly, so that it can be a referee.

Twelve places, half of them at the border, are watched for 104 weeks. Watching sets both what happens and what is told:

    watching w   = intensity x exp(border_effect at the border + trend over the window + campaign_effect in its weeks)
    acts         ~ Poisson(ACTS_PER_WATCHING x w x g), place by place, g ~ Gamma of mean 1 and variance place_spread
    told to list = p x effort x what fear leaves, law(w, fear_silence); A and B are told independently of each other
    relays       : what A alone has been told is copied into B with chance relay_share
    effort       : B opens a new office in week 60, and its chance rises by new_office_gain
    leavers      : each of n asked says yes ("were you followed lately?") with chance 1 - exp(-watching at the start)

Trend, campaign and office change at the ends of four-week bins, so all weeks of a bin are alike. Given the acts, what A
alone, B alone and both hold are independent Poisson counts; with g integrated out, the counts of a place are negative
multinomial. That is the exact likelihood. `ToyModel` says which parts are there; a parameter of a part that is not
there is fixed at what means "none".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np
from scipy.special import gammaln, ndtr

from underwatch.channel.reporting import exponential, saturating
from underwatch.errors import InputError, nearest
from underwatch.inference.npe.prior_support import PriorSupport

PLACES, WEEKS, SIDES = 12, 104, 2  # half of the places at the border
PER_SIDE = PLACES // SIDES
ACTS_PER_WATCHING = 10.0  # acts a week and place at watching 1: some 12,500 in the window, as in a town of 150,000
WEEKS_A_BIN = 4
BINS = WEEKS // WEEKS_A_BIN
CAMPAIGN = slice(52 // WEEKS_A_BIN, 64 // WEEKS_A_BIN)  # bins: weeks 52 to 63, a quarter of a year
OFFICE_OPENS = 60 // WEEKS_A_BIN  # bin
FEAR_SCATTER = 0.5  # sd of log fear among witnesses: a sharp threshold for each is a soft one for all
AT_MOST = 0.95  # chance to be told, however high effort: some acts have no witness
WEEKS_A_QUARTER = 13
KINDS = ("A only", "B only", "both")

# name: (low, high, log scale, value that means "none" or None); ranges span the factor of four of the fact tables
PARAMETERS: Mapping[str, tuple[float, float, bool, float | None]] = MappingProxyType(
    {
        "intensity": (0.2, 5.0, True, None),
        "fear_silence": (0.2, 2.0, True, None),
        "p_tell_a": (0.02, 0.3, True, None),
        "p_tell_b": (0.02, 0.3, True, 0.0),
        "border_effect": (0.0, 1.0, False, None),
        "trend": (-1.0, 1.0, False, None),
        "campaign_effect": (0.0, 1.0, False, None),
        "new_office_gain": (1.0, 3.0, True, 1.0),
        "relay_share": (0.0, 0.3, False, 0.0),
        "place_spread": (0.05, 1.0, True, None),
    }
)
HIDDEN = "acts_in_all"  # the derived target: what truly happened in the window, told or not


def soft_threshold(fear: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Return the share of witnesses whose own fear lies below 1 / k, when theirs scatter around `fear`."""
    return np.asarray(ndtr(-np.log(fear * k) / FEAR_SCATTER))


RESPONSES: Mapping[str, Callable[..., np.ndarray]] = MappingProxyType(
    {"exponential": exponential, "threshold": soft_threshold, "saturating": saturating}
)


@dataclass(frozen=True)
class ToyModel:
    """Which parts the model has. `bounds` narrows the prior of some parameters (a declared prior)."""

    lists: int = 2
    response: str = "exponential"
    relays: bool = True
    office: bool = True
    leavers: int = 0  # people who left and were asked
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.response not in RESPONSES:
            raise InputError(
                f'fear law "{self.response}" is not known{nearest(self.response, RESPONSES)}; '
                f"known: {', '.join(RESPONSES)}"
            )
        if self.lists not in (1, 2):
            raise InputError(f"lists is {self.lists}; the toy model has 1 or 2")

    @cached_property
    def support(self) -> PriorSupport:
        """The prior support of the parameters that are there."""
        absent = {"p_tell_b": self.lists == 1, "relay_share": self.lists == 1 or not self.relays}
        absent["new_office_gain"] = self.lists == 1 or not self.office
        names = [name for name in PARAMETERS if not absent.get(name, False)]
        rows = [(*self.bounds.get(name, PARAMETERS[name][:2]), PARAMETERS[name][2]) for name in names]
        low, high, log = (np.array(column) for column in zip(*rows, strict=True))
        return PriorSupport(tuple(names), low, high, log)

    @cached_property
    def target_box(self) -> PriorSupport:
        """The prior support with the derived target: acts in all, on a log scale with room for luck at both ends."""
        mean = ACTS_PER_WATCHING * PLACES * WEEKS
        low, high = self.support.low[0] * mean / 20.0, self.support.high[0] * mean * 20.0
        support = self.support
        return PriorSupport(
            (*support.names, HIDDEN),
            np.append(support.low, low),
            np.append(support.high, high),
            np.append(support.log, True),
        )

    def value(self, theta: np.ndarray, name: str) -> np.ndarray:
        """Return float[n]: a parameter of rows float[n, p], or its fixed value."""
        if name in self.support.names:
            return np.asarray(theta[:, self.support.names.index(name)])
        return np.full(len(theta), PARAMETERS[name][3], float)

    def watching(self, theta: np.ndarray) -> np.ndarray:
        """Return float[n, 2, 26]: watching inland (0) and at the border (1), in the weeks of each bin."""
        time = np.linspace(-0.5, 0.5, BINS)
        campaign = np.zeros(BINS)
        campaign[CAMPAIGN] = 1.0
        side = np.arange(SIDES)[None, :, None]
        log_w = np.log(self.value(theta, "intensity"))[:, None, None] + np.zeros((1, SIDES, BINS))
        log_w = log_w + self.value(theta, "border_effect")[:, None, None] * side
        log_w = log_w + self.value(theta, "trend")[:, None, None] * time
        return np.asarray(np.exp(log_w + self.value(theta, "campaign_effect")[:, None, None] * campaign))

    def chances(self, theta: np.ndarray) -> np.ndarray:
        """Return float[n, 3, 2, 26]: the chance that an act comes out in A only, in B only, in both."""
        w = self.watching(theta)
        left = RESPONSES[self.response](w, self.value(theta, "fear_silence")[:, None, None])
        effort = np.ones((len(theta), 1, BINS))
        effort[:, 0, OFFICE_OPENS:] = self.value(theta, "new_office_gain")[:, None]
        a = np.minimum(self.value(theta, "p_tell_a")[:, None, None] * left, AT_MOST)
        b = np.minimum(self.value(theta, "p_tell_b")[:, None, None] * effort * left, AT_MOST)
        copied = self.value(theta, "relay_share")[:, None, None]
        return np.stack([a * (1 - b) * (1 - copied), (1 - a) * b, a * b + a * (1 - b) * copied], axis=1)

    def expected(self, theta: np.ndarray) -> np.ndarray:
        """Return float[n, 3, 2, 26]: expected counts of one place of a side in each bin, at g = 1."""
        return np.asarray(self.chances(theta) * (WEEKS_A_BIN * ACTS_PER_WATCHING) * self.watching(theta)[:, None])

    def simulate(self, theta: np.ndarray, luck: np.random.Generator) -> Data:
        """Draw the data of rows float[n, p]."""
        n = len(theta)
        w, chance = (np.repeat(each(theta), WEEKS_A_BIN, axis=-1) for each in (self.watching, self.chances))
        spread = self.value(theta, "place_spread")[:, None]
        g = luck.gamma(1.0 / spread, spread, (n, PLACES))
        place_side = np.repeat(np.arange(SIDES), PER_SIDE)
        rate = ACTS_PER_WATCHING * w[:, place_side] * g[:, :, None]  # [n, place, week]
        told = luck.poisson(chance[:, :, place_side] * rate[:, None])
        silent = luck.poisson((1.0 - chance.sum(axis=1)[:, place_side]) * rate)
        yes = luck.binomial(self.leavers, self.p_yes(theta))
        return Data(told, told.sum(axis=(1, 2, 3)) + silent.sum(axis=(1, 2)), yes)

    def p_yes(self, theta: np.ndarray) -> np.ndarray:
        """Return float[n]: the chance that one who left was followed lately."""
        return np.asarray(-np.expm1(-self.watching(theta)[:, :, 0].mean(axis=1)))

    def log_likelihood(self, theta: np.ndarray, data: Data) -> np.ndarray:
        """Return float[n]: the exact log-likelihood of one data set at rows float[n, p], up to a constant."""
        mean = self.expected(theta)
        counts = data.told[0].reshape(len(KINDS), SIDES, PER_SIDE, BINS, WEEKS_A_BIN).sum(axis=(2, 4))
        with np.errstate(divide="ignore", invalid="ignore"):
            cells = np.where(counts > 0, counts * np.log(mean), 0.0).sum(axis=(1, 2, 3))
        shape = 1.0 / self.value(theta, "place_spread")[:, None]
        of_place = data.told[0].sum(axis=(0, 2))[None]  # [1, place]
        lam = np.repeat(mean.sum(axis=(1, 3)), PER_SIDE, axis=1)
        gamma = gammaln(of_place + shape) - gammaln(shape) + shape * np.log(shape)
        gamma = gamma - (of_place + shape) * np.log(shape + lam)
        asked = self.p_yes(theta)
        yes = data.yes[0] * np.log(asked) - (self.leavers - data.yes[0]) * self.watching(theta)[:, :, 0].mean(axis=1)
        return np.asarray(cells + gamma.sum(axis=1) + yes)

    def draw_acts(self, theta: np.ndarray, data: Data, luck: np.random.Generator) -> np.ndarray:
        """Return float[n]: acts in all, drawn exactly given the data and rows float[n, p] of its posterior."""
        mean, w = self.expected(theta), self.watching(theta)
        shape = 1.0 / self.value(theta, "place_spread")[:, None]
        of_place = data.told[0].sum(axis=(0, 2))[None]
        lam = np.repeat(mean.sum(axis=(1, 3)), PER_SIDE, axis=1)
        g = luck.gamma(of_place + shape, 1.0 / (shape + lam))
        silent = WEEKS_A_BIN * ACTS_PER_WATCHING * w * (1.0 - self.chances(theta).sum(axis=1))
        rate = np.repeat(silent.sum(axis=2), PER_SIDE, axis=1) * g
        return np.asarray(data.told.sum() + luck.poisson(rate.sum(axis=1))).astype(float)

    def terror_side(self, theta: np.ndarray) -> np.ndarray:
        """Return bool[n]: would a little more watching bring fewer reports (the far side of the silence curve)."""
        more = theta.copy()
        more[:, self.support.names.index("intensity")] *= 1.01
        return np.asarray(self.expected(more).sum(axis=(1, 2, 3)) < self.expected(theta).sum(axis=(1, 2, 3)))

    def bank(self, n: int, luck: np.random.Generator) -> tuple[np.ndarray, Data]:
        """Return n prior draws float[n, p] and their data."""
        theta = self.support.draw(n, luck)
        return theta, self.simulate(theta, luck)

    def targets(self, theta: np.ndarray, data: Data) -> np.ndarray:
        """Return float[n, p + 1]: the parameters and the derived target, inside `target_box`."""
        support = self.target_box
        return np.column_stack([theta, np.clip(data.acts, support.low[-1], support.high[-1])])


@dataclass(frozen=True, slots=True)
class Data:
    """What came out in n windows, and what an observer never sees: the acts."""

    told: np.ndarray  # int[n, 3 kinds, 12 places, 104 weeks]; places 6 to 11 lie at the border
    acts: np.ndarray  # int[n]
    yes: np.ndarray  # int[n]

    def __getitem__(self, rows: slice) -> Data:
        return Data(self.told[rows], self.acts[rows], self.yes[rows])

    def reports(self) -> np.ndarray:
        """Return int[n]: reports in all, those in both lists counted once."""
        return np.asarray(self.told.sum(axis=(1, 2, 3)))


def summarise(data: Data) -> np.ndarray:
    """Return float[n, 175]: roots of the counts by place, by 4 weeks, by side and quarter; 12 shapes; the answers."""
    told = data.told.astype(float)
    n = len(told)
    sided = told.reshape(n, len(KINDS), SIDES, PER_SIDE, WEEKS).sum(axis=3)
    bins = told.sum(axis=2).reshape(n, len(KINDS), -1, WEEKS_A_BIN).sum(axis=3)
    quarters = sided.reshape(n, len(KINDS), SIDES, -1, WEEKS_A_QUARTER).sum(axis=4)
    roots = [np.sqrt(part.reshape(n, -1) + 0.375) for part in (told.sum(axis=3), bins, quarters)]  # Anscombe 1948
    total = told.sum(axis=(2, 3))
    cells = told.reshape(n, len(KINDS), -1)
    clumped = cells.var(axis=2) / np.maximum(cells.mean(axis=2), 1.0 / (PLACES * WEEKS))
    a, b = total[:, 0] + total[:, 2], total[:, 1] + total[:, 2]
    chapman = np.log((a + 1) * (b + 1) / (total[:, 2] + 1))
    shared = total[:, 2] / np.maximum(np.minimum(a, b), 1.0)
    campaign = bins[..., CAMPAIGN].sum(axis=(1, 2))
    rise = np.log((campaign + 0.5) / (told.sum(axis=(1, 2, 3)) - campaign + 0.5))
    shapes = [np.log1p(total), (cells == 0).mean(axis=2), np.log1p(clumped), np.column_stack([shared, chapman, rise])]
    return np.column_stack([*roots, *shapes, data.yes])
