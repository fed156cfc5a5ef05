"""Connections to the studio: a silent or slow one neither lasts nor shuts others out.

A connection waits while a request, head and body, has not come as a whole, or an answer is not read. One that waits
has until a deadline. Anybody on the machine can connect: when all places are taken, the stranger that has waited the
longest makes room, and one that has shown the token never does. A page's request comes at once, and so passes however
many others sit and wait.
"""

from __future__ import annotations

import errno
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from underwatch.web.words import say_once

MOST_LINKS = 512
ACCEPTED_AT_ONCE = 32
QUEUE = 512  # connections that the system holds until they are accepted
OTHER_FILES = 128  # left to the rest of the program, and to what is accepted before it is counted
HEAD, BODY, ANSWER, UNREAD, REST = "head", "body", "answer", "unread", "rest"
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


@dataclass(frozen=True)
class Patience:
    """Seconds that a connection has for a request's head, its body, reading the answer, and rest before the next."""

    head: float = 10.0
    body: float = 10.0
    unread: float = 30.0
    rest: float = 15.0


class Timer(Protocol):
    """What can be called off."""

    def cancel(self) -> None:
        """Call it off."""


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


class Links:
    """All connections: how many may be open, and which are strangers, the longest in its stage first."""

    def __init__(self, most: int, patience: Patience, token: bytes) -> None:
        self.most = most
        self.patience = patience
        self.token = token
        self.open: set[Stay] = set()
        self.strangers: dict[Stay, None] = {}

    def let_in(self, stay: Stay) -> bool:
        """Begin a stay; False when every place is taken by one that has shown the token."""
        if len(self.open) >= self.most:
            waiting = (item for item in self.strangers if item.stage != ANSWER)
            last = next(waiting, None) or next(iter(self.strangers), None)
            if last is None:
                return False
            last.drop()
        self.open.add(stay)
        stay.enter(HEAD)
        return True

    def failed(self, _: object, context: dict[str, Any]) -> None:
        """Take what went wrong outside of any request: without a file to spare, all strangers make room."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _OUT_OF_FILES:
            for stay in list(self.strangers):
                stay.drop()
            say_once("the system allows no more open files; connections that waited were ended")
        elif error is not None:
            say_once(f"a connection failed: {type(error).__name__}")


class Stay:
    """The time of one connection here: the stage of its request, its deadline, and whether it has shown the token.

    `later` calls something after some seconds, `abort` ends the connection whatever it has not sent or read.
    """

    def __init__(
        self, links: Links, later: Callable[[float, Callable[[], None]], Timer], abort: Callable[[], None]
    ) -> None:
        self.links = links
        self.stage = ""
        self.known = False
        self._later, self._abort = later, abort
        self._due: Timer | None = None

    def shown(self, token: bytes) -> None:
        """Take what a request shows as the token."""
        if not self.known and hmac.compare_digest(token, self.links.token):
            self.known = True
            self.links.strangers.pop(self, None)

    def enter(self, stage: str) -> None:
        """Go over into a stage. Its time begins, and no byte lengthens it."""
        if stage == self.stage or self not in self.links.open:
            return
        self.stage = stage
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self.links.strangers.pop(self, None)
        if not self.known:
            self.links.strangers[self] = None
        if stage != ANSWER:
            # The guard answers a late body in words first
            seconds = getattr(self.links.patience, stage) * (1.5 if stage == BODY else 1.0)
            self._due = self._later(seconds, self.drop)

    def drop(self) -> None:
        """End it at once."""
        self.end()
        self._abort()

    def end(self) -> None:
        """Count it no more."""
        if self._due is not None:
            self._due.cancel()
        self.links.open.discard(self)
        self.links.strangers.pop(self, None)
