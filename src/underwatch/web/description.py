"""The OpenAPI description of what the page asks the server, so that a program can try every malformed request."""

from __future__ import annotations

from typing import Any

from underwatch import __version__
from underwatch.web.bounds import MOST_DAYS, MOST_DRAWS, MOST_RESIDENTS
from underwatch.web.guard import TOKEN_HEADER
from underwatch.web.session.exports import TAKEN

_RUN = {"name": "run", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 999999}}
_OTHER = {**_RUN, "name": "other"}
_WHO = {"name": "who", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0, "maximum": 9999999}}
_QUESTION = {
    "type": "object",
    "required": ["place"],
    "additionalProperties": False,
    "properties": {
        "place": {"type": "string", "minLength": 1, "maxLength": 80},
        "start": {"type": ["string", "null"], "format": "date"},
        "days": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_DAYS},
        "population": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_RESIDENTS},
        "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**64 - 1},
        "draws": {"type": ["integer", "null"], "minimum": 0, "maximum": MOST_DRAWS},
        "parameters": {"type": ["object", "null"], "additionalProperties": {"type": "number"}},
        "without": {"type": ["array", "null"], "maxItems": 32, "items": {"type": "string"}},
        "interventions": {"type": ["array", "null"], "maxItems": 32, "items": {"type": "string"}},
        "from_date": {"type": ["string", "null"], "format": "date"},
    },
}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_REFUSALS = {
    "400": "the request is malformed",
    "401": "the token is missing or wrong",
    "403": "the request comes from another page or for another host",
    "404": "there is no such thing",
    "409": "it is not there yet",
    "413": "the body is too large",
    "415": "the body is not JSON",
    "422": "the question cannot be asked; the text says why and what to do",
    "429": "too many runs are waiting",
    "503": "too many pages listen",
}


def _answers(media: str, code: str = "200") -> dict[str, Any]:
    error = {"application/json": {"schema": _ERROR}}
    schema: dict[str, Any] = {"schema": {}} if media == "application/json" else {"schema": {"type": "string"}}
    refused = {number: {"description": words, "content": error} for number, words in _REFUSALS.items()}
    return {code: {"description": "done", "content": {media: schema}}, **refused}


def _get(words: str, *parameters: dict[str, Any], media: str = "application/json") -> dict[str, Any]:
    return {"get": {"summary": words, "parameters": list(parameters), "responses": _answers(media)}}


def description() -> dict[str, Any]:
    """Return the description as OpenAPI 3.1."""
    ask = {
        "summary": "Ask a question; its run joins the queue.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _QUESTION}}},
        "responses": _answers("application/json", "202"),
    }
    stop = {"summary": "Stop a run.", "parameters": [_RUN], "responses": _answers("application/json")}
    item = "/api/runs/{run}"
    paths: dict[str, Any] = {
        "/api/presets": _get("Places by province, bounds, defaults."),
        "/api/facts": _get("Parameters with meaning, unit, range and source."),
        "/api/interventions": _get("What relieves residents, in words."),
        "/api/runs": {"post": ask, **_get("All runs, the oldest first.")},
        item: _get("All that the page shows of a run.", _RUN),
        f"{item}/stop": {"post": stop},
        f"{item}/events": _get("Progress and live totals as they come.", _RUN, media="text/event-stream"),
        f"{item}/map": _get("16 bytes a resident.", _RUN, media="application/octet-stream"),
        f"{item}/outsider": _get("Published reports beside the incidents they stand for.", _RUN),
        f"{item}/ledger": _get("The chilling ledger.", _RUN),
        f"{item}/residents": _get("A few residents by what happened to them.", _RUN),
        f"{item}/residents/{{who}}": _get("One synthetic life in both worlds.", _RUN, _WHO),
        f"{item}/beside/{{other}}": _get("Two runs compared.", _RUN, _OTHER),
    }
    for name, (media, _) in TAKEN.items():
        paths[f"{item}/take/{name}"] = _get(f"Take away {name}.", _RUN, media=media.split(";")[0])
    key = {"type": "apiKey", "in": "header", "name": TOKEN_HEADER}
    return {
        "openapi": "3.1.0",
        "info": {"title": "The Underwatch studio, on this machine only", "version": __version__},
        "components": {"securitySchemes": {"token": key}},
        "security": [{"token": []}],
        "paths": paths,
    }
