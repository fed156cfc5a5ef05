"""What stands before every request: this host, this page, this token, a small body, and a strict policy on the way out.

The studio speaks to one page on one machine. A name that was re-bound to the loopback address has another Host; a page
of another site has another Origin and no token; neither is let in, whatever it asks.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

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
    """Wraps the application. `port` is where the studio listens, `token` what the opened address carries."""

    def __init__(self, app: App, port: int, token: str) -> None:
        self.app = app
        self.token = token.encode()
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
        if scope["method"] == "POST":
            body = await _body(receive)
            if body is None:
                await _refuse(guarded, 413, f"a body may have {MOST_BODY_BYTES:,} bytes, within {BODY_SECONDS:.0f} s")
                return
            receive = _replayed(body, receive)
        await self.app(scope, receive, guarded)

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return why a request is not let in, or None."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        if headers.get(b"host", []) not in [[host] for host in self.hosts]:
            return 403, "this page is served on 127.0.0.1 alone; open the address that underwatch studio printed"
        if any(origin not in self.origins for origin in headers.get(b"origin", [])):
            return 403, "the request comes from another page"
        api = scope["path"].startswith("/api")
        opened = scope["path"] == "/" and headers.get(b"sec-fetch-mode") == [b"navigate"]
        site = headers.get(b"sec-fetch-site", [b"none"])
        if not opened and site not in ([b"same-origin"], [b"none"]):
            return 403, "the request comes from another page"
        if api and not hmac.compare_digest(headers.get(_TOKEN, [b""])[0], self.token):
            return 401, "the token is missing or wrong; open the address that underwatch studio printed"
        length = headers.get(b"content-length", [b"0"])[0]
        if not length.isdigit() or int(length[:12]) > MOST_BODY_BYTES:
            return 413, f"a body may have {MOST_BODY_BYTES:,} bytes"
        return None


def _with_headers(send: Send) -> Send:
    """Return a sender that puts the policy on every answer."""

    async def guarded(message: MutableMapping[str, Any]) -> None:
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


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body, or None when it is too long or too slow."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
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

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
