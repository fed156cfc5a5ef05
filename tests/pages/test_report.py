"""The report: one page that asks for nothing from outside, a table under every chart, files that carry their words."""

import datetime
import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from support.depth import at_length
from underwatch.experiments.studies.headline_rows import summary_of
from underwatch.experiments.study import Example, PlaceFacts, Silence, SilencePoint, Study
from underwatch.facts import model_parameters
from underwatch.pages.charts.chart import range_sentence
from underwatch.pages.charts.plots import weekly_caption, weekly_chart
from underwatch.pages.rendering import plain, unit_words
from underwatch.pages.report import LIMITS, ParameterValue, ReportModel, charts_of, render_report
from underwatch.pages.summary import (
    STATEMENT,
    band,
    band_words,
    summary_lines,
)
from underwatch.record.headlines import GROUP_FIGURES, HEADLINE_NAMES, HEADLINES
from underwatch.record.measures import SUMS, Measured, stack
from underwatch.record.schema import GROUPS
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import number, percent, signed
from underwatch.world.forms import prior_forms
from underwatch.world.scenario_file import scenario_for

START, DAYS, WINDOW = datetime.date(2024, 7, 1), 365, (137, 199)
HOERYONG = PlaceFacts("Hoeryong", "회령시", "North Hamgyong", 153532, 153532, 92494, True)
CURVE = (
    SilencePoint(0.02, 1358, 8, 3, 14), SilencePoint(0.1, 4000, 15, 8, 23), SilencePoint(0.2, 9000, 24, 15, 34),
    SilencePoint(0.5, 17000, 20, 12, 29), SilencePoint(1.0, 28734, 12, 6, 19),
)  # fmt: skip
BASE = {
    "followed": 2.3, "share_followed": 0.41, "forgone": 0.09, "calls_given_up": 0.62, "calls": 95.0, "reports": 1800.0,
    "calls_avoided": 0.5, "calls_turned_back": 0.12, "calls_stopped": 0.2, "home_visits": 1.1, "accused_again": 9.0,
    "routine": 0.44, "listings": 3.1, "accused": 4.2, "falsely_accused": 3.4, "arrests": 0.9, "fear_listed": 0.38,
    "fear_ordinary": 0.06, "distressed_listed": 0.33, "distressed_ordinary": 0.021,
}  # fmt: skip
LIFTED = {"followed", "share_followed", "reports", "routine", "accused", "falsely_accused", "fear_listed"}


def fake_measured(luck, campaign, scale):
    """Figures with the shape of a year: a slow rise, a campaign in winter, a little noise."""
    weeks = np.arange(53)
    inside = (weeks * 7 >= WINDOW[0]) & (weeks * 7 < WINDOW[1])
    columns = []
    for name in HEADLINE_NAMES:
        course = BASE[name] * scale * (0.8 + 0.004 * weeks) * luck.normal(1, 0.04, 53)
        if campaign:
            course = course * np.where(inside, 1.5 if name in LIFTED else 0.9, 1.0)
        columns.append(np.minimum(course, 0.97) if BASE[name] < 1 else course)
    weekly = np.stack(columns, axis=-1)
    people = np.array([153532, 4210, 149322, 8600, 2100, 2300, 1600, 700], float)
    groups = np.abs(np.outer(people[::-1] / people.max() + 0.05, [0.4, 90, 6, 1.2, 0.3, 0.2]) * scale)
    sums = np.array([28734, 620, 510, 2100, 140, 150000, 1700, 400, 700, 430], float) * scale
    return Measured(weekly.mean(axis=0), weekly[inside].mean(axis=0), weekly, groups, people, sums)


def fake_study(n_draws=8, twin=True):
    worlds = ("baseline", "without campaign") if twin else ("baseline",)
    scales = [1.0, *np.exp(np.linspace(-1.2, 1.0, n_draws))]
    made = {
        world: [fake_measured(np.random.default_rng([place, n]), world == "baseline", s) for n, s in enumerate(scales)]
            for place, world in enumerate(worlds)}  # fmt: skip
    return Study(
        place=HOERYONG, start=START, days=DAYS, worlds=worlds, change="the year-end campaign", window=WINDOW,
        example=fake_example({world: figures[0] for world, figures in made.items()}),
        drawn={world: stack(figures[1:]) for world, figures in made.items()} if n_draws else {},
        published={world: np.linspace(12, 40, n_draws) for world in worlds} if n_draws else {},
        silence=Silence(CURVE, "5th to 95th percentile of 50 worlds of the prior", "a place", 31, 50),
        forms=tuple(prior_forms(n_draws, 1)) if n_draws else (),
    )  # fmt: skip


def fake_example(figures):
    change = np.full(len(HEADLINES), np.nan)
    if len(figures) > 1:
        change = np.subtract(*(one.window for one in figures.values()))
    return Example(scenario_for("hoeryong"), 3, figures, dict.fromkeys(figures, 20.0), change)


