"""Evidence and what a stranger put in its way: no link is written through, and only the format's own names are made."""

import os
import stat

import pytest
from click.testing import CliRunner

from evidence.edit.test_store import record_of
from evidence.packages import CODER, good_package, package_of, report
from evidence.release.test_publish import LATER, PERIOD
from support.planted import STRANGER, tree
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.evidence.edit.store import WorkingCopy, remove_working_copy, working_path
from underwatch.evidence.edit.work import save_work, start_work
from underwatch.evidence.folder import names_of_format, read_files, write_files, zip_bytes
from underwatch.evidence.package import parse_package, to_files
from underwatch.evidence.privacy.seal import new_key, open_sealed, remove_plain, seal, seal_bytes
from underwatch.evidence.release import publish as publishing
from underwatch.evidence.release.publish import Release, ReleaseRules, publish


def do(*words, code=2, typed=None):
    result = CliRunner().invoke(main, ["evidence", *map(str, words)], input=typed)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def folder(tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))
    return tmp_path / "p"


@pytest.fixture
def precious(tmp_path):
    other = tmp_path / "precious"
    other.mkdir()
    (other / "letters").write_text("mine")
    return other


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """A key in a file, and what seals for it (a passphrase costs a second each time)."""
    path = tmp_path_factory.mktemp("key") / "key.txt"
    return path, [new_key(path)]


def linked_vocabularies(folder, precious):
    for path in (folder / "vocab").iterdir():
        path.rename(precious / path.name)
    (folder / "vocab").rmdir()
    (folder / "vocab").symlink_to(precious)


def a_linked_vocabulary(folder, precious):
    (folder / "vocab" / "act.csv").unlink()
    (folder / "vocab" / "act.csv").symlink_to(precious / "letters")


def a_linked_vocabulary_that_is_not_there(folder, precious):
    (folder / "vocab" / "act.csv").unlink()
    (folder / "vocab" / "act.csv").symlink_to(precious / "new")


def a_linked_places_file(folder, precious):
    (folder / "places.csv").rename(precious / "places.csv")
    (folder / "places.csv").symlink_to(precious / "places.csv")


def a_pipe(folder, precious):
    (folder / "vocab" / "act.csv").unlink()
    os.mkfifo(folder / "vocab" / "act.csv")


def a_folder(folder, precious):
    (folder / "places.csv").unlink()
    (folder / "places.csv").mkdir()


IN_THE_WAY = [linked_vocabularies, a_linked_vocabulary, a_linked_vocabulary_that_is_not_there, a_linked_places_file,
              a_pipe, a_folder]  # fmt: skip


@pytest.mark.parametrize("plant", IN_THE_WAY, ids=lambda one: one.__name__)
def test_a_package_is_written_through_nothing_that_stands_in_the_way(folder, precious, tmp_path, plant):
    """By `record`, by `import` and by `save`: whatever is written into a folder that is there."""
    with start_work(folder) as copy:
        copy.put("reports", record_of(7), CODER, "coding")
        files = to_files(copy.package())
    plant(folder, precious)
    before = tree(folder), tree(precious)
    with pytest.raises(InputError):
        write_files(folder, files, fresh=False)
    with pytest.raises(InputError):
        save_work(folder)
    remove_working_copy(folder)
    do("record", folder)
    assert (tree(folder), tree(precious)) == before


def test_a_package_folder_that_is_a_link_is_named_itself(folder, tmp_path, key):
    (tmp_path / "link").symlink_to(folder)
    before = tree(folder)
    assert "is a link" in do("record", tmp_path / "link").stderr
    with pytest.raises(InputError, match="is a link"):
        remove_plain(tmp_path / "link", seal(folder, tmp_path / "s.age", recipients=key[1]))
    assert tree(folder) == before


def test_a_file_with_a_second_name_elsewhere_is_written_anew(folder, precious):
    """What stands under the other name keeps its bytes and its mode."""
    place = folder / "vocab" / "act.csv"
    (precious / "letters").write_bytes(place.read_bytes())
    (precious / "letters").chmod(0o644)
    place.unlink()
    os.link(precious / "letters", place)
    do("record", folder, code=0)
    assert stat.S_IMODE((precious / "letters").stat().st_mode) == 0o644
    assert (place.stat().st_nlink, stat.S_IMODE(place.stat().st_mode)) == (1, 0o600)


