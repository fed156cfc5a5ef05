"""What the server says on the terminal: lines of its own, each once, and nothing out of a request."""

from __future__ import annotations

import traceback
from contextlib import suppress
from pathlib import Path

from underwatch.terminal import say

_said: set[str] = set()


def say_once(words: str) -> None:
    """Write a line to standard error, unless it has been written; a terminal that has gone is no failure."""
    if words in _said:
        return
    _said.add(words)
    with suppress(OSError, ValueError):
        say(f"underwatch: {words}", err=True)


def failure(error: BaseException) -> str:
    """Name a failure by its kind and the line of the program; its own words may hold those of a request."""
    here = [frame for frame in traceback.extract_tb(error.__traceback__) if "underwatch" in Path(frame.filename).parts]
    index = f" ({Path(here[-1].filename).name}, line {here[-1].lineno})" if here else ""
    return f"a request failed: {type(error).__name__}{index}"
