"""Incidents as a table: the kernel's records to Arrow and back, samples with known weights, publications."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError
from underwatch.record.measures import words
from underwatch.record.schema import GROUND_COLUMNS, INCIDENT_SCHEMA, PUBLISHED_SCHEMA
from underwatch.world.layout import INCIDENT_NAMES, MARK_LISTED, MARK_LISTED_AT_START

_FEAR_STEPS = np.float32(255.0)
_FEARS = ("subject_fear", "kin_fear", "neighbours_fear")
_NUMBERS = ("kin", "kin_contact", "neighbours", "neighbours_contact", "hearsay")
_MARKS = {
    **{name: 1 << bit for bit, name in enumerate(GROUND_COLUMNS)},
    "listed_at_start": MARK_LISTED_AT_START,
    "listed": MARK_LISTED,
}
_HASH_STEP = np.uint64(0x9E3779B97F4A7C15)


def incident_table(
    records: np.ndarray,
    start: datetime.date,
    place: str,
    world: str,
    *,
    weights: np.ndarray | None = None,
    replicate: int = 0,
    draw: int = 0,
) -> pa.Table:
    """Return records INCIDENT[n] as a table (INCIDENT_SCHEMA), row by row in the same order. Weights default to 1."""
    n = len(records)
    columns = {
        "date": np.datetime64(start, "D") + records["day"].astype(np.int64),
        "place": words(np.zeros(n, np.int32), [place]),
        "world": words(np.zeros(n, np.int32), [world]),
        "kind": words(records["kind"], INCIDENT_NAMES),
        **{name: records["marks"] & bit != 0 for name, bit in _MARKS.items()},
        "subject_contact": records["subject_contact"] != 0,
        **{name: records[name].astype(np.float32) / _FEAR_STEPS for name in _FEARS},
        **{name: records[name] for name in _NUMBERS},
        "weight": np.ones(n) if weights is None else np.asarray(weights, float),
        "replicate": np.full(n, replicate, np.int16),
        "draw": np.full(n, draw, np.int16),
    }
    return pa.table(columns, schema=INCIDENT_SCHEMA)


def _mix(value: np.ndarray) -> np.ndarray:
    """Return well-mixed bits of uint64 values (the finaliser of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def row_luck(records: np.ndarray, key: int = 0) -> np.ndarray:
    """Return float[n] in [0, 1), a pure function of each row's content, its rank among equal rows, and `key`.

    The order of the rows does not matter, and a row that stands in both worlds of a twin has the same luck in both.
    """
    halves = np.ascontiguousarray(records).view(np.uint64).reshape(-1, 2)
    bits = _mix(_mix(halves[:, 0] + np.uint64(key) * _HASH_STEP) ^ (halves[:, 1] + _HASH_STEP))
    order = np.argsort(bits, kind="stable")
    ranked = bits[order]
    new = np.concatenate([[True], ranked[1:] != ranked[:-1]]) if len(bits) else np.zeros(0, bool)
    position = np.arange(len(bits))
    rank = np.empty(len(bits), np.uint64)
    rank[order] = position - np.maximum.accumulate(np.where(new, position, 0))
    return (_mix(bits + rank * _HASH_STEP) >> np.uint64(11)).astype(float) * 2.0**-53


def shares_for(counts: np.ndarray, limit: int) -> np.ndarray:
    """Return the share of each kind to keep, so that about `limit` rows stay; rare kinds are kept whole.

    The room is dealt out evenly over the kinds: a kind that needs less than its part is kept whole, and what it leaves
    goes to the others.
    """
    shares = np.ones(len(counts))
    room, kinds = float(limit), np.argsort(counts, kind="stable")
    for place, kind in enumerate(kinds):
        part = room / (len(kinds) - place)
        if counts[kind] > part:
            shares[kind] = part / counts[kind]
        room -= min(float(counts[kind]), part)
    return shares


def sample(records: np.ndarray, shares: np.ndarray, key: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a sample of the records and its weights: a row of kind k is kept with chance shares[k], weight 1/share.

    Sums of weights estimate the counts without bias. Shares of 1 keep everything, in order, with weight 1.
    """
    chance = np.asarray(shares, float)[records["kind"]]
    kept = row_luck(records, key) < chance
    return records[kept], 1.0 / chance[kept]


def kind_counts(records: np.ndarray) -> np.ndarray:
    """Return int64[kinds], how many records of each kind there are."""
    return np.bincount(records["kind"], minlength=len(INCIDENT_NAMES)).astype(np.int64)


def published_table(columns: Mapping[str, Sequence[object] | np.ndarray]) -> pa.Table:
    """Return published reports as a table (PUBLISHED_SCHEMA) from its columns by name; a missing column is refused.

    `replicate` and `draw` may be left out and are then 0.
    """
    n = len(columns["date"]) if "date" in columns else 0
    filled: dict[str, object] = {"replicate": np.zeros(n, np.int16), "draw": np.zeros(n, np.int16), **columns}
    expected = set(PUBLISHED_SCHEMA.names)
    if set(filled) != expected:
        wrong = ", ".join(sorted(set(filled) ^ expected))
        raise InputError(f"published reports have the columns {', '.join(PUBLISHED_SCHEMA.names)}; wrong: {wrong}")
    arrays = {}
    for field in PUBLISHED_SCHEMA:
        values = filled[field.name]
        if pa.types.is_dictionary(field.type):
            arrays[field.name] = pa.array(values, pa.string()).dictionary_encode()
        else:
            arrays[field.name] = pa.array(values, field.type)
    return pa.table(arrays, schema=PUBLISHED_SCHEMA)
