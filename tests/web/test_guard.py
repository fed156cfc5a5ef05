"""Who is let in: this host, this page, this token, and nothing that is malformed or too large."""

import json
import socket
from pathlib import Path

import pytest

from underwatch.web.guard import MOST_BODY_BYTES
from web.served import SMALL


def raw(studio, text, wait=5.0):
    """Send bytes as they are, and return what comes back first."""
    with socket.create_connection(("127.0.0.1", studio.port), timeout=wait) as link:
        link.sendall(text if isinstance(text, bytes) else text.encode())
        try:
            return link.recv(65536).decode(errors="replace")
        except TimeoutError:
            return ""


def test_the_page_is_served_with_a_strict_policy(studio):
    with studio.client(Accept="text/html") as stranger:
        answer = stranger.get("/")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert "data:" not in policy
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_it_listens_on_the_loopback_address_alone(studio):
    listening = []
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        host, port = address.split(":")
        if int(port, 16) == studio.port and state == "0A":
            listening.append(host)
    assert listening == ["0100007F"]  # 127.0.0.1, least byte first


@pytest.mark.parametrize("path", ["/api/presets", "/api/runs", "/api/runs/1/map", "/api/openapi.json", "/api/nothing"])
@pytest.mark.parametrize("token", [None, "", "wrong", "x" * 5000])
def test_without_the_token_nothing_is_told(studio, path, token):
    with studio.client(**({"Accept": "*/*"} if token is None else {"X-Underwatch-Token": token})) as stranger:
        assert stranger.get(path).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", ""]
)
def test_a_rebound_name_is_refused_even_with_the_token(studio, host):
    with studio.client() as client:
        for path in ("/", "/api/presets"):
            answer = client.get(path, headers={"Host": host.format(port=studio.port)})
            assert answer.status_code in (400, 403)
            assert "Hoeryong" not in answer.text


def test_two_hosts_are_refused(studio):
    told = raw(studio, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nHost: evil.example\r\n\r\n")
    assert told.split()[1] in ("400", "403")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"])
def test_a_page_of_another_site_cannot_ask(client, studio, origin):
    headers = {"Origin": origin.format(port=studio.port)}
    assert client.post("/api/runs", json=SMALL, headers=headers).status_code == 403
    assert client.get("/api/presets", headers=headers).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_cannot_even_load_a_script(client, site):
    assert client.get("/js/studio.js", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.get("/api/presets", headers={"Sec-Fetch-Site": site}).status_code == 403


def test_the_page_itself_may_ask(client, studio):
    headers = {"Origin": studio.base, "Sec-Fetch-Site": "same-origin"}
    assert client.get("/api/presets", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py", "/..%2fserver.py", "/%2e%2e/%2e%2e/facts/census_2008.csv", "/js/..%2f..%2fserver.py",
        "//etc/passwd", "/etc/passwd", "/js\\..\\..\\server.py", "/vendor/", "/js", "/index.html%00.js",
        "/api/runs/..%2f..%2fetc%2fpasswd", "/api/runs/1/take/..%2f..%2fserver.py", "/api/runs/1%2ftake",
        "/api/runs/-1", "/api/runs/1e3", "/api/runs/٣", "/api/runs/99999999999999999999", "/api/runs/1/residents/0x1",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(studio, path):
    told = raw(
        studio,
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nX-Underwatch-Token: {studio.token}\r\n"
        "Connection: close\r\n\r\n",
    )
    assert told.split()[1] in ("400", "404"), told[:300]
    assert "root:" not in told
    assert "import" not in told


@pytest.mark.parametrize("name", ["place", "interventions"])
def test_a_question_opens_no_file(client, name):
    for path in ("/etc/passwd", "../mine.toml", "mine.toml", "C:\\mine.TOML", "./hoeryong"):
        asked = {**SMALL, name: path if name == "place" else [path]}
        answer = client.post("/api/runs", json=asked)
        assert answer.status_code == 422
        assert "no file" in answer.json()["error"] or "no name" in answer.json()["error"] or "not known" in answer.text


def test_a_body_is_bounded(client, studio):
    assert client.post("/api/runs", content=b" " * (MOST_BODY_BYTES + 1)).status_code == 413

    def chunks():
        for _ in range(100):
            yield b" " * 4096

    assert client.post("/api/runs", content=chunks()).status_code == 413
    head = f"POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nX-Underwatch-Token: {studio.token}\r\n"
    assert raw(studio, head + "Content-Length: 99999999999999\r\n\r\n").split()[1] == "413"


@pytest.mark.parametrize(
    ("body", "media", "code"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 60000, "application/json", 400),
        (b'{"place": NaN}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"Hoeryong"', "application/json", 422),
        (b'{"place": "Hoeryong"}', "text/plain", 415),
        (b'{"place": "Hoeryong"}', "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_that_is_no_question_is_refused(client, body, media, code):
    answer = client.post("/api/runs", content=body, headers={"Content-Type": media})
    assert answer.status_code == code
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"place": "Hoeryon"}, "did you mean"),
        ({"place": "North Hamgyong"}, "one city or county"),
        ({"place": "Pyongyang", "population": None}, "set population"),
        ({"days": 0}, "days"),
        ({"days": 10**9}, "days"),
        ({"days": True}, "days"),
        ({"population": 0}, "population"),
        ({"population": 10**8}, "population"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"draws": 100000}, "draws"),
        ({"start": "2024-13-01"}, "start"),
        ({"start": "20240701"}, "start"),
        ({"parameters": {"p_notice": 9}}, "out of range"),
        ({"parameters": {"p_notice": "0.5"}}, "no number"),
        ({"parameters": {"p_tell_at_no_fear": 0.001}}, "integrated over"),
        ({"parameters": {"phone_number": 1}}, "identity"),
        ({"forms": {"S4": "pool"}}, 'S4 has no form "pool" (did you mean "pooled"?)'),
        ({"forms": {"S40": "pooled"}}, '"S40" has no rival forms (did you mean'),
        ({"forms": {"S4": 1}}, "S4 has no form"),
        ({"forms": ["S4"]}, "table"),
        ({"forms": {"S13": "threshold"}}, "integrated over"),
        ({"without": ["S1"]}, "frame"),
        ({"without": "S6"}, "list"),
        ({"interventions": ["more-watchers"]}, "not known"),
        ({"interventions": ["end-reprimands", "end-reprimands"]}, "twice"),
        ({"interventions": ["end-reprimands"], "from_date": "1999-01-01"}, "outside"),
        ({"name": "x"}, "not known"),
    ],
)
def test_a_question_is_checked_as_on_the_command_line(client, part, words):
    answer = client.post("/api/runs", json={**SMALL, **part})
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_other_methods_are_refused(client, method):
    assert client.request(method, "/api/runs").status_code in (400, 405)


def test_errors_are_json(client):
    for path in ("/api/runs/424242", "/api/nothing", "/nothing.js"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert set(json.loads(answer.text)) == {"error"}
