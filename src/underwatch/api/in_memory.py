"""Simulated worlds in memory: their frames, differences, plots and neighbourhoods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from underwatch.api import frames
from underwatch.api.frames import Split
from underwatch.api.look import DASHES, MARKERS, WORLD_COLOURS, axes_of, date_axis, percent_axis
from underwatch.api.own import Rules
from underwatch.api.results import Result
from underwatch.errors import InputError, UnknownName, nearest
from underwatch.experiments.engine.worlds import WorldTotals, digest_of, record_of, world_totals
from underwatch.record.headlines import HEADLINES
from underwatch.record.incidents import incident_table
from underwatch.record.measures import Combined
from underwatch.record.schema import DICTIONARY
from underwatch.shown import brief
from underwatch.world import simulate as engine
from underwatch.world.scenario import Scenario

BASELINE = "baseline"


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedWorld(Result):
    """One simulated place in one history. `scenario` made the town, `lived` is what its residents lived through."""

    scenario: Scenario
    lived: Scenario
    _world: engine.World
    _measures: Mapping[str, Sequence[float]] = field(default_factory=dict)
    _rules: type[Rules] | None = None

    @cached_property
    def digest(self) -> str:
        """The hash of the final state, all daily counts and all incidents: the same on every machine."""
        return engine.digest(self._world)

    @cached_property
    def _totals(self) -> WorldTotals:
        return world_totals(self._world, self.lived)

    @cached_property
    def _history(self) -> Combined:
        return record_of(self._totals, self.lived, self.lived.places[0])

    @property
    def n_incidents(self) -> int:
        """How many incidents there were."""
        return int(self._totals.numbers[0])

    @property
    def expected_reports(self) -> float:
        """How many first-hand reports the synthetic lists would publish of them, expected at the world's own values."""
        return float(self._totals.numbers[1])

    def to_df(self, engine: str = "pandas", *, by: str | None = None, every: str = "D", shares: bool = False) -> Any:
        """Return a row for each period and group: what was counted, and stocks as the mean of the days.

        `by`: None for all residents, "group" (listed and ordinary at the start) or "grounds" (the combination held):
        each parts all residents, so that sums over rows are true. `every`: "D" day, "W" calendar week, "M" month;
        `n_days` is how many days of it are in the run, `is_partial` where some are missing. `shares` adds ratios, which
        add up over nothing. Measures of your own stand in weekly frames of all residents. Units: `attrs["units"]`.
        """
        names, cells = frames.parts_of(by, self._history.residents)
        more = self._measures if every == "W" and by is None else {}
        table = frames.period_table(self._history, Split(by or "", names, cells), every, shares, more)
        return frames.frame_of(table, engine)

    def overlapping_grounds(self, engine: str = "pandas", *, every: str = "D", shares: bool = False) -> Any:
        """Return a row for each period and ground, of all who hold it alone or with others.

        Grounds overlap: the rows add up to more than there are residents. For parts that do not, `to_df(by="grounds")`.
        """
        names, cells = frames.overlapping(self._history.residents)
        table = frames.period_table(self._history, Split("any_of_ground", names, cells), every, shares)
        return frames.frame_of(table, engine)

    def headlines(self, engine: str = "pandas") -> Any:
        """Return the headline figures over the whole run: `headline` (its name), value, unit, `better`, title."""
        return frames.frame_of(_headline_table(self._totals, self.lived), engine)

    def incidents(self, engine: str = "pandas") -> Any:
        """Return a row for each incident: what happened, to whom by ground and list, who could know. No resident."""
        table = incident_table(self._world.history.records, self.lived.start, self.lived.name, BASELINE)
        table = table.drop_columns(["place", "world", "weight", "replicate", "draw"])
        day = table.schema.get_field_index("date")
        column = pc.cast(table.column(day), pa.timestamp("us"))
        table = table.set_column(day, pa.field("date", pa.timestamp("us")), column)
        return frames.frame_of(_plain_words(table), engine)

    def people(self, unit: int = 0, engine: str = "pandas") -> Any:
        """Return the synthetic residents of one neighbours' unit at the end of the run, a row each."""
        return frames.frame_of(self.graph(unit)._people, engine)

    def graph(self, unit: int = 0) -> Any:
        """Return one neighbours' unit as a schematic graph: who lives with whom, kin, and who watches whom."""
        from underwatch.api.neighbourhood import neighbourhood

        return neighbourhood(self._world, self.lived, unit)

    def diary(self, like: str = "call-abandoned", around: int = 14) -> Any:
        """Return the days of the first synthetic resident to whom it happens; see `underwatch.diary`."""
        from underwatch.api.commands.run import diary_of_scenario

        if self._rules is not None or self.scenario != self.lived:
            raise InputError("a diary is of a world by the shipped rules, without interventions; simulate it so")
        return diary_of_scenario(self.scenario, like, around)

    def plot(
        self,
        indicator: str = "followed_outings",
        *,
        by: str | None = None,
        every: str = "W",
        ax: Any = None,
        label: str = "",
    ) -> Any:
        """Draw an indicator, or a measure of your own, by day, week or month; return the axes of Matplotlib.

        `label` names the line where several worlds are drawn on the same axes.
        """
        return plot_periods({label: self}, indicator, by, every, ax)

    def _line(self) -> str:
        said = f"SimulatedWorld({self.lived.name}, {self.lived.residents:,} residents, {self.lived.start} to "
        return f"{said}{self.lived.end}, seed {self.lived.seed}, digest {self.digest[:12]})"

    def _facts(self) -> list[tuple[str, str]]:
        rows = [(item.title, f"{brief(value)} {item.unit}") for item, value in _headlines(self._totals, self.lived)[:8]]
        about = [("Incidents", f"{self.n_incidents:,}"), ("Reports expected of them", f"{self.expected_reports:.3g}")]
        own = [(name, f"{values[-1]:.3g} in the last week") for name, values in self._measures.items() if values]
        return [("Asked", repr(self.lived)), *rows, *about, *own]

    def _next(self) -> tuple[str, ...]:
        return ('.to_df(every="W", by="group")', ".plot()", ".headlines()", ".incidents()", ".graph()", ".diary()")


