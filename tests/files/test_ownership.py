"""Who else could put something at a path: the answer is told folder by folder, against ways that are laid out here."""

import os

import pytest

from support.planted import STRANGER
from underwatch.files import ownership
from underwatch.files.ownership import others_may_write, weak_point


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o1777, 0o1770, 0o2755])
def test_a_way_that_only_we_can_change_has_no_weak_point(tmp_path, mode):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a").chmod(mode)
    assert weak_point(tmp_path / "a" / "b") == ""
    assert weak_point(tmp_path / "a" / "not" / "yet") == ""


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o720, 0o702, 0o2775])
def test_a_folder_that_others_write_is_a_weak_point_wherever_it_is(tmp_path, mode):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    for weak in (tmp_path / "a", tmp_path / "a" / "b" / "c"):
        weak.chmod(mode)
        assert weak_point(tmp_path / "a" / "b" / "c").startswith(f"{weak} can be written by others")
        assert others_may_write(weak)
        weak.chmod(0o755)
        assert not others_may_write(weak)


def test_a_folder_of_another_account_is_a_weak_point_even_where_it_is_sticky(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o1777)
    if os.geteuid() == 0:
        os.chown(tmp_path / "a", STRANGER, STRANGER)
    else:
        monkeypatch.setattr(ownership.os, "geteuid", lambda: STRANGER)
    assert "belongs to somebody else" in weak_point(tmp_path / "a" / "b")


def test_links_are_followed_and_each_step_of_them_is_looked_at(tmp_path):
    (tmp_path / "safe" / "in").mkdir(parents=True)
    (tmp_path / "open").mkdir()
    (tmp_path / "straight").symlink_to("safe")
    (tmp_path / "open" / "hop").symlink_to("../safe")
    (tmp_path / "round").symlink_to(tmp_path / "open" / "hop" / "in" / ".." / "in")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    assert weak_point(tmp_path / "straight" / "in") == weak_point(tmp_path / "round") == ""
    (tmp_path / "open").chmod(0o777)
    assert weak_point(tmp_path / "straight" / "in") == ""
    assert weak_point(tmp_path / "round").startswith(f"{tmp_path / 'open'} can be written")
    assert "link" in weak_point(tmp_path / "loop")
    assert weak_point(tmp_path / "file" / "in").endswith("is no folder")
