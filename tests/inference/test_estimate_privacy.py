"""What is written of evidence: where `--exact` is refused, what a package without a key is called, what is public."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from support.reported import PLACE, WINDOW, made_package, some_reports
from underwatch.api.commands.packages import PackageOptions, asked_of
from underwatch.cli import main
from underwatch.evidence.folder import write_files
from underwatch.evidence.format.ids import is_key, letters_of
from underwatch.evidence.package import to_files
from underwatch.evidence.privacy.bands import in_bands
from underwatch.evidence.samples.example import example_package
from underwatch.inference.bank.quantities import ALL_NAMES
from underwatch.inference.checks import gates
from underwatch.inference.options import AS_IT_IS, Option


@pytest.fixture
def package(tmp_path):
    write_files(tmp_path / "p", to_files(made_package(some_reports())))
    return tmp_path / "p"


def begun(bank_folder, *words):
    """Begin an estimate and stop before its first step."""
    words = ["estimate", *map(str, words), "--bank", str(bank_folder), "--rounds", "1", "--budget", "0"]
    return CliRunner().invoke(main, words)


def name_in(folder):
    return json.loads((folder / "question.json").read_text())["package"]


def test_a_package_without_a_key_gets_a_name_for_once_and_can_be_gone_on_with(package, bank_folder, tmp_path):
    content = made_package(some_reports())
    for out in ("a", "b"):
        found = begun(bank_folder, package, "--out", tmp_path / out)
        assert found.exit_code == 1
        assert "cannot prove that it is the same package" in found.stderr
    assert name_in(tmp_path / "a") != name_in(tmp_path / "b")
    assert letters_of(content.fingerprint.encode()) != name_in(tmp_path / "a")
    once = tmp_path / "a" / "steps" / "key"
    assert is_key(once.read_text())
    assert once.stat().st_mode & 0o777 == 0o600
    assert begun(bank_folder, package, "--resume", tmp_path / "a").exit_code == 1
    write_files(tmp_path / "q", to_files(made_package(some_reports(11))))
    other = begun(bank_folder, tmp_path / "q", "--resume", tmp_path / "a")
    assert (other.exit_code, "another question (package)" in other.stderr) == (2, True)
    once.unlink()
    assert begun(bank_folder, package, "--resume", tmp_path / "a").exit_code == 2


def test_the_same_package_has_the_same_name_and_its_copy_under_another_key_another(package, bank_folder, tmp_path):
    content = made_package(some_reports())
    for folder, kept in (("k", content.keyed()), ("l", content.keyed())):
        write_files(tmp_path / folder, to_files(kept))
        for out in ("1", "2"):
            found = begun(bank_folder, tmp_path / folder, "--out", tmp_path / (folder + out))
            assert "cannot prove" not in found.stderr
            assert name_in(tmp_path / (folder + out)) == kept.keyed_name()
    assert name_in(tmp_path / "k1") != name_in(tmp_path / "l1")


def test_exact_counts_are_refused_where_others_can_look(package, bank_folder, tmp_path, monkeypatch):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    refused = begun(bank_folder, package, "--exact", "--out", tmp_path / "open" / "new" / "a")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "open to others (mode 755)" in refused.stderr
    assert not (tmp_path / "open" / "new").exists()
    monkeypatch.chdir(tmp_path / "open")
    assert begun(bank_folder, package, "--exact").exit_code == 2
    assert list((tmp_path / "open").iterdir()) == []
    assert begun(bank_folder, package, "--out", tmp_path / "open" / "a").exit_code == 1
    assert (tmp_path / "open" / "a").stat().st_mode & 0o777 == 0o700
    (tmp_path / "closed").mkdir(mode=0o700)
    assert begun(bank_folder, package, "--exact", "--out", tmp_path / "closed" / "a").exit_code == 1
    # An earlier folder that is open is closed before anything more is written to it, and refused for exact counts.
    (tmp_path / "open" / "a").chmod(0o755)
    assert begun(bank_folder, package, "--exact", "--resume", tmp_path / "open" / "a").exit_code == 2
    assert begun(bank_folder, package, "--resume", tmp_path / "open" / "a").exit_code == 1
    assert (tmp_path / "open" / "a").stat().st_mode & 0o777 == 0o700
    assert os.stat(tmp_path / "open" / "a" / "steps").st_mode & 0o777 == 0o700


def test_only_what_is_public_is_told_as_it_is_and_by_a_plain_checksum(tmp_path):
    def given(package=None):
        return PackageOptions(package, package is None, "hoeryong", None, 1, None)

    example = asked_of(given(), PLACE, WINDOW)
    assert (example.is_public, example.name) == (True, example_package().fingerprint)
    write_files(tmp_path / "e", to_files(example_package().keyed()))
    assert asked_of(given(tmp_path / "e"), PLACE, WINDOW).is_public
    told_here = made_package(some_reports())
    rehearsed = asked_of(given(), PLACE, WINDOW, told_here)
    assert (rehearsed.is_public, rehearsed.name) == (True, told_here.fingerprint)
    # A mark in a file is no proof: anybody can set it.
    for kind in ("synthetic", "example", "evidence"):
        marked = replace(told_here, kind=kind, declares=())
        write_files(tmp_path / kind, to_files(marked))
        asked = asked_of(given(tmp_path / kind), PLACE, WINDOW)
        assert (asked.is_public, asked.name) == (False, "")


def test_design_writes_for_its_owner_alone(package, bank_folder, tmp_path, monkeypatch):
    ones = np.ones(len(ALL_NAMES))
    monkeypatch.setattr(
        "underwatch.inference.options.try_options", lambda *given: (Option(AS_IT_IS, ones, ones, ones, ones, 9),)
    )
    found = CliRunner().invoke(main, ["design", str(package), "--bank", str(bank_folder), "--out", str(tmp_path / "d")])
    assert found.exit_code == 0, found.output
    assert (tmp_path / "d").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "d" / "design.csv").stat().st_mode & 0o777 == 0o600


def test_gates_tell_bands_where_counts_are_not_public():
    held = {"second_list": False, "counts": 0, "expert_prior": False}
    assert "asked so far: fewer than 10" in gates.anchor(asked=3, **held, counted=in_bands).sentence
    assert "a survey of 20 to 49 who left" in gates.anchor(asked=33, **held, counted=in_bands).sentence
    cut = np.zeros(104, bool)
    cut[:8] = True
    kind = {"place": "x"}
    zeros = gates.contract(kind, kind, np.zeros(3), np.zeros(104), cut, in_bands).sentence
    assert "fewer than 10 weeks that were cut off carry a number" in zeros
    luck = np.random.default_rng(1)
    replicates, names = luck.standard_normal((400, 6)), [f"column {n}" for n in range(6)]
    for off, way in ((9.0, "higher"), (-9.0, "lower")):
        said = gates.predictive(np.array([off, 0, 0, 0, 0, 0]), replicates, names, exact=False).sentence
        assert f"column 0 ({way})" in said
        assert " sd)" not in said
