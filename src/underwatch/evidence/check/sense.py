"""Checking sense: do the cells of a row fit each other, do rows fit each other, do the tables mean what they seem to?

Only rows whose cells passed are read. Nothing is counted per list or per source, and no finding tells when a list
could hear.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from underwatch.evidence.check.cells import doubled
from underwatch.evidence.check.problems import MOST_LISTED, Finding, finding
from underwatch.evidence.format.gazetteer import gazetteer
from underwatch.evidence.format.periods import Period, parse_period
from underwatch.evidence.format.table_schemas import BIBLIOGRAPHY, EFFORT, FIGURES, REPORTS, SURVEY, TABLES
from underwatch.evidence.format.vocabularies import SHARE, can_be, unit_of

# A table's fit rows as columns, and each row's number.
Columns = Mapping[str, Sequence[str]]

FEWEST_ASKED = 20
# So few reports show no pattern; so many standard deviations above an even spread are no chance.
FEWEST_FOR_HEAPS = 60
_HEAP_DEVIATIONS = 6.0
_HEAP_SHARES = {"month": (12, 0.25), "week": (53, 0.10), "quarter": (4, 0.60)}
_RECEIVED_PRECISIONS = {"week", "month", "year"}
_REACH_OF_RELEASE = {"hold": 0, "aggregate": 1, "record": 2}
_REACH_OF_CONSENT = {"none": 0, "aggregate": 1, "record": 2, "public": 2}
_FILE = {name: form.file for name, form in TABLES.items()}


def check_sense(tables: Mapping[str, tuple[Columns, Sequence[int]]], today: date) -> list[Finding]:
    """Return the findings about sense; `tables` gives the fit rows of each table by column, and their row numbers."""
    result: list[Finding] = []
    for name, (columns, numbers) in tables.items():
        key = TABLES[name].columns[0]
        if key.kind in ("id", "reference") and name != "changes":
            places = doubled(columns[key.name])
            result += _at(places, numbers, "id-double", name, key.name)
    if REPORTS in tables:
        columns, numbers = tables[REPORTS]
        result += _dates(columns, numbers, today)
        result += _places(columns, numbers)
        result += _relays(columns, numbers)
        result += _judgements(columns, numbers)
        result += _heaps(columns)
        if EFFORT in tables:
            result += _zero_weeks(columns, tables[EFFORT][0])
        if BIBLIOGRAPHY in tables:
            result += _unknown(tables[BIBLIOGRAPHY], BIBLIOGRAPHY, "report_id", set(columns["report_id"]))
    if SURVEY in tables:
        result += _survey(*tables[SURVEY])
    if FIGURES in tables:
        result += _figures(*tables[FIGURES])
    for name in (EFFORT, SURVEY, FIGURES):
        if name in tables:
            columns, numbers = tables[name]
            late = {cell for cell in set(columns["period"]) if _begins(cell) > today}
            result += _where(columns["period"], late, numbers, "date-future", name, "period")
    return result


def _at(
    places: Iterable[int], numbers: Sequence[int], code: str, table: str, column: str, hint: str = ""
) -> list[Finding]:
    """Return a finding for each of the positions, the first two hundred listed and the rest counted in one."""
    places = list(places)
    result = [finding(code, _FILE[table], numbers[index], column, hint) for index in places[:MOST_LISTED]]
    if len(places) > MOST_LISTED:
        more = f"{hint} (and {len(places) - MOST_LISTED} further rows)"
        result.append(finding(code, _FILE[table], 0, column, more))
    return result


def _where(
    cells: Iterable[object], bad: set, numbers: Sequence[int], code: str, table: str, column: str, hint: str = ""
) -> list[Finding]:
    """Return a finding for each row whose cell (or pair of cells) is among the bad ones."""
    return (
        _at([index for index, cell in enumerate(cells) if cell in bad], numbers, code, table, column, hint)
        if bad
        else []
    )


def _begins(cell: str) -> date:
    """Return the first day of a period; the earliest date for none."""
    period = parse_period(cell)
    return period.first if period else date.min


def _fits(when: str, precision: str) -> bool:
    """Say whether a date and its precision fit."""
    period = parse_period(when)
    return precision == (period.precision if period else "unknown")


def _pairs(columns: Columns, *names: str) -> Iterator[tuple[str, ...]]:
    """Return the cells of some columns row by row."""
    return zip(*(columns[name] for name in names), strict=True)


def _dates(columns: Columns, numbers: Sequence[int], today: date) -> list[Finding]:
    """Return dates that do not fit their precision, are in the future, or come after they were received."""
    result: list[Finding] = []
    for pair in sorted(pair for pair in set(_pairs(columns, "when", "when_precision")) if not _fits(*pair)):
        period = parse_period(pair[0])
        hint = f"This date is a {period.precision}." if period else "Without a date the precision is `unknown`."
        places = [index for index, other in enumerate(_pairs(columns, "when", "when_precision")) if other == pair]
        result += _at(places, numbers, "date-precision", REPORTS, "when_precision", hint)
    for column in ("when", "received"):
        late = {cell for cell in set(columns[column]) if cell and _begins(cell) > today}
        result += _where(columns[column], late, numbers, "date-future", REPORTS, column)
    odd = {cell for cell in set(columns["received"]) if cell and not _is_received(parse_period(cell), cell)}
    result += _where(columns["received"], odd, numbers, "date-malformed", REPORTS, "received")
    both = set(_pairs(columns, "when", "received"))
    early = {pair for pair in both if pair[0] and pair[1] and _ends(pair[1]) < _begins(pair[0])}
    rows = _pairs(columns, "when", "received")
    return result + _where(rows, early, numbers, "received-early", REPORTS, "received")


def _is_received(period: Period | None, cell: str) -> bool:
    return period is not None and period.precision in _RECEIVED_PRECISIONS and "/" not in cell


def _ends(cell: str) -> date:
    period = parse_period(cell)
    return period.last if period else date.max


def _places(columns: Columns, numbers: Sequence[int]) -> list[Finding]:
    """Return places that do not fit their precision."""
    result: list[Finding] = []
    for pair in sorted(set(_pairs(columns, "place_code", "place_precision"))):
        level = gazetteer()[pair[0]].level if pair[0] else "unknown"
        if pair[1] != level:
            hint = f"This place is a {level}." if pair[0] else "Without a place the precision is `unknown`."
            places = [
                index for index, other in enumerate(_pairs(columns, "place_code", "place_precision")) if other == pair
            ]
            result += _at(places, numbers, "place-precision", REPORTS, "place_precision", hint)
    return result


def _unknown(table: tuple[Columns, Sequence[int]], name: str, column: str, known: set[str]) -> list[Finding]:
    """Return references to reports that are not there."""
    columns, numbers = table
    places = [index for index, cell in enumerate(columns[column]) if cell and cell not in known]
    return _at(places, numbers, "reference-unknown", name, column, _FILE[REPORTS])


def _relays(columns: Columns, numbers: Sequence[int]) -> list[Finding]:
    """Return relays and duplicates that contradict themselves, point nowhere, or go round in a circle."""
    position = {report: index for index, report in enumerate(columns["report_id"])}
    known = set(position)
    result = _unknown((columns, numbers), REPORTS, "relay_of", known)
    result += _unknown((columns, numbers), REPORTS, "duplicate_of", known)
    lists, incidents = columns["list_id"], columns["incident_id"]
    relayed_from = columns["relayed_from"]
    for column, same_list_code in (("relay_of", "relay-same-list"), ("duplicate_of", "duplicate-other-list")):
        links = {index: position[cell] for index, cell in enumerate(columns[column]) if cell in position}
        is_relay = column == "relay_of"
        wrong = [index for index, to in links.items() if (lists[index] == lists[to]) == is_relay and index != to]
        result += _at(wrong, numbers, same_list_code, REPORTS, column)
        other = [index for index, to in links.items() if incidents[index] != incidents[to]]
        result += _at(other, numbers, "relay-other-incident", REPORTS, "incident_id")
        cycle_code = "cycle-relays" if is_relay else "cycle-duplicates"
        result += _at(sorted(_in_cycles(links)), numbers, cycle_code, REPORTS, column)
    contrary = [index for index, cell in enumerate(columns["relay_of"]) if cell and relayed_from[index] != "list"]
    return result + _at(contrary, numbers, "relay-contradiction", REPORTS, "relayed_from")


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


def _judgements(columns: Columns, numbers: Sequence[int]) -> list[Finding]:
    """Return releases beyond consent, and confirmations that rest on one source."""
    decided, judged = ("release", "consent"), ("status", "independent_sources")
    beyond = {
        pair for pair in set(_pairs(columns, *decided)) if _REACH_OF_RELEASE[pair[0]] > _REACH_OF_CONSENT[pair[1]]
    }
    thin = {
        pair for pair in set(_pairs(columns, *judged)) if pair[0].startswith("confirmed") and pair[1] != "two_or_more"
    }
    result = _where(_pairs(columns, *decided), beyond, numbers, "release-beyond-consent", REPORTS, "release")
    return result + _where(_pairs(columns, *judged), thin, numbers, "confirmed-one-source", REPORTS, "status")


def _heaps(columns: Columns) -> list[Finding]:
    """Return months, weeks or quarters of the year into which far too many reports fall."""
    counts = Counter(zip(columns["when"], columns["when_precision"], strict=True))
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
            result.append(finding("dates-heaped", _FILE[REPORTS], 0, "when", f"{precision} of the year"))
    return result


def _zero_weeks(reports: Columns, effort: Columns) -> list[Finding]:
    """Return how many weeks, over all lists together, have neither a report nor a known effort.

    Counted from the first to the last week in which each list has an incident. Only the pooled number is told.
    """
    covered: dict[str, set[int]] = {}
    for name, when in set(zip(reports["list_id"], reports["when"], strict=True)):
        covered.setdefault(name, set()).update(_weeks(when))
    known: dict[str, set[int]] = {}
    for name, period, state in set(zip(effort["list_id"], effort["period"], effort["state"], strict=True)):
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
    return [finding("zeros-unknown-effort", _FILE[EFFORT], 0, "state", hint)]


def _weeks(cell: str) -> range:
    """Return the numbers of the weeks that belong to a period; none for none."""
    period = parse_period(cell)
    return period.weeks if period else range(0)


def _survey(columns: Columns, numbers: Sequence[int]) -> list[Finding]:
    """Return surveys of too few people, those with more answers than people, and questions that no share answers."""
    asked, yes = ([int(cell) for cell in columns[name]] for name in ("n_asked", "n_yes"))
    small = [index for index, n in enumerate(asked) if n < FEWEST_ASKED]
    more = [index for index, (n, k) in enumerate(zip(asked, yes, strict=True)) if k > n]
    result = _at(small, numbers, "survey-small", SURVEY, "n_asked") + _at(
        more, numbers, "survey-more-yes", SURVEY, "n_yes"
    )
    for question in sorted(set(columns["question"])):
        if (unit := unit_of(question)) != SHARE:
            hint = f"`{question}` is given in `{unit}`."
            result += _where(columns["question"], {question}, numbers, "survey-question", SURVEY, "question", hint)
    return result


def _figures(columns: Columns, numbers: Sequence[int]) -> list[Finding]:
    """Return figures in a unit that is not their measure's, upside down, or outside of what the unit can be."""
    result: list[Finding] = []
    for pair in sorted(set(_pairs(columns, "measure", "unit"))):
        if pair[1] != unit_of(pair[0]):
            hint = f"`{pair[0]}` is given in `{unit_of(pair[0])}`."
            result += _where(_pairs(columns, "measure", "unit"), {pair}, numbers, "figure-unit", FIGURES, "unit", hint)
    low, high = ([float(cell) for cell in columns[name]] for name in ("low", "high"))
    upside = [index for index, (a, b) in enumerate(zip(low, high, strict=True)) if a > b]
    result += _at(upside, numbers, "figure-range", FIGURES, "low")
    for unit, code in (("share", "figure-share"), ("per_resident_year", "figure-rate"), ("persons", "figure-whole")):
        mine = [index for index, cell in enumerate(columns["unit"]) if cell == unit]
        for name, cells in (("low", low), ("high", high)):
            wrong = [index for index in mine if not can_be(cells[index], unit)]
            result += _at(wrong, numbers, code, FIGURES, name)
    return result
