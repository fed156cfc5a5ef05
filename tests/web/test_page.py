"""The page in a real browser: the whole way from opening to a downloaded report, with nothing asked of the outside."""

import re
import tomllib
from html import unescape

import pytest

from support.depth import at_length
from underwatch.texts.catalogue import text
from underwatch.texts.languages import LANGUAGES
from underwatch.world.scenario_file import parse
from web.conftest import AXE
from web.served import SCREENS, Page, Studio
from web.test_runs import finished

MOST_PAGE_BYTES = 300_000
FRAME_MS = 16.0


@pytest.fixture(scope="module")
def own_studio(placed):
    """A studio whose runs are these tests' own."""
    one = Studio()
    yield one
    assert one.close() == 0


@pytest.fixture(scope="module")
def opened(browser, own_studio):
    """A page with a finished run of 5,000 residents and two interventions."""
    one = Page(browser, own_studio, accept_downloads=True)
    one.screenshot("1-ask")
    assert one.page.text_content("#tag")
    assert one.page.locator("#charts figure").count() == 4  # the example that ships, before anything is asked
    one.page.check("input[value=end-reprimands]")
    one.page.check("input[value=free-calling]")
    one.ask(population=5000, draws=20)
    yield one
    one.close()


def saved(opened, name, tmp_path):
    """Click a file, and return its bytes."""
    with opened.page.expect_download() as waiting:
        opened.page.click(f"[data-file='{name}']")
    path = tmp_path / name
    waiting.value.save_as(path)
    assert waiting.value.suggested_filename.endswith(name)
    return path.read_bytes()


def test_the_page_is_light(opened):
    weight = sum(opened.bytes.values())
    print(f"\npage weight: {weight:,} bytes in {len(opened.bytes)} files, without the data")
    assert 50_000 < weight < MOST_PAGE_BYTES


def test_the_way_from_opening_to_a_report(opened, tmp_path):
    page = opened.page
    assert page.text_content("#tag") == ""
    assert 10 <= page.locator("#findings dt").count() + 2 <= 14
    assert "5,000 invented residents" in page.text_content("#summary-title")
    assert page.locator("#charts figure").count() == 4
    opened.screenshot("2-look", "#look")
    report = saved(opened, "report.html", tmp_path).decode()
    assert report.startswith("<!doctype html>")
    for line in page.locator("#findings dd").all_text_contents():
        assert line in unescape(report)
    assert "src=" not in report.replace('src="data:', "")
    question = saved(opened, "question.toml", tmp_path).decode()
    assert parse(question).population == 5000
    assert tomllib.loads(question)["place"] == "Hoeryong"
    for name in ("daily.csv", "indicators.parquet", "incidents.parquet", "published.parquet", "citation.txt"):
        assert len(saved(opened, name, tmp_path)) > 100


def test_a_day_redraws_map_and_charts_without_the_server(opened):
    page = opened.page
    before = len(opened.requests)
    shown = page.text_content("#date")
    counts = page.text_content("#map-legend")
    line = page.locator("#charts .day-line").first
    at = line.evaluate("node => node.style.transform")
    page.locator("#day").fill("10")
    page.wait_for_timeout(100)
    assert page.text_content("#date") == "10 July 2024" != shown
    assert page.text_content("#map-legend") != counts
    assert line.evaluate("node => node.style.transform") != at
    assert len(opened.requests) == before


def test_a_click_on_a_dot_tells_a_life_in_both_worlds(opened):
    page = opened.page
    box = page.locator("#map").bounding_box()
    page.locator("#map").click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.55})
    page.wait_for_selector("#diary .why", timeout=60_000)
    assert "nobody real" in page.text_content("#diary")
    page.click("#choose")
    page.wait_for_selector("#diary .diary tbody tr", timeout=60_000)
    page.wait_for_timeout(1500)
    heads = page.locator("#diary .diary thead th").all_text_contents()
    assert heads == ["Day", "Baseline", "Twin"]
    opened.screenshot("3-life", "#life")


def test_the_outsiders_view_has_the_same_days_and_a_silence_curve(opened):
    page = opened.page
    assert page.locator("#outsider svg.reports").count() == 1
    assert "stayed silent" in page.text_content("#outsider")
    page.wait_for_selector("#silence figure >> text=The silence curve")
    opened.screenshot("4-outside", "#outside")
    opened.screenshot("5-take", "#take")


