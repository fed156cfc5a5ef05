"""The OpenAPI description of what the page asks the server, so that a program can try every malformed request."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from underwatch import __version__
from underwatch.experiments.ensemble.names import ENSEMBLES
from underwatch.web.api import ADDRESSES, Address
from underwatch.web.bounds import MOST_DAYS, MOST_DRAWS, MOST_RESIDENTS
from underwatch.web.guard import TOKEN_HEADER
from underwatch.web.session.exports import TAKEN

_SAID = json.loads(files("underwatch.web").joinpath("description.json").read_text(encoding="utf-8"))
_MOST = {"days": MOST_DAYS, "population": MOST_RESIDENTS, "draws": MOST_DRAWS}
_ASKED: dict[str, dict[str, Any]] = _SAID["question"]["properties"]
_QUESTION = _SAID["question"] | {
    "properties": {name: item | ({"maximum": _MOST[name]} if name in _MOST else {}) for name, item in _ASKED.items()}
}
_QUESTION["properties"]["ensemble"]["enum"] = [*ENSEMBLES, None]


def _answers(media: str, code: str) -> dict[str, Any]:
    error = {"application/json": {"schema": _SAID["error"]}}
    schema: dict[str, Any] = {"schema": {}} if media == "application/json" else {"schema": {"type": "string"}}
    refused = {number: {"description": words, "content": error} for number, words in _SAID["refusals"].items()}
    return {code: {"description": "done", "content": {media: schema}}, **refused}


def _operation(address: Address) -> dict[str, Any]:
    """Return one address as an operation; what stands in braces in its path is a parameter."""
    if address.answer == "ask":
        body = {"required": True, "content": {"application/json": {"schema": _QUESTION}}}
        return {"summary": address.words, "requestBody": body, "responses": _answers(address.media, "202")}
    parameters = [parameter for name, parameter in _SAID["parameters"].items() if f"{{{name}}}" in address.path]
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
