"""JSON that comes in and goes out: what is read is bounded and plain text, what is written can always be written."""

from __future__ import annotations

import json
from typing import Any

from underwatch.errors import InputError
from underwatch.files.intake.json import parse_json

MOST_DEPTH = 8  # a question has three


def written(content: Any) -> bytes:
    """Return the bytes of an answer. Half a character, which no encoding has, becomes a question mark."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def read(body: bytes) -> object:
    """Return what a body says; NoJson when it is none, InputError when it holds what no question can."""
    result: object = parse_json(body, "the question ")
    level = [result]
    for _ in range(MOST_DEPTH):
        inside: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inside += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                inside += item
            else:
                _check(item)
        level = inside
    if level:
        raise InputError(f"the question is nested more than {MOST_DEPTH} deep; it is one table of names and values")
    return result


def _check(item: object) -> None:
    """Refuse control characters; halves of characters and numbers beyond all bounds `parse_json` refuses."""
    if isinstance(item, str) and any(letter < " " or letter == "\x7f" for letter in item):
        raise InputError(
            "a text of the question holds half a character or a control character; write letters, digits and signs"
        )