def test_each_chart_has_its_table(opened):
    page = opened.page
    for figure in page.locator("figure.card").all():
        details = figure.locator("details.table").first
        details.locator("summary").click()
        details.locator("table tbody tr").nth(3).wait_for(timeout=10_000)  # made after the click, not within it
        details.locator("summary").click()
        assert figure.locator(".save button").count() == 2  # as PNG and as SVG


def test_the_keyboard_alone_is_enough(browser, own_studio):
    """Choose, run, move a day, choose a life and save: with Tab, arrows and Enter, and no mouse."""
    one = Page(browser, own_studio, accept_downloads=True)
    page = one.page

    def reach(target):
        for _ in range(400):
            if page.evaluate("selector => document.activeElement.matches(selector)", target):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {target}")

    reach("#place")
    page.keyboard.type("Hyesan")
    reach("#population")
    page.keyboard.type("2000")
    reach("#interventions input")
    page.keyboard.press("Space")
    reach("#draws")
    page.keyboard.press("Home")
    reach("#run")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[data-state=done]", timeout=120_000)
    assert "Hyesan" in page.text_content("#summary-title")
    page.evaluate("document.querySelector('.skip').focus()")
    page.keyboard.press("Enter")
    reach("#day")
    shown = page.text_content("#date")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    assert page.text_content("#date") != shown
    reach("#which input")
    page.keyboard.press("ArrowRight")
    reach("#choose")
    page.keyboard.press("Enter")
    page.wait_for_selector("#diary .why", timeout=60_000)
    reach("[data-file='citation.txt']")
    with page.expect_download():
        page.keyboard.press("Enter")
    one.close()


def test_stop_stops_and_the_page_says_so(browser, own_studio):
    one = Page(browser, own_studio)
    one.page.fill("#end", "2028-06-29")
    one.page.select_option("#draws", "0")  # so that the history of the whole place comes first
    one.page.click("#run")
    one.page.wait_for_selector("#live table tbody tr", timeout=60_000)
    one.screenshot("1-running")
    one.page.click("#stop")
    one.page.wait_for_selector("html[data-state=stopped]", timeout=30_000)
    assert one.page.is_enabled("#run")
    one.close()


def test_what_is_wrong_is_said_in_one_line(browser, own_studio):
    one = Page(browser, own_studio)
    one.page.fill("#start", "2024-07-01")
    one.page.fill("#end", "2024-06-01")
    one.page.click("#run")
    one.page.locator("#problem:not(:empty)").wait_for(timeout=10_000)
    assert "days" in one.page.text_content("#problem")
    one.faults = [fault for fault in one.faults if "422" not in fault]  # the refusal itself, as the console tells it
    one.close()


@pytest.mark.parametrize(
    ("size", "scheme", "language"),
    [
        at_length("wide", "light", "en"),
        at_length("wide", "dark", "ko"),
        at_length("narrow", "dark", "en"),
        ("narrow", "light", "ko"),
    ],
)
def test_axe_finds_nothing_serious(browser, opened, own_studio, size, scheme, language):
    """The whole page with a life chosen, wide and at 390 px, in both schemes and both languages."""
    one = Page(browser, own_studio, size, color_scheme=scheme, bypass_csp=True)
    page = one.page
    page.click(f"[data-lang={language}]")
    page.wait_for_selector("#answer:not([hidden])")
    page.click("#choose")
    page.wait_for_selector("#diary .why", timeout=60_000)
    page.locator("#more-charts summary").first.click()
    page.wait_for_timeout(800)
    one.screenshot(f"all-{size}-{scheme}-{language}", full=True)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    serious = [
        f"{one['id']} ({one['impact']}): {[node['target'] for node in one['nodes']][:4]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    keys = re.findall(
        r"\b(?:ask|look|life|map|why|chart|world|line|headline|parameter|unit)\.[a-z_]+\b", page.inner_text("body")
    )
    assert keys == []
    one.close()


def test_it_can_be_printed(browser, opened, own_studio):
    one = Page(browser, own_studio)
    one.page.wait_for_selector("#answer:not([hidden])")
    one.page.emulate_media(media="print")
    assert not one.page.is_visible("#ask")
    assert one.page.is_visible("#findings")
    assert one.page.is_visible("#limits")
    SCREENS.mkdir(parents=True, exist_ok=True)
    pdf = one.page.pdf(path=SCREENS / "printed.pdf", format="A4")
    assert pdf.startswith(b"%PDF")
    one.close()


def test_nothing_is_kept_in_the_browser(browser, opened, own_studio):
    one = Page(browser, own_studio)
    kept = one.page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")
    databases = one.page.evaluate("indexedDB.databases().then(list => list.length)")
    assert (kept, databases) == (["", 0, 0], 0)
    assert one.context.cookies() == []
    one.close()


