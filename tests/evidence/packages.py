"""Packages and identities for the tests: random but valid packages, and pieces of text that look like a person."""

from datetime import date

from hypothesis import strategies as st

from underwatch.evidence.format.gazetteer import gazetteer
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.table_schemas import EFFORT, FIGURES, REPORTS, SURVEY, TABLES
from underwatch.evidence.format.vocabularies import codes, entries
from underwatch.evidence.history import Segment, recorded
from underwatch.evidence.package import new_package

TODAY = date(2026, 6, 30)
CODER = id_from("coder")
PLAIN_REPORT = {
    "report_id": id_from("report", "0"),
    "incident_id": id_from("incident", "0"),
    "list_id": id_from("list", "0"),
    "relayed_from": "none",
    "relay_of": "",
    "duplicate_of": "",
    "act_code": "arrest",
    "ground": "ordinary",
    "when": "2024-W40",
    "when_precision": "week",
    "place_code": "hoeryong",
    "place_precision": "city",
    "setting": "home",
    "actor_type": "mss",
    "affected_band": "one_person",
    "source_connection": "witness",
    "material": "call",
    "reliability": "rather_high",
    "status": "likely",
    "independent_sources": "one",
    "received": "2024-W41",
    "consent": "aggregate",
    "release": "aggregate",
    "source_code": id_from("source", "0"),
}


def row(table, **cells):
    return tuple(cells[name] for name in TABLES[table].names)


def report(number=0, **cells):
    """One report; those of another number differ in their identifiers."""
    own = {"report_id": id_from("report", str(number)), "incident_id": id_from("incident", str(number))}
    return row(REPORTS, **(PLAIN_REPORT | own | cells))


def package_of(*reports, kind="evidence", declares=(), reason="coding", segment="segment", **tables):
    """A package with these reports, other tables by name, and a history."""
    package = new_package(kind, declares).with_rows(REPORTS, reports)
    for name, rows in tables.items():
        package = package.with_rows(name, rows)
    return recorded(package, CODER, reason, Segment(id_from(segment)))


def good_package():
    """A package without any finding, with a row in each table that a group fills."""
    name = PLAIN_REPORT["list_id"]
    effort = (id_from("effort"), name, "2024", "north-korea", "open", "usual", "none")
    survey = (id_from("survey"), "recent_leavers", "2024", "hoeryong", "gave_up_call", "40", "13")
    figure = (id_from("figure"), "arrests_all", "2024", "hoeryong", "100", "300", "persons", "independent")
    cited = (id_from("report", "0"), "https://news.example/article,1?id=20240101")
    rows = [
        report(0),
        report(1, act_code="listing"),
        report(2, duplicate_of=id_from("report", "1"), incident_id=id_from("incident", "1")),
    ]
    return package_of(*rows, effort=[effort], survey=[survey], figures=[figure], bibliography=[cited])


numbers = st.integers(0, 10**9)


def identifiers(kind):
    return st.builds(lambda n: id_from(kind, str(n)), numbers)


_WEEKS = [f"{year}-W{week:02d}" for year in range(2015, 2026) for week in (1, 9, 26, 40, 52)]
_MONTHS = [f"{year}-{month:02d}" for year in range(1996, 2026) for month in range(1, 13)]
_QUARTERS = [f"{year}-Q{quarter}" for year in range(1996, 2026) for quarter in range(1, 5)]
_YEARS = [str(year) for year in range(1996, 2026)]
_RANGES = ["2023-11/2024-02", "2019/2021", "2024-W50/2025-W02", "2024-Q3/2025-Q1"]
_DATES = {"week": _WEEKS, "month": _MONTHS, "quarter": _QUARTERS, "year": _YEARS}
_RANGE_PRECISION = {
    "2023-11/2024-02": "month",
    "2019/2021": "year",
    "2024-W50/2025-W02": "week",
    "2024-Q3/2025-Q1": "quarter",
}

dates = st.one_of(
    st.just(("", "unknown")),
    st.sampled_from(sorted(_DATES)).flatmap(lambda kind: st.tuples(st.sampled_from(_DATES[kind]), st.just(kind))),
    st.sampled_from(_RANGES).map(lambda text: (text, _RANGE_PRECISION[text])),
)
places = st.sampled_from([("", "unknown"), *((code, place.level) for code, place in gazetteer().items())])
_REACH = {
    "none": ["hold"],
    "aggregate": ["hold", "aggregate"],
    "record": ["hold", "aggregate", "record"],
    "public": ["hold", "record"],
}
decisions = st.sampled_from([(consent, release) for consent, releases in _REACH.items() for release in releases])


@st.composite
def reports(draw, max_size=6):
    """Valid rows of reports.csv with distinct identifiers."""
    rows = []
    for name in draw(st.lists(identifiers("report"), max_size=max_size, unique=True)):
        cells = {
            column.name: draw(st.sampled_from(sorted(codes(column.source))))
            for column in TABLES[REPORTS].columns
            if column.kind == "code"
        }
        when, cells["when_precision"] = draw(dates)
        place, cells["place_precision"] = draw(places)
        cells["consent"], cells["release"] = draw(decisions)
        rows.append(
            row(
                REPORTS,
                **cells
                | {
                    "report_id": name,
                    "incident_id": draw(identifiers("incident")),
                    "list_id": id_from("list", str(draw(st.integers(0, 2)))),
                    "relay_of": "",
                    "duplicate_of": "",
                    "when": when,
                    "place_code": place,
                    "received": draw(st.sampled_from(["", "2026-02", "2026-W05", "2026"])),
                    "source_code": draw(st.one_of(st.just(""), identifiers("source"))),
                },
            )
        )
    return rows


