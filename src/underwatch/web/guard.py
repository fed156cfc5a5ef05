"""What stands before every request: this host, this page, this token, a small body, and a strict policy on the way out.

The studio speaks to one page on one machine. A name that was re-bound to the loopback address has another Host; a page
of another site has another Origin and no token; neither is let in, whatever it asks. Only at the door, `POST /` with
the token in its body, may a page from elsewhere knock: the file that opens the studio, so that the token is in no
address.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from underwatch.web.words import failure, say_once

TOKEN_HEADER = "X-Underwatch-Token"
MOST_BODY_BYTES = 65_536
BODY_SECONDS = 10.0
POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=(), interest-cohort=()",
    "cache-control": "no-store",
}
_TOKEN = TOKEN_HEADER.lower().encode()


class Guard:
    """Wraps the application. `port` is where the studio listens, `token` what the opened address carries.

    A body has `body_seconds`; `entered` is called when somebody has come with the token.
    """

    def __init__(
        self,
        app: ASGIApp,
        port: int,
        token: str,
        body_seconds: float = BODY_SECONDS,
        entered: Callable[[], None] = lambda: None,
    ) -> None:
        self.app = app
        self.token = token.encode()
        self.body_seconds = body_seconds
        self.entered = entered
        self.hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}
        self.origins = {b"http://" + host for host in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a refusal."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        guarded = _with_headers(send)
        if refused := self.refusal(scope):
            await _refuse(guarded, *refused)
            return
        if scope["path"].startswith("/api"):
            self.entered()
        if scope["method"] == "POST":
            body = await _body(receive, self.body_seconds)
            if body is None:
                words = f"a body may have {MOST_BODY_BYTES:,} bytes, within {self.body_seconds:.0f} s"
                await _refuse(guarded, 413, words)
                return
            receive = _replayed(body, receive)
        await self._answered(scope, receive, guarded)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; what fails in it is named on the terminal in words of our own."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:  # a request must not print what it holds
            say_once(failure(error))
            if not begun:
                await _refuse(send, 500, "the studio failed")

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return why a request is not let in, or None."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        if headers.get(b"host", []) not in [[host] for host in self.hosts]:
            return 403, "this page is served on 127.0.0.1 alone; open the address that underwatch studio printed"
        api = scope["path"].startswith("/api")
        door = scope["path"] == "/" and scope["method"] == "POST"
        known = self.origins | {b"null"} if door else self.origins  # a page in a file has the origin null
        if any(origin not in known for origin in headers.get(b"origin", [])):
            return 403, "the request comes from another page"
        opened = scope["path"] == "/" and headers.get(b"sec-fetch-mode") == [b"navigate"]
        site = headers.get(b"sec-fetch-site", [b"none"])
        if not opened and site not in ([b"same-origin"], [b"none"]):
            return 403, "the request comes from another page"
        if api and not hmac.compare_digest(headers.get(_TOKEN, [b""])[0], self.token):
            return 401, "the token is missing or wrong; open the address that underwatch studio printed"
        if not api and not door and scope["method"] not in ("GET", "HEAD"):
            return 405, "the page is fetched with GET"
        if not _is_text(scope["raw_path"] + b"?" + scope["query_string"]):
            return 422, "the address holds what is no text; write letters, digits and signs"
        length = headers.get(b"content-length", [b"0"])[0]
        if not length.isdigit() or int(length[:12]) > MOST_BODY_BYTES:
            return 413, f"a body may have {MOST_BODY_BYTES:,} bytes"
        return None


def _is_text(address: bytes) -> bool:
    """Say whether an address stands for whole characters."""
    try:
        unquote_to_bytes(address).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    """Return a sender that puts the policy on every answer."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message.get("headers", [])}
            more = [(k.encode(), v.encode()) for k, v in _HEADERS.items() if k.encode() not in own]
            message["headers"] = [*message.get("headers", []), *more]
        await send(message)

    return guarded


async def _refuse(send: Send, code: int, words: str) -> None:
    body = json.dumps({"error": words}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive, seconds: float) -> bytes | None:
    """Return the whole body, or None when it is too long or too slow."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MOST_BODY_BYTES:
                    return None
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        return None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body that was read, and then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
