"""Connections to the studio: a silent or slow one neither lasts nor shuts others out.

A connection waits while a request, head and body, has not come as a whole. One that waits has until a deadline, and
when all places are taken the one that has waited longest makes room. Anybody on the machine can connect; a page's
request comes at once, and so passes however many others sit and wait.
"""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from underwatch.show.server_words import say_once

MOST_LINKS = 512
ACCEPTED_AT_ONCE = 32
QUEUE = 512  # connections that the system holds until they are accepted
OTHER_FILES = 128  # left to the rest of the program, and to what is accepted before it is counted
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_BUSY = b'{"error": "too many requests at once; wait a little"}'


@dataclass(frozen=True)
class Patience:
    """Seconds that a connection has for the head of a request, for its body, and for rest between two requests."""

    head: float = 10.0
    body: float = 10.0
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
    """What all connections share: how many may be open, and which of them wait, the longest first."""

    def __init__(self, most: int, patience: Patience) -> None:
        super().__init__()
        self.most = most
        self.patience = patience
        self.open: set[Link] = set()
        self.waiting: dict[Link, None] = {}

    def let_in(self, link: Link) -> bool:
        """Count a connection; False when every place is taken by one that is being answered."""
        if len(self.open) >= self.most:
            if not self.waiting:
                return False
            self.drop(next(iter(self.waiting)))
        self.open.add(link)
        return True

    def drop(self, link: Link) -> None:
        """End a connection at once, whatever it has not sent or read."""
        self.forget(link)
        link.transport.abort()

    def forget(self, link: Link) -> None:
        """Count a connection no more."""
        self.open.discard(link)
        self.waiting.pop(link, None)

    def failed(self, _: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        """Take what went wrong outside of any request: without a file to spare, all that wait make room."""
        error = told.get("exception")
        if isinstance(error, OSError) and error.errno in _OUT_OF_FILES:
            for link in list(self.waiting):
                self.drop(link)
            say_once("the system allows no more open files; connections that waited were ended")
        elif error is not None:
            say_once(f"a connection failed: {type(error).__name__}")


class Link(H11Protocol):
    """One connection. It waits, is answered, rests, waits again."""

    due: asyncio.TimerHandle | None = None
    stage = ""

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
        if self.cycle.response_complete:
            if self.stage in ("body", "answer"):
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
        self.links.waiting.pop(self, None)
        if stage in ("head", "body", "rest"):
            # The guard answers a late body in words first.
            seconds = getattr(self.links.patience, stage) * (1.5 if stage == "body" else 1.0)
            self.links.waiting[self] = None
            self.due = self.loop.call_later(seconds, self.links.drop, self)
