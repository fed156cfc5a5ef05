"""The synthetic package from what reached its two lists: 5,000 reports, coded as two groups would.

Dates and places are coarsened, copies known as such or not, some reports held back. `synthetic_world` writes what the
lists heard and what is true. Run: python benchmarks/synthetic_package.py writes the tables to where the program ships
them.
"""

import csv
import io
import lzma
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from underwatch.channel.effort import CUT, LIMITED, OPEN, EffortWeek
from underwatch.channel.reporting import Observation
from underwatch.evidence.format.gazetteer import COUNTRY_CODE, gazetteer, place_at
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.table_schemas import EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.package import Package, Row, new_package, table_bytes
from underwatch.evidence.samples.shipped import data_folder
from underwatch.evidence.samples.synthetic import KEY, truth_behind
from underwatch.inference.bank.held_out import ACTS, ORDINARY, HiddenWorld
from underwatch.record.dates import coarsen
from underwatch.world.layout import GROUND_NAMES

TOLD = Path(__file__).parent / "synthetic" / "told.csv"
N_WEEKS = 104
FIRST_DAY = date(2023, 7, 3)

# Effort of each list: weeks cut, weeks limited, and the week from which a new office takes in more.
CUT_WEEKS, LIMITED_WEEKS, NEW_OFFICE_WEEK = ((60, 64), (20, 26)), ((26, 34), (80, 90)), (None, 40)
_SHARE_OF_PRECISION = (("week", 0.55), ("month", 0.30), ("quarter", 0.10), ("year", 0.05))
_SHARE_OF_PLACE_PRECISION = (("place", 0.82), ("province", 0.13), ("unknown", 0.05))
_SHARE_OF_RELEASE = (("record", 0.55), ("aggregate", 0.33), ("hold", 0.12))
_SHARE_IN_DOUBT = 0.1  # of reports: the group cannot say whether another list had them first
_N_SOURCES, _SHARE_WITHOUT_CODE = 1_400, 0.03


class SyntheticReport(NamedTuple):
    """A report as it reached a list: a line of the shipped file."""

    place: str
    incident: int  # of the place
    week: int  # of the incident
    act: str
    ground: str
    list_number: int  # 0 or 1
    copy_of: int  # line of the report it copies, counted from 0 in the place; -1: none
    received: int  # week


class _Uniforms:
    """Uniform numbers of one keyed stream, read one after another, and what is drawn from them."""

    def __init__(self, key: int) -> None:
        self._bits = np.random.Philox(key=key)

    def uniform(self, n: int) -> np.ndarray:
        """Return n numbers of 0 to below 1, as Float64[n]; by bits, so that every version of NumPy gives the same."""
        return (np.asarray(self._bits.random_raw(n), dtype=np.uint64) >> np.uint64(11)) * 2.0**-53

    def pick(self, table: Sequence[tuple[str, float]]) -> str:
        """Return a word drawn in proportion to the shares."""
        edges = np.cumsum([share for _, share in table])
        index = np.searchsorted(edges, self.uniform(1)[0] * edges[-1], side="right")
        return table[min(int(index), len(table) - 1)][0]


def effort_weeks() -> tuple[tuple[EffortWeek, ...], ...]:
    """Return how much each list could hear, week by week."""

    def item(which: int, week: int) -> EffortWeek:
        state = OPEN
        if week in range(*LIMITED_WEEKS[which]):
            state = LIMITED
        if week in range(*CUT_WEEKS[which]):
            state = CUT
        office = NEW_OFFICE_WEEK[which]
        grown = office is not None and week >= office
        return EffortWeek(state, "high" if grown else "usual", "new_office" if week == office else "none")

    return tuple(tuple(item(which, week) for week in range(N_WEEKS)) for which in (0, 1))


def reports_told() -> tuple[SyntheticReport, ...]:
    """Return what reached the two lists."""
    rows = csv.reader(io.StringIO(TOLD.read_text(encoding="utf-8"), newline=""))
    next(rows)
    return tuple(
        SyntheticReport(place, int(incident), int(week), act, ground, int(which), int(copy_of), int(received))
        for place, incident, week, act, ground, which, copy_of, received in rows
    )


