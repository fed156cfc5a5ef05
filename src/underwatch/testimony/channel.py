"""S13: word gets out. Which incidents a synthetic witness tells, and what two synthetic lists publish of them.

It reads incident records and parameters, and nothing else of the world. Each person of an incident's classes of
witness (the subject; kin; neighbours; those who heard) knew of it with a chance that makes `witnesses_per_incident`
of them in all, the subject first. A witness whose contact is open tells with chance `p_tell_at_no_fear` times what
fear leaves of it; an incident is told if any witness tells.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from underwatch.errors import InputError, nearest
from underwatch.world.draws import stream
from underwatch.world.layout import GROUND_NAMES, INCIDENT_NAMES

Law = Callable[[np.ndarray, float], np.ndarray]
LISTS = ("A", "B")
NO_GROUND = "none"
_THRESHOLD_AT = 1.0  # the threshold law is all or nothing at fear 1 / k
_LISTED, _FEAR_STEPS, _LOW_BYTE = 5, 255.0, 0xFF
_BLOCK = 1 << 17  # records looked at at once, so that memory stays flat


def exponential(fear: np.ndarray, k: float) -> np.ndarray:
    """Return what fear leaves of telling: exp(-k fear)."""
    return np.exp(-k * fear)


def threshold(fear: np.ndarray, k: float) -> np.ndarray:
    """Return all below fear 1 / k and nothing from there on."""
    return (fear * k < _THRESHOLD_AT).astype(float)


def saturating(fear: np.ndarray, k: float) -> np.ndarray:
    """Return 1 / (1 + k fear): the first fear weighs most, and some always tell."""
    return 1.0 / (1.0 + k * fear)


FEAR_LAWS: Mapping[str, Law] = MappingProxyType(
    {"exponential": exponential, "threshold": threshold, "saturating": saturating}
)


def fear_law(name: str) -> Law:
    """Return a law of fear by its name; an unknown one is refused with the nearest."""
    if name not in FEAR_LAWS:
        raise InputError(f'fear law "{name}" is not known{nearest(name, FEAR_LAWS)}; known: {", ".join(FEAR_LAWS)}')
    return FEAR_LAWS[name]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The classes of witness of each record, as float[n]: how many persons, their fear, chance of open contact."""

    persons: np.ndarray  # float[4, n]: subject, kin, neighbours, hearsay
    fear: np.ndarray  # float[4, n], 0 to 1
    contact: np.ndarray  # float[4, n], share of households with open contact
    knows: np.ndarray  # float[4, n], chance that a person of the class is a witness


def witnesses(records: np.ndarray, values: Mapping[str, float]) -> Witnesses:
    """Return the classes of witness of records uint16[n, 8].

    The record counts households with open contact; how many households the persons fill follows from the parameters.
    Those who heard live in the unit: their fear and contact are the neighbours'.
    """
    r = records.astype(np.int64)
    subject_contact = (r[:, 2] & _LOW_BYTE > 0).astype(float)
    persons = np.stack([np.ones(len(r)), r[:, 3], r[:, 5], r[:, 7]]).astype(float)
    unit_fear = (r[:, 6] & _LOW_BYTE) / _FEAR_STEPS
    fear = np.stack([(r[:, 2] >> 8) / _FEAR_STEPS, (r[:, 4] & _LOW_BYTE) / _FEAR_STEPS, unit_fear, unit_fear])
    size = values["persons_per_household"]
    kin_houses = np.maximum(1.0, (persons[1] + 1.0) / size)
    unit_houses = np.maximum(1.0, persons[2] / size + 1.0)
    kin_share = np.minimum(1.0, (r[:, 4] >> 8) / kin_houses)
    unit_share = np.minimum(1.0, (r[:, 6] >> 8) / unit_houses)
    contact = np.stack([subject_contact, kin_share, unit_share, unit_share])
    wanted = values["witnesses_per_incident"]
    others = persons[1:].sum(axis=0)
    rest = np.clip((wanted - 1.0) / np.maximum(others, 1.0), 0.0, 1.0)
    knows = np.stack([np.full(len(r), min(1.0, wanted)), rest, rest, rest])
    return Witnesses(persons, fear, contact, knows)


