"""A rehearsal: its package is sound and repeats, its truth is the count of its world, and the command tells it."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner

from support.reported import WINDOW
from underwatch.channel.expected_counts import RESPONSES
from underwatch.cli import main
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.folder import read_files
from underwatch.evidence.package import to_files
from underwatch.evidence.reading import reports, survey
from underwatch.experiments.engine.worlds import init_world, record_of, world_totals
from underwatch.inference.bank.bank import BankPlan
from underwatch.inference.bank.priors import world_of
from underwatch.inference.bank.quantities import ALL_NAMES
from underwatch.inference.checks.recovery import ASKED, recovery_cases
from underwatch.record.measures import totals
from underwatch.world import simulate
from underwatch.world.workers import Workers

PLAN = BankPlan(window=WINDOW, population=900, seed=3, per_shard=3)


@pytest.fixture(scope="module")
def rehearsed():
    return recovery_cases(PLAN)


def test_packages_are_sound_repeat_and_take_the_laws_of_fear_in_turn(rehearsed):
    again = recovery_cases(PLAN)
    assert [one.response for one in rehearsed] == list(RESPONSES)
    for one, other in zip(rehearsed, again, strict=True):
        assert to_files(one.package) == to_files(other.package)
        assert np.array_equal(one.truth, other.truth)
        assert [finding for finding in check_files(to_files(one.package)) if finding.level == "error"] == []
        (asked,) = survey(one.package)
        assert asked.n_asked == ASKED
        assert all(report.list_number in (0, 1) for report in reports(one.package))


def test_the_truth_is_what_the_world_counts(rehearsed):
    for row, one in enumerate(rehearsed):
        values = {name: float(column[row]) for name, column in PLAN.rows(0).items()}
        scenario = world_of(PLAN.scenario(), WINDOW, values, PLAN.forms(0)[row])
        world = init_world(scenario, scenario.places[0], PLAN.seed + row)
        simulate.run(world, scenario.phases(), Workers(1))
        history = record_of(world_totals(world, scenario), scenario, scenario.places[0])
        for year, (lo, hi) in {"first": (0, 91), "second": (91, 182)}.items():
            counted = totals(history, lo, hi)
            weekly = (counted["followed_outings"] + counted["followed_visits"]) / ((hi - lo) / 7)
            assert one.truth[ALL_NAMES.index(f"followed_outings_{year}_year")] == pytest.approx(weekly)
            on_a_list = one.truth[ALL_NAMES.index(f"listed_residents_{year}_year")]
            assert on_a_list == pytest.approx(counted["listed"])


def test_the_command_keeps_the_package_and_tells_the_truth(tmp_path, bank_folder, few_nets):
    out = tmp_path / "out"
    words = ["estimate", "--rehearsal", "3", "--bank", str(bank_folder), "--rounds", "1", "--out", str(out)]
    found = CliRunner().invoke(main, words)
    assert found.exit_code in (0, 1), found.output
    table = list(csv.DictReader((out / "truth.csv").read_text(encoding="utf-8").splitlines()))
    (alone,) = recovery_cases(BankPlan(window=WINDOW, population=900, seed=3, per_shard=1))
    assert [float(row["truth"]) for row in table] == pytest.approx(alone.truth.tolist(), rel=1e-3)
    assert "truth of this synthetic world" in (out / "report.html").read_text(encoding="utf-8")
    held = [row["range_holds_truth"] for row in table]
    shown = len(held) - held.count("withheld")
    assert f"The truth of this synthetic world; {held.count('yes')} of {shown} ranges shown" in found.output
    assert found.output.count(" Held.\n") == held.count("yes")
    assert found.output.count(" Missed.\n") == held.count("no")
    assert [one for one in check_files(read_files(out / "package")) if one.level == "error"] == []
    both = CliRunner().invoke(main, ["estimate", "--example", "--rehearsal", "3"])
    assert both.exit_code == 2
    assert "name one package" in both.output
