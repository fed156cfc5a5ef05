"""The studio's server: one static page and its answers, on the loopback address, until it is stopped."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from underwatch.errors import InputError
from underwatch.show.server_api import Api, refused
from underwatch.show.server_guard import Guard
from underwatch.show.studio.desk import Desk

LOOPBACK = "127.0.0.1"
CHARTS = "vendor/uPlot.iife.min.js"
_PAGE_FIRST_SECONDS = 1.5  # the page is fetched before the model is read in
_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


def page_root() -> Path:
    """Return the folder of the page."""
    return Path(str(files("underwatch.show").joinpath("page")))


def page_files() -> dict[str, bytes]:
    """Return the page: what is served, by its address. Nothing else on the disk can be reached."""
    root = page_root()
    found = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix in _MEDIA
    }
    if CHARTS not in found:
        raise InputError("the charts' library uPlot is not in its place; make studio puts it there")
    return found


def application(desk: Desk, port: int, token: str) -> Guard:
    """Return the whole application behind its guard."""
    page = page_files()

    def static(request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        if name not in page:
            raise HTTPException(404, "there is no such page")
        return Response(page[name], media_type=_MEDIA[name[name.rindex(".") :]])

    routes = [*Api(desk).routes(), Route("/", static), Route("/{name:path}", static)]
    handlers = dict.fromkeys((HTTPException, InputError, Exception), refused)
    return Guard(Starlette(routes=routes, exception_handlers=handlers), port, token)


def bound(port: int) -> socket.socket:
    """Return a socket on the loopback address; port 0 is any that is free. One in use is refused in one line."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except (OSError, OverflowError):
        listening.close()
        raise InputError(f"--port {port} is in use or not allowed; leave it out for any that is free") from None
    return listening


def serve(desk: Desk, port: int = 0, ready: Callable[[str], None] = print) -> None:
    """Serve the page until it is interrupted; `ready` gets the address to open as soon as it can be opened."""
    listening = bound(port)
    token = secrets.token_urlsafe(32)
    where = listening.getsockname()[1]
    address = f"http://{LOOPBACK}:{where}/#token={token}"
    config = uvicorn.Config(
        application(desk, where, token), log_level="warning", access_log=False, server_header=False, lifespan="off",
        limit_concurrency=128, backlog=128, timeout_keep_alive=15, timeout_graceful_shutdown=2, ws="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    threading.Thread(target=_when_started, args=(server, ready, address), daemon=True).start()
    try:
        server.run(sockets=[listening])
    finally:
        desk.close()
        listening.close()


def _when_started(server: uvicorn.Server, ready: Callable[[str], None], address: str) -> None:
    """Tell the address when the server answers, then read in the simulation, so that the first run need not wait."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.01)
    ready(address)
    time.sleep(_PAGE_FIRST_SECONDS)
    import underwatch.show.studio.simulation  # noqa: F401
