"""`underwatch studio`: the local page where anyone can look, ask and compare."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path

import click

from underwatch.terminal import say

_HELP = """Open the studio: a page on this machine alone, to look, ask and compare without writing code.

RUN is a finished run folder of one city or county to open; several are put side by side. The page is served on
127.0.0.1 with a random token in its address, until Ctrl-C. Nothing leaves the machine. Every resident is synthetic.
"""
_EXAMPLES = """\b
Examples:
  underwatch studio
  underwatch studio runs/hoeryong-001
  underwatch studio runs/hoeryong-001 runs/hyesan-001 --no-browser --port 8080
"""


@click.command(help=_HELP, epilog=_EXAMPLES)
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path), metavar="[RUN ...]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port on 127.0.0.1 (default: any that is free). Example: --port 8080",
)
@click.option("--no-browser", is_flag=True, help="Only print the address. Example: --no-browser")
def studio(runs: tuple[Path, ...], port: int, no_browser: bool) -> None:
    """Open the page and serve it until it is interrupted."""
    from underwatch.show.server import serve
    from underwatch.show.studio.desk import Desk
    from underwatch.show.studio.memory import stay_small

    stay_small()
    desk = Desk()
    if runs:
        from underwatch.show.studio.folders import questions_of

        for question, digest in questions_of(runs):
            desk.ask(question, kept=True, same_as=digest)

    def ready(address: str) -> None:
        say(f"The studio is open at {address}")
        say("It answers on this machine alone, until Ctrl-C.", err=True)
        if not no_browser and _has_screen():
            opened.open(address)

    with _doorstep() as opened, suppress(KeyboardInterrupt):
        serve(desk, port, ready)
    say("The studio is closed.", err=True)


def _has_screen() -> bool:
    """Say whether there is a screen to open a browser on."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


class _Doorstep:
    """A page in a file of the user's own that leads to the address, so that the token is in no command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, address: str) -> None:
        """Open a browser on it."""
        import webbrowser

        page = self.folder / "studio.html"
        page.write_text(f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(address)}">', "utf-8")
        page.chmod(0o600)
        webbrowser.open(page.as_uri())


@contextmanager
def _doorstep() -> Iterator[_Doorstep]:
    with tempfile.TemporaryDirectory(prefix="underwatch-") as folder:
        yield _Doorstep(Path(folder))
