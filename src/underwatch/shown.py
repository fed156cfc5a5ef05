"""How a value shows itself: one line in a program, a small card in a notebook. Neither ever holds an array.

A result of this model can be half a gigabyte, and what stands alone in a cell is written into the notebook whole. A
class that is `Displayed` says its line in `_line`, the facts of its card in `_facts`, and what to call next in `_next`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from html import escape
from pathlib import Path

LONGEST_LINE, LONGEST_CARD = 200, 8_000  # letters
INVENTED = "Every resident is invented by the model: nobody here is real."
_LONGEST_VALUE, _MOST_FACTS, _LONGEST_FACT, _MOST_CALLS = 40, 16, 220, 6
_CARD = "border:1px solid #8888;border-radius:4px;padding:.6em .9em;max-width:52em;font-size:90%"
_LEFT = "text-align:left;vertical-align:top"


class Displayed:
    """What shows itself in one line (`repr`) and as a short card (HTML)."""

    __slots__ = ()

    def _line(self) -> str:
        """Return the line: by default the name of the class and those of its fields that are short."""
        names: list[str] = [one.name for one in fields(self) if one.repr] if is_dataclass(self) else []
        pairs = [(name, getattr(self, name)) for name in names if not name.startswith("_")]
        short = [f"{name}={value}" for name, value in pairs if isinstance(value, (str, int, float, date, Path))]
        return f"{type(self).__name__}({', '.join(text for text in short if len(text) <= _LONGEST_VALUE)})"

    def _facts(self) -> Sequence[tuple[str, str]]:
        """Return what the card tells, each with its name."""
        return ()

    def _next(self) -> Sequence[str]:
        """Return what may be called next, as code."""
        return ()

    def __repr__(self) -> str:
        return cut(" ".join(self._line().split()), LONGEST_LINE)

    def _repr_html_(self) -> str:
        """Return the card: what was asked, what came of it, what to call next; LONGEST_CARD letters at most."""
        facts = [(escape(cut(name, 60)), escape(cut(text, _LONGEST_FACT))) for name, text in self._facts()]
        rows = "".join(
            f'<tr><th style="{_LEFT}">{name}</th><td style="{_LEFT}">{text}</td></tr>'
            for name, text in facts[:_MOST_FACTS]
        )
        calls = ", ".join(f"<code>{escape(cut(call, 60))}</code>" for call in [*self._next()][:_MOST_CALLS])
        after = f"<p>Next: {calls}.</p>" if calls else ""
        title = f"<p><b>{escape(repr(self))}</b></p>"
        return f'<div style="{_CARD}">{title}<table>{rows}</table>{after}<p>{INVENTED}</p></div>'


def brief(value: float | None) -> str:
    """Return a number in three digits, thousands in full; a dash for none."""
    if value is None or value != value:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def cut(text: str, most: int) -> str:
    """Return a text of so many letters at most."""
    return text if len(text) <= most else text[: most - 3] + "..."
