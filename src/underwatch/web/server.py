"""The studio's server: one static page and its answers, on the loopback address, until it is stopped."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

import h11
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from underwatch.errors import InputError
from underwatch.texts.korean_font import korean_font
from underwatch.texts.languages import LANGUAGES, all_texts
from underwatch.web.api import Api, refused
from underwatch.web.guard import TOKEN_HEADER, Guard
from underwatch.web.links import (
    ACCEPTED_AT_ONCE,
    ANSWER,
    BODY,
    HEAD,
    QUEUE,
    REST,
    UNREAD,
    Links,
    Patience,
    Stay,
    room,
)
from underwatch.web.session.queue import JobQueue
from underwatch.web.wire import written

LOOPBACK = "127.0.0.1"
CHARTS = "vendor/uPlot.iife.min.js"
_PAGE_FIRST_SECONDS = 1.5  # the page is fetched before the model is read in
_HEAD_TAG = b"<head>"
_TOKEN = TOKEN_HEADER.lower().encode()
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_OF_COMMANDS_ALONE = ("estimate.", "evidence.", "diary.", "calibration.")  # texts that the page never shows
_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff": "font/woff",
    ".txt": "text/plain; charset=utf-8",
}


def page_root() -> Path:
    """Return the folder of the page."""
    return Path(str(files("underwatch.web").joinpath("page")))


def page_files() -> dict[str, bytes]:
    """Return the page: what is served, by its address. Nothing else on the disk can be reached."""
    root = page_root()
    result = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix in _MEDIA
    }
    for language in LANGUAGES:
        texts = {key: said for key, said in all_texts(language).items() if not key.startswith(_OF_COMMANDS_ALONE)}
        result[f"words/{language}.json"] = written(texts)
    if (font := korean_font()) is not None:
        result["vendor/korean.woff"] = font
    if CHARTS not in result:
        raise InputError("the charts' library uPlot is not in its place; make studio puts it there")
    return result


def application(
    job_queue: JobQueue,
    port: int,
    token: str,
    patience: Patience | None = None,
    entered: Callable[[], None] = lambda: None,
) -> Guard:
    """Return the whole application behind its guard; `entered` is called when somebody has come with the token."""
    page = page_files()

    async def static(request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        if name not in page:
            raise HTTPException(404, "there is no such page")
        return Response(page[name], media_type=_MEDIA[name[name.rindex(".") :]])

    async def door(request: Request) -> Response:
        """Give the page with its key to who brings the key in a body: it is then in no address and in no history."""
        given = parse_qs((await request.body()).decode("latin-1")).get("key", [""])[0]
        first = page["index.html"]
        if hmac.compare_digest(given.encode(), token.encode()):
            first = first.replace(_HEAD_TAG, _HEAD_TAG + f'\n<meta name="key" content="{escape(token)}">'.encode(), 1)
            entered()
        return Response(first, media_type=_MEDIA[".html"])

    routes = [*Api(job_queue).routes(), Route("/", door, methods=["POST"]), Route("/", static)]
    routes.append(Route("/{name:path}", static))
    handlers = dict.fromkeys((HTTPException, InputError, Exception), refused)
    app = Starlette(routes=routes, exception_handlers=handlers)
    return Guard(app, port, token, (patience or Patience()).body, entered)


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


def serve(
    job_queue: JobQueue,
    port: int = 0,
    ready: Callable[[str], None] = print,
    entered: Callable[[], None] = lambda: None,
    patience: Patience | None = None,
) -> int | None:
    """Serve the page until a signal ends it, and return which; `ready` gets the address as soon as it can be opened.

    `entered` is called when somebody has come with the token. Runs are stopped and the socket is closed before it
    returns, whether Ctrl-C, a terminal that was closed or `kill` has ended it.
    """
    patience = patience or Patience()
    listening = bound(port)
    token = secrets.token_urlsafe(32)
    where = listening.getsockname()[1]
    address = f"http://{LOOPBACK}:{where}/#token={token}"
    config = uvicorn.Config(
        application(job_queue, where, token, patience, entered), http=_Link, ws="none", lifespan="off",
        log_level="critical", access_log=False, server_header=False, backlog=ACCEPTED_AT_ONCE,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = _Server(config, Links(room(), patience, token.encode()))
    threading.Thread(target=_when_started, args=(server, ready, address), daemon=True).start()
    with server.ending():
        try:
            server.run(sockets=[listening])
        finally:
            job_queue.close()
            listening.close()
    return server.ended_by


class _Shared(ServerState):
    """What all connections share."""

    def __init__(self, links: Links) -> None:
        super().__init__()
        self.links = links


class _Link(H11Protocol):
    """Uvicorn's connection, which tells its stay how far its request has come."""

    stay: Stay | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the head of a request, where there is room."""
        super().connection_made(transport)
        links = cast(_Shared, self.server_state).links
        stay = Stay(links, self.loop.call_later, transport.abort)
        if links.let_in(stay):
            self.stay = stay
            return
        words = written({"error": "too many requests at once; wait a little"})
        head = f"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {len(words)}"
        transport.write(head.encode() + b"\r\nconnection: close\r\n\r\n" + words)
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End its stay."""
        if self.stay is not None:
            self.stay.end()
            self.stay = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; the first ones after a rest are the beginning of a head."""
        if self.stay is not None and self.stay.stage == REST:
            self.stay.enter(HEAD)
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Rest after an answer, unless the next request is here already."""
        super().on_response_complete()
        self._unset_keepalive_if_required()  # the stay's deadline takes the place of this one, which any byte unsets
        self._look()

    def pause_writing(self) -> None:
        """Wait for what has been written to be read."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self._look()

    def shutdown(self) -> None:
        """End it with the studio: at once when nothing is being answered."""
        try:
            if self.stay is None or self.stay.stage == ANSWER:
                super().shutdown()
                return
        except h11.LocalProtocolError:
            pass
        self.transport.abort()

    def _look(self) -> None:
        """See how far the request has come."""
        if self.stay is None or self.cycle is None:
            return
        for name, value in self.headers:
            if name == _TOKEN:
                self.stay.shown(value)
        if self.flow.write_paused:
            self.stay.enter(UNREAD)
        elif self.cycle.response_complete:
            if self.stay.stage != HEAD:
                self.stay.enter(REST)
        elif self.conn.their_state is h11.SEND_BODY:
            self.stay.enter(BODY)
        else:
            self.stay.enter(ANSWER)


class _Server(uvicorn.Server):
    """Uvicorn's server with our connections, and with an end that is the same for every signal."""

    def __init__(self, config: uvicorn.Config, links: Links) -> None:
        super().__init__(config)
        self.links = links
        self.server_state = _Shared(links)
        self.ended_by: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; few are accepted at once, so that each is counted, and the others queue."""
        asyncio.get_running_loop().set_exception_handler(self.links.failed)
        await super().startup(sockets)
        for item in sockets or []:
            item.listen(QUEUE)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Let a signal ask for the end, for as long as this lasts; one that is ignored (nohup) stays so."""
        before: dict[int, object] = {}
        if threading.current_thread() is threading.main_thread():
            for name in _ENDING:
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    before[number] = signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)  # type: ignore[arg-type]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `ending`, which lasts until all is cleaned up; uvicorn's own would end the process first."""
        yield

    def handle_exit(self, sig: int, frame: object) -> None:
        """Ask for the end; a second Ctrl-C does not wait for what is being answered."""
        self.ended_by = sig
        self.force_exit = self.force_exit or (self.should_exit and sig == signal.SIGINT)
        self.should_exit = True


def _when_started(server: uvicorn.Server, ready: Callable[[str], None], address: str) -> None:
    """Tell the address when the server answers, then read in the simulation, so that the first run need not wait."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.01)
    ready(address)
    time.sleep(_PAGE_FIRST_SECONDS)
    with suppress(
        ImportError, OSError, RuntimeError
    ):  # without a file to spare, also for Numba: the first run reads it
        import underwatch.web.session.simulation  # noqa: F401
