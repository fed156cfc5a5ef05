"""JSON that comes in and goes out: what is read is bounded and plain text, what is written can always be written."""

from __future__ import annotations

import json
import math
from typing import Any

from underwatch.errors import InputError
from underwatch.files.intake.json import parse_json

MOST_DEPTH = 8  # a question has three
_MOST_WHOLE = 10**38  # no whole number of a question is near it; the bounds of each are checked by name


def written(content: Any) -> bytes:
    """Return the bytes of an answer. Half a character, which no encoding has, becomes a question mark."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def read(body: bytes) -> object:
    """Return what a body says; NoJson when it is none, InputError when it holds what no question can."""
    found: object = parse_json(body, "the question ")
    level = [found]
    for _ in range(MOST_DEPTH):
        inside: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inside += [*one.keys(), *one.values()]
            elif isinstance(one, list):
                inside += one
            else:
                _check(one)
        level = inside
    if level:
        raise InputError(f"the question is nested more than {MOST_DEPTH} deep; it is one table of names and values")
    return found


def _check(one: object) -> None:
    if isinstance(one, str) and any(map(_is_no_letter, one)):
        raise InputError(
            "a text of the question holds half a character or a control character; write letters, digits and signs"
        )
    if isinstance(one, float) and not math.isfinite(one):
        raise InputError("a number of the question is beyond all bounds; write a smaller one")
    if isinstance(one, int) and abs(one) >= _MOST_WHOLE:
        raise InputError("a number of the question has more than 38 digits; write a smaller one")


def _is_no_letter(one: str) -> bool:
    return one < " " or one == "\x7f" or "\ud800" <= one <= "\udfff"