@dataclass(frozen=True, eq=False, repr=False)
class TwinWorlds(Result, Mapping[str, SimulatedWorld]):
    """Worlds of the same people with the same luck, by name; the first is the baseline."""

    worlds: Mapping[str, SimulatedWorld]

    def __getitem__(self, name: str) -> SimulatedWorld:
        if name not in self.worlds:
            raise UnknownName(f'no twin is called "{name!s:.40}"{nearest(str(name)[:40], self.worlds)}')
        return self.worlds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.worlds)

    def __len__(self) -> int:
        return len(self.worlds)

    __eq__ = Result.__eq__
    __hash__ = Result.__hash__

    @cached_property
    def digest(self) -> str:
        """The hash over the digests of all worlds."""
        return digest_of(world.digest for world in self.worlds.values())

    def to_df(self, engine: str = "pandas", *, by: str | None = None, every: str = "D", shares: bool = False) -> Any:
        """Return the frames of all worlds one below the other, with the column `world`; the rest as in `simulate`."""
        word = frames.field_of("world", pa.string(), "which of the twins")
        parts = [
            frames.with_column(world.to_df("arrow", by=by, every=every, shares=shares), word, name)
            for name, world in self.worlds.items()
        ]
        return frames.frame_of(pa.concat_tables(parts), engine)

    def diff(self, engine: str = "pandas", *, by: str | None = None, every: str = "D", shares: bool = False) -> Any:
        """Return each other world less the baseline, period by period and group by group, in the same columns."""
        first, *others = self.worlds
        base = self.worlds[first].to_df("arrow", by=by, every=every, shares=shares)
        kept = [name for name in ("date", "n_days", "is_partial", by or "date") if name in base.column_names]
        word = frames.field_of("world", pa.string(), f"which of the twins, less {first}")
        parts = []
        for name in others:
            table = self.worlds[name].to_df("arrow", by=by, every=every, shares=shares)
            columns = [
                column if label in kept else pc.subtract(column, base.column(label))
                for label, column in zip(table.column_names, table.columns, strict=True)
            ]
            parts.append(frames.with_column(pa.Table.from_arrays(columns, schema=table.schema), word, name))
        return frames.frame_of(pa.concat_tables(parts), engine)

    def plot(
        self, indicator: str = "followed_outings", *, by: str | None = None, every: str = "W", ax: Any = None
    ) -> Any:
        """Draw an indicator of all worlds by day, week or month; return the axes of Matplotlib."""
        return plot_periods(self.worlds, indicator, by, every, ax)

    def _line(self) -> str:
        return f"TwinWorlds({', '.join(self.worlds)}; {next(iter(self.worlds.values())).scenario!r})"

    def _facts(self) -> list[tuple[str, str]]:
        of_worlds = [dict(_named_headlines(world)) for world in self.worlds.values()]
        rows = [(item.title, ", ".join(brief(one[item.name]) for one in of_worlds)) for item in HEADLINES[:8]]
        return [("Worlds", ", ".join(self.worlds)), *rows]

    def _next(self) -> tuple[str, ...]:
        return ('.diff(every="W")', ".to_df()", ".plot()", f'["{next(iter(self.worlds))}"]')


