"""TOML: counted before it is parsed, because a few bytes of dotted keys cost the parser their square in memory."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from underwatch.errors import InputError
from underwatch.files.intake.plain import DEEPEST, check_plain
from underwatch.files.intake.regular import read_text

# A scenario that sets every parameter anew in each week of two years has 12,000 signs in 400,000 bytes.
MOST_BYTES = 1_000_000
MOST_SIGNS = 100_000  # each begins a value or a table: = , [ {
MOST_DOTS = 8  # in a key; ours have one
MOST_DOTTED = 20_000  # keys with a dot, and numbers with one

# Strings and comments, in which signs do not count. An open one ends with its line or the text: so no part of the text
# is looked at twice. Possessive, so that a long one takes no memory.
_QUOTED = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?+'
    r"|'''(?:[^']++|'(?!''))*+(?:''')?+"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"?+'
    r"|'[^'\n]*+'?+"
    r"|\#[^\n]*+",
    re.DOTALL,
)
_DOTTED = re.compile(r"(?<![\w-])[\w-]++(?:[ \t]*+\.[ \t]*+[\w-]++)++")
_BRACKET = re.compile(r"[\[\]{}]")


def read_toml(path: str | Path, what: str, most: int = MOST_BYTES) -> dict[str, Any]:
    """Return the tables of a TOML file; InputError as in `read_text` and `parse_toml`, OSError where there is none."""
    return parse_toml(read_text(path, most, what), f"{path}: ")


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Return the tables of TOML text; InputError, begun with `where`, when it is none or beyond what files hold."""
    if len(text) > MOST_BYTES:
        raise InputError(f"{where}is longer than {MOST_BYTES:,} letters; write a shorter file")
    _check_counts(text, where)
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{where}is nested too deep") from None
    except (ValueError, OverflowError) as error:  # TOMLDecodeError is a ValueError
        raise InputError(f"{where}is no TOML: {str(error)[:200]}") from None
    check_plain(tables, where, finite=False)
    return tables


def _check_counts(text: str, where: str) -> None:
    """Raise InputError for more signs, dots or depth than a file of ours can have, before the parser sees them."""
    bare = _QUOTED.sub("_", text)
    if sum(map(bare.count, "=,[{")) > MOST_SIGNS:
        raise InputError(f"{where}holds more than {MOST_SIGNS:,} values; write a shorter file")
    for dotted, key in enumerate(_DOTTED.finditer(bare), 1):
        if key[0].count(".") > MOST_DOTS or dotted > MOST_DOTTED:
            raise InputError(
                f"{where}has a key of more than {MOST_DOTS} dots, or more than {MOST_DOTTED:,} with one; write tables"
            )
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEEPEST:
            raise InputError(f"{where}is nested too deep: more than {DEEPEST} brackets within each other")
