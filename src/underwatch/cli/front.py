"""The group of commands: imports a command when it is called, and turns what goes wrong into one line."""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from underwatch import __version__
from underwatch.cli.stops import Stops
from underwatch.errors import InputError, Stopped, nearest
from underwatch.files.intake.regular import read_text
from underwatch.terminal import never_fail, say

BAD_INPUT = 2
_LONGEST_SETTINGS = 1_000_000  # bytes


class Front(click.Group):
    """A click group that knows its commands by name and one line of help, and imports none before it is called.

    Listing the commands costs no import of numba or of a plotting library, so `underwatch --help` answers at once.
    A command may return its exit code (1: done, with findings or a refusal); None is 0.
    """

    def __init__(self, commands: dict[str, tuple[str, str]], help: str) -> None:
        super().__init__(
            name="underwatch", help=help, invoke_without_command=True, callback=_help_when_alone, no_args_is_help=False
        )
        self.table = commands
        click.version_option(__version__, prog_name="underwatch")(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None when there is none of that name."""
        if cmd_name not in self.table:
            return None
        module, attribute = self.table[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument; an unknown one is refused with the nearest."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            raise InputError(f'command "{args[0]}" is not known{nearest(args[0], self.table)}; underwatch --help')
        return super().resolve_command(ctx, args)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **settings: Any
    ) -> NoReturn:
        """Run a command line and exit: 0 done, 1 done with findings, 2 bad input or environment.

        Stopped, it exits as the signal says: 130 after Ctrl-C, 143 after SIGTERM, 129 when the terminal hung up.
        """
        settings["standalone_mode"] = False
        stops = Stops()
        never_fail()
        try:
            _look_at_the_folder()
            with stops:
                code = super().main(args, prog_name or "underwatch", **settings)
        except (click.exceptions.Abort, KeyboardInterrupt):
            _end("stopped", stops.exit_code)
        except Stopped as stop:
            _end(f"stopped; {stop}", stops.exit_code)
        except click.ClickException as error:
            _end(_usage(error), BAD_INPUT)
        except InputError as error:
            _end(str(error), BAD_INPUT)
        except OSError as error:
            _end(_environment(error), BAD_INPUT)
        except MemoryError:
            _end("not enough memory; a scenario may set a smaller `population`", BAD_INPUT)
        sys.exit(code if isinstance(code, int) else 0)


def _look_at_the_folder() -> None:
    """Refuse a folder with settings that libraries would read at their import, before anything can be checked."""
    for name, whose in ((".numba_config.yaml", "Numba"), ("matplotlibrc", "Matplotlib")):
        if not os.path.lexists(name):
            continue
        try:
            read_text(name, _LONGEST_SETTINGS, "file of settings")
            is_sound = name == "matplotlibrc"
        except (InputError, OSError):
            is_sound = False
        if not is_sound:
            raise InputError(f"{name} in this folder would be read by {whose}; remove it, or work in another folder")


@click.pass_context
def _help_when_alone(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        say(*ctx.get_help().split("\n"))


def _end(message: str, code: int) -> NoReturn:
    """Write one line to standard error and exit."""
    say("underwatch: " + " ".join(message.split()), err=True)
    sys.exit(code)


def _usage(error: click.ClickException) -> str:
    """Return click's own message with the place where help is."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    where = f"; {context.command_path} --help" if context is not None else ""
    return error.format_message().rstrip(".") + where


def _environment(error: OSError) -> str:
    """Return what the system refused: a full disk, a folder that cannot be written, a file that is not there."""
    index = f": {error.filename}" if error.filename else ""
    reasons = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the disk is read-only",
        errno.EACCES: "no permission",
        errno.EPERM: "no permission",
        errno.ENOENT: "no such file or folder",
    }
    reason = reasons.get(error.errno or 0, error.strerror or str(error) or type(error).__name__)
    return f"{reason}{index}; earlier results are untouched"
