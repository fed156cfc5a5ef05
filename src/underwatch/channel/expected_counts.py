"""The channel over a tally: how many episodes each list is expected to be told, without the episodes.

What an episode's witnesses tell depends on two sums over them, which a tally keeps by fear: whether the subject would
tell, and how many of the others. Of each sort of episode their means and second moments are known. The chance to be
told, 1 - (1 - a X) exp(-b B), is averaged over the two-point distributions with these moments: exact to the second
order where chances are small, and never above the number of episodes where they are large, as where an arrest is told
by everybody who can. Arrays have a first axis of draws: a world and a set of channel parameters each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from underwatch.channel.reporting import FEAR_RESPONSES, GRAVER, STRENGTHS_OF_SILENCE, readiness, told
from underwatch.record.tally import FEAR_NODES, N_GROUNDS, N_KINDS, NO_GROUND, Window

Values = Mapping[str, np.ndarray]
RESPONSES = tuple(FEAR_RESPONSES)
FIRST, SECOND, BOTH = range(3)
_FEAR = FEAR_NODES / 255.0
_EDGES = np.concatenate([[0.0], (_FEAR[1:] + _FEAR[:-1]) / 2, [1.0]])
_THRESHOLD = RESPONSES.index("threshold")
_NONE = 1e-30  # a sum below this is none
_LITTLE = 1e-9  # the say of a strength beside the one that is meant, where that has none


@dataclass(frozen=True)
class SufficientStatistics:
    """The parts of tallies that a channel reads, float[draws, ...] as in `record.tally.Tally`."""

    subject: np.ndarray  # [draws, periods, kinds, grounds, nodes]
    others: np.ndarray
    pairs: np.ndarray  # [draws, periods, kinds, responses, strengths, 2]
    weekly: np.ndarray  # [draws, weeks, kinds, grounds, 2]


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


class _Sorts(NamedTuple):
    """What the witnesses of a sort of episode come to, float[draws, weeks, kinds, grounds], per unit of readiness.

    A sum over episodes is told as how many of them count, and how much each of these does.
    """

    subjects: np.ndarray  # episodes whose subject would tell
    subject: np.ndarray  # what the subject of such a one tells
    crowds: np.ndarray  # episodes of which others would tell
    crowd: np.ndarray  # what the others of such a one tell
    behind: np.ndarray  # what the others tell where the subject would


def _sorts(tally: SufficientStatistics, values: Values, response: np.ndarray, period_of_week: np.ndarray) -> _Sorts:
    """Return the sorts of episode. Products of subject and others are shared out over grounds as these are."""
    left = left_by_fear(response, values["fear_silence"])
    sizes = _sizes(tally, values["fear_silence"], response)
    subject, own, others = (
        np.einsum("dpkgn,dn->dpkg", part, law_at, optimize=True)
        for part, law_at in ((tally.subject, left), (tally.subject, left**2), (tally.others, left))
    )
    crowd = np.where(others > 0, np.maximum(sizes[..., 1, None], _NONE), 1.0)
    each = np.where(subject > 0, own / np.maximum(subject, _NONE), 1.0)
    each = np.where(each > 0, each, 1.0)
    of_week = tally.weekly / np.maximum(_by_period(tally.weekly, period_of_week)[:, period_of_week], _NONE)
    in_week = [part[:, period_of_week] for part in (subject / each, each, others / crowd, crowd)]
    return _Sorts(
        in_week[0] * of_week[..., 0], in_week[1], in_week[2] * of_week[..., 1], in_week[3],
        np.broadcast_to(sizes[..., 0, None], crowd.shape)[:, period_of_week],
    )  # fmt: skip


def _sizes(tally: SufficientStatistics, k: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Return float[draws, periods, kinds, 2]: what the others tell where the subject would, and where others would.

    Products are kept at some strengths. What is interpolated between these, in log k, is the product for each unit of
    what is told, which falls less steeply; a strength at which nobody tells has no say.
    """
    grid = np.log(STRENGTHS_OF_SILENCE)
    place = np.clip(np.log(k), grid[0], grid[-1])
    index = np.clip(np.searchsorted(grid, place, side="right") - 1, 0, len(grid) - 2)
    share = (place - grid[index]) / (grid[index + 1] - grid[index])
    rows, total, weight = np.arange(len(response)), 0.0, 0.0
    for step, part in ((index, 1.0 - share), (index + 1, share)):
        left = left_by_fear(response, np.exp(grid[step]))
        sums = np.stack(
            [np.einsum("dpkgn,dn->dpk", told_by, left, optimize=True) for told_by in (tally.subject, tally.others)], -1
        )
        products = tally.pairs[rows, :, :, response, step]
        counts = (part + _LITTLE)[:, None, None, None] * (sums > _NONE)
        total, weight = total + counts * products / np.maximum(sums, _NONE), weight + counts
    result: np.ndarray = total / np.maximum(weight, _NONE)
    return result


class Reception(NamedTuple):
    """How two lists hear of a place."""

    effort: np.ndarray  # float[draws, lists, weeks]
    border: bool
    # float[draws, months, kinds]: how much of a kind is told in a month relative to the mean; None: the mean
    waves: np.ndarray | None = None


class Expected(NamedTuple):
    """Episodes expected to be told: in the waves of the draw, and to any list in the mean over waves."""

    by_list: np.ndarray  # float[draws, 3, weeks, kinds, grounds]: the first list alone, the second alone, both
    in_all: np.ndarray  # float[draws, kinds]


def expected_reports(
    tally: SufficientStatistics,
    values: Values,
    response: np.ndarray,
    reception: Reception,
    window: Window,
) -> Expected:
    """Return how many episodes are expected to be told, as `reporting.observe` would draw them from the episodes.

    `response` is int[draws].
    """
    sorts = _sorts(tally, values, response, window.of_weeks("quarter")[0])
    ready = np.moveaxis(readiness(values), 0, 1)[:, None, :, None]
    pull = ready * pull_of_grounds(values, reception.border)[:, None, None, :]
    shares = (values["share_of_first_list"], 1.0 - values["share_of_first_list"])
    reach = [
        (share[:, None] * reception.effort[:, which])[:, :, None, None] * pull for which, share in enumerate(shares)
    ]
    wave = None if reception.waves is None else reception.waves[:, window.of_weeks("month")[0], :, None]
    alone = [_told(sorts, [one], values, wave) for one in reach]
    either = _told(sorts, reach, values, wave)
    both = np.clip(alone[0] + alone[1] - either, 0.0, np.minimum(*alone))
    in_all = either if wave is None else _told(sorts, reach, values, None)
    return Expected(np.stack([alone[0] - both, alone[1] - both, both], axis=1), in_all.sum(axis=(1, 3)))


def _told(sorts: _Sorts, reach: Sequence[np.ndarray], values: Values, wave: np.ndarray | None) -> np.ndarray:
    """Return float[draws, weeks, kinds, grounds]: episodes expected to be told to any of the lists that so reach."""
    n, spread = values["witnesses_per_incident"], values["telling_spread"]
    first, rest, spread = (part[:, None, None, None] for part in (np.minimum(1.0, n), n - 1.0, spread))
    crowd = sum(rest * one for one in reach)
    with np.errstate(divide="ignore"):  # a subject who surely tells
        subject = sum(-np.log1p(-np.minimum(1.0, first * one * sorts.subject)) for one in reach)
    others = sorts.crowds * told(crowd * sorts.crowd, spread, wave)
    behind = crowd * sorts.behind
    own = sorts.subjects * (told(behind + subject, spread, wave) - told(behind, spread, wave))
    result: np.ndarray = others + own
    return result


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
