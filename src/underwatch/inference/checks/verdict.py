"""A verdict says in words whether a gate lets a number through; a decision says what may be shown after all gates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from underwatch.errors import InputError
from underwatch.facts.tables import read_rows
from underwatch.texts.catalogue import Sayable
from underwatch.texts.sentences import in_english, sentence

State = Literal["passes", "warns", "refuses"]
GATES = ("G0", "G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9", "G10")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says: its figure against its bar, and a sentence that tells what failed and what would help."""

    gate: str
    state: State
    figure: float
    bar: float
    told: Sayable
    about: tuple[str, ...] = ()  # the quantities or features it is about; none means all

    @property
    def sentence(self) -> str:
        """What it says, in English."""
        return in_english(self.told)


@cache
def _states() -> Mapping[tuple[str, str], State]:
    """Return the state by gate and case, as cases.csv has it; the catalogue has the sentence of each."""
    rows = read_rows("cases.csv", "underwatch.inference.checks")
    return {(row["gate"], row["case"]): cast(State, row["state"]) for row in rows}


def said(gate: str, case: str, figure: float, bar: float, about: tuple[str, ...] = (), **words: object) -> Verdict:
    """Return what a gate says in a case of cases.csv, and what fills the gaps of its sentence."""
    told = sentence(f"estimate.gate.{gate}.{case}", **words)
    return Verdict(gate, _states()[gate, case], float(figure), float(bar), told, about)


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be shown: any number at all, the scale, a single median; and the sentences to put first."""

    numbers: bool
    scale: bool
    median: bool
    told: tuple[Sayable, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is put first, in English."""
        return tuple(map(in_english, self.told))


def decide(verdicts: Iterable[Verdict]) -> Decision:
    """Return what may be shown after all eleven gates; one that was not asked is an error, not a pass.

    G1 withholds the scale and leaves trend and shape; a warning of G8 withholds the median and leaves the range over
    response functions; any other refusal withholds every number. Refusals are told first, then warnings, in the order
    of the gates.
    """
    by_gate = {verdict.gate: verdict for verdict in verdicts}
    if missing := [gate for gate in GATES if gate not in by_gate]:
        raise InputError(f"gate {', '.join(missing)} was not asked; all of {GATES[0]} to {GATES[-1]} must be")
    in_order = [by_gate[gate] for gate in GATES]
    refused = [v for v in in_order if v.state == "refuses"]
    warned = [v for v in in_order if v.state == "warns"]
    numbers = all(v.gate == "G1" for v in refused)
    scale = numbers and by_gate["G1"].state != "refuses"
    median = scale and by_gate["G8"].state == "passes"
    return Decision(numbers, scale, median, tuple(v.told for v in [*refused, *warned]))
