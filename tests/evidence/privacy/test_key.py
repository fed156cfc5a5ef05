"""The key of a package: outputs name the package by it, and who has not the key cannot tell which package it was."""

import hashlib
import hmac
import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from evidence.edit.test_store import record_of
from evidence.packages import CODER, TODAY, good_package, package_of, report
from underwatch.cli import main
from underwatch.evidence.check.checking import check_files, read_package
from underwatch.evidence.edit.merge import merge
from underwatch.evidence.edit.store import WorkingCopy, working_path
from underwatch.evidence.edit.work import save_work, start_work
from underwatch.evidence.folder import read_files, write_files
from underwatch.evidence.format.ids import ALPHABET, KEY_LENGTH, id_from, is_key, new_key
from underwatch.evidence.package import parse_package, to_files
from underwatch.evidence.release.share import shareable

LETTERS = str.maketrans("0123456789abcdef", ALPHABET[:16])


def do(*words):
    found = CliRunner().invoke(main, [str(word) for word in words])
    assert found.exit_code == 0, found.output
    return found.output


def key_of(folder):
    return parse_package(read_files(folder)).key


def test_a_key_is_random_letters_and_as_hard_to_guess_as_one_of_128_bits():
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(is_key(key) and re.fullmatch(f"[{ALPHABET}]{{{KEY_LENGTH}}}", key) for key in keys)
    assert len(ALPHABET) ** KEY_LENGTH > 2**128
    assert set("".join(keys)) == set(ALPHABET)
    assert not any(map(is_key, ["", "b" * 31, "b" * 33, "a" * 32, "B" * 32, "1" * 32, "b" * 31 + "\n"]))


def test_the_name_is_the_keyed_hash_of_the_content():
    package = good_package().keyed()
    content = good_package().fingerprint.encode()
    assert package.keyed_name() == hmac.new(package.key.encode(), content, hashlib.sha256).hexdigest().translate(
        LETTERS
    )
    assert parse_package(to_files(package)).keyed_name() == package.keyed_name()
    assert replace(package, key=new_key()).keyed_name() != package.keyed_name()
    assert package.with_rows("reports", []).keyed_name() != package.keyed_name()
    with pytest.raises(ValueError, match="no key"):
        good_package().keyed_name()


def test_the_key_is_no_part_of_the_content():
    one, other = good_package().keyed(), good_package().keyed()
    assert one.key != other.key
    assert one == other == good_package()
    assert one.fingerprint == other.fingerprint == good_package().fingerprint
    assert one.key not in repr(one)
    assert one.keyed() is one
    files, without = to_files(one), to_files(good_package())
    assert {name for name in files if files[name] != without[name]} == {"datapackage.json"}
    assert check_files(files, TODAY) == check_files(without, TODAY) == []


@pytest.mark.parametrize("key", ["", "b" * 31, "a" * 32, "김철수", 7, None, ["b" * 32], "b" * 32 + " "])
def test_a_key_that_is_none_is_one_finding_that_does_not_repeat_it(key):
    files = to_files(good_package().keyed())
    told = json.loads(files["datapackage.json"])
    told["underwatch"]["key"] = key
    found = check_files(files | {"datapackage.json": (json.dumps(told, indent=1) + "\n").encode()}, TODAY)
    assert [one.code for one in found] == ["file-changed" if key == "" else "descriptor"]
    assert "김철수" not in found[0].remedy


def test_a_package_has_its_key_from_the_first_time_that_it_is_written_and_keeps_it(tmp_path):
    do("evidence", "new", tmp_path / "p")
    key = key_of(tmp_path / "p")
    assert is_key(key)
    do("evidence", "record", tmp_path / "p")
    do("evidence", "work", tmp_path / "p")
    do("evidence", "put", tmp_path / "p", *(f"{name}={cell}" for name, cell in record_of(7).items()))
    do("evidence", "save", tmp_path / "p")
    assert key_of(tmp_path / "p") == key
    do("evidence", "work", tmp_path / "p", "--discard")
    assert len(read_package(tmp_path / "p", TODAY).table("reports").rows) == 1


@pytest.mark.parametrize("how", ["record", "save", "import", "publish"])
def test_an_older_package_gets_its_key_when_it_is_saved(tmp_path, how):
    write_files(tmp_path / "p", to_files(package_of(*(report(n, source_code="") for n in range(3)))))
    before = parse_package(read_files(tmp_path / "p")).fingerprint
    assert key_of(tmp_path / "p") == ""
    if how == "record":
        do("evidence", "record", tmp_path / "p")
    if how == "save":
        start_work(tmp_path / "p").close()
        assert save_work(tmp_path / "p")
        assert not save_work(tmp_path / "p")
    if how == "import":
        do("evidence", "import", _a_csv(tmp_path), "--into", tmp_path / "p")
    if how == "publish":
        _published(tmp_path)
    key = key_of(tmp_path / "p")
    assert is_key(key)
    assert (parse_package(read_files(tmp_path / "p")).fingerprint == before) == (how in ("record", "save"))


def _a_csv(tmp_path):
    package = package_of(report(40, when="2024-W30"))
    columns = package.table("reports").form.names
    lines = [columns, *package.table("reports").rows]
    (tmp_path / "in.csv").write_text("".join(",".join(cells) + "\n" for cells in lines))
    return tmp_path / "in.csv"


def _published(tmp_path):
    """Publish enough reports of several sources, over the package there."""
    coded = {"when": "2024-Q1", "when_precision": "quarter"}
    rows = [report(n, source_code=id_from("source", str(n % 20)), **coded) for n in range(60)]
    write_files(tmp_path / "p", to_files(package_of(*rows)), fresh=False)
    words = ["--from", "2024-Q1", "--to", "2024-Q1", "--places", "country"]
    do("evidence", "publish", tmp_path / "p", "--out", tmp_path / "t", *words)
    for path in (tmp_path / "t").iterdir():
        assert key_of(tmp_path / "p") not in path.read_text()


def test_a_working_copy_of_an_earlier_version_keeps_the_key_that_it_is_first_saved_with(tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))
    with start_work(tmp_path / "p") as copy:
        copy._base.execute("DELETE FROM meta WHERE key = 'key'")
        copy.put("reports", record_of(7), CODER, "coding")
    assert save_work(tmp_path / "p")
    key = key_of(tmp_path / "p")
    with WorkingCopy(working_path(tmp_path / "p")) as copy:
        copy.put("reports", record_of(8), CODER, "coding")
    assert save_work(tmp_path / "p")
    assert (is_key(key), key_of(tmp_path / "p")) == (True, key)


def test_what_others_get_has_not_our_key(tmp_path):
    ours = package_of(report(0, consent="record", release="record")).keyed()
    write_files(tmp_path / "p", to_files(ours))
    do("evidence", "share", tmp_path / "p", "--out", tmp_path / "s")
    assert key_of(tmp_path / "s") == ""
    assert shareable(ours).key == ""
    assert not [path for path in (tmp_path / "s").rglob("*") if path.is_file() and ours.key in path.read_text()]
    other = package_of(report(5, when="2024-W39"), segment="other").keyed()
    assert merge(ours, other).key == ""
    write_files(tmp_path / "q", to_files(other))
    do("evidence", "merge", tmp_path / "p", tmp_path / "q", "--out", tmp_path / "m", "--today", "2026-06-30")
    assert is_key(key_of(tmp_path / "m"))
    assert key_of(tmp_path / "m") != ours.key
