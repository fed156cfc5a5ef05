"""What a stopped run, sweep or estimate left, spoilt by somebody with the right hashes: one line, and exit code 2."""

import json
import sqlite3

import numpy as np
import pytest

from inference.bank.test_crafted_banks import refused
from support import readers
from underwatch.errors import InputError
from underwatch.evidence.edit.store import WorkingCopy
from underwatch.experiments.compare import Task
from underwatch.experiments.engine import checkpoint
from underwatch.experiments.engine.tasks import Results
from underwatch.experiments.engine.worlds import WorldTotals, init_world
from underwatch.experiments.studies.checkpoints import Checkpoints
from underwatch.experiments.studies.drawn_world import DrawnWorld
from underwatch.experiments.sweep import SweepTask
from underwatch.inference.npe.posterior import Posterior
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.inference.workflow import Steps
from underwatch.record.measures import Measured
from underwatch.record.provenance import made_by, mark
from underwatch.world.layout import INCIDENT_NAMES, N_CELLS, N_INDICATORS
from underwatch.world.scenario_file import scenario_for, scenario_toml

NOTE = {"a": 1}
WORLDS = ("baseline", "counter-world")
SCENARIO = scenario_for("hoeryong", days=3, population=40)


def town():
    return init_world(SCENARIO, SCENARIO.places[0], 1)


def kept(tmp_path, **spoilt):
    """A checkpoint of the first morning, with some arrays spoilt and the right hash over them."""
    checkpoint.save(town(), tmp_path / "a.npz", NOTE)
    arrays = checkpoint.read_arrays(tmp_path / "a.npz", NOTE)
    for name, change in spoilt.items():
        arrays[name] = change(arrays[name])
    checkpoint.write_arrays(tmp_path / "a.npz", arrays, NOTE)
    return tmp_path / "a.npz"


def test_the_checkpoint_that_is_spoilt_is_sound_before(tmp_path):
    world = checkpoint.load(town(), kept(tmp_path), NOTE)
    assert world.day == world.counted > world.start


def at(place, value):
    def change(array):
        array[place] = value
        return array

    return change


