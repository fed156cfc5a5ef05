"""S13: word gets out. Which episodes a synthetic witness tells, and what two synthetic lists publish of them.

It reads incident records and parameters, and nothing else of the world. What is told is an episode (`episodes`). Each
person of its classes of witness (the subject; kin; neighbours; those who heard) knew of it with a chance that makes
`witnesses_per_incident` of them in all, the subject first. A witness whose contact is open is ready to tell with chance
`p_tell_at_no_fear`, times what its kind counts for (`readiness`), at most 1; of that fear leaves its part, and ground,
kin abroad and border select; each of two lists has its share, times its effort of the week. An episode is told to a
list if any witness tells it; a list hears apart from the other, and relays are copies. News of a kind comes in waves:
by kind and month the number of witnesses who could tell is multiplied by a gamma of mean 1 (`telling_spread`).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from underwatch.channel.episodes import EpisodeRecords
from underwatch.channel.random_numbers import normals, uniforms, waves
from underwatch.channel.reporting_kernel import ReportingModel, loudness
from underwatch.errors import InputError, nearest
from underwatch.facts import places
from underwatch.world.layout import (
    FAMILY,
    GROUND_NAMES,
    GROUND_SHIFT,
    INCIDENT,
    INCIDENT_NAMES,
    MARK_GROUNDS,
    MARK_LISTED,
)

Response = Callable[[np.ndarray, "float | np.ndarray"], np.ndarray]
LISTS = ("A", "B")
NO_GROUND = "none"
# What an exaggerated report makes of each kind: the next graver one, an arrest being the gravest.
_NEXT_GRAVER = {
    "home_visit": "followed_outing",
    "followed_outing": "followed_visit",
    "followed_visit": "call_given_up",
    "call_given_up": "listing",
    "listing": "accusation",
    "accusation": "arrest",
    "arrest": "arrest",
}
GRAVER = tuple(INCIDENT_NAMES.index(_NEXT_GRAVER[name]) for name in INCIDENT_NAMES)
PLAIN = "followed_outing"  # the kind against which the others are told
_FAMILY = FAMILY >> GROUND_SHIFT  # of the grounds of a record
_THRESHOLD_AT = 1.0  # the threshold response function is all or nothing at fear 1 / k
_FEAR_STEPS = 255.0
_LEAST_SQUARE = 1e-12  # of a spread: what is less is none


def exponential(fear: np.ndarray, k: float | np.ndarray) -> np.ndarray:
    """Return what fear leaves of telling: exp(-k fear)."""
    return np.exp(-k * fear)


def threshold(fear: np.ndarray, k: float | np.ndarray) -> np.ndarray:
    """Return all below fear 1 / k and nothing from there on."""
    return (fear * k < _THRESHOLD_AT).astype(float)


def saturating(fear: np.ndarray, k: float | np.ndarray) -> np.ndarray:
    """Return 1 / (1 + k fear): the first fear weighs most, and some always tell."""
    return 1.0 / (1.0 + k * fear)


FEAR_RESPONSES: Mapping[str, Response] = MappingProxyType(
    {"exponential": exponential, "threshold": threshold, "saturating": saturating}
)


# Strengths of silence at which a tally keeps products of chances; between them one interpolates in log k.
STRENGTHS_OF_SILENCE = (0.5, 0.93, 1.73, 3.22, 6.0)


def response_table() -> np.ndarray:
    """Return float[responses, strengths, 256]: what each leaves of telling at each step of fear in a record."""
    fear = np.arange(_FEAR_STEPS + 1) / _FEAR_STEPS
    return np.array([[response(fear, k) for k in STRENGTHS_OF_SILENCE] for response in FEAR_RESPONSES.values()])


def fear_response(name: str) -> Response:
    """Return a response function by its name; an unknown one is refused with the nearest."""
    if name not in FEAR_RESPONSES:
        raise InputError(
            f'fear law "{name}" is not known{nearest(name, FEAR_RESPONSES)}; known: {", ".join(FEAR_RESPONSES)}'
        )
    return FEAR_RESPONSES[name]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The classes of witness of each record, as float[n]: how many persons, their fear, chance of open contact."""

    persons: np.ndarray  # float[4, n]: subject, kin, neighbours, hearsay
    fear: np.ndarray  # float[4, n], 0 to 1
    contact: np.ndarray  # float[4, n], share of households with open contact
    knows: np.ndarray  # float[4, n], chance that a person of the class is a witness


