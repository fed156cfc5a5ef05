"""The working copy: byte-identical round trips, modes, checks in SQLite, several editors at once, and kills."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import HealthCheck, given

from evidence.packages import CODER, PLAIN_REPORT, TODAY, good_package, package_of, packages, report
from support.depth import examples
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files, read_package
from underwatch.evidence.edit.store import WorkingCopy, remove_working_copy, working_path
from underwatch.evidence.edit.work import newest, save_work, start_work
from underwatch.evidence.folder import read_files, write_files
from underwatch.evidence.format.ids import id_from, new_id
from underwatch.evidence.format.table_schemas import CHANGES, TABLES
from underwatch.evidence.package import parse_package, to_files


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def record_of(number=0, **cells):
    return dict(zip(TABLES["reports"].names, report(number, **cells), strict=True))


@examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(packages())
def test_csv_to_sqlite_to_csv_is_the_same_bytes(tmp_path, package):
    path = tmp_path / f"{new_id()}.sqlite"
    files = to_files(package)
    with WorkingCopy.create(path, parse_package(files)) as copy:
        assert to_files(copy.package()) == files
    with WorkingCopy(path) as copy, WorkingCopy.create(tmp_path / f"{new_id()}.sqlite", copy.package()) as second:
        assert second.package() == copy.package()


def test_only_the_owner_can_read(tmp_path):
    old = os.umask(0)
    try:
        write_files(tmp_path / "p", to_files(good_package()))
        with start_work(tmp_path / "p") as copy:
            copy.put("reports", record_of(7), CODER, "coding")
            beside = sorted(path.name for path in tmp_path.iterdir() if path.name != "p")
            assert beside == ["p.UNSEALED.sqlite", "p.UNSEALED.sqlite-shm", "p.UNSEALED.sqlite-wal"]
            assert {mode(tmp_path / name) for name in beside} == {0o600}
        assert mode(tmp_path / "p") == mode(tmp_path / "p" / "vocab") == 0o700
        assert {mode(path) for path in (tmp_path / "p").rglob("*") if path.is_file()} == {0o600}
    finally:
        os.umask(old)


def test_tables_are_strict_and_checked_by_sqlite_itself(tmp_path):
    path = tmp_path / "w.sqlite"
    WorkingCopy.create(path, package_of(report(0))).close()
    base = sqlite3.connect(path)
    strict = dict(base.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"))
    assert {strict[name] for name in [*TABLES, "meta"]} == {1}
    assert base.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    wrong = {
        "act_code": "kidnapping", "report_id": "short", "list_id": "Kim Chol-su x", "place_code": "house",
        "when": "yesterday",
        "incident_id": None, "source_code": "12345678901234",
    }  # fmt: skip
    for column, value in wrong.items():
        with pytest.raises(sqlite3.IntegrityError):
            base.execute(f'UPDATE reports SET "{column}" = ?', (value,))
    base.execute("UPDATE reports SET act_code = 'listing'")
    for statement in ("DELETE FROM changes", "UPDATE changes SET reason = 'update'"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            base.execute(statement)
    base.close()


def test_edit_save_and_check(tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))
    with start_work(tmp_path / "p") as copy:
        version = copy.put("reports", record_of(7), CODER, "coding")
        copy.put("reports", record_of(7, ground="other"), CODER, "correction", version)
        copy.remove("survey", id_from("survey"), CODER, "withdrawn", copy.version("survey", id_from("survey")))
        assert copy.package().fingerprint != copy.loaded()
    assert save_work(tmp_path / "p")
    assert not save_work(tmp_path / "p")
    files = read_files(tmp_path / "p")
    assert check_files(files, TODAY) == []
    assert "survey.csv" not in files
    assert len(parse_package(files).table("reports").rows) == 4


def test_what_does_not_fit_is_refused_and_nothing_written(tmp_path):
    with WorkingCopy.create(tmp_path / "w.sqlite", package_of(report(0))) as copy:
        before = copy.package()
        version = copy.version("reports", PLAIN_REPORT["report_id"])
        for wrong, says in (
            (record_of(0, act_code="Kim Chol-su"), "column act_code"),
            (record_of(0, when="2024-12-01"), "column when"),
            ({"report_id": "x"}, "lacks columns"),
            (record_of(0) | {"Chol": "x"}, "no such column"),
            (record_of(0) | {"grond": "x"}, 'did you mean "ground"'),
        ):
            with pytest.raises(InputError, match=says) as caught:
                copy.put("reports", wrong, CODER, "coding", version)
            assert "Chol" not in str(caught.value)
        for table in (CHANGES, "persons", "meta"):
            with pytest.raises(InputError, match="no table"):
                copy.put(table, record_of(0), CODER, "coding")
        with pytest.raises(InputError, match="does not fit"):
            copy.put("reports", record_of(0), CODER, "no such reason", version)
        with pytest.raises(InputError, match="meanwhile"):
            copy.put("reports", record_of(0), CODER, "coding", "")
        with pytest.raises(InputError, match="no such row"):
            copy.remove("reports", id_from("nobody"), CODER, "coding", "")
        assert copy.package() == before
        copy.put("reports", record_of(0, ground="other"), CODER, "coding", version)


def test_the_chain_goes_on_after_a_refusal(tmp_path):
    with WorkingCopy.create(tmp_path / "w.sqlite", package_of(report(0))) as copy:
        copy.put("reports", record_of(1), CODER, "coding")
        with pytest.raises(InputError):
            copy.put("reports", record_of(1), CODER, "coding")
        copy.put("reports", record_of(2), CODER, "coding")
        assert check_files(to_files(copy.package()), TODAY) == []


def test_folder_and_copy_both_changed_are_never_guessed_about(tmp_path):
    write_files(tmp_path / "p", to_files(package_of(report(0))))
    with start_work(tmp_path / "p") as copy:
        copy.put("reports", record_of(1), CODER, "coding")
    write_files(tmp_path / "p", to_files(package_of(report(0), report(2))), fresh=False)
    for act in (save_work, start_work, newest):
        with pytest.raises(InputError, match="both changed"):
            act(tmp_path / "p")
    save_work(tmp_path / "p", tmp_path / "q")
    assert len(read_package(tmp_path / "q", TODAY).table("reports").rows) == 2


def test_a_folder_changed_alone_is_told(tmp_path):
    write_files(tmp_path / "p", to_files(package_of(report(0))))
    start_work(tmp_path / "p").close()
    write_files(tmp_path / "p", to_files(package_of(report(0), report(2))), fresh=False)
    with pytest.raises(InputError, match="--discard"):
        start_work(tmp_path / "p")
    assert remove_working_copy(tmp_path / "p")
    start_work(tmp_path / "p").close()


@pytest.mark.parametrize("damage", [b"", b"not a database at all, but long enough to look", None])
def test_a_damaged_working_copy_is_one_line(tmp_path, damage):
    path = tmp_path / "w.sqlite"
    WorkingCopy.create(path, package_of(report(0))).close()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if damage is None else damage)
    with pytest.raises(InputError) as caught, WorkingCopy(path) as copy:
        copy.package()
    assert "\n" not in str(caught.value)


def edit(arguments):
    """One editor of several: adds rows of its own, and raises the band of one shared row until it has done so often."""
    path, editor, n = arguments
    done = 0
    with WorkingCopy(path) as copy:
        for number in range(n):
            copy.put("reports", record_of(1000 * (editor + 1) + number), CODER, "coding")
            while True:
                version = copy.version("effort", id_from("shared"))
                row = dict(
                    zip(TABLES["effort"].names, copy.package().table("effort").by_id[id_from("shared")], strict=True)
                )
                year = int(row["period"]) + 1
                try:
                    copy.put("effort", row | {"period": str(year)}, CODER, "update", version)
                except InputError:
                    continue
                done += 1
                break
    return done


def test_editors_at_once_lose_nothing(tmp_path):
    n_editors, n = 4, 12
    shared = (id_from("shared"), PLAIN_REPORT["list_id"], "1950", "north-korea", "unknown", "usual", "none")
    path = tmp_path / "w.sqlite"
    WorkingCopy.create(path, package_of(report(0), effort=[shared])).close()
    with ProcessPoolExecutor(n_editors) as pool:
        done = list(pool.map(edit, [(str(path), editor, n) for editor in range(n_editors)]))
    assert done == [n] * n_editors
    with WorkingCopy(path) as copy:
        package = copy.package()
    wanted = {
        record_of(1000 * (editor + 1) + number)["report_id"] for editor in range(n_editors) for number in range(n)
    }
    assert wanted <= set(package.table("reports").by_id)
    assert package.table("effort").by_id[id_from("shared")][2] == str(1950 + n_editors * n), "no update was lost"
    assert [one for one in check_files(to_files(package), TODAY) if one.level == "error"] == []


WRITER = """
    import sys
    from underwatch.evidence.format.table_schemas import TABLES
    from underwatch.evidence.edit.store import WorkingCopy
    from underwatch.evidence.format.ids import id_from
    row = dict(zip(TABLES["reports"].names, sys.argv[2].split(",")))
    with WorkingCopy(sys.argv[1]) as copy:
        for number in range(100_000):
            name = id_from(sys.argv[3], str(number))
            copy.put("reports", row | {"report_id": name}, row["list_id"], "coding")
            print(name, flush=True)
