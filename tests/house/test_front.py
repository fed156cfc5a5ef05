"""The front door: what a type checker reads of it is what Python finds, and the types reach a user's program."""

import ast
from pathlib import Path

import pytest
from mypy import api

import underwatch

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import underwatch as uw
from underwatch import scenario_for

scenario = scenario_for("hoeryong", days=90)
world = uw.simulate("hoeryong", days=90, p_notice=0.9, measure={"afraid": lambda week: week.fear.mean()})
reveal_type(scenario)
reveal_type(world)
reveal_type(uw.prior_draws(3, 1))
reveal_type(uw.find_interventions)
reveal_type(uw.twins(scenario, "halve-quotas")["halve-quotas"])
reveal_type(uw.run("hoeryong", draws=3))
reveal_type(uw.sweep(scenario))
reveal_type(uw.compare("hoeryong", "halve-quotas"))
reveal_type(uw.estimate(uw.tell(world), bank=uw.bank("hoeryong", worlds=20)))
"""
REVEALED = (
    "underwatch.world.scenario.Scenario",
    "underwatch.api.in_memory.SimulatedWorld",
    "Parameters]",
    "Intervention, ...]",
    "underwatch.api.in_memory.SimulatedWorld",
    "underwatch.api.commands.run.RunResult",
    "underwatch.api.commands.sweep.SweepResult",
    "underwatch.api.commands.compare.CompareResult",
    "underwatch.api.commands.estimate.EstimateResult",
)
WRONG = {
    "number: int = world.digest": 'expression has type "str"',
    "scenario.population_of": '"Scenario" has no attribute',
    "scenario_for('hoeryong', day=90)": 'Unexpected keyword argument "day"',
    'uw.prior_draws("three", 1)': 'has incompatible type "str"',
    "uw.begins(scenario)": "has no attribute",
    "uw.simulate('hoeryong', thread=[2])": "has incompatible type",
    "uw.estimate(world)": "has incompatible type",
}


def read_by_mypy(tmp_path, text):
    """What mypy, without any setting of ours, says of a program."""
    program = tmp_path / "program.py"
    program.write_text(text, encoding="utf-8")
    cache = ROOT / "build" / "mypy-user"
    said, problems, _ = api.run(["--config-file", "", "--cache-dir", str(cache), "--no-error-summary", str(program)])
    assert problems == ""
    return [line.split(": ", 1)[1] for line in said.splitlines()]


def test_what_a_type_checker_reads_of_the_front_door_is_what_python_finds():
    tree = ast.parse(Path(underwatch.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    read = {(alias.asname, node.module) for node in block.body for alias in node.names if alias.asname == alias.name}
    assert read == set(underwatch._FRONT.items())


@pytest.mark.deep
def test_the_types_reach_a_user_s_program(tmp_path):
    lines = read_by_mypy(tmp_path, PROGRAM + "\n".join(WRONG))
    revealed = [line for line in lines if line.startswith("note: Revealed type")]
    errors = [line for line in lines if line.startswith("error")]
    assert len(revealed) == len(REVEALED)
    for line, name in zip(revealed, REVEALED, strict=True):
        assert name in line
    assert len(errors) == len(WRONG)
    for line, said in zip(errors, WRONG.values(), strict=True):
        assert said in line


@pytest.mark.parametrize("name", underwatch.__all__)
def test_no_public_name_is_any(name):
    """What is `object` or `Any` at the front door tells a type checker nothing."""
    value = getattr(underwatch, name)
    if callable(value) and not isinstance(value, type):
        wrapped = getattr(value, "__wrapped__", value)
        assert wrapped.__annotations__.get("return") not in (None, "Any", "object")
