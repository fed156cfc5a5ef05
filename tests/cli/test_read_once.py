"""What is read of a package is read once: each file is opened once and parsed once, and so is a published table."""

import os
from collections import Counter

import pytest
from click.testing import CliRunner

from evidence.packages import good_package
from support.reported import PLACE, WINDOW, made_package, some_reports
from underwatch.api.commands.packages import PackageOptions, asked_of
from underwatch.cli.evidence import evidence
from underwatch.evidence import package as packages
from underwatch.evidence.check import checking
from underwatch.evidence.folder import write_files
from underwatch.evidence.package import to_files
from underwatch.evidence.release.publish import COLUMNS, RECORD_FILE, TABLE_FILE
from underwatch.files.intake import regular


@pytest.fixture
def read(monkeypatch):
    """How often each file is opened by the one reader there is, and how often each is parsed as a table."""
    opened, parsed = Counter(), Counter()
    real_open, real_parse = os.open, packages.read_sheet

    class Os:
        def __getattr__(self, name):
            return getattr(os, name)

        def open(self, path, *how, **more):
            opened[os.path.basename(path)] += 1
            return real_open(path, *how, **more)

    def parse(data, where="the file "):
        parsed[data] += 1
        return real_parse(data, where)

    monkeypatch.setattr(regular, "os", Os())
    for module in (packages, checking):
        monkeypatch.setattr(module, "read_sheet", parse)
    return opened, parsed


@pytest.fixture
def folder(tmp_path):
    write_files(tmp_path / "p", to_files(made_package(some_reports()).keyed()))
    return tmp_path / "p"


def once(read, folder):
    """Every file of the folder was opened once, and every table parsed once."""
    opened, parsed = read
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    assert {name: opened[name] for name in names} == dict.fromkeys(names, 1)
    assert set(parsed.values()) == {1}


@pytest.mark.parametrize("verb", [["check"], ["summary"], ["summary", "--html", "page.html"]], ids=" ".join)
def test_a_look_at_a_package_reads_each_file_once(read, tmp_path, verb, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path / "p", to_files(good_package().keyed()))
    found = CliRunner().invoke(evidence, [verb[0], "p", *verb[1:], "--today", "2026-01-01"])
    assert found.exit_code == 0, found.output
    once(read, tmp_path / "p")


def test_an_estimate_reads_each_file_of_its_package_once(read, folder):
    asked_of(PackageOptions(folder, False, "hoeryong", None, 1, None), PLACE, WINDOW)
    once(read, folder)


def test_an_estimate_reads_a_safe_table_once(read, tmp_path):
    lines = [",".join(COLUMNS), "2024-Q3,north-hamgyong,all,41,yes,reported"]
    (tmp_path / TABLE_FILE).write_text("\n".join(lines) + "\n")
    (tmp_path / RECORD_FILE).write_text('{"min_cell": 10, "epsilon": null, "source_cap": 5}')
    asked = asked_of(PackageOptions(tmp_path, False, "hoeryong", None, 1, None), PLACE, WINDOW)
    assert asked.is_public
    assert read[0] == {TABLE_FILE: 1, RECORD_FILE: 1}


def test_a_fingerprint_is_worked_out_once(folder, monkeypatch):
    written = Counter()
    monkeypatch.setattr(
        packages, "to_files", lambda package, real=to_files: (written.update(["to_files"]), real(package))[1]
    )
    asked_of(PackageOptions(folder, False, "hoeryong", None, 1, None), PLACE, WINDOW)
    assert written == {"to_files": 1}
