"""`underwatch run` hands the main job the scenario and the options of the command line, or refuses in one line."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from underwatch.cli import main
from underwatch.world.scenario import RunOptions
from underwatch.world.scenario_file import scenario_for


@pytest.fixture
def jobs(monkeypatch):
    """What the command hands to the main job."""
    handed = []
    monkeypatch.setattr(
        "underwatch.api.commands.run.main_job", lambda scenario, options, _: handed.append((scenario, options))
    )
    monkeypatch.setattr("underwatch.cli.world.tell", lambda done, as_json: 0)
    return handed


def test_the_command_makes_the_scenario_and_its_options(jobs):
    words = "run hyesan --days 90 --start 2024-10-01 --seed 7 --population 5000 --without S6 --without S16"
    words += " --set p_notice=0.5 --set order_campaign=3 --threads 2 --replicates 5 --draws 3 --incidents sample --json"
    result = CliRunner().invoke(main, [*words.split(), "--out", "mine"])
    assert (result.exit_code, result.output) == (0, "")
    (scenario, options), *_ = jobs
    assert scenario == scenario_for(
        "hyesan", days=90, start=date(2024, 10, 1), seed=7, population=5000, without=["S6", "S16"],
        values={"p_notice": 0.5, "order_campaign": 3},
    )  # fmt: skip
    assert options == RunOptions(5, 3, 2, "sample", Path("mine"))


def test_the_command_alone_runs_the_default(jobs):
    assert CliRunner().invoke(main, ["run", "hoeryong"]).exit_code == 0
    (scenario, options), *_ = jobs
    assert scenario == scenario_for("hoeryong")
    assert options.threads >= 1
    assert options == RunOptions(threads=options.threads)


@pytest.mark.parametrize(("option", "part"), [("--resume", "resume"), ("--from", "from_manifest")])
def test_the_command_resumes_and_repeats(jobs, option, part):
    assert CliRunner().invoke(main, ["run", option, "runs/a", "--threads", "1"]).exit_code == 0
    assert jobs == [(None, RunOptions(threads=1, **{part: Path("runs/a")}))]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run", "a PLACE or a FILE.toml is missing"),
        ("run hoeryung", 'did you mean "Hoeryong"'),
        ("run none.toml", "none.toml: no such file"),
        ("run hoeryong --days 0", "days = 0 is out of range"),
        ("run hoeryong --days many", "--days"),
        ("run hoeryong --days 3 --end 2025-01-01", "end and days are both given"),
        ("run hoeryong --end 2024-01-01", "end = 2024-01-01 is before start = 2024-07-01"),
        ("run hoeryong --start tomorrow", "start = tomorrow is no date"),
        ("run hoeryong --seed -1", "seed = -1 is out of range"),
        ("run hoeryong --population 0", "population = 0 is out of range"),
        ("run hoeryong --without S2", "S2 is the frame"),
        ("run hoeryong --set p_notice", "no NAME=VALUE"),
        ("run hoeryong --set p_notice=", "nothing is no number"),
        ("run hoeryong --set p_notice=nan", "p_notice = nan is out of range"),
        ("run hoeryong --set phone=3", "looks like a person's identity"),
        ("run hoeryong --threads 0", "--threads"),
        ("run hoeryong --incidents some", "--incidents"),
        ("run hoeryong --resume runs/a", "a place cannot be given with --resume"),
        ("run --seed 3 --from a.json", "--seed cannot be given with --from"),
        ("run --out b --resume a", "--out cannot be given with --resume"),
        ("run --resume a --from a.json", "--resume and --from are both given"),
    ],
)
def test_the_command_refuses_bad_input_in_one_line(jobs, words, said):
    result = CliRunner().invoke(main, words.split())
    assert (result.exit_code, result.stdout, jobs) == (2, "", [])
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
