"""`underwatch evidence`: start, fill, check, join, seal, open and publish a package of coded reports.

A file for each verb, and for those that belong together; each is imported when it is called.
In: words typed. Out: findings, folders, files; an exit code.
Called by `cli` alone.
"""

from importlib import import_module
from typing import Any

import click

_EXAMPLES = """\b
Examples:
  underwatch evidence new reports --example
  underwatch evidence summary reports
  underwatch evidence seal reports
"""
# Verb -> the module beside this one, and the name of its command.
_VERBS = {
    "new": "new:new",
    "ids": "formats:ids",
    "mapping": "formats:mapping",
    "schema": "formats:schema",
    "import": "importing:import_",
    "check": "check:check",
    "record": "record:record",
    "work": "working:work",
    "put": "working:put",
    "save": "working:save",
    "merge": "merge:merge",
    "share": "share:share",
    "summary": "overview:summary",
    "key": "seal:key",
    "seal": "seal:seal",
    "open": "seal:open_",
    "publish": "publish:publish",
}


class _Verbs(click.Group):
    """A group that knows its commands by name and imports them when they are called or listed."""

    def __init__(self, *settings: Any, **named: Any) -> None:
        super().__init__(*settings, **named)
        self.commands = dict.fromkeys(_VERBS)  # type: ignore[assignment]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb; None when there is none of that name."""
        if cmd_name not in _VERBS:
            return None
        module, name = _VERBS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command


@click.group(cls=_Verbs, epilog=_EXAMPLES)
def evidence() -> None:
    """Work with an evidence package: coded reports without persons, text, coordinates or clock times."""
