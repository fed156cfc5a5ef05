"""The options of a command as one value with types, in the place of a table of anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

Options = TypeVar("Options")
Result = TypeVar("Result")
BANK = click.option(
    "--bank",
    "bank_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Another bank. Example: --bank banks/musan",
)
OUT = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The new folder (default: runs/..., counting up). Example: --out mine",
)


def takes(options: type[Options]) -> Callable[[Callable[[Options], Result]], Callable[..., Result]]:
    """Hand a command what click has read as a dataclass, whose fields have the names of the command's parameters."""

    def decorate(command: Callable[[Options], Result]) -> Callable[..., Result]:
        @wraps(command)
        def called(**given: Any) -> Result:
            return command(options(**given))

        return called

    return decorate
