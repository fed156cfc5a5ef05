"""One synthetic neighbours' unit as data: its residents, and as a graph who lives with whom, kin, and who watches.

Schematic: a unit of the model has no street and no place in the city, and nobody in it is real.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, pi, sin
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.api import frames
from underwatch.api.look import GRID, WORLD_COLOURS, axes_of
from underwatch.api.results import Result, digest_of_table
from underwatch.errors import InputError
from underwatch.world import layout as L
from underwatch.world import simulate as engine
from underwatch.world.rates import rates
from underwatch.world.reference.population import Household, Officer, Resident, Rng, Unit
from underwatch.world.reference.watching import Watching
from underwatch.world.scenario import Scenario

LIVES_WITH, KIN, WATCHES = "lives with", "kin", "watches"
_ELSEWHERE = "a household elsewhere"


class _Here(Watching):
    """The watchers of one unit, and kin of its households anywhere in the place."""


@dataclass(frozen=True, eq=False, repr=False)
class Neighbourhood(Result):
    """One unit of a simulated world on its last evening: `people`, `edges` and a picture."""

    place: str
    unit: int
    _people: pa.Table
    _edges: pa.Table

    @cached_property
    def digest(self) -> str:
        """The hash of both tables."""
        return digest_of_table(self._people)[:20] + digest_of_table(self._edges)[:20]

    def people(self, engine: str = "pandas") -> Any:
        """Return a row for each synthetic resident: number and household in the unit, grounds, list, role, fear."""
        return frames.frame_of(self._people, engine)

    def edges(self, engine: str = "pandas") -> Any:
        """Return a row for each tie: `kind` ("lives with", "kin", "watches"), from whom, to whom (numbers in the unit).

        Kin tie households and stand between their heads; kin elsewhere and officers have no number. Watchers are those
        named for a listed household (form `assigned` of S4).
        """
        return frames.frame_of(self._edges, engine)

    def plot(self, ax: Any = None) -> Any:
        """Draw the unit: households in a ring, listed residents filled, lines from those who watch; return the axes."""
        rows = self._people.to_pylist()
        houses = sorted({row["household"] for row in rows})
        spots = {}
        for row in rows:
            turn = 2 * pi * houses.index(row["household"]) / len(houses)
            mates = [other["number"] for other in rows if other["household"] == row["household"]]
            out = 1.0 + 0.09 * mates.index(row["number"])
            spots[row["number"]] = (out * cos(turn), out * sin(turn))
        with axes_of(ax) as axes:
            for tie in self._edges.to_pylist():
                if tie["source"] is None or tie["target"] is None or tie["kind"] == LIVES_WITH:
                    continue
                (x, y), (u, v) = spots[tie["source"]], spots[tie["target"]]
                is_kin = tie["kind"] == KIN
                axes.plot([x, u], [y, v], color=GRID if is_kin else WORLD_COLOURS[0], linewidth=0.8, zorder=1,
                          linestyle=":" if is_kin else "-")  # fmt: skip
            for label, chosen, marker, fill in (
                ("resident", lambda r: not r["listed"] and not r["role"], "o", "white"),
                ("on a list", lambda r: r["listed"], "o", WORLD_COLOURS[0]),
                ("informs", lambda r: r["role"] is not None, "s", WORLD_COLOURS[1]),
            ):
                some = [spots[row["number"]] for row in rows if chosen(row)]
                if some:
                    axes.scatter(*zip(*some, strict=True), s=26, marker=marker, color=fill, edgecolor="#555555",
                                 linewidth=0.6, label=label, zorder=2)  # fmt: skip
            axes.set_aspect("equal")
            axes.set_axis_off()
            axes.legend(loc="center", fontsize=8)
            axes.set_title(f"One synthetic unit of {self.place}, schematic", loc="left")
        return axes

    def _line(self) -> str:
        n = self._people.num_rows
        return f"Neighbourhood({self.place}, unit {self.unit}, {n} synthetic residents, {self._edges.num_rows} ties)"

    def _facts(self) -> list[tuple[str, str]]:
        rows = self._people.to_pylist()
        return [
            ("Households", str(len({row["household"] for row in rows}))),
            ("On a list", str(sum(row["listed"] for row in rows))),
            ("Inform", str(sum(row["role"] is not None for row in rows))),
            ("Schematic", "a unit of the model has no street and no place in the city"),
        ]

    def _next(self) -> tuple[str, ...]:
        return (".people()", ".edges()", ".plot()")


def neighbourhood(world: engine.World, lived: Scenario, number: int) -> Neighbourhood:
    """Return one unit of a finished world, by its number from 0; InputError where there is none."""
    n_units = world.town.units.shape[1] - 1
    if not isinstance(number, int) or not 0 <= number < n_units:
        raise InputError(f"unit = {number!s:.20} is none; this place has {n_units:,} units, 0 to {n_units - 1:,}")
    unit, first = _unit_of(world, lived, number)
    here = _here(world, lived, unit)
    return Neighbourhood(lived.name, number, _people_table(world, unit, first), _edge_table(here, world, unit, first))


def _unit_of(world: engine.World, lived: Scenario, number: int) -> tuple[Unit, int]:
    """Return the unit as the plain reference has it, and the local index of its first resident."""
    town, flags = world.town, world.state.flags
    lo, hi = (int(edge) for edge in town.unit_house[number : number + 2])
    first = int(town.house_start[lo])
    unit = Unit(town.first + first, officers=[Officer(L.MPS), Officer(L.MSS)])
    for h in range(lo, hi):
        house = Household(town.first + int(town.house_start[h]), unit)
        unit.households.append(house)
        for index in range(int(town.house_start[h]), int(town.house_start[h + 1])):
            bits = int(flags[index])
            lists = {organ for organ, bit in ((L.MPS, L.ON_MPS), (L.MSS, L.ON_MSS)) if bits & bit}
            house.members.append(
                Resident(
                    town.first + index, house, bool(bits & L.ADULT), bits >> L.GROUND_SHIFT & L.GROUND_MASK,
                    bool(bits & L.LISTED_AT_START), lists, bool(bits & L.OPEN_ROLE), bool(bits & L.COVERT),
                )
            )  # fmt: skip
    return unit, first


def _here(world: engine.World, lived: Scenario, unit: Unit) -> _Here:
    """Return what says who watches in this unit on the last day."""
    phase = lived.phases()[-1]
    here = _Here(
        Rng(lived.seed), [unit], ([unit.officers[L.MPS]], [unit.officers[L.MSS]]), world.day - 1, world.counted
    )
    here.rates = rates(phase.values, phase.without, phase.order, phase.campaign, phase.forms)
    return here


def _people_table(world: engine.World, unit: Unit, first: int) -> pa.Table:
    people = unit.residents
    span = slice(first, first + len(people))
    houses = {house.number: number for number, house in enumerate(unit.households)}
    roles = ["open role" if one.open_role else "covert informant" if one.covert else None for one in people]
    held = [" + ".join(name for name in L.GROUND_NAMES if one.has(name)) or frames.NO_GROUND for one in people]
    state, field = world.state, frames.field_of
    columns = [
        (field("number", pa.int32(), "of the synthetic resident in the unit"), np.arange(len(people))),
        (field("household", pa.int32(), "number in the unit"), [houses[one.house.number] for one in people]),
        (field("adult", pa.bool_(), "of 15 years and over"), [one.adult for one in people]),
        (field("grounds", pa.string(), "the combination held"), held),
        (field("listed", pa.bool_(), "on a list at the end"), [bool(one.lists) for one in people]),
        (field("role", pa.string(), "informs the police (open) or state security (covert)"), roles),
        (field("fear", pa.float64(), "at the end", "0 to 1"), state.fear[span] / L.ONE),
        (field("distress", pa.float64(), "at the end", "0 to 1"), state.distress[span] / L.ONE),
        (field("ever_followed", pa.bool_(), "by somebody, since the world began"), state.followed_day[span] > 0),
    ]
    return frames.table_of(columns, "One synthetic unit, schematic.")


def _edge_table(here: _Here, world: engine.World, unit: Unit, first: int) -> pa.Table:
    rows: list[tuple[str, int | None, int | None, str]] = []
    base = world.town.first + first
    own = {house.number: house for house in unit.households}
    starts = world.town.house_start
    for house in unit.households:
        rows += [(LIVES_WITH, house.head.number - base, one.number - base, "") for one in house.members[1:]]
        for other in _kin_of(here, house, starts, world.town.first):
            if other in own:
                rows.append((KIN, house.head.number - base, own[other].head.number - base, ""))
            else:
                rows.append((KIN, house.head.number - base, None, _ELSEWHERE))
    for case in [] if here.rates.pooled else here.cases(unit):
        for watcher in case.watchers:
            is_officer = isinstance(watcher, str)
            source = None if isinstance(watcher, str) else watcher.number - base
            rows.append((WATCHES, source, case.members[0].number - base, str(watcher) if is_officer else ""))
    field = frames.field_of
    columns = [
        (field("kind", pa.string(), "of the tie"), [row[0] for row in rows]),
        (field("source", pa.int32(), "number in the unit; none for officers"), [row[1] for row in rows]),
        (field("target", pa.int32(), "number in the unit; none elsewhere"), [row[2] for row in rows]),
        (field("outside", pa.string(), "who it is that has no number"), [row[3] for row in rows]),
    ]
    return frames.table_of(columns, "One synthetic unit, schematic.")


def _kin_of(here: _Here, house: Household, starts: np.ndarray, first: int) -> list[int]:
    """Return the numbers of the households at the other ends of a household's ties, anywhere in the place (S1)."""
    from underwatch.world.draws import Purpose
    from underwatch.world.reference.population import choose

    n = len(starts) - 1
    at = int(np.searchsorted(starts, house.number - first))
    found = []
    for tie in range(here.rates.kin_ties if n > 1 else 0):
        other = choose(here.rng.words(Purpose.KIN + tie, house.number, 0)[0], n)
        found.append(first + int(starts[(other + 1) % n if other == at else other]))
    return found