"""


@pytest.mark.parametrize("delay", [0.02, 0.1, 0.3])
def test_a_kill_while_committing_loses_nothing_that_was_committed(tmp_path, delay):
    path = tmp_path / "w.sqlite"
    WorkingCopy.create(path, package_of(report(0))).close()
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), ",".join(report(0)), str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        first = writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        told = {first.strip(), *writer.stdout.read().split()}
    whole = {name for name in told if len(name) == 14}
    assert whole
    with WorkingCopy(path) as copy:
        package = copy.package()
        copy.put("reports", record_of(1), CODER, "coding")
    assert whole <= set(package.table("reports").by_id)
    assert len(package.table("reports").rows) <= len(whole) + 2
    assert {one.code for one in check_files(to_files(package), TODAY)} <= {"dates-heaped"}


SAVER = """
    import os, sys
    from underwatch.evidence.edit.work import save_work
    placed = os.replace
    left = [int(sys.argv[2])]
    def killed(source, target):
        if left[0] == 0:
            os.kill(os.getpid(), 9)
        left[0] -= 1
        placed(source, target)
    os.replace = killed
    save_work(sys.argv[1])
"""


@pytest.mark.parametrize("n_written", [0, 1, 2, 3])
def test_a_kill_while_saving_is_completed_by_saving_again(tmp_path, n_written):
    write_files(tmp_path / "p", to_files(good_package().keyed()))
    with start_work(tmp_path / "p") as copy:
        copy.put("reports", record_of(7), CODER, "coding")
        copy.remove("survey", id_from("survey"), CODER, "withdrawn", copy.version("survey", id_from("survey")))
        wanted = to_files(copy.package())
    command = [sys.executable, "-c", textwrap.dedent(SAVER), str(tmp_path / "p"), str(n_written)]
    killed = subprocess.run(command, check=False)
    assert killed.returncode == (-9 if n_written < 3 else 0)
    save_work(tmp_path / "p")
    assert read_files(tmp_path / "p") == wanted
    assert check_files(wanted, TODAY) == []


MAKER = """
    import sys
    from underwatch.evidence.edit.work import start_work
    print("go", flush=True)
    while True:
        start_work(sys.argv[1]).close()
        from underwatch.evidence.edit.store import remove_working_copy
        remove_working_copy(sys.argv[1])
"""


@pytest.mark.parametrize("delay", [0.003, 0.011, 0.02])
def test_a_kill_while_making_the_copy_leaves_a_whole_one_or_one_that_is_made_anew(tmp_path, delay):
    write_files(tmp_path / "p", to_files(good_package()))
    before = read_files(tmp_path / "p")
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(MAKER), str(tmp_path / "p")], stdout=subprocess.PIPE
    ) as maker:
        maker.stdout.readline()
        time.sleep(delay)
        maker.send_signal(signal.SIGKILL)
    with start_work(tmp_path / "p") as copy:
        assert to_files(copy.package()) == before
    assert read_files(tmp_path / "p") == before
    assert working_path(tmp_path / "p").exists()
