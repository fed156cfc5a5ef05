"""A report in two languages: the same numbers, the same ranges, the words of each."""

import re
from dataclasses import replace
from pathlib import Path

from pages.test_report import fake_model, fake_study, read
from underwatch.pages.report import charts_of, render_report
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH, LANGUAGES

WORDED = {"R2", "R3", "R4", "R7", "R9", "R10", "R11", "R13", "P3", "P7"}  # a number in words in one of the languages


def test_the_two_languages_say_the_same_numbers():
    """Every number of a table, and every range under a figure, is in both; so are the counts of dots."""
    study = replace(fake_study(25), story=None)
    in_both = [charts_of(study, language) for language in LANGUAGES]
    drawn = [[section for name, section in shown.sections.items() if name != "lines"] for shown in in_both]
    for one, other in zip(*drawn, strict=True):
        for chart, twin in zip(one, other, strict=True):
            assert [numbers(*row[1:]) for row in chart.rows] == [numbers(*row[1:]) for row in twin.rows], chart.key
    for line, twin in zip(*(shown.lines for shown in in_both), strict=True):
        assert numbers(line.count) == numbers(twin.count)
        assert numbers(line.holds) == numbers(twin.holds) or line.id in WORDED


def numbers(*cells):
    """The numbers of cells in order, the words of a language left out."""
    return sorted(number for cell in cells for number in re.findall(r"\d[\d,]*(?:\.\d+)?", cell))


def test_a_korean_page_is_korean():
    page = render_report(fake_model(language="ko"))
    read(page)
    assert '<html lang="ko">' in page
    for word in ("인민반", "보위부", "안전원", "회령시"):
        assert word in page
    for key in ("report.lines.title", "report.year.title", "report.silence.title", "report.cite.title"):
        assert text("en", key) not in page
        assert text("ko", key) in page
    for rule, form in fake_study().example.setting.forms.items():
        assert text("ko", "report.rules.form", form=form) not in page, (rule, form)


def test_rules_are_named_as_the_description_names_them():
    odd = (Path(__file__).parents[2] / "docs" / "odd.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^### (S\d+) (.*)$", odd, flags=re.M))
    assert len(named) == 17
    assert named == {rule: text(ENGLISH, f"report.rule.{rule}") for rule in named}
