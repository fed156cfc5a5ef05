"""`underwatch studio`: the local page where anyone can look, ask and compare."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from underwatch.cli.typed import help_of
from underwatch.terminal import say


@click.command(**help_of("studio"))
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
    from underwatch.web.server import serve
    from underwatch.web.session.memory import stay_small
    from underwatch.web.session.queue import JobQueue

    stay_small()
    job_queue = JobQueue()
    if runs:
        from underwatch.web.session.reopened import questions_of

        for question, digest in questions_of(runs):
            job_queue.ask(question, kept=True, same_as=digest)

    door = _Doorstep()

    def ready(address: str) -> None:
        say(f"The studio is open at {address}")
        say("It answers on this machine alone, until Ctrl-C.", err=True)
        if not no_browser and _has_screen():
            door.open(address)

    try:
        ended_by = serve(job_queue, port, ready, door.close)
    finally:
        door.close()
    with suppress(OSError):  # the terminal may be gone
        say("The studio is closed.", err=True)
    if ended_by is not None and ended_by != signal.SIGINT:
        signal.raise_signal(ended_by)


def _has_screen() -> bool:
    """Say whether there is a screen to open a browser on."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


class _Doorstep:
    """A page in a file of the user's own that leads in, there until somebody has come in.

    The token is in no command line, which everybody on the machine can read, and as the file sends it in the body of
    a request, it is in no address that a browser keeps.
    """

    def __init__(self) -> None:
        self._held = ExitStack()
        self._shut = False
        self._lock = threading.Lock()

    def open(self, address: str) -> None:
        """Open a browser on it."""
        import webbrowser

        from underwatch.files.folders import temporary_folder
        from underwatch.files.writing import write_atomically
        from underwatch.pages.rendering import page as rendered

        where, _, token = address.partition("#token=")
        with self._lock:
            if self._shut:
                return
            page = self._held.enter_context(temporary_folder(prefix="page-")) / "page.html"
            write_atomically(page, rendered("door.html.j2", where=where, token=token).encode(), 0o600)
        webbrowser.open(page.as_uri())

    def close(self) -> None:
        """Take it away."""
        with self._lock:
            self._shut = True
            self._held.close()
