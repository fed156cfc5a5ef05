"""Nothing earlier is lost: a failed write leaves the old file, a folder is made once."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from underwatch.errors import InputError
from underwatch.files import fresh_folder, numbered_folder, write_atomically


def test_a_file_is_written_whole_with_its_mode(tmp_path):
    path = tmp_path / "manifest.json"
    write_atomically(path, b"old")
    write_atomically(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["manifest.json"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch, step, error):
    path = tmp_path / "manifest.json"
    write_atomically(path, b"old")

    def fail(*_):
        raise error

    monkeypatch.setattr(f"underwatch.files.os.{step}", fail)
    with pytest.raises(type(error)):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["manifest.json"]


def test_a_folder_that_exists_is_refused(tmp_path):
    folder = fresh_folder(tmp_path / "deep" / "run")
    (folder / "report.html").write_text("kept")
    with pytest.raises(InputError, match=r"run exists already; nothing is overwritten: .*--out"):
        fresh_folder(folder)
    assert (folder / "report.html").read_text() == "kept"


def test_a_folder_inside_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError):
        fresh_folder(tmp_path / "file" / "run")
    with pytest.raises(InputError):
        fresh_folder(tmp_path / "file" / "deep" / "run")
    with pytest.raises(InputError):
        numbered_folder(tmp_path / "file", "hoeryong")


def test_runs_are_numbered_upwards_and_a_gap_is_not_filled(tmp_path):
    runs = tmp_path / "runs"
    names = [numbered_folder(runs, "hoeryong").name for _ in range(3)]
    assert names == ["hoeryong-001", "hoeryong-002", "hoeryong-003"]
    (runs / "hoeryong-001").rmdir()
    (runs / "hoeryong-1000").mkdir()
    (runs / "hyesan-007").mkdir()
    assert numbered_folder(runs, "hoeryong").name == "hoeryong-1001"
    assert numbered_folder(runs, "hyesan").name == "hyesan-008"


def test_runs_that_start_at_once_get_numbers_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: numbered_folder(tmp_path, "hoeryong"), range(24)))
    assert len(set(folders)) == 24
