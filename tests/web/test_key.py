"""The key that opens the page: where it comes from, where it is kept, and where it is not."""

import re
import shutil
import stat

import pytest

from underwatch.cli.studio import _Doorstep
from underwatch.web.server import page_root
from web.conftest import CHROMIUM, QUIET

LOCATION = "[location.href, document.title, document.referrer, JSON.stringify(history.state), document.cookie]"


def kept_nowhere(page, token):
    """The key is in no address, title, state, storage, cookie, attribute or text of the page."""
    shown = page.evaluate(LOCATION)
    shown += page.evaluate("[localStorage, sessionStorage].map((one) => JSON.stringify(one))")
    shown += [page.content(), page.evaluate("JSON.stringify(performance.getEntries().map((one) => one.name))")]
    entries = shown.pop()
    assert all(token not in words for words in shown)
    assert token not in entries.replace(f"#token={token}", "")  # how this document was navigated to, in memory alone
    assert page.context.cookies() == []


@pytest.fixture
def context(browser):
    with browser.new_context(locale="en-GB") as one:
        yield one


def ready(page):
    page.wait_for_selector("html[data-ready=true]", timeout=30_000)


def told_what_to_do(page):
    page.locator("#problem:not(:empty)").wait_for(timeout=10_000)
    assert "open the address" in page.text_content("#problem")
    assert "has no key" in page.text_content("#welcome")
    assert "terminal" in page.text_content("#problem")
    assert page.is_disabled("#run")


def test_the_key_leaves_the_address_at_once(context, studio):
    """Before a single request is made with it, and it is sent in the header alone."""
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append((request, page.url)))
    page.goto(studio.address)
    ready(page)
    assert page.url == studio.base + "/"
    assert page.title() == "Local page"
    kept_nowhere(page, studio.token)
    interface = [(request, url) for request, url in asked if "/api/" in request.url]
    assert len(interface) >= 3
    for request, url in interface:
        assert url == studio.base + "/"
        assert studio.token not in request.url
        assert request.headers["x-underwatch-token"] == studio.token
    for request, _ in asked:
        assert not request.headers.get("referer")
        assert studio.token not in request.url or request.is_navigation_request()


def test_the_title_is_neutral_in_both_languages(context, studio):
    page = context.new_page()
    page.goto(studio.address + "&lang=ko")
    ready(page)
    assert page.title() == "로컬 페이지"
    page.click("[data-lang=en]")
    page.wait_for_selector("html[lang=en]")
    assert page.title() == "Local page"
    html = (page_root() / "index.html").read_text("utf-8")
    assert re.search(r"<title[^>]*>(.*?)</title>", html)[1] == "Local page"  # also before any script has run


def test_reload_second_tab_copied_address_and_back_say_what_to_do(context, studio):
    page = context.new_page()
    page.goto(studio.address)
    ready(page)
    copied = page.url
    page.reload()
    told_what_to_do(page)
    page.click("[data-lang=ko]")
    page.wait_for_selector("html[lang=ko]")
    assert "열쇠가 없습니다" in page.text_content("#welcome")
    assert "underwatch studio" in page.text_content("#problem")
    second = context.new_page()
    second.goto(copied)
    told_what_to_do(second)
    second.goto(studio.address.replace(studio.token, "wrong"))
    second.reload()
    told_what_to_do(second)
    page.goto("about:blank")
    page.go_back()
    page.wait_for_url(studio.base + "/")
    told_what_to_do(page)
    again = context.new_page()
    again.goto(studio.address)  # the printed address opens it again
    ready(again)
    assert again.text_content("#problem") == ""


def test_a_wrong_key_is_no_key(context, studio):
    page = context.new_page()
    page.goto(studio.base + "/#token=wrong")
    told_what_to_do(page)
    assert page.url == studio.base + "/"


