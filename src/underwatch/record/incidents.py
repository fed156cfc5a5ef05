"""Incidents as a table: the kernel's packed records to Arrow and back, samples with known weights, publications."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from underwatch.errors import InputError
from underwatch.record.indicators import words
from underwatch.record.schema import GROUND_COLUMNS, INCIDENT_SCHEMA, PUBLISHED_SCHEMA
from underwatch.world.layout import INCIDENT_NAMES, N_GROUNDS, RECORD_FIELDS

_FEAR_STEPS = np.float32(255.0)
_LISTED_NOW = N_GROUNDS  # where the bits stand
_LISTED_AT_START = N_GROUNDS + 1
_LOW_BYTE = 0xFF
_HASH_STEP = np.uint64(0x9E3779B97F4A7C15)


def _high(column: np.ndarray) -> np.ndarray:
    return (column >> 8).astype(np.uint8)


def _low(column: np.ndarray) -> np.ndarray:
    return (column & _LOW_BYTE).astype(np.uint8)


def _fear(byte: np.ndarray) -> pa.Array:
    return pa.array(byte.astype(np.float32) / _FEAR_STEPS)


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
    """Return records uint16[n, 8] as a table (INCIDENT_SCHEMA), row by row in the same order. Weights default to 1."""
    n = len(records)
    what = records[:, 1]
    columns = {
        "date": pa.array(np.datetime64(start, "D") + records[:, 0].astype(np.int64), pa.date32()),
        "place": words(np.zeros(n, np.int32), [place]),
        "world": words(np.zeros(n, np.int32), [world]),
        "kind": words(what >> 8, INCIDENT_NAMES),
        **{name: pa.array((what >> bit & 1).astype(bool)) for bit, name in enumerate(GROUND_COLUMNS)},
        "listed_at_start": pa.array((what >> _LISTED_AT_START & 1).astype(bool)),
        "listed": pa.array((what >> _LISTED_NOW & 1).astype(bool)),
        "subject_fear": _fear(_high(records[:, 2])),
        "subject_contact": pa.array(_low(records[:, 2]) != 0),
        "kin": pa.array(records[:, 3]),
        "kin_contact": pa.array(_high(records[:, 4])),
        "kin_fear": _fear(_low(records[:, 4])),
        "neighbours": pa.array(records[:, 5]),
        "neighbours_contact": pa.array(_high(records[:, 6])),
        "neighbours_fear": _fear(_low(records[:, 6])),
        "hearsay": pa.array(records[:, 7]),
        "weight": pa.array(np.ones(n) if weights is None else np.asarray(weights, float)),
        "replicate": pa.array(np.full(n, replicate, np.int16)),
        "draw": pa.array(np.full(n, draw, np.int16)),
    }
    return pa.table(columns, schema=INCIDENT_SCHEMA)


def records_of(table: pa.Table, start: datetime.date) -> np.ndarray:
    """Return the packed records uint16[n, 8] of an incident table; the other way round of `incident_table`."""
    records = np.zeros((table.num_rows, RECORD_FIELDS), np.uint16)

    def column(name: str) -> np.ndarray:
        return np.asarray(table.column(name).combine_chunks())

    def fear(name: str) -> np.ndarray:
        return np.rint(column(name) * _FEAR_STEPS).astype(np.uint16)

    days = column("date").astype("datetime64[D]") - np.datetime64(start, "D")
    records[:, 0] = days.astype(np.int64)
    kinds = pc.index_in(table.column("kind").cast(pa.string()), pa.array(INCIDENT_NAMES)).combine_chunks()
    what = np.asarray(kinds).astype(np.uint16) << 8
    what |= column("listed_at_start").astype(np.uint16) << _LISTED_AT_START
    what |= column("listed").astype(np.uint16) << _LISTED_NOW
    for bit, name in enumerate(GROUND_COLUMNS):
        what |= column(name).astype(np.uint16) << bit
    records[:, 1] = what
    records[:, 2] = fear("subject_fear") << 8 | column("subject_contact").astype(np.uint16)
    records[:, 3], records[:, 5], records[:, 7] = column("kin"), column("neighbours"), column("hearsay")
    records[:, 4] = column("kin_contact").astype(np.uint16) << 8 | fear("kin_fear")
    records[:, 6] = column("neighbours_contact").astype(np.uint16) << 8 | fear("neighbours_fear")
    return records


def _mix(value: np.ndarray) -> np.ndarray:
    """Return well-mixed bits of uint64 values (the finaliser of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def row_luck(records: np.ndarray, key: int = 0) -> np.ndarray:
    """Return float[n] in [0, 1), a pure function of each row's content, its rank among equal rows, and `key`.

    The order of the rows does not matter, and a row that stands in both worlds of a twin has the same luck in both.
    """
    halves = np.ascontiguousarray(records, np.uint16).view(np.uint64)
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
    chance = np.asarray(shares, float)[records[:, 1] >> 8]
    kept = row_luck(records, key) < chance
    return records[kept], 1.0 / chance[kept]


def kind_counts(records: np.ndarray) -> np.ndarray:
    """Return int64[kinds], how many records of each kind there are."""
    return np.bincount(records[:, 1] >> 8, minlength=len(INCIDENT_NAMES)).astype(np.int64)


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
