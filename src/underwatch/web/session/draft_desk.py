"""Drafts that the page asks about: one at a time, on a thread of its own, in memory alone, forgotten with the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from underwatch.errors import InputError
from underwatch.web.session.studio_run import DONE, FAILED, STOPPED, WORKING

if TYPE_CHECKING:
    from underwatch.disclosure.answer import ExposureAnswer
    from underwatch.disclosure.counts import Earlier
    from underwatch.disclosure.draft import Draft

IDLE = "idle"
MOST_EARLIER = 20


class DraftBusy(Exception):  # noqa: N818 - a state, not an error
    """Another draft is being judged."""


class DraftDesk:
    """The draft that is asked about, how far it is, and its answer."""

    def __init__(self) -> None:
        self.state, self.error = IDLE, ""
        self.answer: ExposureAnswer | None = None
        self._work, self._done = 0, 0
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def ask(self, told: object) -> None:
        """Begin to judge a draft; InputError for what cannot be asked, DraftBusy while another is being judged."""
        draft, k, earlier = _question(told)
        with self._lock:
            if self.state == WORKING:
                raise DraftBusy
            self.state, self.error, self.answer = WORKING, "", None
            self._work = self._done = 0
            self._stop.clear()
        threading.Thread(target=self._judge, args=(draft, k, earlier), name="draft", daemon=True).start()

    def stop(self) -> None:
        """Let go of the draft that is being judged, and of the answer that is there."""
        self._stop.set()
        if self.state != WORKING:
            self.state, self.answer = IDLE, None

    def shown(self, language: str) -> dict[str, Any]:
        """Return how far it is, and the answer in a language once there is one."""
        told: dict[str, Any] = {"state": self.state, "share": self._done / self._work if self._work else 0.0}
        if self.state == FAILED:
            told["error"] = self.error
        if self.state == DONE and self.answer is not None:
            from underwatch.disclosure.telling import sections, verdict

            told["reaches_k"] = self.answer.reaches_k
            told["verdict"] = verdict(self.answer, language)
            told["sections"] = [
                {"name": one.name, "title": one.title, "header": one.header, "rows": one.rows, "notes": one.notes}
                for one in sections(self.answer, language)
            ]
        return told

    def _judge(self, draft: Draft, k: int, earlier: list[Earlier]) -> None:
        from underwatch.disclosure.asking import ExposureQuestion, exposure
        from underwatch.experiments.engine.runner import StopAsked

        def begin(work: int) -> Callable[[int], object]:
            self._work = work
            return self._advance

        try:
            self.answer = exposure(draft, ExposureQuestion(k, begin=begin), earlier)
            self.state = DONE
        except StopAsked:
            self.state = STOPPED
        except InputError as error:
            self.state, self.error = FAILED, str(error)
        except Exception as error:  # the page must hear of it
            self.state, self.error = FAILED, f"the draft could not be judged: {type(error).__name__}"

    def _advance(self, resident_days: int) -> None:
        from underwatch.experiments.engine.runner import StopAsked

        with self._lock:
            self._done += resident_days
        if self._stop.is_set():
            raise StopAsked


def _question(told: object) -> tuple[Draft, int, list[Earlier]]:
    """Return what the page asks: a draft, k, and earlier reports with what they share."""
    from underwatch.disclosure.asking import LEAST_K, MOST_K
    from underwatch.disclosure.counts import Earlier
    from underwatch.disclosure.draft import RELATIONS, draft_of, draft_of_text

    if not isinstance(told, Mapping) or not set(told) <= {"draft", "k", "earlier"}:
        raise InputError("a draft is asked about with draft, k and earlier")
    draft, k, earlier = told.get("draft"), told.get("k", 20), told.get("earlier", [])
    if not isinstance(draft, Mapping):
        raise InputError("draft: a table of details and their codes")
    if isinstance(k, bool) or not isinstance(k, int) or not LEAST_K <= k <= MOST_K:
        raise InputError(f"k: a whole number of {LEAST_K} to {MOST_K:,}")
    if not isinstance(earlier, list) or len(earlier) > MOST_EARLIER:
        raise InputError(f"earlier: a list of at most {MOST_EARLIER} reports")
    found = []
    for number, one in enumerate(earlier, 1):
        if not isinstance(one, Mapping) or set(one) != {"toml", "relation"} or not isinstance(one["toml"], str):
            raise InputError(f"earlier report {number}: toml and relation")
        if one["relation"] not in RELATIONS:
            raise InputError(f"earlier report {number}: relation is one of {', '.join(RELATIONS)}")
        try:
            found.append(Earlier(draft_of_text(one["toml"]), one["relation"]))
        except InputError as error:
            raise InputError(f"earlier report {number}: {error}") from None
    return draft_of(draft), k, found


def choices() -> dict[str, Any]:
    """Return the details of a draft in order, and the codes that each may have."""
    from underwatch.disclosure.draft import RELATIONS
    from underwatch.disclosure.terms import NEEDED, codes_of, details

    rows = [{"detail": one, "codes": codes_of(one), "needed": one in NEEDED} for one in details()]
    return {"details": rows, "relations": RELATIONS}
