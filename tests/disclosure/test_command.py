"""The command: the examples give what stands beside them, and what is refused is one line that repeats nothing."""

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from disclosure.made import DRAFT, tiny
from underwatch.cli import main
from underwatch.disclosure import asking
from underwatch.disclosure.draft import draft_of, draft_toml, read_draft
from underwatch.disclosure.mosaic import read_earlier
from underwatch.errors import InputError
from underwatch.evidence.folder import write_files
from underwatch.evidence.package import to_files
from underwatch.evidence.samples.example import example_package

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "exposure").glob("*.toml"))
LIGHT = {"act": "followed_visit", "place": "Samjiyon", "published": "2023-03-01"}


@pytest.fixture
def small(monkeypatch):
    """Tiny places, so that a command is answered in moments."""
    monkeypatch.setattr(asking, "settings_for", lambda draft, each, earlier: tiny(draft, 1, 1500))
    monkeypatch.setattr(asking, "cache_folder", lambda: None)


def written(folder, told=DRAFT, more=""):
    path = folder / "draft.toml"
    path.write_text(draft_toml(draft_of(told)) + more)
    return path


def run(*words):
    return CliRunner().invoke(main, ["exposure", *map(str, words)])


@pytest.mark.deep
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_stands_beside_it(path):
    """0 where the watchers' set reaches k, 1 where it does not: the rewritten call alone reaches it."""
    result = run(path)
    assert result.stdout == path.with_suffix(".out").read_text(encoding="utf-8")
    assert result.exit_code == (0 if path.stem in ("call_given_up_rewritten", "followed_family_rewritten") else 1)


def test_there_are_two_drafts_and_their_rewrites():
    assert [path.stem for path in EXAMPLES] == [
        "call_given_up", "call_given_up_rewritten", "followed_family", "followed_family_rewritten",
    ]  # fmt: skip
    for path in EXAMPLES:
        assert read_draft(path).stated["place"] != "Hoeryong"


def test_the_answer_is_json_with_null_for_fewer_than_five_and_no_resident(small, tmp_path):
    draft = written(tmp_path, LIGHT | {"period": "2023-01-11"})
    result = run(draft, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["reaches_k"], told["sets"]["watchers"]["lower"]) == (1, False, None)
    assert [step["detail"] for step in told["steps"]] == ["act", "place", "period"]
    assert [wait["weeks"] for wait in told["waiting"]] == [0, 1, 4, 12, 26]
    words = run(draft, "--lang", "ko")
    assert words.exit_code == 1
    assert "5명 미만" in words.stdout
    assert "safe" not in words.stdout


def test_a_set_that_reaches_k_is_exit_code_0(small, tmp_path):
    assert run(written(tmp_path, LIGHT), "--k", 5).exit_code == 0


REFUSED = [
    ("", "is empty"),
    ("act = followed", "no TOML"),
    ('act = "followed_visit"\nplace = "Samjiyon"\nname = "Kim Chol-su"\n', "looks like a person"),
    ('act = "followed_visit"\nplace = "Kim Chol-su"\npublished = "2023-03-01"\n', "place: "),
    ('act = "followed_visits"\nplace = "Samjiyon"\npublished = "2023-03-01"\n', 'did you mean "followed_visit"'),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_a_refusal_is_one_line_that_repeats_nothing(tmp_path, text, why):
    path = tmp_path / "draft.toml"
    path.write_text(text)
    result = run(path)
    assert result.exit_code == 2
    assert why in result.stderr
    assert result.stderr.count("\n") == 1
    assert not any(part in result.stderr for part in ("Kim", "Chol", "followed_visits"))


def test_what_is_out_is_read_by_the_names_that_the_editor_gives_and_no_name_comes_back(small, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "our-secret-name.toml").write_text(draft_toml(draft_of(LIGHT)))
    path = written(tmp_path, LIGHT, '[links]\nour-secret-name = "same_subject"\n')
    assert "--published" in run(path).stderr
    result = run(path, "--published", out, "--k", 5)
    assert "1 earlier reports share" in result.stdout
    assert "secret" not in result.output
    path = written(tmp_path, LIGHT, '[links]\nanother-secret = "same_source"\n')
    said = run(path, "--published", out)
    assert said.exit_code == 2
    assert "line 1 is not among" in said.stderr
    assert "secret" not in said.stderr


def test_a_package_of_published_reports_is_what_is_out(tmp_path):
    write_files(tmp_path / "package", to_files(example_package()))
    draft = draft_of(LIGHT)
    found = read_earlier(tmp_path / "package", draft)
    assert len(found) > 50
    assert {one.relation for one in found} == {"other"}
    with pytest.raises(InputError, match="name a folder"):
        read_earlier(tmp_path / "nowhere", draft)


def test_new_asks_for_each_detail_and_writes_only_where_it_is_told(small, tmp_path, monkeypatch):
    monkeypatch.setattr("underwatch.cli.exposure.is_asked_by_hand", lambda: True)
    path, before = tmp_path / "mine.toml", set(os.listdir(tmp_path))
    answers = "\n".join(["followed_visit", "Samjiyon", "2023-01-11", *[""] * 6, "2023-03-01", ""])
    result = CliRunner().invoke(main, ["exposure", "new"], input=answers)
    assert result.exit_code == 1, result.output
    assert set(os.listdir(tmp_path)) == before
    CliRunner().invoke(main, ["exposure", "new", "--out", str(path)], input=answers)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_draft(path).stated["period"] == "2023-01-11"
    refused = run("new", "--out", path)
    assert (refused.exit_code, "exists already" in refused.stderr) == (2, True)
