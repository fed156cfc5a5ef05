"""The channel over a tally: how many incidents each list is expected to be told, without the incidents.

To the first order in the small chance that a witness tells, what is expected of a sort of incident is that chance times
a sum over witnesses, which a tally keeps by fear. The second order (an incident told twice, or to both lists) uses the
products that it keeps by response function. Arrays have a first axis of draws: a world and a set of channel parameters
each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from underwatch.channel.reporting import FEAR_RESPONSES, GRAVER, STRENGTHS_OF_SILENCE
from underwatch.record.tally import FEAR_NODES, N_GROUNDS, N_KINDS, NO_GROUND

Values = Mapping[str, np.ndarray]
RESPONSES = tuple(FEAR_RESPONSES)
FIRST, SECOND, BOTH = range(3)
_FEAR = FEAR_NODES / 255.0
_EDGES = np.concatenate([[0.0], (_FEAR[1:] + _FEAR[:-1]) / 2, [1.0]])
_THRESHOLD = RESPONSES.index("threshold")


@dataclass(frozen=True)
class SufficientStatistics:
    """The parts of tallies that a channel reads, float[draws, ...] as in `record.tally.Tally`."""

    subject: np.ndarray  # [draws, periods, kinds, grounds, nodes]
    others: np.ndarray
    pairs: np.ndarray  # [draws, periods, kinds, responses, strengths, 2]
    weekly: np.ndarray  # [draws, weeks, kinds, 2]


def left_by_fear(response: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Return float[draws, nodes]: what each draw's response (of `RESPONSES`) leaves of telling at the nodes of fear.

    The threshold's node values are its means over the stretch around each node, so that a step between nodes is kept.
    """
    result = np.empty((len(k), len(_FEAR)))
    for number, name in enumerate(RESPONSES):
        mine = response == number
        if number == _THRESHOLD:
            result[mine] = np.clip((1.0 / k[mine, None] - _EDGES[:-1]) / np.diff(_EDGES), 0.0, 1.0)
        else:
            result[mine] = FEAR_RESPONSES[name](_FEAR[None, :], k[mine, None])
    return result


def pull_of_grounds(values: Values, border: bool) -> np.ndarray:
    """Return float[draws, grounds]: selection by ground, kin abroad and border."""
    pull = np.repeat(values["selection_by_ground"][:, None], N_GROUNDS, axis=1)
    pull[:, 0] *= values["selection_kin_abroad"]
    pull[:, NO_GROUND] = 1.0
    return pull if border else pull * values["selection_inland"][:, None]


