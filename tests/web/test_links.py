"""Silent, slow and many connections: each has its end, and none of them shuts the page out."""

import socket
import time
from contextlib import ExitStack
from functools import partial

import pytest

from underwatch.web.api import MOST_STREAMS
from underwatch.web.links import ANSWER, BODY, HEAD, REST, UNREAD, Links, Patience, Stay
from web.served import Studio
from web.test_runs import LONG, until

GENEROUS = 30.0  # seconds until a test gives up; nothing is measured
# The server with little patience, few files, and as many places for connections as it finds or is told
IMPATIENT = """
import resource, sys
from underwatch.web import server
from underwatch.web.links import Patience
from underwatch.web.session.queue import JobQueue
files, places = {files}, {places}
resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
if places:
    server.room = lambda: places
server.serve(JobQueue(), ready=lambda address: print(address, flush=True), patience=Patience(*{patience}))
"""


@pytest.fixture(scope="module")
def impatient(placed, tmp_path_factory):
    """A server that waits a second, with 256 open files."""
    errors = tmp_path_factory.mktemp("terminal") / "errors"
    with errors.open("w") as file:
        one = Studio(code=IMPATIENT.format(files=256, places=None, patience=(1.0, 1.0, 1.0, 2.0)), errors=file)
        yield one
        assert one.close() == 0
    assert errors.read_text() == ""


def connected(studio, sent=b""):
    link = socket.create_connection(("127.0.0.1", studio.port), timeout=GENEROUS)
    link.sendall(sent)
    return link


def request(studio, path="/", method="GET", more="", token=""):
    shown = f"X-Underwatch-Token: {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\n{shown}{more}"


def ended(link, drip=b""):
    """Return what comes until the other side has ended, sending a byte now and then; fail when it never ends."""
    with link:
        return until_ended(link, drip)


def until_ended(link, drip):
    link.settimeout(0.1)
    told, end = b"", time.monotonic() + GENEROUS
    while time.monotonic() < end:
        try:
            part = link.recv(65536)
            if not part:
                return told
            told += part
        except TimeoutError:
            pass
        except ConnectionResetError:
            return told
        try:
            link.sendall(drip)
        except (BrokenPipeError, ConnectionResetError):
            return told
    raise AssertionError("the connection is still open")


def page_answers(studio):
    with studio.client() as client:
        for path in ("/", "/js/studio.js", "/api/presets"):
            assert client.get(path, timeout=GENEROUS).status_code == 200


class Timer:
    """A time that never comes."""

    def cancel(self):
        pass


def stays(links, stages):
    """Let one in for each stage; a capital says that it has shown the token. Return them and the list of the ended."""
    ended, found = [], []
    for at, stage in enumerate(stages):
        one = Stay(links, lambda seconds, call: Timer(), partial(ended.append, at))
        assert links.let_in(one)
        one.shown(b"token" if stage.isupper() else b"wrong")
        one.enter(stage.lower())
        found.append(one)
    return found, ended


def test_the_stranger_that_has_waited_longest_makes_room():
    """Those that wait before those that are answered, in the order in which they came; who has the token stays."""
    stages = [ANSWER.upper(), ANSWER, HEAD, REST.upper(), BODY, UNREAD, ANSWER, REST, HEAD.upper()]
    links = Links(len(stages), Patience(), b"token")
    known = [at for at, stage in enumerate(stages) if stage.isupper()]
    found, ended = stays(links, stages)
    found[2].enter(BODY)  # a new stage begins a new wait
    found[2].enter(BODY)
    order = [4, 5, 7, 2, 1, 6]
    for at in range(len(order)):
        newcomer = Stay(links, lambda seconds, call: Timer(), lambda: None)
        assert links.let_in(newcomer)
        newcomer.shown(b"token")
        newcomer.enter(ANSWER)
        assert ended == order[: at + 1]
        assert len(links.open) == len(stages)
    assert not links.let_in(Stay(links, lambda seconds, call: Timer(), lambda: None))
    assert all(found[at] in links.open for at in known)
    found[0].end()
    found[4].enter(HEAD)  # what has ended does not begin again
    assert len(links.open) == len(stages) - 1
    assert not links.strangers


@pytest.mark.parametrize("n", [140, 400])
def test_silent_connections_shut_nobody_out(studio, impatient, n):
    """Also with 256 open files, of which they would take more than there are."""
    for one in (studio, impatient):
        with ExitStack() as stack:
            for _ in range(n):
                stack.enter_context(connected(one))
            stack.enter_context(connected(one, b"GET / HTTP/1.1\r\nHost: "))
            page_answers(one)


