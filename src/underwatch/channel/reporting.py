"""S13: word gets out. Which incidents a synthetic witness tells, and what two synthetic lists publish of them.

It reads incident records and parameters, and nothing else of the world. Each person of an incident's classes of
witness (the subject; kin; neighbours; those who heard) knew of it with a chance that makes `witnesses_per_incident`
of them in all, the subject first. A witness whose contact is open tells with chance `p_tell_at_no_fear` times what
fear leaves of it, times the selection by ground, kin abroad and border; each of two lists has its share of that chance,
times its effort of the week. An incident is told to a list if any witness tells it; a list hears apart from the other,
and relays are copies.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from underwatch.channel.reporting_kernel import ReportingModel, chances
from underwatch.errors import InputError, nearest
from underwatch.facts import places
from underwatch.world.draws import rng
from underwatch.world.layout import (
    FAMILY,
    GROUND_NAMES,
    GROUND_SHIFT,
    INCIDENT,
    INCIDENT_NAMES,
    KIND,
    MARK_GROUNDS,
    MARK_LISTED,
)

Response = Callable[[np.ndarray, "float | np.ndarray"], np.ndarray]
LISTS = ("A", "B")
NO_GROUND = "none"
# What an exaggerated report makes of each kind: the next graver one, an arrest being the gravest.
GRAVER = (
    KIND.followed_visit,
    KIND.call_given_up,
    KIND.listing,
    KIND.arrest,
    KIND.arrest,
    KIND.accusation,
    KIND.listing,
)
_FAMILY = FAMILY >> GROUND_SHIFT  # of the grounds of a record
_THRESHOLD_AT = 1.0  # the threshold response function is all or nothing at fear 1 / k
_FEAR_STEPS = 255.0
_BLOCK = 1 << 17  # records looked at at once, so that memory stays flat


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


def p_reported(
    records: np.ndarray,
    values: Mapping[str, float],
    response: str = "exponential",
    reach: np.ndarray | float = 1.0,
) -> np.ndarray:
    """Return float[n]: the chance that each incident is told, 1 - prod over classes of (1 - p) ** n.

    `reach` multiplies the chance that a witness tells: a list's share, selection and effort. This is the plain form;
    what is used on millions of incidents is `reporting_kernel.chances`, held to it by a test.
    """
    seen = witnesses(records, values)
    left = fear_response(response)(seen.fear, values["fear_silence"])
    p = np.clip(values["p_tell_at_no_fear"] * reach * left * seen.contact * seen.knows, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # p = 1: log 0, and 0 persons times it
        logs = np.where(seen.persons > 0, seen.persons * np.log1p(-p), 0.0)
    told: np.ndarray = -np.expm1(logs.sum(axis=0))
    return told


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
    left = values["p_tell_at_no_fear"] * fear_response(response)(fear, values["fear_silence"])
    grounds = np.zeros(MARK_GROUNDS + 1, INCIDENT)
    grounds["marks"] = np.arange(MARK_GROUNDS + 1)
    shares = np.array(shares_of_lists(values))
    heard = np.ones((len(shares), 1)) if effort is None else np.asarray(effort, float)
    pull = selection(grounds, values, border)
    return ReportingModel(left, pull, shares, heard, values["persons_per_household"], values["witnesses_per_incident"])


def _chances(block: np.ndarray, model: ReportingModel) -> np.ndarray:
    """Return float[lists, n]: the chance that each list is told of each incident."""
    result = np.empty((len(model.share), len(block)))
    chances(block, model, result)
    return result


def expected_published(
    records: np.ndarray | Iterable[np.ndarray], values: Mapping[str, float], response: str = "exponential"
) -> float:
    """Return the expected number of first-hand reports of a place at the border in full effort, relays not counted.

    `records` is INCIDENT[n], or blocks of such.
    """
    model = _model(values, response)
    parts = [records] if isinstance(records, np.ndarray) else records
    blocks = (part[begin : begin + _BLOCK] for part in parts for begin in range(0, len(part), _BLOCK))
    return sum(float(_chances(block, model).sum()) for block in blocks)


def expected_incidents_reported(
    records: np.ndarray,
    values: Mapping[str, float],
    response: str = "exponential",
    *,
    border: bool = True,
    effort: np.ndarray | None = None,
) -> float:
    """Return how many of the records INCIDENT[n] are expected to be told to one list or to both; `effort` as in
    `observe`, full without it.
    """
    model = _model(values, response, border, effort)
    blocks = (records[begin : begin + _BLOCK] for begin in range(0, len(records), _BLOCK))
    return sum(float((1.0 - np.prod(1.0 - _chances(block, model), axis=0)).sum()) for block in blocks)


class Observation(NamedTuple):
    """Reports in the order of the incidents, first-hand ones before relays; each array has n."""

    incident: np.ndarray  # int64, row of the records
    first_hand: np.ndarray  # bool, false for a copy of the other list's report
    list_number: np.ndarray  # int64, as in `LISTS`
    kind: np.ndarray  # int64, as coded
    ground: np.ndarray  # int64, as coded; after the last: none
    listed: np.ndarray  # bool, as coded
    delay_days: np.ndarray  # int32, from the incident to the report


def observe(
    records: np.ndarray,
    values: Mapping[str, float],
    seed: int,
    response: str = "exponential",
    *,
    border: bool = True,
    effort: np.ndarray | None = None,
) -> Observation:
    """Draw which of the records INCIDENT[n] are told, to which list, how late and how falsely.

    The delay is log-normal on 1 + days. Each list is told apart from the other, so that an incident may stand in both;
    a report is copied into the other list with `list_relay_share`, later by a delay of its own. With 1 -
    `report_reliability` it codes kind, ground or listing falsely, and with `exaggeration` the next graver kind.
    `effort` float[lists, weeks of the run] multiplies what a list hears.
    """
    generator = rng(seed, "channel")
    row, first = _reported(records, _model(values, response, border, effort), generator)
    n = len(row)
    delay = _delays(generator, n, values)
    relayed = generator.random(n) < values["list_relay_share"]
    later = delay + _delays(generator, n, values)
    kind, ground, listed = _coded(records[row], values, generator)
    pick = np.concatenate([np.arange(n), np.flatnonzero(relayed)])
    relay = np.concatenate([np.zeros(n, bool), np.ones(int(relayed.sum()), bool)])
    days = np.concatenate([delay, later[relayed]]).astype(np.int32)
    by = np.where(relay, 1 - first[pick], first[pick])
    return Observation(row[pick], ~relay, by, kind[pick], ground[pick], listed[pick], days)


def publish(
    records: np.ndarray,
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
    seen = observe(records, values, seed, response, border=border, effort=effort)
    n = len(seen.incident)
    return {
        "date": np.datetime64(start, "D") + records["day"][seen.incident].astype(np.int64) + seen.delay_days,
        "place": np.full(n, place, object),
        "world": np.full(n, world, object),
        "kind": np.array(INCIDENT_NAMES, object)[seen.kind],
        "ground": np.array([*GROUND_NAMES, NO_GROUND], object)[seen.ground],
        "listed": seen.listed,
        "delay_days": seen.delay_days,
        "list": np.array(LISTS, object)[seen.list_number],
        "relay": ~seen.first_hand,
    }


def _reported(
    records: np.ndarray, model: ReportingModel, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw which incidents are told to which list; return the rows of the records, and the number of each's list."""
    rows, lists = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin in range(0, len(records), _BLOCK):
        block = records[begin : begin + _BLOCK]
        row, which = np.nonzero(
            np.stack([generator.random(len(block)) < item for item in _chances(block, model)], axis=1)
        )
        rows.append(begin + row)
        lists.append(which)
    return np.concatenate(rows), np.concatenate(lists)