def test_what_a_kill_left_is_removed_and_nothing_that_only_looks_like_it(folder):
    left = [".reports.csv.ab1_x.part", "vocab/.act.csv.q.part"]
    kept = [".mine.csv.x.part", "reports.csv.part", "vocab/.act.csv"]
    for name in (*left, *kept):
        (folder / name).write_text("x")
    write_files(folder, to_files(good_package()), fresh=False)
    assert [name for name in (*left, *kept) if (folder / name).exists()] == kept


def test_removing_the_plain_folder_leads_nowhere_else(folder, precious, key):
    file = seal(folder, recipients=key[1])
    linked_vocabularies(folder, precious)
    before = tree(precious)
    with pytest.raises(InputError, match="is a link"):
        remove_plain(folder, file)
    assert tree(precious) == before


NAMES = [
    ".git/hooks/pre-commit", ".envrc", "reports.desktop", ".desktop", "vocab/.envrc", "vocab/deep/act.csv", "README",
    "a\x1b[31mred", "reports\u202ecsv.exe", "Reports.csv", "vocab/mine.csv", "./reports.csv", "vocab//act.csv",
    ".numba_config.yaml", "matplotlibrc", "numpy.py", "vocab", "\u1112\u1161.csv",
]  # fmt: skip


def test_opening_writes_only_names_of_the_format_and_counts_the_others(tmp_path, key):
    files = to_files(good_package())
    sealed = tmp_path / "s.age"
    sealed.write_bytes(seal_bytes(zip_bytes(files | dict.fromkeys(NAMES, b"run me")), recipients=key[1]))
    result = do("open", sealed, "--out", tmp_path / "q", "--key", key[0], code=1)
    assert f"files with names that no package has: {len(NAMES)}; not written" in result.stderr
    assert not any(name.strip("./") in result.output for name in NAMES if len(name) > 8 and name.isascii())
    assert {name: data for name, data in tree(tmp_path / "q").items() if data is not None} == files
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "q", *(tmp_path / "q").rglob("*"))}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items())