def coded_package() -> Package:
    """The synthetic package as two groups would code what reached them, without a history."""
    truth, generator, lines = truth_behind(), _Uniforms(KEY), reports_told()
    first = {line.place: number for number, line in reversed([*enumerate(lines)])}
    origins = [_id("report", str(first[item.place] + item.copy_of)) if item.copy_of >= 0 else "" for item in lines]
    marked = truth["parameters"]["relay_marked"]
    rows = [_row(generator, number, item, origins[number], marked) for number, item in enumerate(lines)]
    package = new_package("synthetic", ("synthetic",)).with_rows(REPORTS, rows)
    package = package.with_rows(EFFORT, _effort_rows())
    package = package.with_rows(SURVEY, ((_id("survey", row[3]), *row) for row in truth["survey"]))
    package = package.with_rows(FIGURES, ((_id("figure", row[0]), *row) for row in truth["figures"]))
    return package


def lines_of(world: HiddenWorld, observation: Observation) -> tuple[SyntheticReport, ...]:
    """Return what reached the lists as lines of the synthetic package."""
    weeks = world.records["day"][observation.incident] // 7
    received = (world.records["day"][observation.incident] + observation.delay_days) // 7
    own = {
        (int(observation.incident[index]), int(observation.list_number[index])): index
        for index in np.flatnonzero(observation.first_hand).tolist()
    }
    return tuple(
        SyntheticReport(
            world.plan.place,
            int(incident),
            int(weeks[index]),
            ACTS[observation.kind[index]],
            (*GROUND_NAMES, ORDINARY)[observation.ground[index]],
            int(observation.list_number[index]),
            -1 if observation.first_hand[index] else own[int(incident), 1 - int(observation.list_number[index])],
            int(received[index]),
        )
        for index, incident in enumerate(observation.incident.tolist())
    )


def _id(*parts: str) -> str:
    return id_from("underwatch synthetic package", str(KEY), *parts)


def _row(generator: _Uniforms, number: int, item: SyntheticReport, origin: str, marked: float) -> Row:
    """Return one report as it is coded; `origin` is the report it copies, known as a copy with chance `marked`."""
    precision, day = generator.pick(_SHARE_OF_PRECISION), FIRST_DAY + timedelta(weeks=item.week, days=3)
    place, place_precision = _where(generator, item.place)
    release = generator.pick(_SHARE_OF_RELEASE)
    known, doubt, coded, source, sure = generator.uniform(5).tolist()
    relay_known = bool(origin) and known < marked
    relayed_from = "list" if relay_known else "unknown" if doubt < _SHARE_IN_DOUBT else "none"
    source_code = (
        ""
        if coded < _SHARE_WITHOUT_CODE
        else _id("source", str(item.list_number), str(int(source**1.3 * _N_SOURCES / 2)))
    )
    return (
        _id("report", str(number)),
        _id("incident", item.place, str(item.incident)),
        _id("list", str(item.list_number)),
        relayed_from,
        origin if relay_known else "",
        "",
        item.act,
        item.ground,
        coarsen(day, precision),
        precision,
        place,
        place_precision,
        "journey" if item.act in ("tailing", "followed_visit") else "unknown",
        "mss" if item.act in ("arrest", "call_given_up") else "mps",
        "one_household" if item.act == "followed_visit" else "one_person",
        "third_party" if relay_known else "witness",
        "message",
        "rather_high" if sure < 0.6 else "unsure",
        "likely" if sure < 0.5 else "possible",
        "one",
        coarsen(FIRST_DAY + timedelta(weeks=item.received, days=3), "week"),
        {"record": "record", "aggregate": "aggregate", "hold": "none"}[release],
        release,
        source_code,
    )


def _where(generator: _Uniforms, place: str) -> tuple[str, str]:
    """Return the place as it is coded, and its precision."""
    how = generator.pick(_SHARE_OF_PLACE_PRECISION)
    if how == "unknown":
        return "", "unknown"
    code = place if how == "place" else place_at(place, "province")
    return code, gazetteer()[code].level


def _effort_rows() -> list[Row]:
    """Return the effort of both lists, week by week as they had it."""
    return [
        (
            _id("effort", str(which), str(week)),
            _id("list", str(which)),
            coarsen(FIRST_DAY + timedelta(weeks=week), "week"),
            COUNTRY_CODE,
            item.state,
            item.capacity,
            item.event,
        )
        for which, weeks in enumerate(effort_weeks())
        for week, item in enumerate(weeks)
    ]


if __name__ == "__main__":
    package = coded_package()
    folder = Path(str(data_folder("synthetic")))
    for name in (EFFORT, SURVEY, FIGURES):
        (folder / f"{name}.csv").write_bytes(table_bytes(package.table(name)))
    (folder / f"{REPORTS}.csv.xz").write_bytes(lzma.compress(table_bytes(package.table(REPORTS)), preset=6))
