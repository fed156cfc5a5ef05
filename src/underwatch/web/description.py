"""The OpenAPI description of what the page asks the server, so that a program can try every malformed request."""

from __future__ import annotations

from typing import Any

from underwatch import __version__
from underwatch.experiments.ensemble.settings import ENSEMBLES
from underwatch.web.api import ADDRESSES, Address
from underwatch.web.bounds import MOST_DAYS, MOST_DRAWS, MOST_RESIDENTS
from underwatch.web.guard import TOKEN_HEADER
from underwatch.web.session.exports import TAKEN

_RUN = {"name": "run", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 999999}}
_PARAMETERS = {
    "run": _RUN,
    "who": {**_RUN, "name": "who", "schema": {"type": "integer", "minimum": 0, "maximum": 9999999}},
    "other": {**_RUN, "name": "other"},
}
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
        "ensemble": {"type": ["string", "null"], "enum": [*ENSEMBLES, None]},
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


def _answers(media: str, code: str) -> dict[str, Any]:
    error = {"application/json": {"schema": _ERROR}}
    schema: dict[str, Any] = {"schema": {}} if media == "application/json" else {"schema": {"type": "string"}}
    refused = {number: {"description": words, "content": error} for number, words in _REFUSALS.items()}
    return {code: {"description": "done", "content": {media: schema}}, **refused}


def _operation(address: Address) -> dict[str, Any]:
    """Return one address as an operation; what stands in braces in its path is a parameter."""
    if address.answer == "ask":
        body = {"required": True, "content": {"application/json": {"schema": _QUESTION}}}
        return {"summary": address.words, "requestBody": body, "responses": _answers(address.media, "202")}
    parameters = [parameter for name, parameter in _PARAMETERS.items() if f"{{{name}}}" in address.path]
    return {"summary": address.words, "parameters": parameters, "responses": _answers(address.media, "200")}


def description() -> dict[str, Any]:
    """Return the description as OpenAPI 3.1."""
    described = [address for address in ADDRESSES if address.words]
    described += [
        Address("GET", f"/api/runs/{{run}}/take/{name}", "take", f"Take away {name}.", media.split(";")[0])
        for name, (media, _) in TAKEN.items()
    ]
    paths: dict[str, Any] = {}
    for address in described:
        paths.setdefault(address.path, {})[address.method.lower()] = _operation(address)
    key = {"type": "apiKey", "in": "header", "name": TOKEN_HEADER}
    return {
        "openapi": "3.1.0",
        "info": {"title": "The Underwatch studio, on this machine only", "version": __version__},
        "components": {"securitySchemes": {"token": key}},
        "security": [{"token": []}],
        "paths": paths,
    }