def test_every_folder_that_opening_makes_is_private_whatever_the_umask(tmp_path, key):
    sealed = tmp_path / "s.age"
    sealed.write_bytes(seal_bytes(zip_bytes(to_files(good_package())), recipients=key[1]))
    before = os.umask(0)
    try:
        open_sealed(sealed, tmp_path / "deep" / "q", key=key[0])
    finally:
        os.umask(before)
    for name in ("deep/q", "deep/q/vocab"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


def test_a_clean_package_opens_without_a_finding_and_one_of_other_files_not_at_all(tmp_path, key):
    for name, files, code in (("a", to_files(good_package()), 0), ("b", {".envrc": b"x", "vocab/x": b""}, 2)):
        (tmp_path / f"{name}.age").write_bytes(seal_bytes(zip_bytes(files), recipients=key[1]))
        do("open", tmp_path / f"{name}.age", "--key", key[0], code=code)
    assert sorted(os.listdir(tmp_path)) == ["a", "a.age", "b.age"]


def test_a_zip_that_is_merged_leaves_only_names_of_the_format(folder, tmp_path):
    (tmp_path / "z.zip").write_bytes(zip_bytes(to_files(package_of(report(3))) | {"README": b"x"}))
    CliRunner().invoke(main, ["evidence", "merge", str(folder), str(tmp_path / "z.zip"), "--out", str(tmp_path / "m")])
    written = set(read_files(tmp_path / "m")) if (tmp_path / "m").exists() else set()
    assert written <= names_of_format()
    with pytest.raises(InputError, match="names that no package has"):
        write_files(tmp_path / "n", {"README": b"x"})
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize("kind", ["file", "link", "link to nothing"])
@pytest.mark.parametrize("words", [["key", "{}"], ["seal", "p", "--out", "{}"], ["summary", "p", "--html", "{}"],
                                   ["merge", "p", "p", "--out", "{}"], ["share", "p", "--out", "{}"]],
                         ids=lambda words: words[0])  # fmt: skip
def test_what_a_user_names_takes_the_place_of_nothing(folder, precious, tmp_path, monkeypatch, words, kind):
    monkeypatch.chdir(tmp_path)
    if kind == "file":
        (tmp_path / "new").write_text("mine")
    else:
        (tmp_path / "new").symlink_to(precious / ("letters" if kind == "link" else "nothing"))
    before = tree(tmp_path)
    do(*(word.format("new") for word in words), typed="violin gravel tuesday orchid lamp\n")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("words", [[], ["--synthetic"]], ids=["template", "truth"])
def test_what_is_put_beside_a_new_package_takes_the_place_of_nothing(tmp_path, precious, monkeypatch, words):
    monkeypatch.setattr("underwatch.evidence.samples.synthetic.synthetic_package", lambda: (good_package(), {}))
    beside = tmp_path / ("x.truth.json" if words else "x-template.xlsx")
    beside.write_text("filled in")
    assert "exists already" in do("new", tmp_path / "x", *words).stderr
    assert beside.read_text() == "filled in"
    assert not (tmp_path / "x").exists()


def test_publishing_removes_no_folder_that_it_did_not_make(folder, tmp_path, monkeypatch):
    """The staging folder has a name that nobody can guess; what stands under the one that could be guessed stays."""
    monkeypatch.setattr(publishing, "prepare", lambda *_: Release(b"period\n", {"cells": 0}))
    monkeypatch.setattr(publishing, "_noted", lambda package, *_: package)
    for name in (".out.part", ".out.unfinished", "out.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "letters").write_text("mine")
    (tmp_path / "linked").symlink_to("nowhere")
    with pytest.raises(InputError, match="exists already"):
        publish(folder, tmp_path / "linked", ReleaseRules(**PERIOD), LATER)
    before = tree(tmp_path)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "write_files", full)
        with pytest.raises(OSError, match="No space"):
            publish(folder, tmp_path / "out", ReleaseRules(**PERIOD), LATER)
    assert tree(tmp_path) == before
    publish(folder, tmp_path / "out", ReleaseRules(**PERIOD), LATER)
    assert sorted(os.listdir(tmp_path / "out")) == ["release.json", "safe_table.csv"]
    assert {name: data for name, data in tree(tmp_path).items() if name.endswith("letters")} == {
        f"{name}/letters": b"mine" for name in (".out.part", ".out.unfinished", "out.part")
    }


@pytest.mark.parametrize("companion", ["", "-wal", "-journal", "-shm"])
@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe", "second name", "another account"])
def test_a_working_copy_is_opened_only_with_files_of_ones_own(folder, precious, monkeypatch, companion, kind):
    start_work(folder).close()
    place = working_path(folder).with_name(working_path(folder).name + companion)
    target = precious / "letters"
    if not companion and kind != "another account":
        place.rename(target)
    if kind.startswith("link"):
        place.symlink_to(target if kind == "link" else precious / "new")
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "second name":
        os.link(target, place)
    else:
        place.touch()
        if os.geteuid() == 0:
            os.chown(place, STRANGER, STRANGER)
        else:  # only root can give a file away; another account has to be somebody else itself
            monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    before = tree(precious), sorted(os.listdir(folder.parent))
    for opening in (lambda: WorkingCopy(working_path(folder)), lambda: start_work(folder)):
        with pytest.raises(InputError):
            opening()
    assert (tree(precious), sorted(os.listdir(folder.parent))) == before


def test_a_working_copy_is_not_kept_where_others_can_change_it(folder, tmp_path):
    start_work(folder).close()
    for mode, refused in ((0o777, True), (0o775, True), (0o1777, False), (0o755, False)):
        tmp_path.chmod(mode)
        if refused:
            with pytest.raises(InputError, match="can be written by others"):
                start_work(folder)
        else:
            start_work(folder).close()
    assert parse_package(read_files(folder)).fingerprint == good_package().fingerprint


def test_a_package_reached_through_a_link_to_its_parent_is_ones_own(folder, tmp_path, key):
    (tmp_path / "way").symlink_to(tmp_path)
    with start_work(tmp_path / "way" / "p") as copy:
        copy.put("reports", record_of(7), CODER, "coding")
    assert working_path(folder).exists()
    assert save_work(tmp_path / "way" / "p")
    assert remove_working_copy(tmp_path / "way" / "p")
    new_key(tmp_path / "way" / "key.txt")
    seal(tmp_path / "way" / "p", tmp_path / "way" / "p.age", recipients=key[1])