def _headlines(totals: WorldTotals, scenario: Scenario) -> list[tuple[Any, float]]:
    return list(zip(HEADLINES, totals.measured(scenario).year.tolist(), strict=True))


def _named_headlines(world: SimulatedWorld) -> list[tuple[str, float]]:
    return [(item.name, value) for item, value in _headlines(world._totals, world.lived)]


def _headline_table(totals: WorldTotals, scenario: Scenario) -> pa.Table:
    rows = _headlines(totals, scenario)
    columns = [
        (frames.field_of("headline", pa.string(), "name"), [item.name for item, _ in rows]),
        (frames.field_of("value", pa.float64(), "over the whole run"), [value for _, value in rows]),
        (frames.field_of("unit", pa.string(), "unit"), [item.unit for item, _ in rows]),
        (frames.field_of("better", pa.string(), "which way is relief"), [item.better for item, _ in rows]),
        (frames.field_of("title", pa.string(), "in words"), [item.title for item, _ in rows]),
    ]  # fmt: skip
    return frames.table_of(columns, f"{scenario.name}, {scenario.start} to {scenario.end}.")


def _plain_words(table: pa.Table) -> pa.Table:
    """Return a table whose words are text, not codes."""
    plain = [
        pa.field(one.name, pa.string() if pa.types.is_dictionary(one.type) else one.type, metadata=one.metadata)
        for one in table.schema
    ]
    return table.cast(pa.schema(plain, metadata=table.schema.metadata))


def plot_periods(worlds: Mapping[str, SimulatedWorld], indicator: str, by: str | None, every: str, ax: Any) -> Any:
    """Draw one column of the frames of worlds by their periods."""
    first = next(iter(worlds.values()))
    known = [*DICTIONARY, *first._measures]
    if indicator not in known:
        raise InputError(f'indicator "{indicator!s:.40}" is not known{nearest(str(indicator)[:40], known)}')
    item = DICTIONARY.get(indicator)
    with axes_of(ax) as axes:
        at = len(axes.lines) // 2  # a line and its rings
        for name, world in worlds.items():
            table = world.to_df("arrow", by=by, every=every, shares=True)
            groups = dict.fromkeys(table.column(by).to_pylist() if by else [""])
            for group in groups:
                own = table.filter(pc.equal(table.column(by), group)) if by else table
                label = ", ".join(filter(None, (name, group)))
                days, values = own.column("date").to_numpy(), own.column(indicator).to_numpy(zero_copy_only=False)
                axes.plot(days, values, color=WORLD_COLOURS[at % 2], linestyle=DASHES[at // 2 % 2], label=label or None,
                          marker=MARKERS[at % 2], markersize=3.5, linewidth=1.4)  # fmt: skip
                cut = own.column("is_partial").to_numpy(zero_copy_only=False)
                axes.plot(days[cut], values[cut], MARKERS[at % 2], color=WORLD_COLOURS[at % 2], fillstyle="none",
                          markersize=7)  # fmt: skip
                at += 1
        axes.update_datalim([(0, 0)], updatex=False)  # so that the space above is a share of all that is shown
        axes.autoscale_view(scalex=False)
        axes.set_ylim(bottom=0, auto=None)
        date_axis(axes.xaxis)
        words = {"D": "day", "W": "week", "M": "month"}[every]
        axes.set_title(item.meaning if item else indicator, loc="left")
        axes.set_ylabel(f"{item.unit if item else 'own measure'} by {words} (ringed: cut short)")
        if item is not None and item.is_share:
            percent_axis(axes.yaxis)
        if any(not str(line.get_label()).startswith("_") for line in axes.lines):
            axes.legend()
    return axes
