"""Malformed requests, made from the studio's own description: every answer is one that the description knows."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from underwatch.web.description import description
from underwatch.web.guard import TOKEN_HEADER
from web.test_guard import raw

EACH = int(os.environ.get("UNDERWATCH_REQUESTS", "300")) // 25  # examples for each of about 25 operations
SCHEMA = schemathesis.openapi.from_dict(description())
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)


@pytest.fixture(scope="module", autouse=True)
def halting(studio):
    """What a request is told whose body never comes, and after how long: it waits beside the other tests here."""

    def told():
        head = f"POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nX-Underwatch-Token: {studio.token}\r\n"
        begun = time.monotonic()
        text = raw(studio, head + 'Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"pla', wait=20)
        return text, time.monotonic() - begun

    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(told)


@SCHEMA.parametrize()
@settings(
    max_examples=max(1, EACH),
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_a_malformed_request_gets_an_answer_that_is_known(case, studio):
    if case.path.endswith("/events"):
        case.path_parameters = {"run": 999_999}  # a stream of a run that goes on would not end
    answer = case.call(base_url=studio.base, headers={TOKEN_HEADER: studio.token}, timeout=30)
    case.validate_response(answer, checks=CHECKS)


def test_the_studio_is_as_it_was(client, studio):
    assert client.get("/api/presets").status_code == 200
    for one in client.get("/api/runs").json():
        client.post(f"/api/runs/{one['run']}/stop")
    assert studio.process.poll() is None
    assert studio.memory() < 700


@pytest.mark.parametrize("path", list(description()["paths"]))
def test_each_described_address_is_there(client, path):
    filled = path.replace("{run}", "999999").replace("{other}", "999999").replace("{who}", "0")
    method = "POST" if path.endswith("/stop") else "GET"
    answer = client.request(method, filled)
    assert answer.status_code in (200, 404)
    assert answer.status_code == 200 or answer.json()["error"].startswith("there is no such run")


def test_a_body_that_never_comes_ends(halting):
    text, seconds = halting.result()
    assert text.split()[1] == "413"
    assert seconds < 15
