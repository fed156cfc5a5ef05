"""The one error that bad input raises, the suggestion that goes with an unknown name, and the stop of the user."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

Value = TypeVar("Value")


class InputError(ValueError):
    """Bad input or environment, told in one line: the name, the value, what is allowed, what to do.

    The command line prints the message and ends with exit code 2; code that calls Underwatch catches a ValueError.
    A message of several lines is joined into one.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class Stopped(Exception):  # noqa: N818 - a wish of the user, no error
    """The user stopped what can go on; the message says how: "resume with underwatch run --resume runs/a"."""


class UnknownName(InputError, KeyError):  # noqa: N818 - it is told like any other bad input
    """A name that is not in a table; a KeyError too, for who asks a mapping."""

    __str__ = Exception.__str__


class ByName(dict[str, Value]):
    """A table by name that says the nearest name where there is none; `what` is what it has, as in "place"."""

    def __init__(self, entries: Mapping[str, Value], what: str) -> None:
        super().__init__(entries)
        self.what = what

    def __missing__(self, name: object) -> Value:
        raise UnknownName(f'{self.what} "{name!s:.60}" is not known{nearest(str(name)[:80], self)}')


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ' (did you mean "x"?)' for the known name that is most like `name`, or '' when none is.

    Case does not count, and a beginning of four letters or more counts as like: "hoer" finds "Hoeryong".
    """
    by_fold = {known.casefold(): known for known in names}
    fold = name.casefold()
    like = get_close_matches(fold, by_fold, n=1, cutoff=0.6)
    if not like and len(fold) >= 4:
        like = [known for known in by_fold if known.startswith(fold)][:1]
    return f' (did you mean "{by_fold[like[0]]}"?)' if like else ""