def test_those_that_began_a_request_and_do_not_end_it_shut_nobody_out(impatient):
    """Half heads, half bodies at the door, where no token is asked for, and bodies of a GET that never come."""
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\nContent-Length: 50\r\n\r\nkey="
    for sent in (b"GET / HT", head.encode(), request(impatient, more="Content-Length: 50\r\n\r\n").encode()):
        with ExitStack() as stack:
            for _ in range(200):
                stack.enter_context(connected(impatient, sent))
            page_answers(impatient)


def test_a_silent_connection_ends(impatient):
    assert ended(connected(impatient)) == b""


def test_a_head_that_drips_ends(impatient):
    assert ended(connected(impatient, b"GET / HTTP/1.1\r\nX-Slow: "), drip=b"a") == b""


def test_a_second_head_that_drips_ends(impatient):
    """A connection that has been answered is no friend for that."""
    link = connected(impatient, request(impatient, "/tab.svg", more="\r\n").encode())
    assert link.recv(15).startswith(b"HTTP/1.1 200")
    told = ended(link, drip=b"G")
    assert b"HTTP/1.1" not in told


def test_a_connection_that_rests_ends(impatient):
    assert ended(connected(impatient, request(impatient, "/tab.svg", more="\r\n").encode())).startswith(b"HTTP/1.1 200")


def test_a_body_that_drips_ends(impatient):
    head = request(impatient, "/api/runs", "POST", "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{",
                   impatient.token)  # fmt: skip
    assert ended(connected(impatient, head.encode()), drip=b" ").startswith(b"HTTP/1.1 413")
    head = request(impatient, "/", "GET", "Content-Length: 5000\r\n\r\n")
    assert ended(connected(impatient, head.encode()), drip=b" ").startswith(b"HTTP/1.1 200")


def unread(studio, times):
    """Ask for the largest file so many times over one connection, and read nothing."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    link.settimeout(GENEROUS)
    link.connect(("127.0.0.1", studio.port))
    link.sendall(request(studio, "/vendor/uPlot.iife.min.js", more="\r\n").encode() * times)
    return link


def test_an_answer_that_is_not_read_ends(impatient):
    asked = 400
    link = unread(impatient, asked)
    time.sleep(3)  # three times its patience; what is left of the answers is thrown away
    told = ended(link)
    assert told.startswith(b"HTTP/1.1 200")
    assert len(told) < asked * 50_000


def test_answers_that_are_not_read_shut_nobody_out(impatient):
    with ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(unread(impatient, 20))
        page_answers(impatient)


@pytest.mark.deep
def test_without_a_file_to_spare_it_goes_on(placed, tmp_path):
    """More connections than open files, and all the patience in the world: accepting fails, and is taken up again."""
    with (tmp_path / "errors").open("w+") as errors:
        one = Studio(code=IMPATIENT.format(files=64, places=500, patience=(600.0,) * 4), errors=errors)
        with ExitStack() as stack:
            for _ in range(200):
                stack.enter_context(connected(one))
            page_answers(one)
        assert one.close() == 0
        errors.seek(0)
        told = errors.read()
    assert told == "underwatch: the system allows no more open files; connections that waited were ended\n"


def test_streams_are_counted_before_they_begin(studio, client):
    """Of those that come at once as many are let in as may listen; the others are told so in words."""
    run = client.post("/api/runs", json=LONG).json()["run"]
    with ExitStack() as stack:
        asked = request(studio, f"/api/runs/{run}/events", more="\r\n", token=studio.token).encode()
        links = [stack.enter_context(connected(studio)) for _ in range(64)]
        studio.process.send_signal(19)  # held for a moment, so that all of them come at once
        try:
            for link in links:
                link.sendall(asked)
        finally:
            studio.process.send_signal(18)
        told = [link.recv(4096) for link in links]
        codes = [int(one.split()[1]) for one in told]
        assert codes.count(200) == MOST_STREAMS
        assert codes.count(503) == 64 - MOST_STREAMS
        assert client.get(f"/api/runs/{run}/events").json() == {"error": "too many pages listen; close one"}
        page_answers(studio)
    client.post(f"/api/runs/{run}/stop")
    assert until(lambda: client.get(f"/api/runs/{run}/events").status_code == 200)
