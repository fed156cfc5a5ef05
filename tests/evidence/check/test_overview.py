"""The look: counts that add up, and nothing per list, outlet, source, or about when a channel was open."""

import re
from html.parser import HTMLParser

import click
import pytest
from click.testing import CliRunner
from hypothesis import given

from evidence.packages import package_of, packages, report
from support.depth import examples
from underwatch.cli.evidence import evidence
from underwatch.errors import InputError
from underwatch.evidence.check.overview import as_text, summarise
from underwatch.evidence.folder import write_files
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.table_schemas import EFFORT, REPORTS
from underwatch.evidence.package import to_files
from underwatch.evidence.samples.example import example_package
from underwatch.evidence.samples.synthetic import synthetic_package
from underwatch.pages.evidence import evidence_page
from underwatch.texts.languages import LANGUAGES


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.links, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta",):
            self.open.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "action")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_incidents_are_counted_once_however_often_they_were_told():
    package = package_of(
        report(0), report(1, incident_id=report(0)[1], list_id=id_from("other")), report(2, ground="other")
    )
    summary = summarise(package)
    assert (summary.n_incidents, summary.n_reports) == (2, 3)
    grounds = {name: (incidents, reports) for name, incidents, reports in summary.breakdowns[0].rows}
    assert grounds == {"on no list as far as is known": (1, 2), "another ground": (1, 1)}


@examples(40)
@given(packages(max_size=8))
def test_reports_add_up_in_every_breakdown_and_no_identifier_is_shown(package):
    summary = summarise(package)
    for part in summary.breakdowns:
        assert sum(reports for _, _, reports in part.rows) == summary.n_reports
        assert all(incidents <= reports for _, incidents, reports in part.rows)
    shown = as_text(summary) + evidence_page(package)
    hidden = {
        cell
        for table in package.tables.values()
        for row in table.rows
        for cell in row
        if len(cell) == 14 and cell.isalpha()
    }
    hidden |= {cell for row in package.table(EFFORT).rows for cell in (row[2],) if len(cell) > 4}
    hidden |= {row[20] for row in package.table(REPORTS).rows if len(row[20]) > 4}
    assert not [cell for cell in hidden if cell in shown]


def test_effort_is_told_only_as_known_or_not():
    name = report(0)[2]
    rows = [
        (id_from("e", str(n)), name, f"2024-W{n:02d}", "north-korea", state, "high", "border_closed")
        for n, state in ((10, "cut"), (11, "open"))
    ]
    shown = as_text(summarise(package_of(report(0), effort=rows))) + evidence_page(package_of(report(0), effort=rows))
    assert "Effort is recorded." in shown
    for word in ("W10", "W11", "cut", "border closed", "closed", "open,", "high"):
        assert word not in shown
    assert "Effort is unknown" in as_text(summarise(package_of(report(0))))


def test_the_same_reports_over_more_lists_and_sources_look_the_same():
    """The number of lists or sources shows nowhere: two packages that differ in nothing else have the same summary."""
    one = package_of(*(report(n, source_code=id_from("s")) for n in range(6)))
    many = package_of(*(report(n, source_code=id_from("s", str(n)), list_id=id_from("list", str(n))) for n in range(6)))
    later = package_of(*(report(n, source_code="", received="2025-W30") for n in range(6)))
    assert as_text(summarise(one)) == as_text(summarise(many)) == as_text(summarise(later))
    assert evidence_page(one) == evidence_page(many)


def test_the_example_and_what_it_is_not():
    text = as_text(summarise(example_package()))
    assert "164 reported incidents in 198 coded reports" in text
    assert "no rate series" in text
    assert "no safe table" in text
    assert "Effort is unknown" in text
    assert "75 of 198" in text


def test_synthetic_says_synthetic():
    assert "says nothing about any real place" in as_text(summarise(synthetic_package()[0]))


def test_the_page_is_well_formed_and_loads_nothing():
    page = Page()
    page.feed(evidence_page(example_package()))
    assert page.open == []
    assert page.links == []
    text = evidence_page(example_package())
    for word in ("http:", "https:", "<script", "url(", "@import"):
        assert word not in text
    assert "North Hamgyong" in "".join(page.text)
    empty = Page()
    empty.feed(evidence_page(package_of()))
    assert empty.open == []


def test_the_page_has_every_figure_of_the_terminal_table():
    summary = summarise(example_package())
    shown = [cell.strip() for cell in _page(example_package()).text if cell.strip()]
    for part in summary.breakdowns:
        at = shown.index(f"By {part.title}", shown.index("What there is"))
        for name, incidents, reports in part.rows:
            at = shown.index(name, at)
            assert shown[at + 1 : at + 3] == [f"{incidents:,}", f"{reports:,}"], (part.title, name)
    at = shown.index("What is missing")
    for words, n, share in summary.missing:
        at = shown.index(words, at)
        assert shown[at + 1 : at + 3] == [f"{n:,}", share]
    for words in (*summary.sentences, *summary.limits):
        assert words in " ".join(shown)


def _page(package):
    page = Page()
    page.feed(evidence_page(package))
    return page


def test_the_command_writes_a_private_page_once(tmp_path):
    write_files(tmp_path / "p", to_files(example_package()))
    html = tmp_path / "look.html"
    arguments = ["summary", str(tmp_path / "p"), "--html", str(html)]
    CliRunner().invoke(evidence, arguments, standalone_mode=False, catch_exceptions=False)
    assert html.read_text(encoding="utf-8") == evidence_page(example_package())
    assert html.stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(evidence, arguments, standalone_mode=False)
    assert isinstance(again.exception, InputError)
    assert "nothing is overwritten" in str(again.exception)


@pytest.mark.parametrize(
    "line",
    ["check ", "summary p --html ", "merge p p --out ", "share p --out ", "open x --out ", "seal p --out ", "key "],
)
def test_an_empty_path_is_told_and_not_taken_for_this_folder(line):
    words = line.split(" ")
    result = CliRunner().invoke(evidence, words, standalone_mode=False)
    assert isinstance(result.exception, click.BadParameter)
    assert "it is empty" in str(result.exception)


@pytest.mark.parametrize("exact", [False, True])
def test_in_korean_it_has_the_same_numbers_and_no_english(exact):
    package = synthetic_package()[0]
    shown = {language: as_text(summarise(package, exact, language)) for language in LANGUAGES}
    english, korean = ([line for line in shown[language].splitlines() if line] for language in LANGUAGES)
    assert sorted(re.findall(r"\d+", "\n".join(english))) == sorted(re.findall(r"\d+", "\n".join(korean)))
    assert len(english) == len(korean)
    own = re.sub(r"`[^`]*`", "", shown["ko"])
    assert re.findall(r"[A-Za-z]{3,}", own) == []
    assert 'lang="ko"' in evidence_page(package, exact, "ko")