def _delays(generator: np.random.Generator, n: int, values: Mapping[str, float]) -> np.ndarray:
    """Draw whole days from an incident to its publication: log-normal on 1 + days."""
    drawn = np.exp(generator.normal(values["delay_log_mean"], values["delay_log_sd"], n))
    days: np.ndarray = np.maximum(0, np.rint(drawn - 1.0)).astype(np.int64)
    return days


def _coded(
    told: np.ndarray, values: Mapping[str, float], generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return kind, ground and listing as published; a false report is wrong in one of the three."""
    n = len(told)
    kind, listed = told["kind"].astype(np.int64), told["marks"] & MARK_LISTED != 0
    held = np.stack([told["marks"] >> bit & 1 for bit in range(len(GROUND_NAMES))]) > 0
    ground = np.where(held.any(axis=0), held.argmax(axis=0), len(GROUND_NAMES))
    false = generator.random(n) >= values["report_reliability"]
    wrong = generator.integers(0, 3, n)
    shift = generator.integers(1, len(INCIDENT_NAMES), n)
    kind = np.where(false & (wrong == 0), (kind + shift) % len(INCIDENT_NAMES), kind)
    kind = np.where(generator.random(n) < values["exaggeration"], np.array(GRAVER)[kind], kind)
    shift = generator.integers(1, len(GROUND_NAMES) + 1, n)
    ground = np.where(false & (wrong == 1), (ground + shift) % (len(GROUND_NAMES) + 1), ground)
    return kind, ground, np.where(false & (wrong == 2), ~listed, listed)