def _products(tally: SufficientStatistics, values: Values, response: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return float[draws, periods, kinds, grounds]: the sum over incidents of the square of what their witnesses tell
    per unit chance.

    What the subject tells is known by ground; products with the others are shared out as these are.
    """
    grid = np.log(STRENGTHS_OF_SILENCE)
    place = np.clip(np.log(values["fear_silence"]), grid[0], grid[-1])
    index = np.clip(np.searchsorted(grid, place, side="right") - 1, 0, len(grid) - 2)
    share = ((place - grid[index]) / (grid[index + 1] - grid[index]))[:, None, None, None]
    rows = np.arange(len(response))
    low, high = tally.pairs[rows, :, :, response, index], tally.pairs[rows, :, :, response, index + 1]
    products = ((1.0 - share) * low + share * high)[:, :, :, None]
    first, rest = _first_and_rest(values)
    subject, others, own = (
        np.einsum("dpkgn,dn->dpkg", part, law_at, optimize=True)
        for part, law_at in ((tally.subject, left), (tally.others, left), (tally.subject, left**2))
    )
    crossed = products[..., 0] * subject / np.maximum(subject.sum(axis=-1, keepdims=True), 1e-30)
    squared = products[..., 1] * others / np.maximum(others.sum(axis=-1, keepdims=True), 1e-30)
    squares: np.ndarray = first**2 * own + 2 * first * rest * crossed + rest**2 * squared
    return squares


def _first_and_rest(values: Values) -> tuple[np.ndarray, np.ndarray]:
    """Return float[draws, 1, 1, 1]: the chance that the subject is a witness, and how many others are."""
    n = values["witnesses_per_incident"][:, None, None, None]
    return np.minimum(1.0, n), n - 1.0


def expected_reports(
    tally: SufficientStatistics,
    values: Values,
    response: np.ndarray,
    effort: np.ndarray,
    period_of_week: np.ndarray,
    border: bool,
) -> np.ndarray:
    """Return float[draws, 3, weeks, kinds, grounds]: incidents expected to be told to the first list alone, to the
    second alone, and to both.

    `effort` is float[draws, lists, weeks], `response` int[draws].
    """
    left = left_by_fear(response, values["fear_silence"])
    first, rest = _first_and_rest(values)
    pull = pull_of_grounds(values, border)[:, None, None, :]
    subject = first * np.einsum("dpkgn,dn->dpkg", tally.subject, left, optimize=True)
    others = rest * np.einsum("dpkgn,dn->dpkg", tally.others, left, optimize=True)
    weekly = tally.weekly / np.maximum(_by_period(tally.weekly, period_of_week)[:, period_of_week], 1e-30)
    sums = subject[:, period_of_week] * weekly[..., 0, None] + others[:, period_of_week] * weekly[..., 1, None]
    size = _products(tally, values, response, left) / np.maximum(subject + others, 1e-30)  # what one incident tells
    size = size[:, period_of_week] * pull
    p = values["p_tell_at_no_fear"]
    shares = (values["share_of_first_list"], 1.0 - values["share_of_first_list"])
    chances = [(p * share)[:, None] * effort[:, index] for index, share in enumerate(shares)]
    a, b = (chance[:, :, None, None] for chance in chances)
    of_first = a * pull * sums / (1.0 + 0.5 * a * size)
    of_second = b * pull * sums / (1.0 + 0.5 * b * size)
    both = np.minimum(a * b * pull * sums * size, 0.9 * np.minimum(of_first, of_second))
    return np.stack([of_first - both, of_second - both, both], axis=1)


def _by_period(weekly: np.ndarray, period_of_week: np.ndarray) -> np.ndarray:
    """Return the sums over the weeks of each period, along the second axis."""
    firsts = np.flatnonzero(np.diff(period_of_week, prepend=-1))
    return np.add.reduceat(weekly, firsts, axis=1)


def miscoded(reports: np.ndarray, values: Values) -> np.ndarray:
    """Return expected reports float[draws, ..., kinds, grounds] as they are coded: with errors and exaggeration."""
    wrong = ((1.0 - values["report_reliability"]) / 3.0).reshape(-1, *(1,) * (reports.ndim - 1))
    by_kind = (1.0 - wrong) * reports + wrong * (reports.sum(axis=-2, keepdims=True) - reports) / (N_KINDS - 1)
    coded = (1.0 - wrong) * by_kind + wrong * (by_kind.sum(axis=-1, keepdims=True) - by_kind) / (N_GROUNDS - 1)
    lifted = np.zeros_like(coded)
    for kind, graver in enumerate(GRAVER):
        lifted[..., graver, :] += coded[..., kind, :]
    share = values["exaggeration"].reshape(-1, *(1,) * (reports.ndim - 1))
    result: np.ndarray = (1.0 - share) * coded + share * lifted
    return result


def in_time(values: Values, days_left: np.ndarray) -> np.ndarray:
    """Return float[draws, weeks]: the share of reports published within so many days; -1 counts as no limit."""
    from scipy.special import ndtr

    logs = np.log1p(np.maximum(days_left, 0) + 0.5)[None, :]
    share = ndtr((logs - values["delay_log_mean"][:, None]) / values["delay_log_sd"][:, None])
    return np.where(days_left[None, :] < 0, 1.0, share)
