"""The diary tells the two episodes of the report in plain sentences, of a synthetic resident, without a number."""

import json
import re

import pytest
from click.testing import CliRunner

from underwatch.cli import main
from underwatch.experiments.histories.diary import LIKE
from underwatch.texts.languages import all_texts


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diary") / "a"
    words = f"run hoeryong --population 8000 --days 120 --draws 0 --out {folder}"
    assert CliRunner().invoke(main, words.split()).exit_code == 0
    return folder


def ask(*words, code=0):
    result = CliRunner().invoke(main, ["diary", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def test_a_caller_who_turned_back(run):
    text = ask(run, "--like", "call-abandoned").stdout
    assert text.splitlines()[1] == all_texts("en")["diary.statement"]
    assert "synthetic" in text
    assert "Set out to call abroad" in text
    assert "noticed the follower and turned back without calling" in text


def test_a_family_followed_on_a_visit_of_6_km(run):
    text = ask(run, "--like", "followed-visit").stdout
    assert "to visit kin 6 km away; a neighbour" in text or "6 km away; the " in text
    assert "followed; it was noticed" in text


@pytest.mark.parametrize("like", LIKE)
def test_every_episode_as_json_or_a_clear_word(run, like):
    result = CliRunner().invoke(main, ["diary", str(run), "--like", like, "--json"])
    if result.exit_code == 2:
        assert "does not happen to anybody" in result.stderr
        return
    told = json.loads(result.stdout)
    assert told["synthetic"] is True
    assert told["days"]
    assert all(sentence.endswith(".") for day in told["days"] for sentence in day["sentences"])
    assert set(told) == {"synthetic", "statement", "place", "like", "days", "whole_run"}


@pytest.mark.parametrize("like", LIKE)
def test_in_korean_it_is_of_the_same_days_and_wholly_korean(run, like):
    english, korean = (
        CliRunner().invoke(main, ["diary", str(run), "--like", like, "--json", "--lang", language])
        for language in ("en", "ko")
    )
    assert english.exit_code == korean.exit_code
    if english.exit_code:
        return
    english, korean = (json.loads(result.stdout) for result in (english, korean))
    assert [day["date"] for day in english["days"]] == [day["date"] for day in korean["days"]]
    assert len(english["whole_run"]) == len(korean["whole_run"])
    said = [sentence for day in korean["days"] for sentence in day["sentences"]]
    assert not any(re.search("[A-Za-z{}]", sentence.replace("km", "")) for sentence in (*said, *korean["whole_run"]))
    assert korean["place"] == "회령시"


def test_the_diary_repeats(run):
    assert ask(run, "--around", "5").stdout == ask(run, "--around", "5").stdout


@pytest.mark.parametrize(
    ("words", "said"), [(["--like", "acused"], 'did you mean "accused"'), (["--around", "-1"], "--around")]
)
def test_bad_input_is_one_line(run, words, said):
    result = ask(run, *words, code=2)
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_run_is_one_line(tmp_path):
    assert "missing" in ask(tmp_path, code=2).stderr
