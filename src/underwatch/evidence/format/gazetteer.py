"""The places a report may name: cities and counties, their provinces, regions, the country, and nothing finer.

The codes are made from the census table in `facts`; no package can add a place, so a neighbourhood or a call spot has
no code.
"""

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cache
from types import MappingProxyType

from underwatch.errors import InputError
from underwatch.facts import COUNTRY, find_place, places, provinces, slug
from underwatch.files.writing import csv_bytes

COUNTRY_CODE = slug(COUNTRY)
BORDER_PROVINCES, INNER_PROVINCES = "border-provinces", "inner-provinces"
COLUMNS = ("place_code", "name", "name_ko", "level", "parent_code")


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place of the gazetteer: its code, names, level (city, county, province, region, country) and parent's code."""

    place_code: str
    name: str
    name_ko: str
    level: str
    parent_code: str


def province_code(province: str) -> str:
    """Return the code of a province; where a city has the same name the word province is added."""
    return slug(province) if province not in places() else f"{slug(province)}-province"


@cache
def gazetteer() -> Mapping[str, NamedPlace]:
    """Return every place by code, the country first, then regions, provinces, cities and counties."""
    result = [
        NamedPlace(COUNTRY_CODE, COUNTRY, "", "country", ""),
        NamedPlace(BORDER_PROVINCES, "Border provinces", "", "region", COUNTRY_CODE),
        NamedPlace(INNER_PROVINCES, "Inner provinces", "", "region", COUNTRY_CODE),
    ]
    for province, members in provinces().items():
        region = BORDER_PROVINCES if any(place.border for place in members) else INNER_PROVINCES
        result.append(NamedPlace(province_code(province), province, "", "province", region))
    for place in places().values():
        level = "city" if place.name_ko.endswith("시") else "county"  # as the census calls it
        result.append(NamedPlace(place.slug, place.name, place.name_ko, level, province_code(place.province)))
    by_code = {place.place_code: place for place in result}
    assert len(by_code) == len(result), "two places with one code"
    return MappingProxyType(by_code)


def place_at(code: str, level: str) -> str:
    """Return the code of the place of that level which holds the given one; '' when it is coarser or unknown.

    A city and a county are one level: asked for either, both are returned as they are.
    """
    wanted = {"city", "county"} if level in ("city", "county") else {level}
    place = gazetteer().get(code)
    while place is not None and place.level not in wanted:
        place = gazetteer().get(place.parent_code)
    return place.place_code if place is not None else ""


def code_of_name(text: str) -> str:
    """Return the code of the place that a name of the census means, English or Korean; '' for an unknown one.

    A name with a digit is none, lest a district be taken for its city.
    """
    try:
        kind, full_name, _ = find_place("" if re.search(r"\d", text) else text)
    except InputError:
        return ""
    levels = {"place": ("city", "county"), "province": ("province",), "country": ("country",)}[kind]
    return next((code for code, place in gazetteer().items() if place.name == full_name and place.level in levels), "")


@cache
def places_file() -> bytes:
    """Return places.csv as every package carries it."""
    return csv_bytes([COLUMNS, *(astuple(place) for place in gazetteer().values())])
