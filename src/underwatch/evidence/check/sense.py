"""Checking sense: do the cells of a row fit each other, do rows fit each other, do the tables mean what they seem to?

Only rows whose cells passed are read. Nothing is counted per list or per source, and no finding tells when a list
could hear.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from underwatch.evidence.check.cells import doubled
from underwatch.evidence.check.problems import MOST_LISTED, Finding, finding
from underwatch.evidence.format.gazetteer import gazetteer
from underwatch.evidence.format.periods import parse_period
from underwatch.evidence.format.table_schemas import BIBLIOGRAPHY, EFFORT, FIGURES, REPORTS, SURVEY, TABLES
from underwatch.evidence.format.vocabularies import SHARE, can_be, unit_of

Columns = Mapping[str, Sequence[str]]

FEWEST_ASKED = 20
# So few reports show no pattern; so many standard deviations above an even spread are no chance.
FEWEST_FOR_HEAPS = 60
_HEAP_DEVIATIONS = 6.0
_HEAP_SHARES = {"month": (12, 0.25), "week": (53, 0.10), "quarter": (4, 0.60)}
_RECEIVED_PRECISIONS = {"week", "month", "year"}
_REACH_OF_RELEASE = {"hold": 0, "aggregate": 1, "record": 2}
_REACH_OF_CONSENT = {"none": 0, "aggregate": 1, "record": 2, "public": 2}


@dataclass(frozen=True)
class _Rows:
    """The fit rows of a table as columns, and each row's number."""

    name: str
    columns: Columns
    numbers: Sequence[int]

    def __getitem__(self, column: str) -> Sequence[str]:
        return self.columns[column]

    def cells(self, *names: str) -> list[tuple[str, ...]]:
        """Return the cells of some columns row by row."""
        return list(zip(*(self.columns[name] for name in names), strict=True))

    def at(self, places: Iterable[int], code: str, column: str, hint: str = "") -> list[Finding]:
        """Return a finding for each of the positions, the first two hundred listed and the rest counted in one."""
        places, file = list(places), TABLES[self.name].file
        result = [finding(code, file, self.numbers[index], column, hint) for index in places[:MOST_LISTED]]
        if len(places) > MOST_LISTED:
            more = f"{hint} (and {len(places) - MOST_LISTED} further rows)"
            result.append(finding(code, file, 0, column, more))
        return result

    def where(self, cells: Iterable[object], bad: set, code: str, column: str, hint: str = "") -> list[Finding]:
        """Return a finding for each row whose cell (or tuple of cells) is among the bad ones."""
        return self.at([index for index, cell in enumerate(cells) if cell in bad], code, column, hint) if bad else []

    def future(self, column: str, today: date) -> list[Finding]:
        """Return periods that have not begun."""
        late = {cell for cell in set(self[column]) if cell and _begins(cell) > today}
        return self.where(self[column], late, "date-future", column)


def check_sense(tables: Mapping[str, tuple[Columns, Sequence[int]]], today: date) -> list[Finding]:
    """Return the findings about sense; `tables` gives the fit rows of each table by column, and their row numbers."""
    result: list[Finding] = []
    rows = {name: _Rows(name, *of_table) for name, of_table in tables.items()}
    for name, table in rows.items():
        key = TABLES[name].columns[0]
        if key.kind in ("id", "reference") and name != "changes":
            result += table.at(doubled(table[key.name]), "id-double", key.name)
    if reports := rows.get(REPORTS):
        for judge in (_dates, _places, _relays, _judgements, _heaps):
            result += judge(reports)
        result += [*reports.future("when", today), *reports.future("received", today)]
        if effort := rows.get(EFFORT):
            result += _zero_weeks(reports, effort)
        if cited := rows.get(BIBLIOGRAPHY):
            result += _unknown(cited, "report_id", set(reports["report_id"]))
    if survey := rows.get(SURVEY):
        result += _survey(survey)
    if figures := rows.get(FIGURES):
        result += _figures(figures)
    for name in (EFFORT, SURVEY, FIGURES):
        if name in rows:
            result += rows[name].future("period", today)
    return result


def _begins(cell: str) -> date:
    """Return the first day of a period; the earliest date for none."""
    period = parse_period(cell)
    return period.first if period else date.min