def p_told(records: np.ndarray, values: Mapping[str, float], law: str = "exponential") -> np.ndarray:
    """Return float[n]: the chance that each incident is told, 1 - prod over classes of (1 - p) ** n."""
    seen = witnesses(records, values)
    left = fear_law(law)(seen.fear, values["fear_silence"])
    p = np.clip(values["p_tell_at_no_fear"] * left * seen.contact * seen.knows, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # p = 1: log 0, and 0 persons times it
        logs = np.where(seen.persons > 0, seen.persons * np.log1p(-p), 0.0)
    told: np.ndarray = -np.expm1(logs.sum(axis=0))
    return told


def expected_published(records: np.ndarray, values: Mapping[str, float], law: str = "exponential") -> float:
    """Return the expected number of incidents told and published, relays not counted."""
    blocks = range(0, len(records), _BLOCK)
    return float(sum(p_told(records[at : at + _BLOCK], values, law).sum() for at in blocks))


def publish(
    records: np.ndarray,
    start: datetime.date,
    place: str,
    values: Mapping[str, float],
    seed: int,
    law: str = "exponential",
    world: str = "baseline",
) -> dict[str, np.ndarray]:
    """Return what the lists publish, as columns for `record.incidents.published_table`, in the order of the incidents.

    The delay is log-normal on 1 + days. A report stands in one of two lists, and with `list_relay_share` is copied into
    the other, later by a delay of its own. With 1 - `report_reliability` it codes kind, ground or listing falsely.
    """
    luck = stream(seed, "channel")
    told = _told(records, values, law, luck)
    n = len(told)
    first = luck.integers(0, 2, n)
    delay = _delays(luck, n, values)
    relayed = luck.random(n) < values["list_relay_share"]
    later = delay + _delays(luck, n, values)
    kind, ground, listed = _coded(told, values, luck)
    pick = np.concatenate([np.arange(n), np.flatnonzero(relayed)])
    relay = np.concatenate([np.zeros(n, bool), np.ones(int(relayed.sum()), bool)])
    days = np.concatenate([delay, later[relayed]]).astype(np.int32)
    dates = np.datetime64(start, "D") + told[pick, 0].astype(np.int64) + days
    return {
        "date": dates,
        "place": np.full(len(pick), place, object),
        "world": np.full(len(pick), world, object),
        "kind": np.array(INCIDENT_NAMES, object)[kind[pick]],
        "ground": np.array([*GROUND_NAMES, NO_GROUND], object)[ground[pick]],
        "listed": listed[pick],
        "delay_days": days,
        "list": np.array(LISTS, object)[np.where(relay, 1 - first[pick], first[pick])],
        "relay": relay,
    }


def _told(records: np.ndarray, values: Mapping[str, float], law: str, luck: np.random.Generator) -> np.ndarray:
    """Draw which incidents are told; return their records."""
    kept = []
    for at in range(0, len(records), _BLOCK):
        block = records[at : at + _BLOCK]
        kept.append(block[luck.random(len(block)) < p_told(block, values, law)])
    return np.concatenate(kept) if kept else records[:0]


def _delays(luck: np.random.Generator, n: int, values: Mapping[str, float]) -> np.ndarray:
    """Draw whole days from an incident to its publication: log-normal on 1 + days."""
    drawn = np.exp(luck.normal(values["delay_log_mean"], values["delay_log_sd"], n))
    days: np.ndarray = np.maximum(0, np.rint(drawn - 1.0)).astype(np.int64)
    return days


def _coded(
    told: np.ndarray, values: Mapping[str, float], luck: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return kind, ground and listing as published; a false report is wrong in one of the three."""
    what = told[:, 1].astype(np.int64)
    n = len(what)
    kind, listed = what >> 8, (what >> _LISTED & 1).astype(bool)
    held = np.stack([what >> bit & 1 for bit in range(len(GROUND_NAMES))]) > 0
    ground = np.where(held.any(axis=0), held.argmax(axis=0), len(GROUND_NAMES))
    false = luck.random(n) >= values["report_reliability"]
    wrong = luck.integers(0, 3, n)
    shift = luck.integers(1, len(INCIDENT_NAMES), n)
    kind = np.where(false & (wrong == 0), (kind + shift) % len(INCIDENT_NAMES), kind)
    shift = luck.integers(1, len(GROUND_NAMES) + 1, n)
    ground = np.where(false & (wrong == 1), (ground + shift) % (len(GROUND_NAMES) + 1), ground)
    return kind, ground, np.where(false & (wrong == 2), ~listed, listed)
