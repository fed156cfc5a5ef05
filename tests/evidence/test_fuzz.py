"""Fuzzed bytes: whatever stands in a file, the answer is findings or one line, never a traceback; and nothing is lost.

The suite wounds a fixed number of packages. `PYTHONPATH=tests python tests/evidence/test_fuzz.py 600` goes on for ten
minutes of processor time with fresh luck.
"""

import random
import sys
import tempfile
import time

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from evidence.packages import CODER, TODAY, good_package, package_of, report
from support.depth import at_length, examples
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files, read_checked
from underwatch.evidence.check.overview import as_text as summary_text
from underwatch.evidence.check.overview import summarise
from underwatch.evidence.check.problems import as_json, as_text
from underwatch.evidence.edit.importing import import_csv, read_mapping
from underwatch.evidence.edit.merge import merge
from underwatch.evidence.edit.store import WorkingCopy
from underwatch.evidence.folder import unzip, zip_bytes
from underwatch.evidence.package import new_package, parse_package, to_files
from underwatch.evidence.privacy.seal import open_bytes
from underwatch.evidence.reading import effort, figures, reports, survey
from underwatch.evidence.release.publish import ReleaseRules, prepare
from underwatch.evidence.release.share import shareable
from underwatch.files.tripwire import column_tripped, tripped
from underwatch.pages.evidence import evidence_page

CLEAN = to_files(good_package())
NAMES = [name for name in CLEAN if not name.startswith("vocab/")]
PIECES = [
    b"", b",", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"=1+1",
    b"{", b"]", b"null",
    b"9" * 400, b"2024-W60", b"0000", b"-1", b"1e999", b"nan", "김".encode(), "\u2028".encode(),
    b"\x1a", b"\x0b", b"a" * 70_000,
    b"2024/2024/2024", b"report_id", b"unknown", "٣".encode(), "²".encode(), b"\x85", b"../x",
]  # fmt: skip


def is_one_line(error):
    if "\n" in str(error) or len(str(error)) > 400:
        raise AssertionError(f"not one short line: {error!r}")
    return True


def everything(files):
    """Do all that can be done with a package; InputError is an answer, any other error a fault."""
    try:
        found = check_files(files, TODAY)
        as_text(found)
        as_json(found)
        package = parse_package(files)
        assert to_files(parse_package(to_files(package))) == to_files(package), "a canonical package is read as written"
        package = read_checked(files, "it", TODAY)
    except InputError as error:
        return is_one_line(error) and False
    with tempfile.TemporaryDirectory() as place, WorkingCopy.create(f"{place}/it.sqlite", package) as copy:
        assert to_files(copy.package()) == to_files(package), "nothing is lost on the way through the working copy"
    summary_text(summarise(package))
    evidence_page(package)
    for read in (reports, effort, survey, figures):
        read(package)
    shareable(package)
    for act in (
        lambda: merge(package, good_package()),
        lambda: prepare(package, ReleaseRules("2024-Q1", "2024-Q4"), TODAY),
    ):
        try:
            act()
        except InputError as error:
            is_one_line(error)
    return True


def mutated(luck, data):
    """The bytes with a few random wounds."""
    for _ in range(luck.randint(1, 4)):
        at = luck.randint(0, len(data))
        wound = luck.randrange(6)
        if wound == 0:
            data = data[:at] + luck.choice(PIECES) + data[at:]
        elif wound == 1:
            data = data[:at] + data[at + luck.randint(1, 60) :]
        elif wound == 2 and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([luck.randrange(256)]) + data[at + 1 :]
        elif wound == 3:
            end = at + luck.randint(1, 200)
            data = data[:end] + data[at:end] + data[end:]
        elif wound == 4:
            lines = data.split(b"\n")
            luck.shuffle(lines)
            data = b"\n".join(lines)
        else:
            cells = data.split(b",")
            cells[luck.randrange(len(cells))] = luck.choice([*PIECES, luck.choice(cells)])
            data = b",".join(cells)
    return data


def wounded(luck):
    files = dict(CLEAN)
    for name in luck.sample(NAMES, luck.randint(1, 3)):
        files[name] = mutated(luck, files[name])
    if luck.random() < 0.1:
        files.pop(luck.choice(sorted(files)))
    if luck.random() < 0.1:
        files[luck.choice(["x", "a/b.csv", "\u202e", "vocab/act.csv", "김.csv"])] = luck.randbytes(40)
    return files


ARCHIVE, ACLED = zip_bytes(CLEAN), read_mapping("acled")
FOREIGN = b"event_date,admin2,sub_event_type,inter1,time_precision,admin1\n01 May 2024,Hyesan,Arrests,1,1,Ryanggang\n"


def wound_all(luck):
    """Wound a package, a zip, a sealed file and two tables to import; say whether the package was still whole."""
    is_whole = everything(wounded(luck))
    for act in (
        lambda: everything(unzip(mutated(luck, ARCHIVE))),
        lambda: import_csv(new_package(), mutated(luck, FOREIGN), ACLED, CODER),
        lambda: import_csv(new_package(), mutated(luck, CLEAN["reports.csv"]), None, CODER),
        lambda: open_bytes(mutated(luck, b"age-encryption.org/v1\n-> X25519 abc\nabc\n--- abc\nabc"), passphrase="x"),
    ):
        try:
            act()
        except InputError as error:
            is_one_line(error)
    return is_whole


@pytest.mark.parametrize("n", [300, at_length(1_200)])
def test_wounds_without_a_traceback(n):
    luck = random.Random(20250104)
    assert 0 < sum(wound_all(luck) for _ in range(n)) < n, "some wounds must show, and some must not matter"


@examples(150)
@given(st.sampled_from(NAMES), st.binary(max_size=400))
def test_any_bytes_in_any_file(name, data):
    everything(CLEAN | {name: data})


@examples(300)
@given(st.text(max_size=80))
def test_any_text_at_the_tripwire(text):
    assert tripped(text) == "" or tripped(text).startswith("identity-")
    assert column_tripped(text) in (True, False)


@examples(100)
@given(st.binary(max_size=300))
def test_any_bytes_as_zip_or_sealed_file(data):
    for act in (unzip, lambda one: open_bytes(b"age-encryption.org/v1\n" + one, passphrase="x")):
        with pytest.raises(InputError):
            act(data)


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_a_wounded_working_copy_is_one_line_or_whole_rows(tmp_path, seed):
    luck = random.Random(seed)
    path = tmp_path / f"{seed}.sqlite"
    path.unlink(missing_ok=True)
    WorkingCopy.create(path, package_of(report(0))).close()
    data = bytearray(path.read_bytes())
    for _ in range(luck.randint(1, 30)):
        data[luck.randrange(len(data))] = luck.randrange(256)
    path.write_bytes(bytes(data))
    try:
        with WorkingCopy(path) as copy:
            package = copy.package()
    except InputError as error:
        is_one_line(error)
    else:
        check_files(to_files(package), TODAY)


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(time.time())
    luck, n, n_whole = random.Random(seed), 0, 0
    while time.process_time() < seconds:
        n += 1
        n_whole += wound_all(luck)
    print(f"seed {seed}: {n} packages wounded, {n_whole} of them still whole; no traceback")
