"""Seal and open: what comes back is what went in, nothing plain touches the disk, and what fails is one clear line."""

import os
import random
import stat
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.edit.test_store import record_of
from evidence.packages import CODER, TODAY, good_package, package_of, report
from support.depth import at_length, examples
from support.light_seal import light_seal
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.edit.work import start_work
from underwatch.evidence.folder import read_files, unzip, write_files, zip_bytes
from underwatch.evidence.package import parse_package, to_files
from underwatch.evidence.privacy.seal import (
    new_key,
    open_bytes,
    open_sealed,
    read_sealed,
    remove_plain,
    seal,
    seal_bytes,
)

WORDS = "violin gravel tuesday orchid lamp"


@pytest.fixture
def folder(tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))
    return tmp_path / "p"


@pytest.fixture
def key(tmp_path):
    recipient = new_key(tmp_path / "key.txt")
    return tmp_path / "key.txt", recipient


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# A passphrase takes seconds each time: what hangs on the way alone is tried with a key, and at length with both.
BY_EITHER = pytest.mark.parametrize("by", [at_length("passphrase"), "key"])


@BY_EITHER
def test_seal_and_open(folder, key, tmp_path, by):
    before = read_files(folder)
    how = {"passphrase": WORDS} if by == "passphrase" else {"recipients": [key[1]]}
    opening = {"passphrase": WORDS} if by == "passphrase" else {"key": key[0]}
    file = seal(folder, **how)
    assert file == tmp_path / "p.age"
    assert {mode(file), mode(key[0])} == {0o600}
    assert b"report_id" not in file.read_bytes()
    assert read_sealed(file, **opening) == before
    opened = open_sealed(file, tmp_path / "q", **opening)
    assert read_files(opened) == before
    assert mode(opened) == 0o700
    assert {mode(path) for path in opened.rglob("*") if path.is_file()} == {0o600}


def test_any_of_several_recipients_can_open(folder, key, tmp_path):
    other = new_key(tmp_path / "other.txt")
    file = seal(folder, recipients=[key[1], other])
    assert read_sealed(file, key=tmp_path / "other.txt") == read_sealed(file, key=key[0])


def test_sealing_takes_the_newest_state_and_removes_the_working_copy(folder, key, tmp_path):
    with start_work(folder) as copy:
        copy.put("reports", record_of(7), CODER, "coding")
        wanted = to_files(copy.package())
    file = seal(folder, recipients=[key[1]])
    assert read_sealed(file, key=key[0]) == wanted
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key.txt", "p", "p.age"]


def test_a_seal_that_fails_removes_nothing(folder, tmp_path):
    start_work(folder).close()
    (tmp_path / "p.age").write_bytes(b"earlier")
    for wrong in (
        {"passphrase": WORDS},
        {"passphrase": "short", "to": tmp_path / "x.age"},
        {"recipients": ["age1xyz"], "to": tmp_path / "x.age"},
        {"to": tmp_path / "x.age"},
    ):
        with pytest.raises(InputError) as caught:
            seal(folder, **wrong)
        assert "\n" not in str(caught.value)
    assert (tmp_path / "p.age").read_bytes() == b"earlier"
    assert (tmp_path / "p.UNSEALED.sqlite").exists()
    assert not (tmp_path / "x.age").exists()


def test_removing_the_plain_folder_keeps_what_is_not_the_packages(folder, key, tmp_path):
    file = seal(folder, recipients=[key[1]])
    (folder / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="other files"):
        remove_plain(folder, file)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    write_files(tmp_path / "q", to_files(good_package()))
    with pytest.raises(InputError, match="nothing was removed"):
        remove_plain(tmp_path / "q", tmp_path / "none.age")
    remove_plain(tmp_path / "q", file)
    assert not (tmp_path / "q").exists()