def fake_model(study=None, **changes):
    facts = [ParameterValue(fact, fact.central) for fact in model_parameters().values()]
    facts[0] = replace(facts[0], value=31.5, given=True)
    model = ReportModel(
        study=study or fake_study(), scenario='place = "Hoeryong"\nseed = 1\n',
        parameters=tuple(facts), seed=1, digest="ab" * 32, software={"underwatch": "0.1.0"},
    )  # fmt: skip
    return replace(model, **changes)


@pytest.fixture(scope="module")
def page():
    return render_report(fake_model())


# HTML ends these where the next begins, and a page of tables is a third shorter without
CLOSED_BY_THE_NEXT = ("td", "th", "tr", "thead", "tbody", "li")


class Reader(HTMLParser):
    """Collects elements, their attributes, and which element is not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.wrong = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag in CLOSED_BY_THE_NEXT:
            return
        if tag not in ("meta", "col"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        if tag in CLOSED_BY_THE_NEXT:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


SAVED = ("data:image/png;base64,", "data:image/svg+xml,")
NAMESPACE = "http://www.w3.org/2000/svg"  # the name of what a saved file is; nothing is fetched from there


def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert reader.wrong == []
    return reader.tags


def test_the_page_is_whole_and_asks_for_nothing_from_outside(page):
    tags = read(page)
    assert {tag for tag, _, _ in tags} & {"script", "link", "img", "iframe", "object", "embed", "form", "base"} == set()
    for tag, attributes, _ in tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
                assert value.startswith("#") or (tag == "a" and value.startswith(SAVED)), (tag, name, value[:60])
    assert not re.search(r"@import|url\((?!#)", page)
    assert "http://" not in page.replace("http-equiv", "").replace(NAMESPACE, "")
    policy = next(a["content"] for t, a, _ in tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "script" not in policy


def test_ids_are_unique_and_every_reference_inside_is_met(page):
    tags = read(page)
    ids = [a["id"] for _, a, _ in tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', page)) <= set(ids)


def test_every_chart_has_a_table_a_caption_and_a_right(page):
    figures = re.findall(r'<figure class="card(?: wide)?" id.*?</figure>', page, flags=re.S)
    charts = [
        chart for section in charts_of(fake_study()).sections.values() for chart in section if chart.key != "lines"
    ]
    assert len(figures) == len(charts) == 3 + sum(h.charted for h in HEADLINES) + len(GROUP_FIGURES)
    for figure, chart in zip(figures, charts, strict=True):
        assert figure.count('<svg class="chart"') == figure.count("<table>") == figure.count("<figcaption>") == 1
        assert re.search(r"Concerns .*ICCPR \d+", figure)
        assert "worlds" in chart.caption


def test_the_table_under_a_chart_has_the_numbers_that_were_drawn():
    study = fake_study()
    charts = charts_of(study).sections
    weekly = next(chart for chart in charts["weekly"] if chart.key == "w-calls")
    at = HEADLINE_NAMES.index("calls")
    low, middle, high = band(study.drawn["baseline"].weekly[:, 5, at])
    expected = [number(float(v)) for v in (middle, low, high)]
    assert weekly.rows[5][0] == "2024-08-05"
    assert list(weekly.rows[5][1:5]) == [*expected, number(study.example.figures["baseline"].weekly[5, at])]
    assert len(weekly.rows) == 53
    groups = charts["groups"][0]
    assert [row[0] for row in groups.rows][:3] == ["All", "Listed", "Ordinary"]
    assert len(groups.rows) == len(GROUPS)
    for chart in (c for section in charts.values() for c in section if c.rows):
        assert {len(row) for row in chart.rows} == {len(chart.header)}


def test_the_channel_is_in_no_table_and_a_guess_is_called_one(page):
    for fact in model_parameters().values():
        assert (f"<code>{fact.name}</code>" in page) == (fact.rule != "S13"), fact.name
    guesses = [f for f in model_parameters().values() if f.basis == "judgement" and f.rule != "S13"]
    assert page.count('<span class="guess">a guess</span>') == len(guesses)
    assert f"{len(guesses)} of " in page
    assert "set here; the table has 30" in page


def test_limits_and_statement_stand_on_the_page_itself(page):
    for limit in LIMITS:
        assert limit in page
    assert page.count(STATEMENT) >= 2


def test_what_a_user_wrote_is_text_on_the_page():
    page = render_report(fake_model(scenario='<script>alert(1)</script> "&', digest="<b>x</b>"))
    assert "<script" not in page
    assert "<b>x" not in page
    assert "&lt;script&gt;" in page
    read(page)


def test_the_same_model_gives_the_same_bytes(page):
    assert render_report(fake_model()) == page


def test_the_page_is_small_and_tells_nothing_of_the_machine(page):
    assert len(page) < 1_500_000
    assert not re.search(r"(?<![\w.])/(?:" + "|".join(("ho" + "me", "tm" + "p", "us" + "r")) + r")/", page)


@pytest.mark.parametrize(
    ("n_draws", "twin"), [at_length(0, True), (0, False), (1, True), at_length(30, True), at_length(8, False)]
)
def test_a_run_without_draws_or_without_a_twin_has_its_report(n_draws, twin):
    study = fake_study(n_draws, twin)
    page = render_report(fake_model(study))
    read(page)
    assert range_sentence(ENGLISH, study) in html.unescape(page)
    assert ("Against the twin" in page) == twin


def test_a_short_quiet_run_has_its_report():
    """No caller, nobody listed, a single day: every ratio without cases is a dash."""
    none = np.full(len(HEADLINES), np.nan)
    quiet = Measured(none, none, none[None], np.full((len(GROUPS), len(GROUP_FIGURES)), np.nan),
                     np.array([3.0, 0, 3, 0, 0, 0, 0, 0]), np.zeros(len(SUMS)))  # fmt: skip
    study = Study(replace(HOERYONG, residents=3), START, 1, ("baseline", "twin"), "nothing", None,
                  fake_example({"baseline": quiet, "twin": quiet}),
                  {"baseline": stack([quiet] * 2), "twin": stack([quiet] * 2)},
                  {"baseline": np.zeros(2)}, forms=tuple(prior_forms(2, 1)))  # fmt: skip
    assert "nan" not in " ".join(summary_lines(study))
    assert not re.search(
        r"\bnan\b", re.sub(r"<style.*?</style>|<svg.*?</svg>", "", render_report(fake_model(study)), flags=re.S)
    )


@pytest.mark.parametrize(("n", "words"), [(0, "no range"), (8, "full range of 8"), (200, "90 %) of 200")])
def test_a_band_says_its_n_and_level(n, words):
    assert words in band_words(n)


def test_a_band_is_the_full_range_of_few_and_percentiles_of_many():
    few, many = np.arange(8.0), np.arange(99.0)
    assert band(few[:, None])[0] == 0
    assert band(few[:, None])[2] == 7
    assert [float(edge[0]) for edge in band(many[:, None])] == [4.0, 49.0, 94.0]  # the 5th, 50th and 95th of 99
    low, middle, high = (float(edge[0]) for edge in band(np.array([[np.nan], [2.0]])))
    assert middle == 2.0
    assert np.isnan([low, high]).all()  # one draw has no range
    assert np.isnan(band(np.full((3, 1), np.nan))[1]).all()


def test_a_range_says_how_many_draws_stand_behind_it():
    """Draws in which nobody is listed have no figure of the listed, and are not among those of its range."""
    study = fake_study(3)
    at = HEADLINE_NAMES.index("followed")
    figures = study.drawn["baseline"]
    for gone in (1, 2, 3):
        year, weekly = figures.year.copy(), figures.weekly.copy()
        year[:gone, at] = weekly[:gone, :, at] = np.nan
        some = replace(study, drawn={**study.drawn, "baseline": replace(figures, year=year, weekly=weekly)})
        found = next(row for row in summary_of(some)["headlines"] if row["name"] == "followed")
        assert (found["low"] is None) == (gone > 1)
        assert (found["median"] is None) == (gone > 2)
        chart = weekly_chart(some, HEADLINES[at])
        assert chart.rows[0][4] == str(3 - gone)
        assert (chart.rows[0][2] == "–") == (gone > 1)
        assert text(ENGLISH, "figure.gaps") in weekly_caption(some)
    assert text(ENGLISH, "figure.gaps") not in weekly_caption(study)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *[(0, "0"), (0.0123, "0.012"), (0.003, "0.003"), (0.0001, "under 0.0005"), (2.345, "2.3"), (42.4, "42")],
        *[(420.4, "420"), (1000, "1,000"), (-4567, "-4,570"), (28734, "28,700"), (999999, "1,000,000")],
        *[(1234567, "1,230,000"), (float("nan"), "–")],
    ],
)
def test_numbers_are_written_for_readers(value, words):
    assert number(value) == words


def test_shares_and_parameters_are_written_for_readers():
    assert [percent(v) for v in (0.027, 0.414, 1.0, 0.0)] == ["2.7\u00a0%", "41\u00a0%", "100\u00a0%", "0\u00a0%"]
    assert [plain(v) for v in (0.000001, 30.0, 1000.0, 0.768)] == ["0.000001", "30", "1,000", "0.768"]
    assert [unit_words(u) for u in ("1/month", "1", "0-1", "km")] == ["per month", "", "(0 to 1)", "km"]
    assert signed(-24) == "−24"