ROW = np.array([[0, 0, 0, 0, 0, 0, 0, 0]], np.uint16)
SPOILT = {
    "another type of state": {"state_people": lambda a: a.astype(np.int64)},
    "a state of other residents": {"state_people": lambda a: a[:, :-1].copy()},
    "days that were not simulated": {"numbers": at(1, 10**9)},
    "a day before the first": {"numbers": at(1, 0)},
    "another first day": {"numbers": at(0, 5)},
    "another first day that is counted": {"numbers": at(2, 5)},
    "a week of no days to divide by": {"numbers": at(4, -1)},
    "orders without end": {"numbers": at(3, 2**62)},
    "a number too few": {"numbers": lambda a: a[:-1].copy()},
    "numbers that are no whole ones": {"numbers": lambda a: a + 0.5},
    "numbers in a square": {"numbers": lambda a: a.reshape(1, -1)},
    "more days of sums": {"cells": lambda a: np.zeros((4, *a.shape[1:]), a.dtype)},
    "sums of other cells": {"cells": lambda a: a[:, :3].copy()},
    "incidents of nobody": {"records": lambda a: ROW, "who": lambda a: a},
    "incidents of somebody else": {"records": lambda a: ROW, "who": lambda a: np.array([2**31], np.uint32)},
    "incidents of other columns": {"records": lambda a: np.zeros((0, 3), np.uint16)},
    "incidents of floats": {"records": lambda a: a.astype(float)},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_a_checkpoint_of_another_world_is_refused(tmp_path, spoilt):
    with pytest.raises(InputError, match="does not fit this place"):
        checkpoint.load(town(), kept(tmp_path, **spoilt), NOTE)


def test_incidents_of_a_day_or_kind_that_is_none_are_refused(tmp_path):
    world = town()
    world.day += 1  # as if the first day were over
    checkpoint.save(world, tmp_path / "a.npz", NOTE)
    arrays = checkpoint.read_arrays(tmp_path / "a.npz", NOTE)
    first = np.array([world.town.first], np.uint32)
    for what, is_sound in (
        (ROW, True),
        (ROW + np.uint16(1) * (np.arange(8) == 0), False),
        (ROW + np.uint16(len(INCIDENT_NAMES) << 8) * (np.arange(8) == 1), False),
    ):
        checkpoint.write_arrays(tmp_path / "a.npz", arrays | {"records": what.astype(np.uint16), "who": first}, NOTE)
        if is_sound:
            checkpoint.load(town(), tmp_path / "a.npz", NOTE)
        else:
            with pytest.raises(InputError, match="does not fit"):
                checkpoint.load(town(), tmp_path / "a.npz", NOTE)


def test_a_checkpoint_that_is_larger_than_its_world_is_not_read(tmp_path):
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        file.truncate(1 << 32)
    with pytest.raises(InputError, match="longer than"):
        checkpoint.load(town(), path, NOTE)


def sums():
    parts = [np.zeros((3, N_CELLS, N_INDICATORS), np.int64), *np.ones((3, N_CELLS), np.int64), np.zeros(3)]
    parts[0][:, 5] = 1
    return WorldTotals(*parts)


def test_sums_of_a_place_are_read_as_they_were_kept(tmp_path):
    kept = Checkpoints(tmp_path, NOTE)
    kept.keep_place(0, {"a": sums(), "b": sums()}, ["0" * 40, "1" * 40])
    found, digests = kept.read_place(0, ["a", "b"], 3)
    assert digests == ["0" * 40, "1" * 40]
    assert (found["a"].cells == sums().cells).all()


def test_sums_of_other_worlds_days_or_cells_are_refused(tmp_path):
    kept = Checkpoints(tmp_path, NOTE)
    kept.keep_place(0, {"a": sums()}, ["0" * 40])
    for keys, days in ((["b"], 3), (["a", "b"], 3), (["a"], 4)):
        with pytest.raises(InputError):
            kept.read_place(0, keys, days)
    path, note = kept._sums(0), kept.noted(0, "done")
    sound = checkpoint.read_arrays(path, note)
    for spoilt in (
        {"a.used": sound["a.used"] + 10**6}, {"a.used": sound["a.used"] - 99},
        {"a.used": np.repeat(sound["a.used"], 2)}, {"a.cells": sound["a.cells"].astype(float)},
        {"a.residents": np.zeros(9, int)}, {"digests": np.zeros(3, np.uint8)},
        {"keys": np.frombuffer(b"c", np.uint8)}, {"a.numbers": np.array([np.nan, 0])}, {"more": np.zeros(1)},
    ):  # fmt: skip
        checkpoint.write_arrays(path, sound | spoilt, note)
        with pytest.raises(InputError):
            kept.read_place(0, ["a"], 3)


def drawn():
    """The figures of a baseline and its twin over three days; a group without residents has none."""
    figures = sums().measured(SCENARIO)
    return DrawnWorld((figures, figures), (0.5, 0.25))


def test_a_draw_is_read_as_it_was_kept(tmp_path):
    kept = Checkpoints(tmp_path, NOTE)
    kept.keep_draw(7, drawn())
    found = kept.read_draw(7, WORLDS, 3)
    assert found.published == (0.5, 0.25)
    assert np.isnan(found.figures[0].groups).any()
    for part in Measured.__slots__:
        for one, other in zip(found.figures, drawn().figures, strict=True):
            assert getattr(one, part).tobytes() == getattr(other, part).tobytes()
    assert kept.read_draw(8, WORLDS, 3) is None


def test_a_draw_of_other_worlds_days_or_figures_is_refused(tmp_path):
    kept = Checkpoints(tmp_path, NOTE)
    kept.keep_draw(7, drawn())
    for worlds, days in ((WORLDS[:1], 3), (WORLDS, 8)):
        with pytest.raises(InputError):
            kept.read_draw(7, worlds, days)
    path, note = kept._of_draw(7)
    sound = checkpoint.read_arrays(path, note)
    infinite = sound["0.year"].copy()
    infinite[0] = np.inf
    for spoilt in (
        {"0.year": infinite}, {"1.weekly": np.zeros((9, 2))}, {"published": np.zeros(3)}, {"more": np.zeros(1)},
        {"0.people": sound["0.people"].astype(np.int64)}, {"published": np.array([np.nan, 0.0])},
    ):  # fmt: skip
        checkpoint.write_arrays(path, sound | spoilt, note)
        with pytest.raises(InputError):
            kept.read_draw(7, WORLDS, 3)


# --- estimates --------------------------------------------------------------------------------------------------------


def spoilt_posterior(tmp_path, **spoilt):
    readers.posterior(tmp_path)
    with np.load(tmp_path / "posterior.npz") as file:
        arrays = {name: file[name] for name in file.files} | spoilt
    np.savez(tmp_path / "posterior.npz", **{name: array for name, array in arrays.items() if array is not None})
    return tmp_path / "posterior.npz"


BAD = {
    "names": np.array([1.0, 2.0]), "low": np.zeros(3), "high": np.array([np.nan, 1.0]), "log": np.zeros(2),
    "mean": np.zeros((3, 1)), "sd": np.array([1.0, 0.0, 1.0]), "free_mean": np.zeros(1), "free_sd": np.zeros(2),
    "losses": np.zeros(3), "format": np.array([1, 1]), "weight in": np.zeros((0, 3, 96), np.float32),
    "weight mid": np.zeros((1, 96, 96)), "weight out": None, "weight more": np.zeros(3), "weight hear": np.array(1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_posterior_whose_parts_do_not_fit_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="not a whole posterior file"):
        Posterior.load(spoilt_posterior(tmp_path, **{name: BAD[name]}))


def test_a_box_without_room_and_another_format_are_refused(tmp_path):
    for spoilt in (
        {"low": np.ones(2)},
        {"log": np.ones(2, bool)},
        {"names": np.array(["a", "a"])},
        {"format": np.array(2)},
    ):
        with pytest.raises(InputError):
            Posterior.load(spoilt_posterior(tmp_path, **spoilt))


def test_a_step_of_another_question_is_refused(tmp_path):
    steps = Steps(tmp_path, 1.0, print)
    support = PriorSupport(("a", "b"), np.zeros(2), np.ones(2), np.array([False, False]))
    spoilt_posterior(tmp_path)
    assert steps.posterior("posterior", lambda: None, support, 3).members == 1
    for other, s in ((support, 4), (PriorSupport(("a", "c"), np.zeros(2), np.ones(2), np.array([False, False])), 3)):
        with pytest.raises(InputError, match="another question"):
            steps.posterior("posterior", lambda: None, other, s)
    np.savez(tmp_path / "x.npz", a=np.zeros(3))
    assert (steps.arrays("x", dict, {"a": np.ones(3)})["a"] == 0).all()
    for alike in ({"a": np.ones(4)}, {"a": np.ones(3, int)}, {"b": np.ones(3)}, {"a": np.ones(3), "b": np.ones(1)}):
        with pytest.raises(InputError, match="remove it to do the step again"):
            steps.arrays("x", dict, alike)


# --- sweeps and comparisons -------------------------------------------------------------------------------------------

TEXT = scenario_toml(SCENARIO)
QUESTIONS = {
    "sweep": {"scenario": TEXT, "draws": 2, "replicates": 1, "sampler": "lhs"},
    "sensitivity": {"scenario": TEXT, "trajectories": 2, "n": 4, "population": 40, "factors": 2},
    "compare": {"scenario": TEXT, "interventions": "", "replicates": 1, "draws": 1, "ledger": None},
}
WRONG = [None, [], {}, True, "x", -1, 10**9, 2.5]


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_question_with_an_entry_of_another_kind_is_refused(tmp_path, capsys, what):
    for name, sound in QUESTIONS[what].items():
        for value in WRONG:
            if type(value) is type(sound) and name in ("ledger", "interventions"):
                continue
            told = {"made_by": made_by(), "what": what, **QUESTIONS[what], name: value}
            (tmp_path / "question.json").write_text(json.dumps(told))
            refused(capsys, what, "--resume", tmp_path, "--threads", "1")


def row(**spoilt):
    return {"task": 0, "values": None, "reason": ""} | spoilt


@pytest.mark.parametrize(
    "told",
    [
        row(values="x"), row(values=[[1]]), row(values=["1"]), row(values=[True]), row(values={"a": 1}), row(task=-1),
        row(task=True), row(task=0.5), row(task=10**40), row(task=None), row(reason=3), {"task": 0}, [], 3,
    ],
)  # fmt: skip
def test_a_result_that_is_none_is_refused(tmp_path, told):
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps({"question": mark({})}) + "\n" + json.dumps(told) + "\n")
    with pytest.raises(InputError, match="is damaged"), Results({}, path):
        pass


def test_results_of_another_number_of_figures_are_refused(tmp_path):
    path = tmp_path / "results.jsonl"
    tasks = [SweepTask(SCENARIO, 1), Task((SCENARIO,), ((SCENARIO,),), 1, ((0, 1),))]
    for number, task in enumerate(tasks):
        for n, is_sound in ((task.n_figures, True), (task.n_figures + 1, False), (0, False)):
            row = {"task": number, "values": [1.0] * n, "reason": ""}
            path.write_text(json.dumps({"question": mark({})}) + "\n" + json.dumps(row) + "\n")
            with Results({}, path) as found:
                if is_sound:
                    found.check(tasks)
                else:
                    with pytest.raises(InputError, match="figures"):
                        found.check(tasks)


# --- a working copy ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER more AFTER INSERT ON reports BEGIN DELETE FROM reports; END", "CREATE VIEW more AS SELECT 1",
        "CREATE TABLE more (a)", "CREATE INDEX more ON reports (ground)", "DROP TRIGGER changes_no_delete",
        "ALTER TABLE reports ADD COLUMN more TEXT", "DROP TABLE survey",
        "ALTER TABLE reports ADD COLUMN more TEXT GENERATED ALWAYS AS (hex(zeroblob(100000000))) VIRTUAL",
    ],
)  # fmt: skip
def test_a_working_copy_with_other_tables_is_refused(tmp_path, sql):
    path = tmp_path / "x.sqlite"
    WorkingCopy.create(path, readers.good_package()).close()
    base = sqlite3.connect(path)
    base.execute(sql)
    base.commit()
    base.close()
    with pytest.raises(InputError, match="other tables"):
        WorkingCopy(path)


def test_a_working_copy_that_holds_more_than_a_package_or_is_no_file_is_refused(tmp_path):
    path = tmp_path / "x.sqlite"
    WorkingCopy.create(path, readers.good_package()).close()
    with path.open("r+b") as file:
        file.truncate(1 << 31)
    with pytest.raises(InputError, match="larger than"):
        WorkingCopy(path)
