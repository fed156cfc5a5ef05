"""The help of a command, the options that several share, and the options of one as a value with types."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import click

from underwatch.texts.languages import FROM_ENVIRONMENT, language_of

Options = TypeVar("Options")
Result = TypeVar("Result")
Option = Callable[[Any], Any]


def help_of(command: str, more: str = "") -> dict[str, Any]:
    """Return the help of a command and its examples, as help.toml has them; `more` comes after the help."""
    told = tomllib.loads(files("underwatch.cli").joinpath("help.toml").read_text(encoding="utf-8"))[command]
    return {
        "help": told["help"] + more,
        "epilog": "\b\nExamples:\n" + "\n".join(f"  {line}" for line in told["examples"]),
    }


def path_option(*names: str, what: str, help: str) -> Option:
    """Return an option that takes a path, called `what` in the help."""
    return click.option(*names, type=click.Path(path_type=Path), metavar=what, help=help)


def number(name: str, low: int, high: int, help: str, default: int | None = None) -> Option:
    """Return an option that takes a whole number of low to high; its default, where it has one, is shown."""
    kind = click.IntRange(low, high)
    if default is None:
        return click.option(name, type=kind, help=help)
    return click.option(name, type=kind, default=default, show_default=True, help=help)


def threads(what: str = "") -> Option:
    """Return the option that sets the threads; `what` says that the outcome does not hang on them."""
    return number("--threads", 1, 1024, f"Threads (default: all cores){what}. Example: --threads 2")


def dask(more: str = "") -> Option:
    """Return the option that names a Dask cluster; `more` says where to read on."""
    help = f"The workers of a Dask cluster instead{more}. Example: --dask tcp://10.0.0.1:8786"
    return click.option("--dask", metavar="ADDRESS", help=help)


_OF_A_WORLD = {
    "--population": "Draw the place with that many residents. Example: --population {}",
    "--days": "How many days, from the start on (default 365). Example: --days {}",
    "--settle-weeks": "Weeks simulated before the start and not counted (default 26). Example: --settle-weeks {}",
    "--seed": "Luck: the same seed gives the same {} (default 1). Example: --seed 7",
}


def of_a_world(name: str, word: object) -> Option:
    """Return an option of a scenario; `word` completes its help: an example, or what the same seed gives again."""
    return click.option(name, type=int, help=_OF_A_WORLD[name].format(word))


def json_option(help: str = "Print JSON for a script.") -> Option:
    """Return the option by which a command prints JSON."""
    return click.option("--json", "as_json", is_flag=True, help=help)


def language_option(what: str) -> Option:
    """Return the option by which a command says in which language it writes `what`."""
    return click.option(
        "--lang",
        "language",
        metavar="CODE",
        callback=lambda _, __, code: language_of(code),
        help=f"The language of {what}: en or ko (default: {FROM_ENVIRONMENT} of the environment, else en). "
        "Example: --lang ko",
    )


def together(options: Sequence[Option]) -> Option:
    """Return several options as one, in the order in which the help shows them."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


SCENARIO = click.argument("place", required=False, metavar="[PLACE|FILE.toml]")
BANK = path_option("--bank", "bank_folder", what="DIR", help="Another bank. Example: --bank banks/musan")
OUT = path_option("--out", what="DIR", help="The new folder (default: runs/..., counting up). Example: --out mine")
PACKAGE = click.argument("package", required=False, type=click.Path(path_type=Path), metavar="[PACKAGE]")
EXAMPLE = click.option("--example", is_flag=True, help="The example package that comes with the program.")
PLACE = click.option(
    "--place", default="hoeryong", show_default=True, help="The place asked about. Example: --place hoeryong"
)
ROOTS = click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="NAME",
    help="An outlet or institute that stands behind a list or survey of the package: published figures of the same "
    'root do not count. May be given again. Example: --root "SNU IPUS"',
)
NO_CONSTRAINTS = click.option(
    "--no-constraints", is_flag=True, help="Leave all published figures out, to see what they do."
)
SEED = number("--seed", 0, 2**63, "Luck. Example: --seed 7", 1)


def takes(options: type[Options]) -> Callable[[Callable[[Options], Result]], Callable[..., Result]]:
    """Hand a command what click has read as a dataclass, whose fields have the names of the command's parameters."""

    def decorate(command: Callable[[Options], Result]) -> Callable[..., Result]:
        @wraps(command)
        def called(**given: Any) -> Result:
            return command(options(**given))

        return called

    return decorate
