"""The commands are functions of the same names: what the command line writes they write, and their frames are true."""

import json

import matplotlib
import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import underwatch as uw
from disclosure.made import tiny
from underwatch.cli import main
from underwatch.disclosure import asking
from underwatch.disclosure.draft import draft_of, draft_toml
from underwatch.record.headlines import HEADLINE_NAMES

matplotlib.use("agg")
SMALL = {"population": 500, "days": 21, "settle_weeks": 2}
WORDS = "--population 500 --days 21 --settle-weeks 2 --threads 1"


def typed(words):
    ran = CliRunner().invoke(main, words.split())
    assert ran.exit_code == 0, ran.output
    return ran


def same_files(one, other, names):
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    out = tmp_path_factory.mktemp("api") / "sweep"
    return uw.sweep("hoeryong", draws=3, ensemble="prior", threads=1, out=out, **SMALL)


def test_sweep_is_what_the_command_does(sweep, tmp_path):
    typed(f"sweep hoeryong --draws 3 --ensemble prior {WORDS} --out {tmp_path}/s")
    same_files(sweep.path, tmp_path / "s", ("draws.parquet", "bands.csv", "scenario.toml"))
    with pytest.raises(uw.InputError, match="cannot be given with resume"):
        uw.sweep("hoeryong", resume=sweep.path)


def test_a_frame_of_draws_has_plain_names_and_the_values_of_the_table(sweep):
    frame, table = sweep.to_df(), pq.read_table(sweep.path / "draws.parquet")
    assert not [name for name in frame.columns if ":" in name]
    assert len(set(frame.columns)) == table.num_columns
    assert set(HEADLINE_NAMES) <= set(frame.columns)
    np.testing.assert_array_equal(frame["p_notice"], table.column("parameter:p_notice").to_numpy())
    assert frame.attrs["units"]["p_notice"] == "probability"
    axes = sweep.plot("followed", parameter="p_notice")
    assert axes.collections[0].get_offsets()[:, 0].tolist() == frame["p_notice"].tolist()
    assert sweep == sweep
    assert hash(sweep) == hash(sweep)


@pytest.mark.deep
def test_compare_is_what_the_command_does_and_its_frames_do_not_overlap(tmp_path):
    found = uw.compare("hoeryong", "end-reprimands", draws=0, replicates=2, threads=1, out=tmp_path / "a", **SMALL)
    typed(f"compare hoeryong --with end-reprimands --draws 0 --replicates 2 {WORDS} --out {tmp_path}/b")
    same_files(tmp_path / "a", tmp_path / "b", ("changes.csv", "pairs.parquet", "interventions.toml", "scenario.toml"))
    assert found.digest == json.loads((tmp_path / "b" / "manifest.json").read_text())["digest"]
    frame = found.to_df(by="group")
    assert set(frame["group"]) == {"listed", "ordinary"}
    assert not frame.duplicated(["intervention", "group", "indicator", "spread"]).any()
    assert "group" not in found.to_df().columns
    assert "all" not in set(found.overlapping_grounds()["ground"])
    with pytest.raises(uw.InputError, match="overlapping_grounds"):
        found.to_df(by="grounds")


def test_run_is_what_the_command_does(tmp_path):
    result = uw.run("hoeryong", draws=2, threads=1, start="2024-11-10", out=tmp_path / "a", **SMALL)
    told = typed(f"run hoeryong --draws 2 --start 2024-11-10 {WORDS} --out {tmp_path}/b")
    assert told.stdout.splitlines() == list(result.lines)
    assert json.loads((tmp_path / "b" / "manifest.json").read_text())["digest"] == result.digest
    same_files(tmp_path / "a", tmp_path / "b", ("summary.json", "indicators.parquet", "report.html"))
    frame, draws = result.to_df(), result.draws()
    assert len(draws) == 2
    followed = frame[(frame["headline"] == "followed") & (frame["world"] == "baseline")].iloc[0]
    assert followed["median"] == pytest.approx(draws["followed"].median())
    assert followed["low"] <= followed["median"] <= followed["high"]
    assert uw.diary(result, "followed-visit").lines == tuple(
        typed(f"diary {tmp_path}/b --like followed-visit").stdout.splitlines()
    )


@pytest.mark.deep
def test_a_run_from_its_manifest_is_the_same(tmp_path):
    result = uw.run("hoeryong", draws=2, threads=1, out=tmp_path / "a", **SMALL)
    again = uw.run(from_manifest=tmp_path / "a" / "manifest.json", threads=1, out=tmp_path / "b")
    assert (again.is_same, again == result) == (True, True)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: uw.run("hoeryong", 3), "all else by name"),
        (lambda: uw.run("hoeryong", resume="runs/a"), "cannot be given with resume"),
        (lambda: uw.run(), "a place, a FILE.toml or a scenario is missing"),
        (lambda: uw.compare("hoeryong"), "a place and interventions, or a ledger"),
        (lambda: uw.compare("hoeryong", "halve-quota"), 'did you mean "halve-quotas"'),
        (lambda: uw.compare("hoeryong", "halve-quotas", from_date="soon"), "is no date"),
        (lambda: uw.sweep("hoeryong", draws=0), "must be 1 or more"),
        (lambda: uw.estimate(), "name one package"),
        (lambda: uw.estimate("nowhere"), "does not exist"),
        (lambda: uw.silence_curve("hoeryong", draws=-1), "draws = -1"),
    ],
)
def test_what_cannot_be_asked_is_one_line(ask, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(uw.InputError, match=said) as told:
        ask()
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.deep
def test_exposure_is_what_the_command_does(monkeypatch, tmp_path):
    monkeypatch.setattr(asking, "settings_for", lambda draft, each, earlier: tiny(draft, 2, 900))
    told = {"act": "followed_visit", "place": "Samjiyon", "published": "2023-03-01", "period": "2023-01-11"}
    result = uw.exposure(told, k=50, cache=False, threads=1)
    draft = tmp_path / "draft.toml"
    draft.write_text(draft_toml(draft_of(told)))
    typed = CliRunner().invoke(main, ["exposure", str(draft), "--k", "50", "--no-cache", "--threads", "1", "--json"])
    assert json.loads(typed.stdout) == json.loads(json.dumps(result.record))
    assert typed.exit_code == (0 if result.reaches_k else 1)
    frame = result.to_df()
    assert list(frame["detail"]) == [step["detail"] for step in result.record["steps"]]
    assert frame["watchers"].dropna().ge(5).all()
    assert result == uw.exposure(draft, k=50, cache=False, threads=1)