@st.composite
def packages(draw, max_size=6, segment="segment"):
    """Valid packages: no error, perhaps warnings."""
    rows = draw(reports(max_size))
    tables = {}
    if rows:
        name = rows[0][0]
        address = "https://" + draw(st.text("abc,\"'/-._~?=&%1", min_size=1, max_size=30))
        tables["bibliography"] = [(name, address)] if draw(st.booleans()) else []
    whole = st.integers(0, 999_999).map(str)
    period = st.sampled_from(_MONTHS + _YEARS + _RANGES)
    coded = {
        name: st.sampled_from(sorted(codes(name)))
        for name in ("effort_state", "capacity", "effort_event", "respondents", "independence")
    }
    shares = st.sampled_from([name for name, entry in entries("measure").items() if entry["unit"] == "share"])
    code = st.sampled_from(list(gazetteer()))
    effort = st.tuples(
        identifiers("effort"),
        identifiers("list"),
        period,
        code,
        coded["effort_state"],
        coded["capacity"],
        coded["effort_event"],
    )
    tables[EFFORT] = draw(st.lists(effort, max_size=3, unique_by=lambda one: one[0]))
    asked = st.integers(20, 5000).flatmap(lambda n: st.tuples(st.just(str(n)), st.integers(0, n).map(str)))
    survey = st.builds(
        lambda a, b, c, d, e, n: (a, b, c, d, e, *n),
        identifiers("survey"),
        coded["respondents"],
        period,
        code,
        shares,
        asked,
    )
    tables[SURVEY] = draw(st.lists(survey, max_size=2, unique_by=lambda one: one[0]))
    low_high = st.tuples(whole, whole).map(lambda pair: tuple(sorted(pair, key=int)))
    figure = st.builds(
        lambda a, b, c, d, n, e: (a, b, c, d, *n, "persons", e),
        identifiers("figure"),
        st.sampled_from(["arrests_calls", "arrests_all"]),
        period,
        code,
        low_high,
        coded["independence"],
    )
    tables[FIGURES] = draw(st.lists(figure, max_size=2, unique_by=lambda one: one[0]))
    return package_of(*rows, segment=draw(st.sampled_from([segment, segment + " two"])), **tables)


_FAMILY = ["김", "이", "박", "최", "정", "강", "조", "윤", "남궁"]
_GIVEN = ["철수", "영희", "성민", "은경", "광호", "혁"]
_LATIN = ["Kim", "Ri", "Pak", "Choe", "Jong", "O"]
_LATIN_GIVEN = ["Chol-su", "Yong Hui", "Song-min", "Un Gyong", "Kwang Ho", "Hyok"]
_TEXTS = [
    "she was taken from her house at night", "밤에 집에서 데려갔다", "saw it from the market", "그 집 딸이 말했다",
    "mother of the caller", "near the bridge", "옆집 사람", "followed by two men",
]  # fmt: skip

names = st.one_of(
    st.builds(lambda a, b: a + b, st.sampled_from(_FAMILY), st.sampled_from(_GIVEN)),
    st.builds(lambda a, b: f"{a} {b}", st.sampled_from(_FAMILY), st.sampled_from(_GIVEN)),
    st.builds(lambda a, b: f"{a} {b}", st.sampled_from(_LATIN), st.sampled_from(_LATIN_GIVEN)),
    st.builds(lambda a, b: f"{b} {a}", st.sampled_from(_LATIN), st.sampled_from(_LATIN_GIVEN)),
    st.sampled_from(["Mr. Pak", "김씨", "박 동지", "J. Smith", "KIM Chol Su", "kim chol su", "lee-min-ho"]),
)
phones = st.one_of(
    st.builds("+850-2-381-{:04d}".format, st.integers(0, 9999)),
    st.builds("+86 138 {:04d} {:04d}".format, st.integers(0, 9999), st.integers(0, 9999)),
    st.builds("010-{:04d}-{:04d}".format, st.integers(0, 9999), st.integers(0, 9999)),
    st.builds("(02) {:03d}-{:04d}".format, st.integers(0, 999), st.integers(0, 9999)),
    st.builds("０１０-{:04d}-{:04d}".format, st.integers(0, 9999), st.integers(0, 9999)),
)
emails = st.builds(
    "{}{}@{}.org".format,
    st.sampled_from(["kim", "pak.cs", "a_b"]),
    st.integers(0, 99),
    st.sampled_from(["mail", "example"]),
)
coordinates = st.one_of(
    st.builds("{:.4f}".format, st.floats(37.0, 43.0)),
    st.builds("{:.3f}, {:.3f}".format, st.floats(37.0, 43.0), st.floats(124.0, 131.0)),
    st.builds("{}°{}'N".format, st.integers(37, 43), st.integers(0, 59)),
    st.builds("북위 {}도".format, st.integers(37, 43)),
)
digit_runs = st.integers(10**6, 10**13).map(str)
texts = st.sampled_from(_TEXTS)
invisible = st.sampled_from(["", "\u200b", " ", "\u00ad"])
identities = st.builds(
    lambda text, mark: text[:2] + mark + text[2:] if mark.strip() else text,
    st.one_of(names, phones, emails, coordinates, digit_runs, texts),
    invisible,
)