def witnesses(records: np.ndarray, values: Mapping[str, float]) -> Witnesses:
    """Return the classes of witness of records INCIDENT[n].

    The record counts households with open contact; how many households the persons fill follows from the parameters.
    Those who heard live in the unit: their fear and contact are the neighbours'.
    """
    n = len(records)
    persons = np.stack([np.ones(n), *(records[name].astype(float) for name in ("kin", "neighbours", "hearsay"))])
    own_fear, kin_fear, unit_fear = (records[f"{who}_fear"] / _FEAR_STEPS for who in ("subject", "kin", "neighbours"))
    fear = np.stack([own_fear, kin_fear, unit_fear, unit_fear])
    size = values["persons_per_household"]
    kin_houses = np.maximum(1.0, (persons[1] + 1.0) / size)
    unit_houses = np.maximum(1.0, persons[2] / size + 1.0)
    kin_share = np.minimum(1.0, records["kin_contact"] / kin_houses)
    unit_share = np.minimum(1.0, records["neighbours_contact"] / unit_houses)
    contact = np.stack([records["subject_contact"] > 0, kin_share, unit_share, unit_share])
    wanted = values["witnesses_per_incident"]
    others = persons[1:].sum(axis=0)
    rest = np.clip((wanted - 1.0) / np.maximum(others, 1.0), 0.0, 1.0)
    knows = np.stack([np.full(n, min(1.0, wanted)), rest, rest, rest])
    return Witnesses(persons, fear, contact, knows)


def readiness(values: Mapping[str, Any]) -> np.ndarray:
    """Return float[kinds, ...]: how ready a witness without fear is to tell of each kind, at most 1.

    `values` may hold arrays of one shape, one number for each draw.
    """
    plain = np.asarray(values["p_tell_at_no_fear"], float)
    return np.stack(
        [np.minimum(1.0, plain * (1.0 if name == PLAIN else values[f"telling_{name}"])) for name in INCIDENT_NAMES]
    )


def told(loud: np.ndarray, spread: float | np.ndarray, wave: np.ndarray | None = None) -> np.ndarray:
    """Return the chance to be told, float like `loud`, -log of the chance that no witness tells in a mean month.

    In a month with `wave` times as many who could tell, 1 - exp(-wave loud); without one, the mean over waves, a gamma
    of mean 1 and standard deviation `spread`: 1 - (1 + spread**2 loud) ** (-1 / spread**2).
    """
    if wave is not None:
        return np.asarray(-np.expm1(-wave * loud))
    square = np.maximum(np.asarray(spread, float) ** 2, _LEAST_SQUARE)
    return np.asarray(-np.expm1(-np.log1p(square * loud) / square))


