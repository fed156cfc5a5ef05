"""The example package from what was coded: 198 public reports, to the month and the city or county.

Run: python benchmarks/example_package.py writes its tables to where the program ships them.
"""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from underwatch.evidence.format.gazetteer import BORDER_PROVINCES, COUNTRY_CODE, gazetteer, place_at, province_code
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.periods import parse_period
from underwatch.evidence.format.table_schemas import BIBLIOGRAPHY, EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.package import Package, Row, new_package, table_bytes
from underwatch.evidence.samples.example import DECLARES
from underwatch.evidence.samples.shipped import data_folder
from underwatch.facts import slug

HERE = Path(__file__).parent / "example"
_WINDOW = "1996/2026"
# What stands before the outlet's own name in an address, and endings that are not part of it.
_PREFIX = re.compile(r"^(www|m|english|tengview|news|worldcup\d+)\.")
_OUTLET_OF_DOMAIN = {"rfaweb": "rfa"}
# Lowest and highest number of people of each band; from vocab/affected_band.csv.
_BANDS = (("one_person", 1, 1), ("few", 2, 5), ("some", 6, 20), ("many", 21, 100), ("very_many", 101, 10**9))


def coded_package() -> Package:
    """Return the package of what was coded, without a history."""
    coded = _read("coded_reports.csv")
    addresses = {row["report_id"]: row["address"] for row in _read("coded_addresses.csv") if row["address"]}
    lists = {row["report_id"]: _outlet(addresses.get(row["report_id"], "")) for row in coded}
    package = new_package("example", DECLARES)
    package = package.with_rows(REPORTS, (_report(row, coded, lists) for row in coded))
    package = package.with_rows(EFFORT, (_effort(name) for name in sorted(set(lists.values()))))
    cited = ((_id("report", report), address) for report, address in addresses.items())
    package = package.with_rows(BIBLIOGRAPHY, cited)
    package = package.with_rows(SURVEY, ((_id("survey", *row), *row) for row in _SURVEY))
    package = package.with_rows(FIGURES, ((_id("figure", *row), *row) for row in _FIGURES))
    return package


def _id(*parts: str) -> str:
    """Return an identifier of the example; it hides nothing, as all of this is public."""
    return id_from("underwatch example package", *parts)


