"""The questions to a reader: each has its answer in both languages, and what it names stands in the report."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from underwatch.experiments.engine.worlds import worlds_of
from underwatch.experiments.histories.story import story_of
from underwatch.pages.key_findings import key_findings
from underwatch.pages.report import charts_of
from underwatch.pages.summary import summary_lines
from underwatch.texts.catalogue import text
from underwatch.web.session.stored import stored_run
from underwatch.world.scenario_file import scenario_for

READING = Path(__file__).resolve().parents[2] / "docs" / "reading"
LANGUAGES = {"en": ("", "abc"), "ko": (".ko", "가나다")}
ASKED = [f"Q{n}" for n in range(1, 9)]


def answers(language):
    """By question its right answer, and the names of the line and the figures that give it."""
    ending, _ = LANGUAGES[language]
    rows = re.findall(r"^\| (Q\d) \| (\S+) \| ([^|]+) \|", (READING / f"answers{ending}.md").read_text("utf-8"), re.M)
    return {question: (right, re.findall(r"`([\w.-]+)`", where)) for question, right, where in rows}


@pytest.fixture(scope="module")
def study():
    """The study of the example, with a story of a small place: its sections are those of a report of `make run`."""
    small = scenario_for("hoeryong", population=600, start="2024-10-07", end="2025-01-12", settle_weeks=1)
    return replace(stored_run().study, story=story_of(worlds_of(small)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_eight_questions_have_three_choices_and_one_answer_each(language):
    ending, letters = LANGUAGES[language]
    sheet = (READING / f"questions{ending}.md").read_text("utf-8")
    asked = re.split(r"^\*\*(Q\d)\. ", sheet, flags=re.M)[1:]
    assert asked[::2] == ASKED == [*answers(language)]
    for question, words in zip(ASKED, asked[1::2], strict=True):
        assert re.findall(rf"(?:^|· ?\n?)([{letters}])\) ", words, re.M) == list(letters), question
        assert answers(language)[question][0] in letters


def test_both_languages_ask_the_same():
    places = [
        {question: (letters.index(right), where) for question, (right, where) in answers(language).items()}
        for language, (_, letters) in LANGUAGES.items()
    ]
    assert places[0] == places[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_answers_a_question_stands_in_the_report(study, language):
    said = "\n".join(summary_lines(study, language))
    sentences = {f"found.{found.name}": found.sentence(language) for found in key_findings(study)}
    figures = {chart.key for charts in charts_of(study, language).sections.values() for chart in charts}
    for question, (_, where) in answers(language).items():
        assert where, question
        for name in where:
            if name in sentences:
                assert sentences[name] in said
            elif name == "found.head":
                assert said.startswith(text(language, name, place="…", months="…", residents=1).split("…")[0])
            elif name == "found.worlds.described":
                assert text(language, name, n=study.n_draws) in said
            elif name == "statement":
                assert text(language, name)
            else:
                assert name in figures, (question, name)