def _ends(cell: str) -> date:
    period = parse_period(cell)
    return period.last if period else date.max


def _dates(reports: _Rows) -> list[Finding]:
    """Return dates that do not fit their precision, or come after they were received."""
    result = _precision(
        reports, "when", "date", {when: p.precision for when in set(reports["when"]) if (p := parse_period(when))}
    )
    arrived = {cell: parse_period(cell) for cell in set(reports["received"]) if cell}
    odd = {cell for cell, at in arrived.items() if not at or at.precision not in _RECEIVED_PRECISIONS or "/" in cell}
    result += reports.where(reports["received"], odd, "date-malformed", "received")
    both = reports.cells("when", "received")
    early = {pair for pair in set(both) if pair[0] and pair[1] and _ends(pair[1]) < _begins(pair[0])}
    return result + reports.where(both, early, "received-early", "received")


def _places(reports: _Rows) -> list[Finding]:
    """Return places that do not fit their precision."""
    return _precision(reports, "place_code", "place", {code: place.level for code, place in gazetteer().items()})


def _precision(reports: _Rows, column: str, what: str, precision_of: Mapping[str, str]) -> list[Finding]:
    """Return cells whose precision, told beside them, is another one than their own; that of none is unknown."""
    result: list[Finding] = []
    name = "when_precision" if what == "date" else "place_precision"
    pairs = reports.cells(column, name)
    for cell, precision in sorted(set(pairs)):
        own = precision_of.get(cell, "unknown")
        if precision != own:
            hint = f"This {what} is a {own}." if cell else f"Without a {what} the precision is `unknown`."
            result += reports.where(pairs, {(cell, precision)}, f"{what}-precision", name, hint)
    return result


def _unknown(table: _Rows, column: str, known: set[str]) -> list[Finding]:
    """Return references to reports that are not there."""
    places = [index for index, cell in enumerate(table[column]) if cell and cell not in known]
    return table.at(places, "reference-unknown", column, TABLES[REPORTS].file)


def _relays(reports: _Rows) -> list[Finding]:
    """Return relays and duplicates that contradict themselves, point nowhere, or go round in a circle."""
    position = {report: index for index, report in enumerate(reports["report_id"])}
    known = set(position)
    result = [*_unknown(reports, "relay_of", known), *_unknown(reports, "duplicate_of", known)]
    lists, incidents = reports["list_id"], reports["incident_id"]
    for column, same_list_code in (("relay_of", "relay-same-list"), ("duplicate_of", "duplicate-other-list")):
        links = {index: position[cell] for index, cell in enumerate(reports[column]) if cell in position}
        is_relay = column == "relay_of"
        wrong = [index for index, to in links.items() if (lists[index] == lists[to]) == is_relay and index != to]
        result += reports.at(wrong, same_list_code, column)
        other = [index for index, to in links.items() if incidents[index] != incidents[to]]
        result += reports.at(other, "relay-other-incident", "incident_id")
        result += reports.at(sorted(_in_cycles(links)), "cycle-relays" if is_relay else "cycle-duplicates", column)
    told = reports.cells("relay_of", "relayed_from")
    contrary = [index for index, (origin, where) in enumerate(told) if origin and where != "list"]
    return result + reports.at(contrary, "relay-contradiction", "relayed_from")


def _in_cycles(links: Mapping[int, int]) -> set[int]:
    """Return the positions that stand in a circle, where each position points to at most one other."""
    state: dict[int, int] = {}
    circular: set[int] = set()
    for start in links:
        path: list[int] = []
        index: int | None = start
        while index is not None and index not in state:
            state[index] = start
            path.append(index)
            index = links.get(index)
        if index is not None and state[index] == start and index in path:
            circular.update(path[path.index(index) :])
    return circular


def _judgements(reports: _Rows) -> list[Finding]:
    """Return releases beyond consent, and confirmations that rest on one source."""
    decided, judged = reports.cells("release", "consent"), reports.cells("status", "independent_sources")
    beyond = {pair for pair in set(decided) if _REACH_OF_RELEASE[pair[0]] > _REACH_OF_CONSENT[pair[1]]}
    thin = {pair for pair in set(judged) if pair[0].startswith("confirmed") and pair[1] != "two_or_more"}
    result = reports.where(decided, beyond, "release-beyond-consent", "release")
    return result + reports.where(judged, thin, "confirmed-one-source", "status")


