"""What is no text: half characters, control characters, numbers beyond all bounds. Refused in words, never a fault."""

import json
import string

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from support.depth import examples
from web.served import SMALL
from web.test_links import connected, ended, request

KEYS = (
    "place",
    "start",
    "days",
    "population",
    "seed",
    "draws",
    "ensemble",
    "parameters",
    "forms",
    "without",
    "interventions",
    "from_date",
)
HALVES = ("\ud800", "\udfff", "Hoeryong\udc00", "\udc00\ud800", "\x00", "Hoe\x00ryong", "\x1b[31m", "\x7f")


def asked(client, question):
    """Ask with JSON in which half characters are written out as they cannot be in UTF-8."""
    body = json.dumps(question, ensure_ascii=True)
    return client.post("/api/runs", content=body, headers={"Content-Type": "application/json"})


def refused(answer, code=422):
    assert answer.status_code == code
    assert list(json.loads(answer.content.decode("utf-8"))) == ["error"]
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize("key", KEYS)
def test_half_a_character_is_refused_wherever_it_stands(client, key):
    for half in HALVES:
        refused(asked(client, {**SMALL, key + half: SMALL.get(key)}))
        for value in (half, [half], {half: 1}, {"p_notice": half}, [[half]]):
            refused(asked(client, {**SMALL, key: value}))


def test_half_a_character_is_refused_for_a_key(client):
    for half in HALVES:
        refused(asked(client, {**SMALL, half: 1}))


@pytest.mark.parametrize(
    "whole", ["회령", "Ho\u00e9ryong", "\U0001f600", "e\u0301", "\u202e\u2066", "\ufeff", "\ufffd"]
)
def test_a_whole_character_is_refused_for_what_it_says(client, whole):
    """A place that is not known is told so, in the letters in which it came; 회령 is a place."""
    answer = asked(client, {**SMALL, "place": whole, "draws": -1})
    refused(answer)
    assert "draws" in answer.json()["error"] or whole in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"place": "Hoeryong", "seed": 1' + "0" * 5000 + "}", 400),
        ('{"place": "Hoeryong", "seed": 1' + "0" * 4000 + "}", 422),
        ('{"place": "Hoeryong", "parameters": {"p_notice": 1' + "0" * 4000 + "}}", 422),
        ('{"place": "Hoeryong", "parameters": {"p_notice": 1e999}}', 422),
        ('{"place": "Hoeryong", "parameters": {"p_notice": -1e999}}', 422),
        ('{"place": "Hoeryong", "days": 1e999}', 422),
        ('{"place": "Hoeryong", "days": 7.0}', 422),
        ('{"place": "Hoeryong", "parameters": {"p_notice": Infinity}}', 400),
        ('{"place": "Hoeryong", "parameters": ' + '{"a":' * 20 + "1" + "}" * 21, 422),
        ('{"place": ' + "[" * 900 + "]" * 900 + "}", 422),
        ('{"place": ' + "[" * 30000 + "]" * 30000 + "}", 400),
        ("[" * 9 + "]" * 9, 422),
        ('{"place": "' + "ab" * 30000 + '"}', 422),
        ('{"place": "Hoeryong", "without": ["' + "ab" * 30000 + '"]}', 422),
        ('{"place": "Hoeryong", "interventions": ["' + "ab" * 30000 + '"]}', 422),
        ('{"place": "Hoeryong", "parameters": {"' + "ab" * 30000 + '": 1}}', 422),
        ('{"' + "ab" * 30000 + '": 1}', 422),
    ],
)
def test_what_is_beyond_all_bounds_is_refused(client, body, code):
    answer = client.post("/api/runs", content=body, headers={"Content-Type": "application/json"})
    if code == 400 and answer.status_code == 422:
        assert "[" * 30000 in body  # a newer Python reads deeper, and then it is too deep for a question
        code = 422
    refused(answer, code)
    assert len(answer.content) < 1000


@pytest.mark.parametrize("path", ["/{}", "/js/{}", "/api/{}", "/api/runs/{}", "/api/runs/1/take/{}", "/?q={}"])
@pytest.mark.parametrize("half", ["%ED%A0%80", "%80", "a%FFb", "%C3"])
def test_half_a_character_in_an_address_is_refused(client, path, half):
    refused(client.get(path.format(half)))


@pytest.mark.parametrize("name", ["Origin", "Host", "Content-Type", "Accept", "Sec-Fetch-Site", "X-Other", "Cookie"])
def test_half_a_character_in_a_header_is_no_fault(studio, name):
    for half in (b"\xed\xa0\x80", b"\xff", b"\\ud800"):
        more = name.encode() + b": " + half + b"\r\nConnection: close\r\n\r\n"
        told = ended(connected(studio, request(studio, "/api/runs", token=studio.token).encode() + more))
        assert told.split()[1] in (b"200", b"400", b"403", b"415", b"422")
    told = ended(connected(studio, request(studio, "/api/runs", more="Connection: close\r\n\r\n", token="half").encode()
                           .replace(b"half", b"\xed\xa0\x80")))  # fmt: skip
    assert told.split()[1] == b"401"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inside, max_size=4)
    ),
    max_leaves=8,
)


@examples(60, deadline=None, suppress_health_check=list(HealthCheck))
@given(question=st.dictionaries(st.sampled_from(KEYS) | st.text(string.printable), JSON, max_size=6) | JSON)
def test_whatever_is_asked_it_is_answered(client, question):
    answer = asked(client, question)
    if answer.status_code == 202:
        client.post(f"/api/runs/{answer.json()['run']}/stop")
        return
    assert answer.status_code in (400, 422, 429)
    assert answer.json()["error"]
