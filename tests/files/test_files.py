"""Nothing earlier is lost: a failed write leaves the old file, a folder is made once."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.planted import STRANGER, tree
from underwatch.errors import InputError
from underwatch.files.writing import (
    fresh_folder,
    growing_file,
    numbered_folder,
    staged_file,
    write_atomically,
    write_new,
)


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

    monkeypatch.setattr(f"underwatch.files.writing.os.{step}", fail)
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


def a_link(place, target):
    place.symlink_to(target)


def a_link_to_nothing(place, target):
    place.symlink_to(target.with_name("nothing"))


def a_pipe(place, target):
    os.mkfifo(place)


def a_second_name(place, target):
    os.link(target, place)


def a_folder(place, target):
    place.mkdir()


def a_strangers_file(place, target):
    """Where tests run as root; otherwise a link stands for it, as nobody else can give a file away."""
    if os.geteuid() == 0:
        place.write_text("theirs")
        os.chown(place, STRANGER, STRANGER)
    else:
        place.symlink_to(target)


PLANTED = [a_link, a_link_to_nothing, a_pipe, a_second_name, a_folder, a_strangers_file]


@pytest.fixture
def precious(tmp_path):
    path = tmp_path / "elsewhere" / "precious"
    path.parent.mkdir()
    path.write_text("mine")
    return path


@pytest.mark.parametrize("plant", PLANTED, ids=lambda one: one.__name__)
def test_a_file_that_grows_is_a_file_of_ones_own_or_refused(tmp_path, precious, plant):
    (tmp_path / "in").mkdir()
    plant(tmp_path / "in" / "results", precious)
    before = tree(tmp_path)
    with pytest.raises(InputError):
        growing_file(tmp_path / "in" / "results")
    assert tree(tmp_path) == before


def test_a_file_that_grows_keeps_what_it_has(tmp_path):
    for line in (b"one\n", b"two\n"):
        with growing_file(tmp_path / "results") as file:
            file.write(line)
    with growing_file(tmp_path / "results") as file:
        file.seek(0)
        assert file.read() == b"one\ntwo\n"
        file.truncate(4)
        file.write(b"three\n")
    assert (tmp_path / "results").read_bytes() == b"one\nthree\n"
    assert stat.S_IMODE((tmp_path / "results").stat().st_mode) == 0o600


def write_bit_by_bit(path):
    with staged_file(path) as file:
        file.write(b"new")


@pytest.mark.parametrize(
    "write", [lambda path: write_atomically(path, b"new"), write_bit_by_bit], ids=["at once", "bit"]
)
def test_nothing_is_written_through_a_link(tmp_path, precious, write):
    (tmp_path / "in").mkdir()
    for plant in (a_link, a_link_to_nothing, a_pipe, a_folder):
        plant(tmp_path / "in" / plant.__name__, precious)
        with pytest.raises(InputError):
            write(tmp_path / "in" / plant.__name__)
    (tmp_path / "linked").symlink_to(precious.parent)
    with pytest.raises(InputError, match="is a link"):
        write(tmp_path / "linked" / "precious")
    assert tree(precious.parent) == {"precious": b"mine"}
    os.link(precious, tmp_path / "in" / "second")
    write(tmp_path / "in" / "second")
    assert ((tmp_path / "in" / "second").read_bytes(), precious.read_bytes()) == (b"new", b"mine")


def test_what_is_written_bit_by_bit_appears_whole_or_not_at_all(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), staged_file(tmp_path / "a") as file:
        file.write(b"half" if len(os.listdir(tmp_path)) == 2 else b"") / 0
    assert tree(tmp_path) == {"a": b"old"}
    write_bit_by_bit(tmp_path / "a")
    assert tree(tmp_path) == {"a": b"new"}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda one: one.__name__)
def test_a_new_file_takes_the_place_of_nothing(tmp_path, precious, plant):
    plant(tmp_path / "key.txt", precious)
    before = tree(tmp_path)
    with pytest.raises(InputError, match="exists already; nothing is overwritten"):
        write_new(tmp_path / "key.txt", b"new", 0o600)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("second_names", [True, False])
def test_a_new_file_does_not_take_the_place_of_one_that_comes_meanwhile(tmp_path, monkeypatch, second_names):
    """On disks that know second names and on those that do not."""
    linked = os.link

    def late(source, target):
        (tmp_path / "key.txt").write_text("theirs")
        if not second_names:
            raise OSError(1, "Operation not permitted")
        linked(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(InputError, match="exists already"):
        write_new(tmp_path / "key.txt", b"new")
    monkeypatch.undo()
    assert tree(tmp_path) == {"key.txt": b"theirs"}
    (tmp_path / "way").symlink_to(tmp_path)
    write_new(tmp_path / "way" / "other.txt", b"new", 0o600)
    assert tree(tmp_path) == {"key.txt": b"theirs", "other.txt": b"new", "way": str(tmp_path)}


def test_a_link_that_leads_nowhere_is_no_free_name_for_a_folder(tmp_path):
    (tmp_path / "run").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="exists already"):
        fresh_folder(tmp_path / "run")
    assert not (tmp_path / "nowhere").exists()
