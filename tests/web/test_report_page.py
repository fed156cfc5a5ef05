"""The report in a browser: nothing serious for whoever reads it otherwise, every figure saved, no movement unasked."""

import pytest

from pages.test_report import fake_model, fake_study
from underwatch.pages.report import charts_of, render_report
from web.conftest import AXE

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module", params=["en", "ko"])
def report(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report(fake_model(language=request.param)), encoding="utf-8")
    return path


def opened(browser, report, **options):
    page = browser.new_context(**options).new_page()
    page.goto(report.as_uri())
    return page


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, report, width, scheme):
    page = opened(browser, report, viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.context.close()


def test_every_figure_is_saved_under_its_name_as_png_and_as_svg(browser, report, tmp_path):
    page = opened(browser, report, accept_downloads=True)
    for chart in charts_of(fake_study()).sections["change"]:
        for kind, begins in (("png", b"\x89PNG"), ("svg", b"<svg xmlns=")):
            with page.expect_download() as download:
                page.click(f'a[download="underwatch-{chart.key}.{kind}"]')
            assert download.value.suggested_filename == f"underwatch-{chart.key}.{kind}"
            download.value.save_as(tmp_path / kind)
            assert (tmp_path / kind).read_bytes().startswith(begins)
    page.context.close()


def test_worlds_follow_each_other_by_style_alone_and_not_for_who_wants_no_movement(browser, report):
    page = opened(browser, report, reduced_motion="no-preference")
    moving = "getComputedStyle(document.querySelector('.world-1'))"
    assert page.evaluate(f"[{moving}.animationName, {moving}.animationDelay]") == ["world", "2s"]
    page.context.close()
    page = opened(browser, report, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.moving')).display") == "none"
    page.context.close()


def test_the_letters_of_korean_are_there_from_the_first_word(browser, report):
    """What is written before a font has come is written anew: no heading keeps empty boxes."""
    page = opened(browser, report)
    page.wait_for_function("document.fonts.status === 'loaded'")
    family = page.evaluate("getComputedStyle(document.body).fontFamily")
    assert family.startswith('"Underwatch Korean"')
    page.context.close()