def p_reported(
    records: np.ndarray,
    values: Mapping[str, float],
    response: str = "exponential",
    reach: np.ndarray | float = 1.0,
    wave: np.ndarray | None = None,
) -> np.ndarray:
    """Return float[n]: the chance that each episode is told, of its first incidents INCIDENT[n]: in a mean month
    1 - prod over classes of (1 - p) ** n, and so on as in `told`.

    `reach` multiplies the chance that a witness tells: a list's share, selection and effort. This is the plain form;
    what is used on millions of incidents is `reporting_kernel.loudness`, held to it by a test.
    """
    seen = witnesses(records, values)
    left = readiness(values)[records["kind"]] * fear_response(response)(seen.fear, values["fear_silence"])
    p = np.clip(reach * left * seen.contact * seen.knows, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # p = 1: log 0, and 0 persons times it
        logs = np.where(seen.persons > 0, seen.persons * np.log1p(-p), 0.0)
    return told(-logs.sum(axis=0), values["telling_spread"], wave)


def selection(records: np.ndarray, values: Mapping[str, float], border: bool = True) -> np.ndarray:
    """Return float[n]: how readily an incident is told for what is known of its subject and place, 1 for the plain."""
    grounds = records["marks"] & MARK_GROUNDS
    pull = np.where(grounds > 0, values["selection_by_ground"], 1.0)
    pull = np.where(grounds & _FAMILY > 0, pull * values["selection_kin_abroad"], pull)
    return pull if border else pull * values["selection_inland"]


def shares_of_lists(values: Mapping[str, float]) -> tuple[float, float]:
    """Return how what is told is shared out between the two lists."""
    return values["share_of_first_list"], 1.0 - values["share_of_first_list"]


def _model(
    values: Mapping[str, float], response: str, border: bool = True, effort: np.ndarray | None = None
) -> ReportingModel:
    """Return the channel as the compiled pass reads it."""
    fear = np.arange(_FEAR_STEPS + 1) / _FEAR_STEPS
    left = readiness(values)[:, None] * fear_response(response)(fear, values["fear_silence"])
    grounds = np.zeros(MARK_GROUNDS + 1, INCIDENT)
    grounds["marks"] = np.arange(MARK_GROUNDS + 1)
    shares = np.array(shares_of_lists(values))
    heard = np.ones((len(shares), 1)) if effort is None else np.asarray(effort, float)
    pull = selection(grounds, values, border)
    return ReportingModel(left, pull, shares, heard, values["persons_per_household"], values["witnesses_per_incident"])


def _loudness(records: np.ndarray, model: ReportingModel) -> np.ndarray:
    """Return float[lists, n]: -log of the chance that no witness tells each list."""
    result = np.empty((len(model.share), len(records)))
    loudness(records, model, result)
    return result


def expected_by_episode(
    about: EpisodeRecords,
    values: Mapping[str, float],
    response: str = "exponential",
    *,
    border: bool = True,
    effort: np.ndarray | None = None,
) -> np.ndarray:
    """Return float[n]: the expected number of first-hand reports of each episode, of both lists together, relays not
    counted; `effort` as in `observe`, full without it.
    """
    loud = _loudness(about.records, _model(values, response, border, effort))
    result: np.ndarray = told(loud, values["telling_spread"]).sum(axis=0)
    return result


def expected_published(about: EpisodeRecords, values: Mapping[str, float], response: str = "exponential") -> float:
    """Return the expected number of first-hand reports of a place at the border in full effort, relays not counted."""
    return float(expected_by_episode(about, values, response).sum())


def expected_told(
    about: EpisodeRecords,
    values: Mapping[str, float],
    response: str = "exponential",
    *,
    border: bool = True,
    effort: np.ndarray | None = None,
) -> float:
    """Return how many of the episodes are expected to be told to one list or to both; `effort` as in `observe`, full
    without it.
    """
    loud = _loudness(about.records, _model(values, response, border, effort)).sum(axis=0)
    return float(told(loud, values["telling_spread"]).sum())


class Observation(NamedTuple):
    """Reports in the order of the incidents, first-hand ones before relays; each array has n."""

    incident: np.ndarray  # int64, row of the first incident of the episode, among all incidents
    first_hand: np.ndarray  # bool, false for a copy of the other list's report
    list_number: np.ndarray  # int64, as in `LISTS`
    kind: np.ndarray  # int64, as coded
    ground: np.ndarray  # int64, as coded; after the last: none
    listed: np.ndarray  # bool, as coded
    delay_days: np.ndarray  # int32, from the incident to the report


def observe(
    about: EpisodeRecords,
    values: Mapping[str, float],
    seed: int,
    response: str = "exponential",
    *,
    border: bool = True,
    effort: np.ndarray | None = None,
) -> Observation:
    """Draw which of the episodes are told, to which list, how late and how falsely.

    The delay is log-normal on 1 + days. Each list is told apart from the other, so that an episode may stand in both;
    a report is copied into the other list with `list_relay_share`, later by a delay of its own. With 1 -
    `report_reliability` it codes kind, ground or listing falsely, and with `exaggeration` the next graver kind.
    `effort` float[lists, weeks of the run] multiplies what a list hears.
    """
    loud = _loudness(about.records, _model(values, response, border, effort))
    wave = waves(seed, values["telling_spread"], about)
    parts = []
    for which, name in enumerate(LISTS):
        heard = np.flatnonzero(uniforms(seed, f"told {name}", about) < told(loud[which], 0.0, wave))
        parts.append(_as_published(EpisodeRecords(*(part[heard] for part in about)), which, values, seed))
    return _in_order(parts)


def _as_published(told_of: EpisodeRecords, which: int, values: Mapping[str, float], seed: int) -> Observation:
    """Return what a list has of the episodes that it is told of, and the copies that the other list takes."""
    name, n = LISTS[which], len(told_of.who)
    delay = _delays(told_of, values, seed, name)
    later = delay + _delays(told_of, values, seed, f"{name} copied")
    copied = uniforms(seed, f"copied {name}", told_of) < values["list_relay_share"]
    kind, ground, listed = _coded(told_of, values, seed, name)
    pick = np.concatenate([np.arange(n), np.flatnonzero(copied)])
    first_hand = np.arange(len(pick)) < n
    days = np.where(first_hand, delay[pick], later[pick]).astype(np.int32)
    by = np.where(first_hand, which, 1 - which)
    return Observation(told_of.row[pick], first_hand, by, kind[pick], ground[pick], listed[pick], days)


def _in_order(parts: Sequence[Observation]) -> Observation:
    """Return reports in the order of the incidents, first-hand ones before relays."""
    whole = Observation(*map(np.concatenate, zip(*parts, strict=True)))
    order = np.lexsort((whole.list_number, whole.incident, ~whole.first_hand))
    return Observation(*(column[order] for column in whole))


def publish(
    about: EpisodeRecords,
    start: datetime.date,
    place: str,
    values: Mapping[str, float],
    seed: int,
    response: str = "exponential",
    world: str = "baseline",
    *,
    effort: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Return what the lists publish (`observe`), as columns for `record.incidents.published_table`."""
    border = place not in places() or places()[place].border
    seen = observe(about, values, seed, response, border=border, effort=effort)
    n = len(seen.incident)
    day = about.records["day"][np.searchsorted(about.row, seen.incident)].astype(np.int64)
    return {
        "date": np.datetime64(start, "D") + day + seen.delay_days,
        "place": np.full(n, place, object),
        "world": np.full(n, world, object),
        "kind": np.array(INCIDENT_NAMES, object)[seen.kind],
        "ground": np.array([*GROUND_NAMES, NO_GROUND], object)[seen.ground],
        "listed": seen.listed,
        "delay_days": seen.delay_days,
        "list": np.array(LISTS, object)[seen.list_number],
        "relay": ~seen.first_hand,
    }


def _delays(about: EpisodeRecords, values: Mapping[str, float], seed: int, what: str) -> np.ndarray:
    """Draw whole days from an incident to its publication: log-normal on 1 + days."""
    drawn = np.exp(values["delay_log_mean"] + values["delay_log_sd"] * normals(seed, f"delay {what}", about))
    days: np.ndarray = np.maximum(0, np.rint(drawn - 1.0)).astype(np.int64)
    return days


def _coded(
    about: EpisodeRecords, values: Mapping[str, float], seed: int, what: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return kind, ground and listing as published; a false report is wrong in one of the three."""

    def drawn(purpose: str) -> np.ndarray:
        return uniforms(seed, f"{purpose} {what}", about)

    def other(true: np.ndarray, n: int, purpose: str) -> np.ndarray:
        shifted: np.ndarray = (true + 1 + (drawn(purpose) * (n - 1)).astype(np.int64)) % n
        return shifted

    marks, kind = about.records["marks"], about.records["kind"].astype(np.int64)
    listed = marks & MARK_LISTED != 0
    held = np.stack([marks >> bit & 1 for bit in range(len(GROUND_NAMES))]) > 0
    ground = np.where(held.any(axis=0), held.argmax(axis=0), len(GROUND_NAMES))
    false = drawn("false") >= values["report_reliability"]
    wrong = (3.0 * drawn("wrong")).astype(np.int64)
    kind = np.where(false & (wrong == 0), other(kind, len(INCIDENT_NAMES), "kind"), kind)
    kind = np.where(drawn("exaggerated") < values["exaggeration"], np.array(GRAVER)[kind], kind)
    ground = np.where(false & (wrong == 1), other(ground, len(GROUND_NAMES) + 1, "ground"), ground)
    return kind, ground, np.where(false & (wrong == 2), ~listed, listed)
