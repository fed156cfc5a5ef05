"""Before you publish, in a real browser: a draft in codes, its answer in both languages, and nothing kept of it."""

import json
import threading
import time

import pytest
import uvicorn

from disclosure.made import tiny
from underwatch.disclosure import asking
from underwatch.errors import InputError
from underwatch.web.server import LOOPBACK, application, bound
from underwatch.web.session.draft_desk import DraftBusy, DraftDesk
from underwatch.web.session.queue import JobQueue
from web.test_page import Page

KEY = "a-key-of-these-tests"
DRAFT = {"act": "followed_visit", "place": "Samjiyon", "period": "2023-01", "published": "2023-03-01"}


class OwnStudio:
    """A studio in this process, whose drafts are judged in tiny places."""

    def __init__(self):
        self.queue = JobQueue(threads=1)
        listening = bound(0)
        port = listening.getsockname()[1]
        config = uvicorn.Config(application(self.queue, port, KEY), log_level="critical", lifespan="off", ws="none")
        self.server = uvicorn.Server(config)
        self.server.capture_signals = threading.Lock  # a context that leaves signals alone
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listening]}, daemon=True)
        self.thread.start()
        self.base = f"http://{LOOPBACK}:{port}"
        self.address = f"{self.base}/#token={KEY}"

    def close(self):
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)
        self.queue.close()


@pytest.fixture(scope="module")
def own(placed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "settings_for", lambda draft, each, earlier: tiny(draft, 2, 1200))
        patch.setattr(asking, "cache_folder", lambda: None)
        one = OwnStudio()
        yield one
        one.close()


def told(desk, language="en", wait=120):
    end = time.monotonic() + wait
    while desk.state == "working" and time.monotonic() < end:
        time.sleep(0.05)
    return desk.shown(language)


OTHERS = [("wide", "dark"), ("narrow", "light"), ("narrow", "dark")]
LOOKS = [("wide", "light"), *(pytest.param(*look, marks=pytest.mark.deep) for look in OTHERS)]


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_a_draft_is_stated_judged_read_and_forgotten(browser, own, size, scheme):
    one = Page(browser, own, size, color_scheme=scheme)
    page = one.page
    page.click("#expose")
    page.select_option("#exposure [name=act]", "followed_visit")
    page.select_option("#exposure [name=place]", "Samjiyon")
    page.fill("#exposure [name=published]", "2023-03-01")
    one.screenshot(f"exposure-form-{size}-{scheme}", "#exposure")
    page.fill("#exposure [name=period]", "Kim Chol")
    page.click("#exposure button[type=submit]")
    page.locator("#exposure-problem:not(:empty)").wait_for()
    assert "Kim" not in page.text_content("#exposure-problem")
    one.faults[:] = [words for words in one.faults if "422" not in words]  # the console notes the refusal
    page.fill("#exposure [name=period]", "2023-01")
    page.select_option("#exposure [name=companions]", "three")
    page.click("#exposure button[type=submit]")
    page.wait_for_selector("#exposure .verdict", timeout=120_000)
    assert "The lower end for whoever holds the files" in page.text_content("#exposure .verdict")
    assert page.locator("#exposure section").count() == 5
    assert page.locator("#exposure .exposure-steps tbody tr").count() == 4
    assert page.evaluate("document.querySelector('#exposure').scrollWidth <= innerWidth")
    one.screenshot(f"exposure-{size}-{scheme}", "#exposure")
    if scheme == "light":
        page.evaluate("document.querySelector('[data-lang=ko]').click()")
        page.locator("#exposure .verdict", has_text="하한").wait_for()
    page.keyboard.press("Escape")
    page.locator("#exposure:empty:not([open])").wait_for(state="attached")
    deadline = time.monotonic() + 10
    while own.queue.drafts.state != "idle" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (own.queue.drafts.state, own.queue.drafts.answer) == ("idle", None)
    one.close()


def test_one_draft_at_a_time_and_a_stop_lets_go_of_it(own):
    desk = DraftDesk()
    desk.ask({"draft": DRAFT, "k": 5})
    with pytest.raises(DraftBusy):
        desk.ask({"draft": DRAFT})
    assert told(desk)["reaches_k"] in (True, False)
    desk.stop()
    assert desk.shown("en") == {"state": "idle", "share": 1.0}
    desk.ask({"draft": DRAFT, "earlier": [{"toml": 'act = "arrest"\nplace = "Samjiyon"\npublished = "2023-02-01"\n',
                                            "relation": "same_incident"}]})  # fmt: skip
    assert "tells of another act" in told(desk)["error"]


WRONG = [
    None, [], {}, {"draft": {}}, {"draft": DRAFT, "k": True}, {"draft": DRAFT, "k": 1}, {"draft": DRAFT, "more": 1},
    {"draft": DRAFT, "earlier": [{}]}, {"draft": DRAFT, "earlier": [{"toml": "", "relation": "other"}]},
    {"draft": DRAFT, "earlier": [{"toml": "x", "relation": "secret"}]}, {"draft": DRAFT | {"act": 7}},
]  # fmt: skip


@pytest.mark.parametrize("question", WRONG, ids=json.dumps)
def test_what_no_draft_is_is_refused_in_one_line(question):
    desk = DraftDesk()
    with pytest.raises(InputError) as caught:
        desk.ask(question)
    assert "secret" not in str(caught.value)
    assert desk.state == "idle"
