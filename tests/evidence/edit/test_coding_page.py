"""The coder's page, followed step by step as it stands: from an empty folder to a checked, sealed package."""

import io
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from underwatch.evidence.edit.template import template_xlsx
from underwatch.evidence.format.ids import is_id

PAGE = Path(__file__).resolve().parents[3] / "docs" / "evidence" / "coding.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNDERWATCH = [sys.executable, "-c", "from underwatch.cli import main; main(prog_name='underwatch')"]
WORDS = "five random words make one"


def run(line, folder):
    """Run one command of the page; a passphrase comes from the pipe."""
    command = [*UNDERWATCH, *shlex.split(line)[1:]]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        command, cwd=folder, input=WORDS + "\n", capture_output=True, text=True, env=environment, check=False
    )


def identifiers(template):
    """The identifiers that the template offers on its last sheet."""
    with zipfile.ZipFile(template) as archive:
        sheets = sorted(name for name in archive.namelist() if name.startswith("xl/worksheets/"))
        cells = ElementTree.fromstring(archive.read(sheets[-1])).iter()
        return [cell.text for cell in cells if cell.tag.endswith("}t")][1:]


def test_the_page_leads_to_a_checked_and_sealed_package(tmp_path):
    """Each block is done in order: `sh` is run, `csv NAME` is written, `text` must be what the last command said."""
    said, taken, blocks = "", [], BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    codes = []
    for kind, name, body in blocks:
        if kind == "csv":
            taken = taken or identifiers(tmp_path / "reports-2025-template.xlsx")
            text = body.replace("LIST", taken[0]).replace("EFFORT", taken[1])
            # As a spreadsheet saves it: with a mark and its own line ends.
            (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
        elif kind == "text":
            assert body.strip() in said, said
        else:
            if name == "corrected":
                path = tmp_path / "april.csv"
                path.write_bytes(path.read_bytes().replace(b"Ordinary", b"ordinary"))
            for line in body.strip().splitlines():
                done = run(line, tmp_path)
                assert "Traceback" not in done.stderr
                said = done.stdout + done.stderr
                codes.append(
                    (line.split()[1], line.split()[2] if line.split()[1] == "evidence" else "", done.returncode)
                )
    assert taken
    assert all(map(is_id, taken))
    assert [code for *_, code in codes] == [0, 1, 0, 0, 0, 0, 0, 0], codes
    assert (tmp_path / "reports-2025.age").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "reports-2025").exists()
    assert "reports-2025.age: clean" in said
    opened = run("underwatch evidence open reports-2025.age", tmp_path)
    assert opened.returncode == 0, opened.stderr
    rows = (tmp_path / "reports-2025" / "reports.csv").read_text().splitlines()
    assert len(rows) == 4
    assert all(is_id(row.split(",")[0]) for row in rows[1:])


def test_the_korean_page_has_the_same_steps_and_its_template_says_what_codes_mean_in_korean():
    english, korean = (BLOCK.findall(page.read_text("utf-8")) for page in (PAGE, PAGE.with_name("coding.ko.md")))
    assert [(kind, name, body.replace(" --lang ko", "")) for kind, name, body in korean] == english
    told = [ElementTree.fromstring(part).itertext() for part in _sheets(template_xlsx("ko"))[-2:-1]]
    words = [word for word in next(iter(told)) if word not in ("means", "unknown")]
    codes = [word for word in words if word.isascii()]
    assert len(words) > 500
    assert {word for word in words if not word.isascii()} >= {"탈북자 가족", "회령시", "량강도", "보위부(국가보위성)"}
    assert [word for word in codes if " " in word] == []  # what is told in words is told in Korean


def _sheets(workbook):
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return [archive.read(name) for name in sorted(archive.namelist()) if name.startswith("xl/worksheets/")]


@pytest.mark.parametrize("identity", ["김철수", "Pak Yong Hui", "+86 138 0000 1111"])
def test_a_coder_who_types_a_name_is_stopped(tmp_path, identity):
    assert run("underwatch evidence new p", tmp_path).returncode == 0
    (_, name, body) = next(block for block in BLOCK.findall(PAGE.read_text("utf-8")) if block[1] == "april.csv")
    list_id = identifiers(tmp_path / "p-template.xlsx")[0]
    text = body.replace("LIST", list_id).replace("Ordinary", "ordinary")
    (tmp_path / name).write_text(text.replace("rather_high", identity), encoding="utf-8")
    stopped = run(f"underwatch evidence import {name} --into p", tmp_path)
    assert stopped.returncode == 1
    assert "identity-" in stopped.stdout
    assert identity not in stopped.stdout + stopped.stderr
    assert len((tmp_path / "p" / "reports.csv").read_text().splitlines()) == 1
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert run(f"underwatch evidence import {name} --into p", tmp_path).returncode == 0


def test_the_template_is_a_workbook_of_text_cells_with_lists_to_choose_from(tmp_path):
    assert run("underwatch evidence new p", tmp_path).returncode == 0
    with zipfile.ZipFile(tmp_path / "p-template.xlsx") as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        assert not [name for name in archive.namelist() if name.startswith("docProps")], "nothing about who made it"
        first = archive.read("xl/worksheets/sheet1.xml").decode()
    assert first.count('type="list"') >= 15
    assert 's="1"' in first