def test_wrong_keys_are_one_clear_line(folder, key, tmp_path):
    new_key(tmp_path / "other.txt")
    (tmp_path / "nokey.txt").write_text("nothing here")
    (tmp_path / "a.age").write_bytes(light_seal(zip_bytes(read_files(folder)), WORDS, random.Random(1)))
    assert read_sealed(tmp_path / "a.age", WORDS) == read_files(folder)
    locked = {
        "a": tmp_path / "a.age",
        "b": seal(folder, tmp_path / "b.age", recipients=[key[1]]),
    }
    cases = [
        ("a", {"passphrase": "another horse battery"}, "wrong passphrase"),
        ("a", {"key": key[0]}, "with a passphrase"),
        ("b", {"key": tmp_path / "other.txt"}, "wrong key"),
        ("b", {"passphrase": WORDS}, "for a key"),
        ("b", {}, "give the passphrase"),
        ("b", {"key": tmp_path / "nokey.txt"}, "holds no key"),
        ("b", {"key": tmp_path / "none.txt"}, "cannot be read"),
    ]
    for name, how, says in cases:
        with pytest.raises(InputError, match=says) as caught:
            open_sealed(locked[name], tmp_path / "out", **how)
        assert WORDS not in str(caught.value)
        assert not (tmp_path / "out").exists()


@examples(150)
@given(st.data())
def test_a_damaged_file_is_one_clear_line_and_never_half_a_package(data):
    sealed, secret = sealed_once()
    if data.draw(st.booleans()):
        damaged = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    else:
        at, bit = data.draw(st.integers(0, len(sealed) - 1)), data.draw(st.integers(0, 7))
        damaged = sealed[:at] + bytes([sealed[at] ^ 1 << bit]) + sealed[at + 1 :]
    with pytest.raises(InputError) as caught:
        open_bytes(damaged, key=secret)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 100


_ONCE = {}


def sealed_once():
    if not _ONCE:
        import tempfile

        _ONCE["folder"] = tempfile.TemporaryDirectory()
        key = f"{_ONCE['folder'].name}/key"
        _ONCE["pair"] = seal_bytes(zip_bytes(to_files(package_of(report(0)))), recipients=[new_key(key)]), key
    return _ONCE["pair"]


WATCHED = """
    import os, sys
    from pathlib import Path
    written = []
    def watch(event, arguments):
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            mode, flags = arguments[1], arguments[2]
            if (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                written.append(os.fsdecode(arguments[0]))
    sys.addaudithook(watch)
    from underwatch.evidence.privacy.seal import seal, read_sealed
    from underwatch.evidence.check.checking import check_files
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    del written[:]
    key, recipient, passphrase = sys.argv[3:]
    if passphrase:
        file = seal(folder, out / "x.age", passphrase=passphrase)
        check_files(read_sealed(file, passphrase))
    else:
        file = seal(folder, out / "x.age", recipients=[recipient])
        check_files(read_sealed(file, key=key))
    print("\\n".join(written))
"""


@BY_EITHER
def test_sealing_and_reading_write_no_other_file_than_the_sealed_one(folder, key, tmp_path, by):
    """Every file opened for writing is seen by an audit hook; all are the sealed file's own temporary name."""
    out = tmp_path / "out"
    out.mkdir()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", textwrap.dedent(WATCHED), str(folder), str(out), *map(str, key)]
    command.append(WORDS if by == "passphrase" else "")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    written = [path for path in done.stdout.split() if path]
    assert written
    assert all(os.path.basename(path).startswith(".x.age.") or path == str(out) for path in written), written
    assert list(temporary.iterdir()) == []
    assert [path.name for path in out.iterdir()] == ["x.age"]
    assert b"hoeryong" not in (out / "x.age").read_bytes()


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil", "a/../../b", "C:/x", "..\\evil"])
def test_a_zip_that_leads_outside_is_refused(name):
    with pytest.raises(InputError, match="outside"):
        unzip(zip_bytes({name: b"x"}))
    assert unzip(zip_bytes({"vocab/x.csv": b"x"})) == {"vocab/x.csv": b"x"}


def test_a_zip_bomb_is_not_unpacked():
    with pytest.raises(InputError, match="more than a package"):
        unzip(zip_bytes({f"{n}.csv": b"" for n in range(501)}))
    bomb = zip_bytes({"reports.csv": bytes(65 * 1024 * 1024)})
    assert len(bomb) < 100_000
    files = unzip(bomb)
    assert [one.code for one in check_files(files, TODAY) if one.file == "reports.csv"] == ["file-oversized"]


def test_the_zip_tells_nothing_of_when_and_who():
    files = to_files(good_package())
    assert zip_bytes(files) == zip_bytes(dict(reversed(files.items())))
    assert parse_package(unzip(zip_bytes(files))).fingerprint == good_package().fingerprint
