"""What several verbs of `underwatch evidence` take, and how they say what they found."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from underwatch.cli.passphrase import known_passphrase
from underwatch.cli.paths import AnyPath
from underwatch.errors import InputError
from underwatch.evidence.check.problems import Finding, as_json, as_text
from underwatch.evidence.edit.store import working_path
from underwatch.evidence.folder import read_files
from underwatch.evidence.format.ids import is_id, new_id
from underwatch.terminal import printable, say, say_json


class Day(click.ParamType):
    """A day, written like 2024-07-01."""

    name = "datetime"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day; click's usage error for none."""
        moment: datetime = click.DateTime(["%Y-%m-%d"]).convert(value, param, ctx)
        return moment.date()


FOLDER = click.argument("folder", type=AnyPath())
TODAY = click.option("--today", type=Day(), hidden=True, help="Judge future dates from this day.")
JSON = click.option("--json", "as_json_", is_flag=True, help="Print JSON for a script.")
WHO = click.option("--who", default="", help="Your own code (from `underwatch evidence ids`); a fresh one without it.")
KEY = click.option("--key", type=AnyPath(), help="The file with the key, for a sealed package.")


def who_code(code: str) -> str:
    """Return the code of whoever works, a fresh one when none was given; InputError for a made-up one."""
    if code and not is_id(code):
        raise InputError("--who takes a code from `underwatch evidence ids`; never a name")
    return code or new_id()


def unlocked(path: Path, key: Path | None) -> dict[str, bytes]:
    """Return the files of a folder, a zip or a sealed package; a passphrase is asked for where one is needed."""
    if path.suffix != ".age":
        return read_files(path)
    from underwatch.evidence.privacy.seal import read_sealed

    return read_sealed(path, "" if key else known_passphrase(), key)


def refuse_working_copy(folder: Path) -> None:
    """Raise InputError when a working copy exists, so that two states do not grow apart."""
    if working_path(folder).exists():
        raise InputError(f"{folder} has a working copy; save it and `underwatch evidence work --discard` first")


def say_findings(findings: list[Finding], what: str, as_json_: bool = False, fingerprint: str = "") -> None:
    """Print findings, as JSON or in words; `what` may be a name that others gave."""
    if as_json_:
        say_json(as_json(findings, fingerprint))
    else:
        say(*as_text(findings, printable(what)).split("\n"))
