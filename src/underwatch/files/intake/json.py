"""JSON: counted before it is parsed, and without what JSON does not know (NaN) or no text can hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from underwatch.errors import InputError
from underwatch.files.intake.plain import check_plain
from underwatch.files.intake.regular import read_bytes, text_of

MOST_BYTES = 4_000_000  # the manifest of a country with replicates
MOST_SIGNS = 400_000  # each begins a value or a list


class NoJson(InputError):  # noqa: N818 - it says what the bytes are
    """Bytes that are no JSON at all."""


def read_json(path: str | Path, what: str, most: int = MOST_BYTES) -> Any:
    """Return what a JSON file holds; InputError as in `read_bytes` and `parse_json`, OSError where there is none."""
    return parse_json(read_bytes(path, most, what), f"{path}: ")


def parse_json(data: bytes | str, where: str, finite: bool = True) -> Any:
    """Return what JSON bytes hold; InputError, begun with `where`, when they are none or beyond what files hold.

    `finite=False` takes NaN and the infinities that Python writes.
    """
    try:
        text = text_of(data, where) if isinstance(data, bytes) else data
    except InputError as error:
        raise NoJson(str(error)) from None
    if len(text) > MOST_BYTES or sum(map(text.count, ",:[{")) > MOST_SIGNS:
        raise InputError(f"{where}holds more than {MOST_BYTES:,} letters or {MOST_SIGNS:,} values")
    try:
        found = json.loads(text, parse_constant=_refused if finite else None)
    except RecursionError:
        raise NoJson(f"{where}is nested too deep") from None
    except ValueError as error:
        raise NoJson(f"{where}is no JSON: {str(error)[:200]}") from None
    check_plain(found, where, finite)
    return found


def _refused(name: str) -> float:
    raise ValueError(f"{name} is no number in it")
