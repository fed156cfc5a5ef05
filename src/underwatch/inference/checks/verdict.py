"""A verdict says in words whether a gate lets a number through; a decision says what may be shown after all gates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from underwatch.errors import InputError
from underwatch.facts.tables import read_rows

State = Literal["passes", "warns", "refuses"]
GATES = ("G0", "G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9", "G10")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says: its figure against its bar, and a sentence that tells what failed and what would help."""

    gate: str
    state: State
    figure: float
    bar: float
    sentence: str
    about: tuple[str, ...] = ()  # the quantities or features it is about; none means all


@cache
def _sentences() -> Mapping[tuple[str, str], tuple[State, str]]:
    """Return state and sentence by gate and case, as sentences.csv has them."""
    rows = read_rows("sentences.csv", "underwatch.inference.checks")
    return {(row["gate"], row["case"]): (cast(State, row["state"]), row["sentence"]) for row in rows}


def said(gate: str, case: str, figure: float, bar: float, about: tuple[str, ...] = (), **words: object) -> Verdict:
    """Return what a gate says in a case of sentences.csv, its words filled in."""
    state, sentence = _sentences()[gate, case]
    return Verdict(gate, state, float(figure), float(bar), sentence.format(**words), about)


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be shown: any number at all, the scale, a single median; and the sentences to put first."""

    numbers: bool
    scale: bool
    median: bool
    sentences: tuple[str, ...]


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
    return Decision(numbers, scale, median, tuple(v.sentence for v in [*refused, *warned]))