def _heaps(reports: _Rows) -> list[Finding]:
    """Return months, weeks or quarters of the year into which far too many reports fall."""
    counts = Counter(reports.cells("when", "when_precision"))
    result: list[Finding] = []
    for precision, (n_slots, share) in _HEAP_SHARES.items():
        slots: Counter[str] = Counter()
        for (when, own), n in counts.items():
            if own == precision and "/" not in when:
                slots[when[5:]] += n
        n_all = sum(slots.values())
        if n_all < FEWEST_FOR_HEAPS:
            continue
        even = n_all / n_slots
        spread = math.sqrt(even * (1 - 1 / n_slots))
        if any(n > even + _HEAP_DEVIATIONS * spread and n > share * n_all for n in slots.values()):
            result.append(finding("dates-heaped", TABLES[REPORTS].file, 0, "when", f"{precision} of the year"))
    return result


def _zero_weeks(reports: _Rows, effort: _Rows) -> list[Finding]:
    """Return how many weeks, over all lists together, have neither a report nor a known effort.

    Counted from the first to the last week in which each list has an incident. Only the pooled number is told.
    """
    covered: dict[str, set[int]] = {}
    for name, when in set(reports.cells("list_id", "when")):
        covered.setdefault(name, set()).update(_weeks(when))
    known: dict[str, set[int]] = {}
    for name, period, state in set(effort.cells("list_id", "period", "state")):
        if state != "unknown":
            known.setdefault(name, set()).update(_weeks(period))
    n_all = n_zero = 0
    for name, weeks in covered.items():
        if weeks:
            span = range(min(weeks), max(weeks) + 1)
            n_all += len(span)
            n_zero += len(set(span) - weeks - known.get(name, set()))
    if not n_zero:
        return []
    hint = f"{n_zero} of {n_all} weeks, pooled over lists,"
    return [finding("zeros-unknown-effort", TABLES[EFFORT].file, 0, "state", hint)]


def _weeks(cell: str) -> range:
    """Return the numbers of the weeks that belong to a period; none for none."""
    period = parse_period(cell)
    return period.weeks if period else range(0)


def _survey(survey: _Rows) -> list[Finding]:
    """Return surveys of too few people, those with more answers than people, and questions that no share answers."""
    asked, yes = ([int(cell) for cell in survey[name]] for name in ("n_asked", "n_yes"))
    result = survey.at([index for index, n in enumerate(asked) if n < FEWEST_ASKED], "survey-small", "n_asked")
    more = [index for index, (n, k) in enumerate(zip(asked, yes, strict=True)) if k > n]
    result += survey.at(more, "survey-more-yes", "n_yes")
    for question in sorted(set(survey["question"])):
        if (unit := unit_of(question)) != SHARE:
            hint = f"`{question}` is given in `{unit}`."
            result += survey.where(survey["question"], {question}, "survey-question", "question", hint)
    return result


def _figures(figures: _Rows) -> list[Finding]:
    """Return figures in a unit that is not their measure's, upside down, or outside of what the unit can be."""
    result: list[Finding] = []
    pairs = figures.cells("measure", "unit")
    for measure, unit in sorted(set(pairs)):
        if unit != unit_of(measure):
            hint = f"`{measure}` is given in `{unit_of(measure)}`."
            result += figures.where(pairs, {(measure, unit)}, "figure-unit", "unit", hint)
    low, high = ([float(cell) for cell in figures[name]] for name in ("low", "high"))
    upside = [index for index, (a, b) in enumerate(zip(low, high, strict=True)) if a > b]
    result += figures.at(upside, "figure-range", "low")
    for unit, code in (("share", "figure-share"), ("per_resident_year", "figure-rate"), ("persons", "figure-whole")):
        mine = [index for index, cell in enumerate(figures["unit"]) if cell == unit]
        for name, values in (("low", low), ("high", high)):
            result += figures.at([index for index in mine if not can_be(values[index], unit)], code, name)
    return result