def test_the_page_of_another_site_gets_no_key_at_the_door(studio):
    """A foreign form may post there, as it may navigate there; it gets the page without a key."""
    with studio.client(Origin="null", Accept="*/*") as stranger:
        for key in ("", "wrong", studio.token[:-1], studio.token + "x", "é", "\udcff".encode("utf-8", "replace")):
            answer = stranger.post("/", data={"key": key})
            assert answer.status_code == 200
            assert 'name="key"' not in answer.text
            assert studio.token not in answer.text
        assert stranger.post("/", content=b"\xff\x00&&=;key=%ED%A0%80").status_code == 200
        assert stranger.post("/", content=b"k" * 70_000).status_code == 413
        assert stranger.post("/api/runs", data={"key": studio.token}).status_code == 403
        assert stranger.post("/js/studio.js", data={"key": studio.token}).status_code == 403
        assert stranger.get("/", headers={"Origin": "null"}).status_code == 403
    with studio.client(Origin="http://evil.example") as stranger:
        assert stranger.post("/", data={"key": studio.token}).status_code == 403
    with studio.client(Accept="*/*") as stranger:
        assert stranger.post("/js/studio.js").status_code == 405
        assert stranger.put("/").status_code == 405


def test_a_browser_that_is_led_in_writes_the_key_to_no_file(browser, studio, tmp_path, monkeypatch):
    """Opened as the command opens it, a profile on the disk holds it nowhere: in no history, session or cache."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    profile, called = tmp_path / "profile", []
    door = _Doorstep()
    monkeypatch.setattr("webbrowser.open", called.append)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    door.open(studio.address)
    page_file = next(tmp_path.glob("page-*/page.html"))
    assert called == [page_file.as_uri()]
    assert stat.S_IMODE(page_file.stat().st_mode) == 0o600
    arguments = [*QUIET, "--headless=new"]
    driver = browser.browser_type
    own = found or driver.executable_path
    with driver.launch_persistent_context(profile, executable_path=own, headless=True, args=arguments) as context:
        page = context.new_page()
        page.goto(called[0])
        page.wait_for_url(studio.base + "/")
        ready(page)
        kept_nowhere(page, studio.token)
        door.close()
        page.wait_for_timeout(3000)  # a browser writes its session down every few seconds
    assert not page_file.exists()
    written = [path for path in profile.rglob("*") if path.is_file()]
    assert any(f"127.0.0.1:{studio.port}".encode() in path.read_bytes() for path in written)  # it has been there
    assert [path for path in written if studio.token.encode() in path.read_bytes()] == []
    named = [path for path in written if b"nderwatch" in path.read_bytes()]
    assert [path.name for path in named if path.name in ("History", "Favicons")] == []


def test_foreign_text_is_set_as_text(context, studio):
    """No script of the page reads markup, and what a run is called is shown as it is written."""
    for script in (page_root() / "js").glob("*.js"):
        words = script.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|\beval\b", words)
        assert words.count("DOMParser") == words.count("new DOMParser().parseFromString(")
        assert "DOMParser" not in words or (script.name == "element.js" and '"image/svg+xml"' in words)
        assert not re.search(r"createContextualFragment|srcdoc|new Function|javascript:", words)
    page = context.new_page()
    page.route("**/api/runs", lambda route: route.fulfill(json=[]))
    page.route("**/api/presets", lambda route: _with_markup(route))
    page.goto(studio.address)
    ready(page)
    assert page.evaluate("window.hurt") is None
    assert "<img" in page.text_content("#place option")
    assert page.locator("#question img").count() == 0
    address = page.evaluate("document.querySelector('script[type=module]').src").replace("key.js", "element.js")
    refused = (
        "async ([from, told]) => { try { (await import(from)).drawing(told); return false } catch { return true } }"
    )
    for hostile in ("<svg><script>window.hurt=1</script></svg>", "<svg><foreignObject/></svg>", "<svg><p></svg>"):
        assert page.evaluate(refused, [address, hostile])
    assert not page.evaluate(refused, [address, "<svg><text>&lt;b&gt;</text></svg>"])
    assert page.evaluate("window.hurt") is None


def _with_markup(route):
    answer = route.fetch()
    told = answer.json()
    told["provinces"][0]["places"][0]["name"] = "<img src=x onerror=window.hurt=1>"
    route.fulfill(response=answer, json=told)
