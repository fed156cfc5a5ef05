"""The letters of Korean that the texts have, for a machine without a Korean font: a page shows no empty boxes.

They are put beside the texts when the program is built (vendor/place.py). Without them a page is shown in what the
machine has.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

FAMILY = "Underwatch Korean"
_HANGUL = re.compile("[\uac00-\ud7a3]")


def korean_file() -> Path:
    """Return where the font is for what reads no WOFF (Matplotlib), where it was put in."""
    return Path(str(files("underwatch.texts").joinpath("font", "korean.ttf")))


@cache
def korean_font() -> bytes | None:
    """Return the font (WOFF); None where it was not put in."""
    path = korean_file().with_suffix(".woff")
    return path.read_bytes() if path.is_file() else None


@cache
def font_style() -> str:
    """Return the style by which a page carries the letters in itself; nothing where there are none."""
    font = korean_font()
    if font is None:
        return ""
    data = base64.b64encode(font).decode()
    source = f'url("data:font/woff;base64,{data}") format("woff")'
    return f'@font-face{{font-family:"{FAMILY}";src:{source};unicode-range:U+AC00-D7A3}}\n'


def has_hangul(text: str) -> bool:
    """Say whether a text has a letter of Korean."""
    return _HANGUL.search(text) is not None
