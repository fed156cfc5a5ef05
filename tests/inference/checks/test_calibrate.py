"""The proof of calibration and the design, on a small town: what they say against the simulated truth."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner

from support.reported import PLACE, WINDOW, made_package, some_reports
from underwatch.cli import main
from underwatch.inference.bank.bank import BankPlan, build, read_bank
from underwatch.inference.bank.quantities import ALL_NAMES
from underwatch.inference.checks import proof
from underwatch.inference.inputs.observed import read_for
from underwatch.inference.options import AS_IT_IS, try_options
from underwatch.inference.wording import number, percent
from underwatch.pages.calibration import design_rows

WORLDS = 1_000
FOLLOWED = ALL_NAMES.index("followed_outings_second_year")


pytestmark = pytest.mark.deep  # a small bank is built and proved: minutes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("banks") / "town"
    with ThreadPoolExecutor(2) as executor:
        build(
            BankPlan(window=WINDOW, population=4_000, per_shard=100), folder, WORLDS, executor, 2, lambda worlds: None
        )
    return folder


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def proved(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("proof") / "town"
    return run("calibrate", "--bank", folder, "--out", out), out


def test_the_small_town_is_calibrated(proved):
    """Over 1,000 cases that the posterior has not seen, 50 and 90 % ranges hold what they say, within 4 errors."""
    result, out = proved
    print(result.output)
    rows = list(csv.DictReader((out / "calibration.csv").read_text().splitlines()))
    assert {row["quantity"] for row in rows} == set(ALL_NAMES)
    assert len({row["package"] for row in rows}) == 4
    for level in (0.5, 0.9):
        error = np.sqrt(level * (1 - level) / WORLDS)
        for row in rows:
            assert abs(float(row[f"coverage {level:.0%}"]) - level) < 4 * error, row


def test_the_proof_is_told_in_words_tables_and_pictures(proved):
    result, out = proved
    verdicts = list(csv.DictReader((out / "verdicts.csv").read_text().splitlines()))
    assert [row["gate"] for row in verdicts] == 4 * ["G2", "G3", "G4", "G4", "G5", "G7", "G10"]
    assert result.exit_code == int(any(row["state"] == "refuses" for row in verdicts))
    for row in verdicts:
        assert row["sentence"] in result.output
    page = (out / "report.html").read_text()
    assert page.count('<svg class="chart"') == 12
    assert "no statement on any real place" in page
    assert json.loads((out / "manifest.json").read_text())["worlds"] == WORLDS


def test_what_does_not_predict_and_what_does_not_stand_still_is_told():
    even = np.arange(0.005, 1, 0.01)
    assert proof._predictive(even).state == "passes"
    assert proof._predictive(np.where(even < 0.2, 0.0, even)).state == "warns"
    assert proof._stability(np.full(20, 0.2)).state == "passes"
    moved = proof._stability(np.array([0.1, 0.3, 0.4]))
    assert (moved.state, moved.figure) == ("warns", 0.3)
    assert "67% would be refused" in moved.sentence


def test_more_evidence_narrows_and_the_ranges_still_hold_the_truth(folder):
    """The outings followed, of which the leavers are asked: the same cases, four errors."""
    package = made_package(some_reports())
    found = {one.name: one for one in try_options(read_bank(folder), read_for(package, PLACE, WINDOW, False), 1, print)}
    for one in found.values():
        print(one.name, one.n, one.ratio[FOLLOWED], one.against[FOLLOWED], one.error[FOLLOWED], one.coverage[FOLLOWED])
        assert abs(one.coverage[FOLLOWED] - 0.9) < 4 * np.sqrt(0.09 / one.n), one.name
    assert found[AS_IT_IS].against[FOLLOWED] == 1
    few, many = (found[f"{asked} people who left are asked"] for asked in (40, 200))
    assert np.log(many.against[FOLLOWED]) < -4 * many.error[FOLLOWED]
    assert many.against[FOLLOWED] < few.against[FOLLOWED]
    said = {name: cells for name, *cells in design_rows(tuple(found.values()))}
    assert said[AS_IT_IS][0].endswith(f": {number(found[AS_IT_IS].ratio[FOLLOWED])} times")
    assert f"times, {percent(1 - many.against[FOLLOWED])} narrower (± " in said[many.name][0]
