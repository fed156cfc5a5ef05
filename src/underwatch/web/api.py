"""What the page asks: each function answers one kind of request. Nothing here reads a path, a file name or a program
from a request; a run is a number.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from underwatch.errors import InputError
from underwatch.facts.places import slug
from underwatch.files.intake.json import NoJson
from underwatch.texts.languages import ENGLISH, LANGUAGES, language_of
from underwatch.web.session.draft_desk import DraftBusy
from underwatch.web.session.memory import give_back
from underwatch.web.session.queue import JobQueue, QueueFull
from underwatch.web.session.studio_run import OVER, STORED, StudioRun
from underwatch.web.wire import read, written

MOST_STREAMS = 24
_BEAT_SECONDS = 0.1
_QUIET_BEATS = 20  # a line goes out at least every two seconds, so that a page that has gone is found out


class Address(NamedTuple):
    """An address of the interface: what answers there, and its description (none where it describes others)."""

    method: str
    path: str
    answer: str  # the name of a method of `Api`
    words: str = ""
    media: str = "application/json"


_RUN = "/api/runs/{run}"
ADDRESSES = (
    Address("GET", "/api/presets", "choice", "Places by province, bounds, defaults."),
    Address("GET", "/api/facts", "choice", "Parameters with meaning, unit, range and source."),
    Address("GET", "/api/forms", "choice", "The rules whose form is a guess, and their forms."),
    Address("GET", "/api/interventions", "choice", "What relieves residents, in words."),
    Address("POST", "/api/runs", "ask", "Ask a question; its run joins the queue."),
    Address("GET", "/api/runs", "overview", "All runs, the oldest first."),
    Address("GET", _RUN, "shown", "All that the page shows of a run."),
    Address("POST", f"{_RUN}/stop", "stop", "Stop a run."),
    Address("GET", f"{_RUN}/events", "events", "Progress and live totals as they come.", "text/event-stream"),
    Address("GET", f"{_RUN}/map", "map", "16 bytes a resident.", "application/octet-stream"),
    Address("GET", f"{_RUN}/outsider", "outsider", "Published reports beside the incidents they stand for."),
    Address("GET", f"{_RUN}/ledger", "ledger", "The chilling ledger."),
    Address("GET", f"{_RUN}/residents", "residents", "A few residents by what happened to them."),
    Address("GET", f"{_RUN}/residents/{{who}}", "life", "One synthetic life in both worlds."),
    Address("GET", f"{_RUN}/pictures/{{language}}", "pictures", "The figures that the report has too, drawn."),
    Address("GET", f"{_RUN}/picture/{{language}}/{{name}}", "picture", "A figure with its words.", "image/svg+xml"),
    Address("GET", f"{_RUN}/beside/{{other}}", "beside", "Two runs compared."),
    Address("GET", f"{_RUN}/take/{{name}}", "take"),
    Address("GET", "/api/exposure/choices", "draft_choices", "The details of a draft, and their codes."),
    Address("POST", "/api/exposure", "ask_of_draft"),
    Address("POST", "/api/exposure/stop", "stop_draft"),
    Address("GET", "/api/exposure/{language}", "exposed"),
    Address("GET", "/api/openapi.json", "openapi"),
)


class JsonAnswer(JSONResponse):
    """An answer in JSON, which can be written whatever it holds."""

    def render(self, content: Any) -> bytes:
        """Return its bytes."""
        return written(content)


class Api:
    """The answers, over one queue."""

    def __init__(self, job_queue: JobQueue) -> None:
        self.job_queue = job_queue
        self.streams = 0

    def routes(self) -> list[Route]:
        """Return every address of the interface."""
        return [Route(item.path, getattr(self, item.answer), methods=[item.method]) for item in ADDRESSES]

    def choice(self, request: Request) -> Response:
        """Give what can be chosen, by the last part of the address."""
        from underwatch.web.views.choices import CHOICES

        return JsonAnswer(CHOICES[request.url.path.rpartition("/")[2]]())

    def openapi(self, _: Request) -> Response:
        """Describe the interface."""
        from underwatch.web.description import description

        return JsonAnswer(description())

    def draft_choices(self, _: Request) -> Response:
        """Give what a draft can state."""
        from underwatch.web.session.draft_desk import choices

        return JsonAnswer(choices())

    async def ask_of_draft(self, request: Request) -> Response:
        """Take a draft, which stays in memory, and begin to judge it."""
        _must_be_json(request)
        body = await request.body()
        try:
            await run_in_threadpool(lambda: self.job_queue.drafts.ask(read(body)))
        except NoJson:
            raise HTTPException(400, "the body is no JSON") from None
        except DraftBusy:
            raise HTTPException(429, "another draft is being judged; stop it, or wait") from None
        return JsonAnswer({"state": self.job_queue.drafts.state}, 202)

    def stop_draft(self, _: Request) -> Response:
        """Let go of the draft and of its answer."""
        self.job_queue.drafts.stop()
        return JsonAnswer({"state": self.job_queue.drafts.state})

    def exposed(self, request: Request) -> Response:
        """Tell how far the draft is, and its answer in a language."""
        language = request.path_params["language"]
        if language not in LANGUAGES:
            raise HTTPException(404, "there is no such language")
        return JsonAnswer(self.job_queue.drafts.shown(language))

    def overview(self, _: Request) -> Response:
        """List all runs."""
        return JsonAnswer(self.job_queue.overview())

    async def ask(self, request: Request) -> Response:
        """Take a question and put its run into the queue."""
        _must_be_json(request)
        body = await request.body()
        run = await run_in_threadpool(self._ask, body)
        return JsonAnswer({"run": run.number, "ahead": self.job_queue.ahead(run)}, 202)

    def _ask(self, body: bytes) -> StudioRun:
        from underwatch.web.session.request import question_of

        try:
            return self.job_queue.ask(question_of(read(body)))
        except NoJson:
            raise HTTPException(400, "the body is no JSON") from None
        except QueueFull:
            raise HTTPException(429, "too many runs are waiting; stop one, or wait until one is done") from None

    def stop(self, request: Request) -> Response:
        """Stop a run."""
        run = self._run(request)
        run.asked_to_stop.set()
        return JsonAnswer({"run": run.number, "state": run.state})

    def shown(self, request: Request) -> Response:
        """Tell all that the page shows of a run."""
        from underwatch.web.views.figures import run_view

        return JsonAnswer(run_view(self._run(request)))

    async def events(self, request: Request) -> Response:
        """Stream what a run tells until it is over; a page that goes away stops listening."""
        run = self._run(request)
        if self.streams >= MOST_STREAMS:
            raise HTTPException(503, "too many pages listen; close one")
        self.streams += 1  # here, where it is let in: many that come at once are counted before any of them begins
        run.listen()
        return _Stream(self._events(run), lambda: self._unheard(run))

    def _unheard(self, run: StudioRun) -> None:
        self.streams -= 1
        run.unlisten()

    async def _events(self, run: StudioRun) -> AsyncIterator[str]:
        index, last, quiet = 0, "", 0
        while True:
            over = run.state in OVER
            fresh = run.told[index:]
            index += len(fresh)
            now = json.dumps(run.progress() | {"ahead": self.job_queue.ahead(run)})
            lines = [f"event: {item['kind']}\ndata: {json.dumps(item)}\n\n" for item in fresh]
            quiet = 0 if fresh or now != last else quiet + 1
            if now != last or quiet >= _QUIET_BEATS:
                lines.append(f"event: progress\ndata: {now}\n\n")
                last, quiet = now, 0
            if lines:
                yield "".join(lines)
            if over and index == len(run.told):
                return
            await asyncio.sleep(_BEAT_SECONDS)

    def map(self, request: Request) -> Response:
        """Give the schematic map."""
        from underwatch.web.views.town_map import map_bytes

        return Response(map_bytes(self._lived(request)), media_type="application/octet-stream")

    def outsider(self, request: Request) -> Response:
        """Give what was published, and what it stands for."""
        from underwatch.web.views.outsider import seen_from_outside

        return JsonAnswer(seen_from_outside(self._lived(request)))

    def ledger(self, request: Request) -> Response:
        """Give the chilling ledger; it is empty until the run is done."""
        return JsonAnswer(self._lived(request).ledger)

    def residents(self, request: Request) -> Response:
        """Give a few residents by what happened to them."""
        from underwatch.web.views.life import examples

        return JsonAnswer(examples(self._lived(request)))

    def life(self, request: Request) -> Response:
        """Tell one synthetic life in both worlds."""
        from underwatch.web.views.life import life

        who = _number(request, "who")  # a malformed number is no address, whatever the run has come to
        days = life(self._lived(request), who)
        give_back()
        return JsonAnswer(days)

    def pictures(self, request: Request) -> Response:
        """Give the figures that report and studio share, as the page shows them."""
        from underwatch.web.views.pictures import pictures

        return JsonAnswer(pictures(self._lived(request), request.path_params["language"]))

    def picture(self, request: Request) -> Response:
        """Give a figure as a file, with its words inside."""
        from underwatch.web.views.pictures import saved_picture

        run, name = self._lived(request), request.path_params["name"]
        found = saved_picture(run, request.path_params["language"], name)
        if found is None:
            raise HTTPException(404, "there is no such figure in this run")
        return _saved(run, name, *found)

    def beside(self, request: Request) -> Response:
        """Compare two runs."""
        from underwatch.web.views.figures import compared

        return JsonAnswer(compared(self._lived(request), self._lived(request, "other")))

    def take(self, request: Request) -> Response:
        """Give a file to be saved."""
        from underwatch.web.session.exports import REPORT, TAKEN, report_html, taken_of

        name = request.path_params["name"]
        if name not in TAKEN:
            raise HTTPException(404, f"there is no such file; there are {', '.join(TAKEN)}")
        run = self._lived(request)
        if name not in taken_of(run):
            raise HTTPException(
                409, f"of the stored example there are {', '.join(taken_of(run))}; Run makes the others"
            )
        media, make = TAKEN[name]
        language = language_of(request.query_params.get("language") or ENGLISH)
        return _saved(run, name, media, report_html(run, language) if name == REPORT else make(run))

    def _run(self, request: Request, name: str = "run") -> StudioRun:
        number = _number(request, name)
        run = self.job_queue.runs.get(number) or _stored(number)
        if run is None:
            raise HTTPException(404, "there is no such run; it may have been forgotten for newer ones")
        return run

    def _lived(self, request: Request, name: str = "run") -> StudioRun:
        """Return a run whose worlds are there."""
        run = self._run(request, name)
        if run.study is None:
            raise HTTPException(409, "its worlds are not there yet" if run.state not in OVER else "it was not finished")
        return run


class _Stream(StreamingResponse):
    """A stream of events; `gone` is called when it has ended, whether or not it ever began."""

    def __init__(self, events: AsyncIterator[str], gone: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self.gone = gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.gone()


def _saved(run: StudioRun, name: str, media: str, content: bytes) -> Response:
    """Answer with a file to be saved, under a name that tells the place and the run."""
    saved = f"underwatch-{slug(run.question.scenario.name)}-{run.number}-{name}"
    header = {"content-disposition": f'attachment; filename="{saved}"'}
    give_back()
    return Response(content, media_type=media, headers=header)


def _stored(number: int) -> StudioRun | None:
    """Return the example that ships, which has a number of its own."""
    if number != STORED:
        return None
    from underwatch.web.session.stored import stored_run

    return stored_run()


def _must_be_json(request: Request) -> None:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the body of a question is application/json")


def _number(request: Request, name: str) -> int:
    text = str(request.path_params[name])
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise HTTPException(404, f"{name} is a number")
    return int(text)


async def refused(_: Request, error: Exception) -> Response:
    """Answer bad input and what is not there in one line of JSON."""
    if isinstance(error, HTTPException):
        return JsonAnswer({"error": error.detail}, error.status_code, headers=error.headers)
    code = 422 if isinstance(error, InputError) else 500
    words = str(error) if code == 422 else f"the studio failed: {type(error).__name__}"
    return JsonAnswer({"error": words}, code)
