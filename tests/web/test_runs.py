"""Runs on the desk: one at a time, told as they go, stopped with their page, and the same as the command's."""

import json
import socket
import threading
import time
import tomllib

import numpy as np
import pyarrow.parquet as pq
import pytest

from underwatch.cli import main
from underwatch.web.session import simulation
from underwatch.web.session.request import question_of
from underwatch.web.session.studio_run import StudioRun
from underwatch.world.scenario_file import parse
from web.served import SMALL, Studio

LONG = {"place": "Hoeryong", "population": 150_000, "days": 1461, "draws": 64}


def finished(client, run, within=120):
    """Wait for the end of a run, listening, and return what was told on the way."""
    told = []
    with client.stream("GET", f"/api/runs/{run}/events", timeout=within) as answer:
        kind = None
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                told.append((kind, json.loads(line[6:])))
    return told


def until(condition, within=30):
    """Wait until something holds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def done(studio):
    """A small run that is done, with an intervention."""
    with studio.client() as client:
        asked = {**SMALL, "forms": {"S4": "pooled"}, "interventions": ["end-reprimands"], "from_date": "2024-07-15"}
        run = client.post("/api/runs", json=asked).json()["run"]
        return run, finished(client, run)


def test_progress_and_live_totals_are_told(done):
    _, told = done
    kinds = [kind for kind, _ in told]
    assert kinds[-1] == "progress"
    assert told[-1][1]["share"] == 1.0
    assert [data["stage"] for kind, data in told if kind == "stage"][-5:] == [
        "draws",
        "worlds",
        "silence",
        "ledger",
        "done",
    ]
    weeks = [data for kind, data in told if kind == "week"]
    for world in ("baseline", "counter-world"):
        mine = [week for week in weeks if week["world"] == world]
        first = max(at for at, week in enumerate(mine) if week["day"] <= 7)  # of the settings that were kept
        mine = mine[first:]
        assert mine[-1]["day"] == SMALL["days"]
        outings = [week["totals"]["followed_outings"] for week in mine]
        assert outings == sorted(outings)
    shares = [data["share"] for kind, data in told if kind == "progress"]
    assert shares == sorted(shares)


def test_a_cold_studio_compiles_in_a_stage_of_its_own(monkeypatch):
    """The page says "compiling" until all is compiled, and the time left is told from the work alone."""
    run = StudioRun(1, question_of({"place": "Hyesan", "population": 60, "days": 7, "draws": 0}), kept=True)
    stages = []

    def compiles(scenario):
        stages.append(run.stage)
        run.began = 0.0

    monkeypatch.setattr(simulation, "is_cold", lambda: True)
    monkeypatch.setattr(simulation, "compile_first", compiles)
    simulation.answer(run, 1)
    assert stages == ["compiling"]
    assert run.began > 0.0
    assert [one["stage"] for one in run.told if one["kind"] == "stage"][:2] == ["compiling", "worlds"]


def test_twins_part_only_from_the_day_of_the_change(client, done):
    run, _ = done
    data = client.get(f"/api/runs/{run}/map").content
    n = SMALL["population"]
    assert len(data) == 16 * n
    places, days = np.frombuffer(data, "<f4", 2 * n), np.frombuffer(data, "<u2", 4 * n, 8 * n).reshape(4, n)
    assert places.min() >= 0
    assert places.max() <= 1
    assert days.max() <= SMALL["days"]
    before = [np.where(followed <= 14, followed, 0) for followed in (days[1], days[3])]
    assert (before[0] == before[1]).all()
    assert (days[1] > 0).sum() > 100


def test_map_counts_are_those_of_the_record(client, done):
    run, _ = done
    listed = np.frombuffer(
        client.get(f"/api/runs/{run}/map").content, "<u2", SMALL["population"], 8 * SMALL["population"]
    )
    rows = client.get(f"/api/runs/{run}/take/daily.csv").text.splitlines()
    header = rows[0].split(",")
    at = {name: header.index(name) for name in ("listed", "listings")}
    mine = [row.split(",") for row in rows[1:] if row.split(",")[1:3] == ["baseline", "all"]]
    those = next(row.split(",") for row in rows[1:] if row.split(",")[1:3] == ["baseline", "listed"])
    at_start = float(those[header.index("residents")])
    new = sum(float(row[at["listings"]]) for row in mine)
    assert at_start <= (listed > 0).sum() <= at_start + new
    assert len(mine) == SMALL["days"]


def test_one_life_agrees_with_the_record(client, done):
    run, _ = done
    people = client.get(f"/api/runs/{run}/residents").json()
    who = people["followed_outing"][0]
    life = client.get(f"/api/runs/{run}/residents/{who}").json()
    assert life["synthetic"] is True
    followed = next(one for one in life["counts"] if one["kind"] == "followed")
    assert followed["times"]["baseline"] >= 1
    n = SMALL["population"]
    data = client.get(f"/api/runs/{run}/map").content
    first = np.frombuffer(data, "<u2", n, 8 * n + 2 * n)[who]
    kinds = ("followed", "visit_followed", "call_followed")
    days = [d["day"] for d in life["days"] if any(e[0] in kinds for e in d["worlds"]["baseline"]["events"])]
    assert days[0] + 1 == first
    assert all(not day["differs"] for day in life["days"] if day["day"] < 14)
    assert client.get(f"/api/runs/{run}/residents/{n}").status_code == 422


def test_the_outsider_sees_what_the_table_of_reports_has(client, done, tmp_path):
    run, _ = done
    seen = client.get(f"/api/runs/{run}/outsider").json()
    for name in ("published", "incidents"):
        (tmp_path / name).write_bytes(client.get(f"/api/runs/{run}/take/{name}.parquet").content)
    published, incidents = (pq.read_table(tmp_path / name) for name in ("published", "incidents"))
    for world, one in seen.items():
        assert one["total"] == sum(value == world for value in incidents["world"].to_pylist())
        assert sum(sum(weeks) for weeks in one["incidents"].values()) == one["total"]
        assert one["published"] + one["relays"] == sum(value == world for value in published["world"].to_pylist())


def test_the_ledger_adds_up_to_what_the_worlds_differ_in(client, done):
    run, _ = done
    rows = client.get(f"/api/runs/{run}/ledger").json()
    counts = {(row["group"], row["act"], row["entry"]): row["count"] * row["sign"] for row in rows if row["sign"]}
    totals = {(row["group"], row["act"], row["entry"]): row["count"] for row in rows if not row["sign"]}
    assert {key[1] for key in totals} == {"outings", "visits", "journeys", "calls"}
    for group, act in {key[:2] for key in totals}:
        gap = totals[group, act, "watched"] - totals[group, act, "unwatched"]
        assert sum(value for key, value in counts.items() if key[:2] == (group, act)) == gap
    daily = [row.split(",") for row in client.get(f"/api/runs/{run}/take/daily.csv").text.splitlines()]
    at = daily[0].index("calls_completed")
    calls = sum(float(row[at]) for row in daily[1:] if row[1:3] == ["baseline", "all"])
    assert totals["all", "calls", "watched"] == calls


def test_the_question_that_is_taken_away_is_the_question(client, done):
    run, _ = done
    text = client.get(f"/api/runs/{run}/take/question.toml").text
    asked = client.get(f"/api/runs/{run}").json()["question"]
    question = question_of(asked)
    assert parse(text) == question.scenario
    assert asked["forms"] == {"S4": "pooled"}
    assert set(parse(text).forms.fixed) == set(question.scenario.forms.fixed) == {"S4"}
    assert question_of(question.record()) == question
    assert "underwatch compare question.toml --with end-reprimands --from-date 2024-07-15" in text
    quoted = "\n".join(line[2:] for line in text.splitlines() if line.startswith("# "))
    assert tomllib.loads(quoted[quoted.index("[") :])["end-reprimands"]["set"] == {"p_reprimand": 0.0}


def test_a_run_of_the_page_is_the_run_of_the_command(client, tmp_path, monkeypatch):
    """The same digest and figures; and the folder opens in the studio as what it is."""
    asked = {"place": "Hyesan", "population": 1500, "days": 200, "draws": 1, "seed": 7}
    run = client.post("/api/runs", json=asked).json()["run"]
    finished(client, run)
    (tmp_path / "question.toml").write_bytes(client.get(f"/api/runs/{run}/take/question.toml").content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["run", "question.toml", "--draws", "1", "--out", "mine", "--threads", "1"])
    assert not end.value.code
    manifest = json.loads((tmp_path / "mine" / "manifest.json").read_text())
    assert manifest["digest"] in client.get(f"/api/runs/{run}/take/citation.txt").text
    for name in ("indicators", "incidents", "published"):
        (tmp_path / name).write_bytes(client.get(f"/api/runs/{run}/take/{name}.parquet").content)
        assert pq.read_table(tmp_path / name).equals(pq.read_table(tmp_path / "mine" / f"{name}.parquet"))
    assert client.get(f"/api/runs/{run}/take/report.html").text == (tmp_path / "mine" / "report.html").read_text()
    assert '<html lang="ko">' in client.get(f"/api/runs/{run}/take/report.html?language=ko").text
    assert client.get(f"/api/runs/{run}/take/report.html?language=kr").status_code == 422
    opened = Studio("mine", cwd=tmp_path)
    try:
        with opened.client() as other:
            finished(other, 1)
            told = other.get("/api/runs/1").json()
        assert told["same"] is True
        assert told["summary"] == client.get(f"/api/runs/{run}").json()["summary"]
    finally:
        assert opened.close() == 0


def test_two_runs_are_compared(client, done):
    run, _ = done
    other = client.post("/api/runs", json={**SMALL, "seed": 2, "parameters": {"p_notice": 0.9}}).json()["run"]
    finished(client, other)
    found = client.get(f"/api/runs/{run}/beside/{other}").json()
    assert {one["name"]: one["values"] for one in found["asked"]} == {
        "seed": [1, 2], "p_notice": [0.6, 0.9], "S4": ["pooled", "assigned"], "interventions": ["end-reprimands", ""],
    }  # fmt: skip
    told = client.get(f"/api/runs/{other}").json()
    for row in found["rows"]:
        assert row["values"][1]["value"] == pytest.approx(told["year"][row["name"]], rel=1e-4)


def test_stop_stops_within_a_week_of_work(client):
    run = client.post("/api/runs", json=LONG).json()["run"]
    listening = threading.Thread(target=finished, args=(client, run))
    listening.start()
    assert until(lambda: client.get(f"/api/runs/{run}").json()["state"] == "working")
    client.post(f"/api/runs/{run}/stop")
    assert until(lambda: client.get(f"/api/runs/{run}").json()["state"] == "stopped", 15)
    listening.join(10)
    assert not listening.is_alive()
    assert client.get(f"/api/runs/{run}/map").status_code == 409


# The studio with less patience, so that less is computed for nobody
IMPATIENT = """
from underwatch.web.session import studio_run
assert studio_run.PATIENCE_SECONDS == 5.0
studio_run.PATIENCE_SECONDS = 0.5
from underwatch.cli import main
main(prog_name="underwatch")
"""


@pytest.fixture(scope="module")
def left_alone(compiled):
    """A client of a studio that stops what nobody has listened to for half a second."""
    one = Studio(code=IMPATIENT)
    with one.client() as client:
        yield client
    assert one.close() == 0


def test_a_tab_that_is_closed_stops_its_run(left_alone):
    client = left_alone
    run = client.post("/api/runs", json=LONG).json()["run"]
    with client.stream("GET", f"/api/runs/{run}/events") as answer:
        next(answer.iter_lines())
    assert until(lambda: client.get(f"/api/runs/{run}").json()["state"] == "stopped", 20)


def test_a_run_that_nobody_ever_listens_to_is_stopped(left_alone):
    client = left_alone
    run = client.post("/api/runs", json=LONG).json()["run"]
    assert until(lambda: client.get(f"/api/runs/{run}").json()["state"] == "stopped", 20)


def test_two_tabs_wait_for_each_other_and_the_queue_is_bounded(client):
    runs = [client.post("/api/runs", json=LONG).json() for _ in range(2)]
    assert runs[1]["ahead"] >= 1
    told = []
    second = threading.Thread(target=lambda: told.extend(finished(client, runs[1]["run"])))
    second.start()
    first = threading.Thread(target=finished, args=(client, runs[0]["run"]))
    first.start()
    assert until(lambda: client.get(f"/api/runs/{runs[0]['run']}").json()["state"] == "working")
    states = [one["state"] for one in client.get("/api/runs").json()]
    assert states.count("working") == 1
    more = [client.post("/api/runs", json=LONG) for _ in range(6)]
    assert 429 in [answer.status_code for answer in more]
    for one in [*runs, *(answer.json() for answer in more if answer.status_code == 202)]:
        client.post(f"/api/runs/{one['run']}/stop")
    for thread in (first, second):
        thread.join(20)
        assert not thread.is_alive()
    assert {data["ahead"] for kind, data in told if kind == "progress"} >= {1}


def test_a_slow_reader_holds_nobody_up(studio, client):
    """Sixty-four streams are opened and never read; the studio goes on, and refuses those that are too many."""
    run = client.post("/api/runs", json={**SMALL, "days": 1461}).json()["run"]
    before = studio.memory()
    links = []
    for _ in range(64):
        link = socket.create_connection(("127.0.0.1", studio.port), timeout=5)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        link.sendall(
            f"GET /api/runs/{run}/events HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\n"
            f"X-Underwatch-Token: {studio.token}\r\n\r\n".encode()
        )
        links.append(link)
    begun = time.monotonic()
    assert client.get("/api/presets").status_code == 200
    assert time.monotonic() - begun < 5
    assert until(lambda: client.get(f"/api/runs/{run}").json()["state"] == "done", 60)
    for link in links:
        link.close()
    assert until(lambda: client.get(f"/api/runs/{run}/events").status_code == 200, 10)
    assert studio.memory() - before < 120


def test_only_the_newest_runs_are_kept(client):
    for seed in range(5):
        run = client.post("/api/runs", json={**SMALL, "population": 300, "days": 7, "draws": 0, "seed": seed}).json()[
            "run"
        ]
        finished(client, run)
    states = [one["state"] for one in client.get("/api/runs").json()]
    assert states.count("done") == 3
    assert client.get(f"/api/runs/{run - 4}").status_code == 404
