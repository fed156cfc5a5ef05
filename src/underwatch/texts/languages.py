"""The languages, all texts of one by their keys, and which one is asked for.

A part of the texts is a file in `en/` and one in `ko/`, each text a whole sentence with named gaps in braces.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from underwatch.errors import InputError, nearest

ENGLISH, KOREAN = "en", "ko"
LANGUAGES = {ENGLISH: "English", KOREAN: "한국어"}
FROM_ENVIRONMENT = "UNDERWATCH_LANG"
_OTHERWISE = {"English": ENGLISH, "eng": ENGLISH, "Korean": KOREAN, "한국어": KOREAN, "kor": KOREAN, "kr": KOREAN}
_CALLED = {**{language: language for language in LANGUAGES}, **_OTHERWISE}


@cache
def all_texts(language: str) -> Mapping[str, str]:
    """Return all texts of a language by key, those of every part together."""
    parts = sorted(files("underwatch.texts").joinpath(language).iterdir(), key=lambda part: part.name)
    texts: dict[str, str] = {}
    for part in parts:
        texts |= json.loads(part.read_text(encoding="utf-8"))
    return texts


def language_of(wanted: str | None = None) -> str:
    """Return the language that is asked for, else that of the environment, else English; InputError for another."""
    name, value = ("--lang", wanted) if wanted is not None else (FROM_ENVIRONMENT, os.environ.get(FROM_ENVIRONMENT))
    if value is None or (wanted is None and not value):
        return ENGLISH
    if value not in LANGUAGES:
        raise InputError(f'{name} "{value:.40}" is not known{_meant(value)}; it is one of {", ".join(LANGUAGES)}')
    return value


def _meant(value: str) -> str:
    """Return the language that is nearest to a name, a code or a locale (ko_KR.UTF-8), as `nearest` words it."""
    code = value.replace("-", "_").split("_")[0].split(".")[0]
    by_name = {name.casefold(): language for name, language in _CALLED.items()}
    found = by_name.get(value.casefold()) or by_name.get(code.casefold())
    return nearest(found, LANGUAGES) if found else nearest(value, _CALLED)
