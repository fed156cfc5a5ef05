"""Pages whose sections are written by programs: each between its own two marks, the rest left alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from underwatch.files.writing import write_atomically


def put_section(page: Path, mark: str, lines: Sequence[str]) -> None:
    """Replace the section `mark` of a page, or add it at the end."""
    begin, end = f"<!-- {mark}: written by a program -->", f"<!-- end of {mark} -->"
    section, old = "\n".join([begin, *lines, end]), page.read_text(encoding="utf-8")
    if begin in old and end in old:
        new = old[: old.index(begin)] + section + old[old.index(end) + len(end) :]
    else:
        new = f"{old.rstrip()}\n\n{section}\n"
    write_atomically(page, new.encode())
