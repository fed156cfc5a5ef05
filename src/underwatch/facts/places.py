"""The places: 178 cities and counties of the 2008 census, their provinces, and how a name finds them.

The 208 census units are joined by the table's column `place`, so that the districts of Pyongyang, Chongjin and Hamhung
form one city each. The units are there for drawing a place of the right make-up; no output shows a district apart.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from underwatch.errors import ByName, InputError, nearest
from underwatch.facts.tables import read_rows
from underwatch.shown import Displayed

COUNTRY = "North Korea"

# The table names the districts of these three; the city's own name in Korean is not in it.
_NAME_KO_OF_JOINED = {"Pyongyang": "평양시", "Chongjin": "청진시", "Hamhung": "함흥시"}
_COUNTS = ("population", "male", "female", "urban", "rural")
_KIND_WORDS = {"city", "county", "district", "si", "gun"}
_COUNTRY_KEYS = {"northkorea", "dprk", "country", "thecountry"}


@dataclass(frozen=True, slots=True, repr=False)
class CensusUnit(Displayed):
    """A county, city or district as the census counts it, in persons of 2008."""

    name: str
    name_ko: str
    population: int
    male: int
    female: int
    urban: int
    rural: int


@dataclass(frozen=True, slots=True, repr=False)
class Place(Displayed):
    """A city or county, in persons of 2008.

    `border` says whether it lies on the border with China or Russia. `seat_lat` and `seat_lon` are the coordinates of
    its seat in degrees, or None where no source gives them. `first_resident` is the number of its first resident when
    the residents of all places are numbered from 0, place after place in the order in which the census first names
    them; the last resident of the place is `first_resident + population - 1`.
    """

    name: str
    name_ko: str
    province: str
    border: bool
    population: int
    male: int
    female: int
    urban: int
    rural: int
    units: tuple[CensusUnit, ...]
    seat_lat: float | None
    seat_lon: float | None
    first_resident: int

    @property
    def slug(self) -> str:
        """The name as a folder or command wants it: "kim-jong-suk-county"."""
        return slug(self.name)


def slug(name: str) -> str:
    """Return a name in lower case with hyphens for all else: "North Hamgyong" becomes "north-hamgyong"."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def _place(rows: list[dict[str, str]], first_resident: int) -> Place:
    """Join the census rows of one place."""
    units = tuple(CensusUnit(row["unit"], row["unit_ko"], *(int(row[key]) for key in _COUNTS)) for row in rows)
    name, seat = rows[0]["place"], rows[0]["seat_lat"]
    joined = len(rows) > 1
    return Place(
        name=name,
        name_ko=_NAME_KO_OF_JOINED[name] if joined else units[0].name_ko,
        province=rows[0]["province"],
        border=any(row["border"] == "yes" for row in rows),
        **{key: sum(getattr(unit, key) for unit in units) for key in _COUNTS},
        units=units,
        seat_lat=float(rows[0]["seat_lat"]) if seat else None,
        seat_lon=float(rows[0]["seat_lon"]) if seat else None,
        first_resident=first_resident,
    )


@cache
def places() -> Mapping[str, Place]:
    """Return the places by name, in the order in which the census first names them; the table is read once."""
    rows_of: dict[str, list[dict[str, str]]] = {}
    for row in read_rows("census_2008.csv"):
        rows_of.setdefault(row["place"], []).append(row)
    result: dict[str, Place] = {}
    first_resident = 0
    for name, rows in rows_of.items():
        result[name] = _place(rows, first_resident)
        first_resident += result[name].population
    return MappingProxyType(ByName(result, "place"))


@cache
def provinces() -> Mapping[str, tuple[Place, ...]]:
    """Return the places of each province, provinces and places in census order."""
    result: dict[str, tuple[Place, ...]] = {}
    for place in places().values():
        result[place.province] = (*result.get(place.province, ()), place)
    return MappingProxyType(result)


def _key(text: str) -> str:
    """Reduce a name to what tells it apart: no case, spaces, hyphens or brackets, no closing "county".

    Hangul is composed, because file names and some keyboards give it decomposed.
    """
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold())
    while len(words) > 1 and words[-1] in _KIND_WORDS:
        words.pop()
    return "".join(words)


@cache
def _place_names() -> Mapping[str, str]:
    """Return the name of the place for each key, of the English and the Korean name."""
    english = {_key(place.name): place.name for place in places().values()}
    korean = {_key(place.name_ko): place.name for place in places().values()}
    return MappingProxyType(korean | english)


def find_place(text: str) -> tuple[str, str, tuple[Place, ...]]:
    """Return what a name means: its kind ("place", "province" or "country"), its full name, and its places.

    Case, spaces, hyphens and a closing "city", "county" or "district" do not count; Korean names are known too.
    "Pyongyang" is the city; "Pyongyang province" is the city with its four counties, and any province may be written
    with that word. The country is "North Korea", "DPRK" or "country". An unknown name raises InputError, which
    suggests the nearest.
    """
    key = _key(text)
    province_key = key.removesuffix("province")
    if key == province_key and key in _place_names():
        name = _place_names()[key]
        return "place", name, (places()[name],)
    for province, members in provinces().items():
        if province_key == _key(province):
            return "province", province, members
    if key in _COUNTRY_KEYS:
        return "country", COUNTRY, tuple(places().values())
    suggestion = nearest(text, [*places(), *provinces(), COUNTRY])
    raise InputError(
        f'place "{text}" is not known{suggestion}; it is a city or county of the 2008 census, a province or "{COUNTRY}"'
    )
