"""Counting for publication: every incident once, in one cell by period, place and family of acts, the sources capped.

An incident stands where the reports that speak for it put it (`same_incident`), of those that may leave
and are not judged unlikely: the family of its gravest act, the period and place told with that act, or with the next
where that has none. So every total is the sum of its cells. A source that tells of more incidents than the cap counts
in part for each, so that none is picked and no identifier decides.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from underwatch.evidence.format.gazetteer import gazetteer, place_at
from underwatch.evidence.format.periods import slot_of
from underwatch.evidence.format.table_schemas import REPORTS
from underwatch.evidence.format.vocabularies import codes, entries
from underwatch.evidence.package import Package
from underwatch.evidence.same_incident import Record, source_of, speaking

CellName = tuple[str, str, str]
# An incident counts in so many parts; every share of up to 16 incidents is a whole number of them.
PARTS = 720_720
_MAY_LEAVE = {"aggregate", "record"}
_UNKNOWN_SOURCE = ""


@dataclass(frozen=True)
class Grid:
    """The fixed cells of a table: slots (quarters or years), all places of a grain, and all families of acts."""

    slots: tuple[str, ...]
    place_grain: str

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Return the codes of the places."""
        return tuple(place.place_code for place in gazetteer().values() if place.level == self.place_grain)

    @cached_property
    def families(self) -> tuple[str, ...]:
        """Return the codes of the families of acts."""
        return tuple(sorted(codes("act_family")))

    @cached_property
    def cells(self) -> tuple[CellName, ...]:
        """Return every cell, slot by slot and place by place."""
        return tuple((slot, place, family) for slot in self.slots for place in self.places for family in self.families)

    def cell_of(self, reports: Sequence[Record]) -> tuple[CellName | None, str]:
        """Return the cell in which reports, the gravest first, put an incident; None and why, where it is none."""
        time_grain = "quarter" if "Q" in self.slots[0] else "year"
        slot = next(filter(None, (slot_of(report["when"], time_grain) for report in reports)), "")
        place = next(filter(None, (place_at(report["place_code"], self.place_grain) for report in reports)), "")
        if not slot:
            return None, "date too coarse"
        if slot not in self.slots:
            return None, "another period"
        if not place:
            return None, "place too coarse"
        return (slot, place, entries("act")[reports[0]["act_code"]]["family"]), ""


@dataclass(frozen=True)
class CellTable:
    """What counts in every cell of the grid, in parts and in whole incidents, and the known sources behind each.

    `inside`: how many incidents were counted, and how many left out and why.
    """

    grid: Grid
    parts: Mapping[CellName, int]
    counts: Mapping[CellName, int]
    sources: Mapping[CellName, set[str]]
    inside: dict[str, int]

    def n_sources(self, slot: str, places: Sequence[str], families: Sequence[str]) -> int:
        """Return how many sources stand behind a cell or a sum of cells."""
        return len(set().union(*(self.sources[slot, place, family] for place in places for family in families)))


def count_cells(
    package: Package, slots: Sequence[str], place_grain: str, source_cap: int, steady: bool = False
) -> CellTable:
    """Return what counts in each cell of the fixed grid of slots, places and families.

    A source adds at most `source_cap` incidents over the whole table. Reports whose source is unknown count together as
    one source, and as none among the sources behind a cell. A `steady` table is for noise: taking one source away, with
    all that belongs to it, changes its parts by `source_cap` incidents at most, over all cells together
    (docs/evidence/limits.md proves it). For that each source puts an incident where its own reports do, by as much as
    one cell leads over the next it counts there, and reports of unknown source are left out.
    """
    grid = Grid(tuple(slots), place_grain)
    inside: Counter[str] = Counter()
    votes_of: dict[str, dict[str, CellName]] = {}
    for name, reports in speaking(package.table(REPORTS).records()).items():
        released = [report for report in reports if report["release"] in _MAY_LEAVE]
        kept = [report for report in released if report["status"] != "unlikely"]
        if not kept:
            inside["judged unlikely" if released else "not released"] += 1
            continue
        votes, reason = _own_votes(kept, grid) if steady else _joint_votes(kept, grid)
        if reason:
            inside[reason] += 1
        else:
            votes_of[name] = votes
    share = _shares(votes_of.values(), source_cap)
    parts = dict.fromkeys(grid.cells, 0)
    sources: dict[CellName, set[str]] = {cell: set() for cell in grid.cells}
    for votes in votes_of.values():
        cell, counted = _lead(votes, share)
        parts[cell] += counted
        sources[cell] |= votes.keys() - {_UNKNOWN_SOURCE}
    counts = _whole(grid, parts)
    inside["counted"] = sum(counts.values())
    inside["beyond the cap or disputed" if steady else "beyond the cap"] = len(votes_of) - inside["counted"]
    return CellTable(grid, parts, counts, sources, dict(inside))


def _joint_votes(reports: Sequence[Record], grid: Grid) -> tuple[dict[str, CellName], str]:
    """Return for each source of an incident the one cell in which all its reports together put it, or why none."""
    cell, reason = grid.cell_of(reports)
    return ({} if cell is None else {source_of(report): cell for report in reports}), reason


def _own_votes(reports: Sequence[Record], grid: Grid) -> tuple[dict[str, CellName], str]:
    """Return for each known source of an incident the cell in which its own reports put it, or why there is none."""
    by_source: dict[str, list[Record]] = defaultdict(list)
    for report in reports:
        by_source[source_of(report)].append(report)
    by_source.pop(_UNKNOWN_SOURCE, None)
    result = {source: grid.cell_of(own) for source, own in by_source.items()}
    votes = {source: cell for source, (cell, _) in result.items() if cell is not None}
    return votes, "" if votes else min((reason for _, reason in result.values()), default="source unknown")


def _shares(votes_of: Iterable[Mapping[str, CellName]], source_cap: int) -> dict[str, int]:
    """Return in how many parts each incident of a source counts, so that all count for `source_cap` at most."""
    n_incidents = Counter(source for votes in votes_of for source in votes)
    return {source: PARTS * source_cap // max(n, source_cap) for source, n in n_incidents.items()}


def _lead(votes: Mapping[str, CellName], share: Mapping[str, int]) -> tuple[CellName, int]:
    """Return the cell that leads by the shares of its sources, and its lead in parts, one incident at most."""
    weight: Counter[CellName] = Counter()
    for source, cell in votes.items():
        weight[cell] += share[source]
    (first, most), *others = sorted(weight.items(), key=lambda item: (-item[1], item[0]))
    return first, min(PARTS, most - (others[0][1] if others else 0))


def _whole(grid: Grid, parts: Mapping[CellName, int]) -> dict[CellName, int]:
    """Return parts as whole incidents, in no cell more than stand there: what rounding leaves goes to the next cell."""
    result, before = {}, PARTS // 2
    for cell in grid.cells:
        after = before + parts[cell]
        result[cell] = after // PARTS - before // PARTS
        before = after
    return result