def _read(name: str) -> list[dict[str, str]]:
    text = (HERE / name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _outlet(address: str) -> str:
    """Return what tells outlets apart: the editions of one outlet are one list; no address, one list too."""
    host = address.partition("://")[2].partition("/")[0]
    name = _PREFIX.sub("", host).split(".")[0]
    return _OUTLET_OF_DOMAIN.get(name, name) or "unknown"


def _report(row: Mapping[str, str], coded: list[dict[str, str]], lists: Mapping[str, str]) -> Row:
    """Return one coded report in the columns of the format."""
    when, when_precision = _when(row["event_start"], row["event_end"])
    place, place_precision = _place(row["province"], row["place"])
    origin, first = _origin(row, coded, lists), _first(row, coded, lists)
    return (
        _id("report", row["report_id"]),
        _id("incident", row["original"]),
        _id("list", lists[row["report_id"]]),
        "list" if row["relay"] == "relay" else "unknown",
        origin and _id("report", origin),
        first and _id("report", first),
        row["act"],
        row["ground"],
        when,
        when_precision,
        place,
        place_precision,
        "unknown",
        row["organ"],
        _band(row),
        "unknown",
        "article",
        "unknown",
        "unknown",
        "two_or_more" if row["sources"] == "more" else row["sources"],
        row["published"],
        "public",
        "record",
        "",
    )


def _when(start: str, end: str) -> tuple[str, str]:
    """Return the period and its precision; where start and end are not equally fine, the coarser year; else unknown."""
    if not start or not end:
        return "", "unknown"
    if len(start) != len(end):
        start, end = start[:4], end[:4]
    text = start if start == end else f"{start}/{end}"
    period = parse_period(text)
    return (text, period.precision) if period else ("", "unknown")


def _place(province: str, place: str) -> tuple[str, str]:
    """Return the code of the place and its level; several places become the province or region that holds them all."""
    if province == "national":
        code = COUNTRY_CODE
    elif province == "border provinces":
        code = BORDER_PROVINCES
    elif not place:
        code = province_code(province)
    else:
        codes = [slug(name) for name in place.split(";")]
        parents = {place_at(code, "province") for code in codes}
        code = codes[0] if len(codes) == 1 else parents.pop() if len(parents) == 1 else BORDER_PROVINCES
    return code, gazetteer()[code].level


def _band(row: Mapping[str, str]) -> str:
    """Return how many people as a band, where low and high fall into one; a family is a household."""
    low, high = row["count_low"], row["count_high"]
    if not low or not high:
        return "not_stated"
    if row["count_unit"] in ("families", "households"):
        return "one_household" if low == high == "1" else "not_stated"
    if row["count_unit"] != "persons":
        return "not_stated"
    return next((band for band, least, most in _BANDS if least <= int(low) and int(high) <= most), "not_stated")


def _origin(row: Mapping[str, str], coded: list[dict[str, str]], lists: Mapping[str, str]) -> str:
    """Return the report that a relay passes on: of the same original, act and ground, and itself no relay."""
    if row["relay"] != "relay":
        return ""
    for other in coded:
        if _same(row, other) and other["relay"] != "relay" and lists[other["report_id"]] != lists[row["report_id"]]:
            return other["report_id"]
    return ""


def _first(row: Mapping[str, str], coded: list[dict[str, str]], lists: Mapping[str, str]) -> str:
    """Return the earlier report of the same list that a report repeats."""
    for other in coded:
        if other["report_id"] == row["report_id"]:
            return ""
        if _same(row, other) and lists[other["report_id"]] == lists[row["report_id"]]:
            return other["report_id"]
    return ""


def _same(row: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return all(row[key] == other[key] for key in ("original", "act", "ground"))


def _effort(list_name: str) -> Row:
    """Return the effort of a list: unknown for the whole window."""
    name = _id("list", list_name)
    return (_id("effort", list_name), name, _WINDOW, COUNTRY_CODE, "unknown", "unknown", "unknown")


# Sources of both tables: docs/evidence/example.md. A survey row stands only where the number asked is known and the
# published share is a whole number of people.
_SURVEY = (
    ("settled_leavers", "2018", COUNTRY_CODE, "contact_with_kin", "414", "195"),
    ("leavers", "2010", COUNTRY_CODE, "knows_punished_media", "200", "70"),
    ("leavers", "2010", COUNTRY_CODE, "knows_penalty", "200", "196"),
    ("other", "2016", COUNTRY_CODE, "private_complaint", "36", "35"),
)
_FIGURES = (
    ("contact_with_kin", "2018", COUNTRY_CODE, "0.47", "0.47", "share", "survey_row"),
    ("contact_with_kin", "2022", COUNTRY_CODE, "0.218", "0.218", "share", "independent"),
    ("contact_by_phone", "2018", COUNTRY_CODE, "0.93", "0.93", "share", "independent"),
    ("money_to_kin", "2018", COUNTRY_CODE, "0.62", "0.62", "share", "independent"),
    ("money_to_kin", "2022", COUNTRY_CODE, "0.178", "0.178", "share", "independent"),
    ("knows_punished_media", "2010", COUNTRY_CODE, "0.28", "0.42", "share", "survey_row"),
    ("arrests_calls", "2020/2022", "hoeryong", "200", "900", "persons", "same_lists"),
    ("arrests_calls", "2021", "ryanggang", "200", "900", "persons", "same_lists"),
    ("arrests_calls", "2014-09/2014-12", "musan", "30", "30", "persons", "same_lists"),
    ("arrests_calls", "2021", "hyesan", "23", "23", "persons", "same_lists"),
    ("arrests_calls", "2014-01", "hoeryong", "7", "7", "persons", "same_lists"),
    ("arrests_calls_rate", "2020/2022", BORDER_PROVINCES, "0.0003", "0.002", "per_resident_year", "same_lists"),
)


if __name__ == "__main__":
    package = coded_package()
    for name in (REPORTS, EFFORT, BIBLIOGRAPHY, SURVEY, FIGURES):
        (Path(str(data_folder("example"))) / f"{name}.csv").write_bytes(table_bytes(package.table(name)))
