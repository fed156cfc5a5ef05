"""The form of a mapping file: its sections, and what kind of value may stand where; told before any of it is used."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from underwatch.errors import InputError, nearest

PRECISIONS = ("week", "month", "quarter", "year")
_LONGEST_FORMAT, _MOST_FORMATS = 40, 20
_SOME_DAY = datetime(2024, 3, 5)
_WRONG = "the mapping has a wrong form"
_START = "start from the one that `underwatch evidence mapping` prints"


def check_form(document: Mapping[str, Any]) -> None:
    """Raise InputError for a section that is not known, or a value of another kind than its section holds."""
    for section, table in document.items():
        if section not in _SECTIONS:
            raise InputError(f'the mapping has an unknown section "{section[:60]}"{nearest(section[:80], _SECTIONS)}')
        if not isinstance(table, dict):
            raise InputError(f"{_WRONG}: [{section}] is no table; {_START}")
        _SECTIONS[section](section, table)


def _texts(section: str, table: Mapping[str, Any]) -> None:
    for name, value in table.items():
        if not isinstance(value, str):
            raise InputError(f"{_WRONG}: {name[:60]} in [{section}] is no text in quotation marks; {_START}")


def _constants(section: str, table: Mapping[str, Any]) -> None:
    for name, value in table.items():
        if type(value) not in (str, int):
            raise InputError(f"{_WRONG}: {name[:60]} in [{section}] is neither text nor whole number; {_START}")


def _values(section: str, table: Mapping[str, Any]) -> None:
    for name, inner in table.items():
        if not isinstance(inner, dict):
            raise InputError(f"{_WRONG}: [{section}.{name[:60]}] is no table; {_START}")
        _texts(f"{section}.{name[:60]}", inner)


def _drop(section: str, table: Mapping[str, Any]) -> None:
    _known(section, table, ("columns",))
    _list(section, "columns", table.get("columns", []))


def _places(section: str, table: Mapping[str, Any]) -> None:
    _known(section, table, ("else_column",))
    _texts(section, table)


def _dates(section: str, table: Mapping[str, Any]) -> None:
    _known(section, table, ("formats", "precision", "precision_column", "precisions"))
    _texts(section, {name: table[name] for name in ("precision", "precision_column") if name in table})
    inner = table.get("precisions", {})
    _values(section, {"precisions": inner})
    for precision in (table.get("precision", "month"), *inner.values()):
        if precision not in PRECISIONS:
            raise InputError(f'the mapping has the precision "{precision[:40]}"; there are {", ".join(PRECISIONS)}')
    formats = table.get("formats", [])
    _list(section, "formats", formats)
    if len(formats) > _MOST_FORMATS:
        raise InputError(f"the mapping has more than {_MOST_FORMATS} formats of dates; leave some out")
    for form in formats:
        try:
            if len(form) > _LONGEST_FORMAT:
                raise ValueError(form)
            datetime.strptime(_SOME_DAY.strftime(form), form)
        except Exception:  # what `strptime` makes of a format that is none cannot be listed
            raise InputError(
                f'the mapping has "{form[:_LONGEST_FORMAT]}", which is no format of a date; write it like "%d %B %Y"'
            ) from None


def _known(section: str, table: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in table:
        if name not in names:
            raise InputError(f'[{section}] of the mapping has no "{name[:60]}"{nearest(name[:80], names)}')


def _list(section: str, name: str, value: object) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(f"{_WRONG}: {name} in [{section}] is no list of texts; {_START}")


_SECTIONS: Mapping[str, Callable[[str, Mapping[str, Any]], None]] = {
    "columns": _texts,
    "constants": _constants,
    "dates": _dates,
    "places": _places,
    "values": _values,
    "drop": _drop,
}
