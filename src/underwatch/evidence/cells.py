"""Counting for publication: incidents by period, place and family of acts, with what one source can add capped."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from underwatch.evidence.format import REPORTS
from underwatch.evidence.gazetteer import gazetteer, place_at
from underwatch.evidence.package import Package
from underwatch.evidence.periods import slot_of
from underwatch.evidence.vocabularies import codes, entries

CellName = tuple[str, str, str]
_MAY_LEAVE = {"aggregate", "record"}


@dataclass(frozen=True)
class CellTable:
    """The incidents of every cell of the grid, and the sources behind each; `inside`: what was left out and why."""

    slots: tuple[str, ...]
    places: tuple[str, ...]
    families: tuple[str, ...]
    incidents: Mapping[CellName, set[str]]
    sources: Mapping[CellName, set[str]]
    inside: dict[str, int]

    def n_sources(self, slot: str, places: Sequence[str], families: Sequence[str]) -> int:
        """Return how many sources stand behind a cell or a sum of cells."""
        return len(set().union(*(self.sources[slot, place, family] for place in places for family in families)))


def count_cells(package: Package, slots: Sequence[str], place_grain: str, source_cap: int) -> CellTable:
    """Return the counts of a package on the fixed grid of slots (quarters or years), places and families.

    A source adds at most `source_cap` pairs of incident and cell over the whole table, those of the lowest random
    identifier, so that taking one source away changes all counts together by `source_cap` at most. Reports without a
    source's code count as one source a list, which is the cautious reading.
    """
    time_grain = "quarter" if "Q" in slots[0] else "year"
    places = tuple(place.place_code for place in gazetteer().values() if place.level == place_grain)
    families = tuple(sorted(codes("act_family")))
    pairs: dict[str, set[tuple[str, CellName]]] = defaultdict(set)
    inside: Counter[str] = Counter()
    for report in package.table(REPORTS).records():
        cell, reason = _cell(report, set(slots), time_grain, place_grain)
        inside[reason] += 1
        if not reason:
            pairs[report["source_code"] or f"list {report['list_id']}"].add((report["incident_id"], cell))
    inside["counted"] = inside.pop("", 0)
    grid = [(slot, place, family) for slot in slots for place in places for family in families]
    incidents: dict[CellName, set[str]] = {cell: set() for cell in grid}
    sources: dict[CellName, set[str]] = {cell: set() for cell in grid}
    for source, added in pairs.items():
        for incident, cell in sorted(added)[:source_cap]:
            incidents[cell].add(incident)
            sources[cell].add(source)
        inside["beyond the cap"] += max(0, len(added) - source_cap)
    return CellTable(tuple(slots), places, families, incidents, sources, dict(inside))


def _cell(report: Mapping[str, str], slots: set[str], time_grain: str, place_grain: str) -> tuple[CellName, str]:
    """Return the cell of a report, or why it is left out."""
    nowhere = ("", "", "")
    if report["release"] not in _MAY_LEAVE:
        return nowhere, "not released"
    if report["status"] == "unlikely":
        return nowhere, "judged unlikely"
    slot = slot_of(report["when"], time_grain)
    if not slot:
        return nowhere, "date too coarse"
    if slot not in slots:
        return nowhere, "another period"
    place = place_at(report["place_code"], place_grain)
    if not place:
        return nowhere, "place too coarse"
    return (slot, place, entries("act")[report["act_code"]]["family"]), ""
