"""How the studio is opened and how it ends: the file that leads in, and every signal that can come."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from support.depth import at_length
from web.served import Studio
from web.test_runs import LONG, finished, until

# A browser that notes how it was called and what it was given, and opens nothing
NOTES = """#!{python}
import os, pathlib, sys, urllib.parse
page = pathlib.Path(urllib.parse.urlsplit(sys.argv[1]).path)
noted = [" ".join(sys.argv), oct(page.stat().st_mode), oct(page.parent.stat().st_mode), str(page), page.read_text()]
pathlib.Path("{note}.part").write_text("\\0".join(noted))
os.rename("{note}.part", "{note}")
"""


def opened(tmp_path, code=None):
    """Start a studio that opens a browser; return it, its folder for temporary files, and what the browser noted."""
    note, browser, temporary = tmp_path / "note", tmp_path / "browser", tmp_path / "temporary"
    temporary.mkdir()
    browser.write_text(NOTES.format(python=sys.executable, note=note))
    browser.chmod(0o755)
    more = {"BROWSER": f"{browser} %s", "DISPLAY": ":0", "TMPDIR": str(temporary)}
    os.umask(umask := os.umask(0))
    try:
        os.umask(0)  # a user's own mask must not matter
        one = Studio(more=more, **({"code": code} if code else {}))
    finally:
        os.umask(umask)
    assert until(note.exists)
    return one, temporary, note.read_text().split("\0")


def test_the_way_in_is_private_and_gone_once_somebody_is_in(tmp_path):
    one, temporary, (called, mode, folder, page, html) = opened(tmp_path)
    try:
        assert stat.S_IMODE(int(mode, 8)) == 0o600
        assert stat.S_IMODE(int(folder, 8)) == 0o700
        assert page.startswith(str(temporary))
        for words in (called, subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout):
            assert one.token not in words
        assert "underwatch" not in page.removeprefix(str(tmp_path))
        assert one.token in html
        assert "Underwatch" not in html
        with one.client(Origin="null", **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}) as browser:
            assert os.path.exists(page)
            wrong = browser.post("/", data={"key": "wrong"})
            assert (wrong.status_code, 'name="key"' in wrong.text, os.path.exists(page)) == (200, False, True)
            right = browser.post("/", data={"key": one.token})
        assert f'<meta name="key" content="{one.token}">' in right.text
        assert right.headers["referrer-policy"] == "no-referrer"
        assert right.headers["cache-control"] == "no-store"
        assert list(temporary.iterdir()) == []
    finally:
        assert one.close() == 0


@pytest.mark.parametrize("name", [at_length("SIGINT"), "SIGTERM", at_length("SIGHUP")])
def test_every_signal_ends_it_cleanly(tmp_path, name):
    """With the file that leads in still there, a run at work and a page that listens."""
    number = getattr(signal, name)
    one, temporary, _ = opened(tmp_path)
    assert len(list(temporary.iterdir())) == 1
    with one.client() as client:
        (temporary / "unrelated").mkdir()  # not ours: it stays
        run = client.post("/api/runs", json=LONG).json()["run"]
        listening = threading.Thread(target=pytest.raises, args=(Exception, finished, client, run))
        listening.start()
        assert until(lambda: client.get(f"/api/runs/{run}").json()["state"] == "working")
        code = one.close(number)
        listening.join(30)
    assert code == 0 if name == "SIGINT" else code in (-number, 128 + number)
    assert [path.name for path in temporary.iterdir()] == ["unrelated"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_before_anybody_is_in_leaves_nothing(tmp_path, name):
    number = getattr(signal, name)
    one, temporary, _ = opened(tmp_path)
    assert one.close(number) in (-number, 128 + number)
    assert list(temporary.iterdir()) == []


def test_a_hangup_that_is_ignored_stays_ignored(placed):
    """As under nohup."""
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); from underwatch.cli import main; main()"
    one = Studio(code=code)
    one.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    with one.client() as client:
        assert client.get("/api/runs").status_code == 200
    assert one.close() == 0


def test_the_terminal_hears_nothing_of_a_request(placed, tmp_path):
    """Neither a word of it nor the token, whatever is sent."""
    from web.test_links import connected, ended, request

    with (tmp_path / "errors").open("w+") as errors:
        one = Studio(errors=errors)
        last = "Connection: close\r\n\r\n"
        sent = [
            b"MARKER / HTTP/9.9\r\n\r\n", b"\x16\x03\x01MARKER\r\n\r\n", b"GET /MARKER HTTP/1.1\r\n\r\n",
            request(one, "/MARKER%ED%A0%80?MARKER=\x1b[31m", more=last, token=one.token).encode(),
            request(one, "/api/runs", more="Connection: Upgrade\r\nUpgrade: websocket\r\nX-A: MARKER\r\n\r\n").encode(),
            request(one, "/MARKER", more="\r\n").encode() + b"MARKER \x00\r\n\r\n",
            request(one, "/api/runs/MARKER/events", more=last, token=one.token).encode(),
        ]  # fmt: skip
        for text in sent:
            link = connected(one, text)
            link.shutdown(1)
            ended(link)
        body = b'{"place": "MARKER\\ud800"}'
        with one.client() as client:
            assert client.post("/api/runs", content=body, headers={"Content-Type": "application/json"}).is_client_error
        one.process.send_signal(signal.SIGINT)
        told, _ = one.process.communicate(timeout=60)
        errors.seek(0)
        told += errors.read()
    assert told == "It answers on this machine alone, until Ctrl-C.\nThe studio is closed.\n"
