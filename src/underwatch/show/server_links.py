"""Connections to the studio: a silent or slow one neither lasts nor shuts others out.

A connection waits while a request, head and body, has not come as a whole, or an answer is not read. One that waits
has until a deadline. Anybody on the machine can connect: when all places are taken, the stranger that has waited the
longest makes room, and one that has shown the token never does. A page's request comes at once, and so passes however
many others sit and wait.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
from dataclasses import dataclass
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from underwatch.show.server_guard import TOKEN_HEADER
from underwatch.show.server_words import say_once

MOST_LINKS = 512
ACCEPTED_AT_ONCE = 32
QUEUE = 512  # connections that the system holds until they are accepted
OTHER_FILES = 128  # left to the rest of the program, and to what is accepted before it is counted
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_TOKEN = TOKEN_HEADER.lower().encode()
_BUSY = b'{"error": "too many requests at once; wait a little"}'


@dataclass(frozen=True)
class Patience:
    """Seconds that a connection has for a request's head, its body, reading the answer, and rest before the next."""

    head: float = 10.0
    body: float = 10.0
    unread: float = 30.0
    rest: float = 15.0


def room() -> int:
    """Return how many connections may be open, from the open files that the system allows; asks it for enough."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_LINKS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MOST_LINKS
    return min(MOST_LINKS, max(soft - OTHER_FILES, soft // 4))


class Links(ServerState):
    """What all connections share: how many may be open, and which are strangers, the longest in its stage first."""

    def __init__(self, most: int, patience: Patience, token: str) -> None:
        super().__init__()
        self.most = most
        self.patience = patience
        self.token = token.encode()
        self.open: set[Link] = set()
        self.strangers: dict[Link, None] = {}

    def let_in(self, link: Link) -> bool:
        """Count a connection; False when every place is taken by one that has shown the token."""
        if len(self.open) >= self.most:
            waiting = (one for one in self.strangers if one.stage != "answer")
            last = next(waiting, None) or next(iter(self.strangers), None)
            if last is None:
                return False
            self.drop(last)
        self.open.add(link)
        return True

    def knows(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Say whether a head shows the token."""
        return any(name == _TOKEN and hmac.compare_digest(value, self.token) for name, value in headers)

    def drop(self, link: Link) -> None:
        """End a connection at once, whatever it has not sent or read."""
        self.forget(link)
        link.transport.abort()

    def forget(self, link: Link) -> None:
        """Count a connection no more."""
        self.open.discard(link)
        self.strangers.pop(link, None)

    def failed(self, _: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        """Take what went wrong outside of any request: without a file to spare, all strangers make room."""
        error = told.get("exception")
        if isinstance(error, OSError) and error.errno in _OUT_OF_FILES:
            for link in list(self.strangers):
                self.drop(link)
            say_once("the system allows no more open files; connections that waited were ended")
        elif error is not None:
            say_once(f"a connection failed: {type(error).__name__}")


class Link(H11Protocol):
    """One connection. It waits, is answered, rests, waits again."""

    due: asyncio.TimerHandle | None = None
    stage = ""
    known = False

    @property
    def links(self) -> Links:
        """What it shares with the others."""
        return cast(Links, self.server_state)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the head of a request."""
        super().connection_made(transport)
        if not self.links.let_in(self):
            head = f"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {len(_BUSY)}"
            transport.write(head.encode() + b"\r\nconnection: close\r\n\r\n" + _BUSY)
            transport.close()
            return
        self._enter("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._enter("")
        self.links.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; the first ones after a rest are the beginning of a head."""
        if self.stage == "rest":
            self._enter("head")
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Rest after an answer, unless the next request is here already."""
        super().on_response_complete()
        self._unset_keepalive_if_required()  # its own deadline takes the place of uvicorn's, which any byte unsets
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
        if self.stage != "answer":
            self.links.drop(self)
            return
        try:
            super().shutdown()
        except h11.LocalProtocolError:
            self.links.drop(self)

    def _look(self) -> None:
        """See how far the request has come."""
        if not self.stage or self.cycle is None:
            return
        self.known = self.known or self.links.knows(self.headers)
        if self.flow.write_paused:
            self._enter("unread")
        elif self.cycle.response_complete:
            if self.stage != "head":
                self._enter("rest")
        elif self.conn.their_state is h11.SEND_BODY:
            self._enter("body")
        else:
            self._enter("answer")

    def _enter(self, stage: str) -> None:
        """Go over into a stage; its time begins, and no byte lengthens it."""
        if stage == self.stage:
            return
        self.stage = stage
        if self.due is not None:
            self.due.cancel()
            self.due = None
        self.links.strangers.pop(self, None)
        if stage and not self.known:
            self.links.strangers[self] = None
        if stage in ("head", "body", "unread", "rest"):
            # The guard answers a late body in words first.
            seconds = getattr(self.links.patience, stage) * (1.5 if stage == "body" else 1.0)
            self.due = self.loop.call_later(seconds, self.links.drop, self)