def test_a_page_with_a_wrong_token_says_what_to_do(browser, own_studio):
    page = browser.new_page()
    page.goto(own_studio.base + "/#token=wrong")
    page.locator("#problem:not(:empty)").wait_for(timeout=10_000)
    assert "open the address" in page.text_content("#problem")
    page.close()


@pytest.mark.deep  # what is timed wants the machine to itself
@pytest.mark.parametrize("residents", [20_000, 153_532])
def test_a_frame_is_drawn_in_time(browser, residents):
    """Map, four charts and their values on every day of a year; at length with all residents of Hoeryong."""
    own = Studio()
    one = Page(browser, own)
    one.ask(population=residents, draws=0)
    before = len(one.requests)
    scrub = """async () => {
        const {frames} = await import("/js/look.js");
        const day = document.getElementById("day");
        frames.length = 0;
        for (let at = 1; at <= Number(day.max); at++) {
            day.value = at;
            day.dispatchEvent(new Event("input"));
            await new Promise((resolve) => requestAnimationFrame(() => resolve()));
        }
        return [...frames];
    }"""
    frames = sorted(one.page.evaluate(scrub))
    assert len(frames) >= 300
    middle, high = frames[len(frames) // 2], frames[len(frames) * 95 // 100]
    memory = own.memory()
    print(f"\n{residents:,} residents: median {middle:.1f} ms, 95 % under {high:.1f}, longest {frames[-1]:.1f}")
    print(f"server memory: {memory:.0f} MB")
    one.page.click("text=Who fares otherwise")
    differing = sorted(one.page.evaluate(scrub))
    print(f"who fares otherwise: median {differing[len(differing) // 2]:.1f} ms")
    assert len(one.requests) == before
    assert middle < FRAME_MS
    assert differing[len(differing) // 2] < FRAME_MS
    assert memory < 400
    one.screenshot("2-hoeryong", "#look")
    one.close()
    assert own.close() == 0


@pytest.mark.deep
def test_a_slider_that_is_moved_back_stays_set_until_reset(browser, own_studio):
    one = Page(browser, own_studio)
    slider = one.page.locator("#p-p_reprimand")
    central = slider.input_value()
    slider.focus()
    for key in ("ArrowRight", "ArrowLeft"):
        one.page.keyboard.press(key)
    assert slider.input_value() == central
    one.page.click("#forms summary")
    one.page.select_option("#form-S4", "pooled")
    one.page.fill("#population", "12")
    one.page.fill("#end", "2024-07-07")
    one.page.select_option("#draws", "20")
    with one.page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/runs")) as asked:
        one.page.click("#run")
    assert asked.value.post_data_json["parameters"] == {"p_reprimand": 0.6}
    assert asked.value.post_data_json["forms"] == {"S4": "pooled"}
    one.page.wait_for_selector("html[data-state=done]", timeout=60_000)
    for language in LANGUAGES:
        one.page.click(f"[data-lang={language}]")
        one.page.locator("#asked", has_text=text(language, "summary.set", n=1)).wait_for(timeout=10_000)
        assert one.page.input_value("#form-S4") == "pooled"
    one.page.click("#question button[type=reset]")
    assert one.page.input_value("#form-S4") == ""
    assert one.page.locator(".slider.moved").count() == 0
    one.close()


@pytest.mark.deep
def test_another_run_is_opened_beside_the_life_that_was_read(browser, own_studio):
    """A run without a twin, then one with a twin, while a life of the first is on the page; `close` notes faults."""
    with own_studio.client() as client:
        runs = []
        for days in (60, 200):  # without and with the year-end campaign, and so a twin
            asked = {"place": "Hoeryong", "population": 300, "days": days, "draws": 0}
            runs.append(client.post("/api/runs", json=asked).json()["run"])
            finished(client, runs[-1])
        for run, worlds in zip(runs, (1, 2), strict=True):
            assert len(client.get(f"/api/runs/{run}").json()["worlds"]) == worlds
    one = Page(browser, own_studio)
    for run in (*runs, *runs):
        button = one.page.locator("#run-list button", has_text=re.compile(f"^{run} · "))
        if button.get_attribute("aria-pressed") != "true":  # else it has been opened with the page
            button.click()
        one.page.wait_for_selector(f"#run-list button[aria-pressed=true]:text-matches('^{run} · ')")
        one.page.click("#anybody")
        one.page.wait_for_selector("#diary .why", timeout=60_000)
    one.close()
