"""The options of a command as one value with types, in the place of a table of anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

Options = TypeVar("Options")
Result = TypeVar("Result")


def path_option(*names: str, what: str, help: str) -> Callable[[Any], Any]:
    """Return an option that takes a path, called `what` in the help."""
    return click.option(*names, type=click.Path(path_type=Path), metavar=what, help=help)


BANK = path_option("--bank", "bank_folder", what="DIR", help="Another bank. Example: --bank banks/musan")
OUT = path_option("--out", what="DIR", help="The new folder (default: runs/..., counting up). Example: --out mine")
PACKAGE = click.argument("package", required=False, type=click.Path(path_type=Path), metavar="[PACKAGE]")
EXAMPLE = click.option("--example", is_flag=True, help="The example package that comes with the program.")
PLACE = click.option(
    "--place", default="hoeryong", show_default=True, help="The place asked about. Example: --place hoeryong"
)
SEED = click.option(
    "--seed", type=click.IntRange(0, 2**63), default=1, show_default=True, help="Luck. Example: --seed 7"
)


def takes(options: type[Options]) -> Callable[[Callable[[Options], Result]], Callable[..., Result]]:
    """Hand a command what click has read as a dataclass, whose fields have the names of the command's parameters."""

    def decorate(command: Callable[[Options], Result]) -> Callable[..., Result]:
        @wraps(command)
        def called(**given: Any) -> Result:
            return command(options(**given))

        return called

    return decorate
