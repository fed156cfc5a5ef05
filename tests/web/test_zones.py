"""A day of the model is the same day in every time zone: ticks, dates and tables of the page and of the report."""

import re
from datetime import date, timedelta
from functools import cache

import pytest

from support.depth import at_length
from web.served import Page
from web.test_runs import finished, until

# East and west of Greenwich, over the date line and without a 30 December 2011, with summer time
ZONES = {  # and the hour of the epoch there
    "UTC": 0,
    "America/Los_Angeles": 16,
    "Pacific/Apia": 13,
    "Asia/Seoul": 9,
    "Europe/London": 1,
}
OTHERS = ("America/Los_Angeles", "Pacific/Apia", at_length("Asia/Seoul"), at_length("Europe/London"))
YEAR = {"place": "Hoeryong", "start": "2024-07-01", "days": 365, "population": 400, "draws": 1, "seed": 3}
NOTE_TICKS = """
    window.ticks = [];
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
        window.ticks.push(text);
        return write.call(this, text, ...where);
    };
"""
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"]


def firsts(start, days):
    """Every first of a month as the page writes it, by the calendar of Python."""
    every = (start + timedelta(at) for at in range(days + 1))
    return [f"1 {MONTHS[day.month - 1]}" for day in every if day.day == 1]


@pytest.fixture(scope="module")
def asked(studio):
    with studio.client() as client:
        run = client.post("/api/runs", json=YEAR).json()["run"]
        finished(client, run)
        assert client.get(f"/api/runs/{run}").json()["state"] == "done"
    return run


def settled(page):
    """Wait until nothing more is painted."""
    before = -1
    while (now := page.evaluate("window.ticks.length")) != before:
        before = now
        page.wait_for_timeout(400)


def seen(browser, studio, run, zone):
    """All that a page in a zone shows with a date in it, and the ticks that it paints."""
    one = Page(browser, studio, timezone_id=zone, before=NOTE_TICKS)
    page = one.page
    page.wait_for_selector("#answer:not([hidden])")
    if page.is_visible("#runs"):  # other tests have asked too
        page.locator("#run-list button", has_text=re.compile(f"^{run} · ")).click()
    dates = "[document.getElementById('start').value, document.getElementById('end').value]"
    assert until(lambda: page.evaluate(dates) == ["2024-07-01", "2025-06-30"])
    settled(page)
    page.evaluate("window.ticks.length = 0")
    page.set_viewport_size({"width": 1300, "height": 1000})
    page.locator("#more-charts summary").first.click()
    page.click("#choose")
    page.wait_for_selector("#diary .why", timeout=60_000)
    settled(page)
    found = {"ticks": sorted(set(page.evaluate("window.ticks"))), "zone": page.evaluate("new Date(0).getHours()")}
    for day in (1, 32, 365):
        page.locator("#day").fill(str(day))
        page.wait_for_timeout(100)
        found[day] = [page.text_content("#date"), page.locator(".readout").all_text_contents()]
        found[day] += [page.get_attribute("#day", "aria-valuetext"), page.get_attribute("#map", "aria-label")]
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.wait_for_timeout(500)
    found["page"] = page.inner_text("#results")
    one.close()
    return found


@pytest.fixture(scope="module")
def views(browser, studio, asked):
    return cache(lambda zone: seen(browser, studio, asked, zone))


@pytest.mark.parametrize("zone", ["UTC", *OTHERS])
def test_ticks_stand_on_the_first_of_the_month(views, zone):
    """The browser is there; the charts' ticks with a month in them are firsts of a month of the run, and several."""
    assert views(zone)["zone"] == ZONES[zone]
    dated = [text for text in views(zone)["ticks"] if text.split()[-1] in MONTHS]
    assert set(dated) <= set(firsts(date(2024, 7, 1), 365))
    assert len(dated) >= 3


@pytest.mark.parametrize("zone", OTHERS)
def test_a_page_is_the_same_in_every_zone(views, zone):
    for what, shown in views("UTC").items():
        if what != "zone":
            assert views(zone)[what] == shown, what
    assert views(zone)[32][0] == "1 August 2024"


def expected(first, last, most):
    """The ticks of a span by trying, day by day: the densest of the rules that gives no more than `most`."""
    every = [first + timedelta(at) for at in range((last - first).days + 1)]
    days = [range(1, 31), range(1, 31, 2), range(1, 31, 5), range(1, 31, 10), range(1, 31, 15)]
    rules = [(1, one) for one in days] if len(every) <= 100 else []
    rules += [(months, (1,)) for months in (1, 2, 3, 6, 12, 24, 48, 96, 192, 384)]
    for months, wanted in rules:
        found = [day for day in every if day.day in wanted and (12 * day.year + day.month - 1) % months == 0]
        if len(found) <= most:
            return found
    raise AssertionError("no rule is wide enough")


@pytest.mark.parametrize("zone", ["Pacific/Apia", at_length("Africa/Cairo")])
def test_ticks_are_days_of_the_calendar(browser, studio, zone):
    """For spans from a day to a century, over a leap day, summer time and the day that Samoa left out."""
    one = Page(browser, studio, timezone_id=zone)
    spans = [
        (start, start + timedelta(days), most)
        for start in (date(2024, 1, 1), date(2011, 12, 28), date(2024, 2, 28), date(2024, 3, 30), date(1969, 12, 31))
        for days in (1, 7, 8, 30, 60, 92, 366, 1461, 36_525)
        for most in (3, 4.3, 9)
    ]
    epoch = date(1970, 1, 1)
    asked = [[(a - epoch).days * 86400, (b - epoch).days * 86400, most] for a, b, most in spans]
    load = "const {ticks} = await import('/js/calendar.js')"
    told = one.page.evaluate(f"async (spans) => {{ {load}; return spans.map((one) => ticks(...one)) }}", asked)
    for span, found in zip(spans, told, strict=True):
        assert found == [(day - epoch).days * 86400 for day in expected(*span)], span
    one.close()
