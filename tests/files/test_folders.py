"""Folders are put in place whole, gone on in only where they are ours, and emptied of nothing but the program's own."""

import os
import re
import stat

import pytest

from support.planted import STRANGER, opened_up, tree
from underwatch.errors import InputError
from underwatch.files.folders import (
    kept_folder,
    ready_folder,
    remove_empty,
    remove_files,
    remove_matching,
    staged_folder,
    temporary_folder,
)

FILES = {"a.csv": b"a", "vocab/b.csv": b"b"}
MODES, MARKS = (0o700, 0o600), (".", ".part")


def test_a_staged_folder_appears_whole_with_its_modes(tmp_path):
    stage = staged_folder(tmp_path / "deep" / "out", FILES, MODES, MARKS)
    assert not (tmp_path / "deep" / "out").exists()
    assert re.fullmatch(r"\.out\..{8}\.part", stage.at.name)
    stage.place()
    assert os.listdir(tmp_path / "deep") == ["out"]
    assert {name: data for name, data in tree(tmp_path / "deep" / "out").items() if data} == FILES
    for folder in ("deep", "deep/out", "deep/out/vocab"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "deep" / "out" / "vocab" / "b.csv").stat().st_mode) == 0o600


def test_a_stage_takes_away_what_it_wrote_and_nothing_else(tmp_path):
    stage = staged_folder(tmp_path / "out", FILES, MODES, MARKS)
    stage.remove()
    assert list(tmp_path.iterdir()) == []
    stage = staged_folder(tmp_path / "out", FILES, MODES, MARKS)
    (stage.at / "vocab" / "theirs").write_text("x")
    stage.remove()
    assert tree(stage.at) == {"vocab": None, "vocab/theirs": b"x"}


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_stage_is_not_put_over_anything(tmp_path, when):
    if when == "before":
        (tmp_path / "out").symlink_to("nowhere")
        with pytest.raises(InputError, match="exists already"):
            staged_folder(tmp_path / "out", FILES, MODES, MARKS)
        return
    stage = staged_folder(tmp_path / "out", FILES, MODES, MARKS)
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="exists already"):
        stage.place()
    assert list((tmp_path / "out").iterdir()) == []


def test_files_are_removed_by_their_own_names_and_through_no_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.csv").write_text("precious")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "vocab").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "a.csv").symlink_to(tmp_path / "elsewhere" / "b.csv")
    (tmp_path / "in" / "c.csv").mkdir()
    remove_files(tmp_path / "in", ["a.csv", "c.csv", "missing.csv", "not/there.csv"])
    with pytest.raises(InputError, match="is a link"):
        remove_files(tmp_path / "in", ["vocab/b.csv"])
    with pytest.raises(InputError, match="is a link"):
        remove_matching(tmp_path / "in" / "vocab", re.compile(".*"))
    assert tree(tmp_path) == {
        "elsewhere": None, "elsewhere/b.csv": b"precious", "in": None, "in/c.csv": None,
        "in/vocab": str(tmp_path / "elsewhere"),
    }  # fmt: skip
    assert not remove_empty(tmp_path / "in")
    assert remove_empty(tmp_path / "in" / "c.csv")


def test_a_folder_to_go_on_in_is_ours_through_and_through(tmp_path, monkeypatch):
    (tmp_path / "run" / "checkpoint").mkdir(parents=True)
    (tmp_path / "run" / "checkpoint" / "job.json").write_text("{}")
    assert kept_folder(tmp_path / "run") == tmp_path / "run"
    assert kept_folder(tmp_path / "nothing") == tmp_path / "nothing"
    (tmp_path / "linked").symlink_to(tmp_path / "run")
    for folder in (kept_folder, ready_folder):
        with pytest.raises(InputError, match="is a link"):
            folder(tmp_path / "linked")
    (tmp_path / "run" / "checkpoint" / "lock").symlink_to("job.json")
    with pytest.raises(InputError, match="lock is a link"):
        kept_folder(tmp_path / "run")
    (tmp_path / "run" / "checkpoint" / "lock").unlink()
    opened_up(tmp_path / "run" / "checkpoint")
    if os.geteuid() != 0:  # only root can give a folder away; another account has to be somebody else itself
        monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    with pytest.raises(InputError, match="belongs to somebody else"):
        kept_folder(tmp_path / "run")


def test_a_temporary_folder_is_private_and_goes(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temporary_folder() as folder:
        assert (folder.parent, stat.S_IMODE(folder.stat().st_mode)) == (tmp_path, 0o700)
        (folder / "a").write_text("x")
    assert list(tmp_path.iterdir()) == []
    tmp_path.chmod(0o777)
    with temporary_folder() as folder:
        assert folder.parent != tmp_path
    with temporary_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
