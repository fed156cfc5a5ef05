"""The data dictionary: what each indicator and column means, its unit, how it adds up, and the right it bears on.

No table has a column for a resident: the record is an outsider's, and a test holds it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from types import MappingProxyType

import pyarrow as pa

from underwatch.facts import grounds
from underwatch.facts.indicators import COUNTED, RATIO, STOCK, SUM, Indicator
from underwatch.world.layout import GROUND_NAMES, INCIDENT_NAMES

SCHEMA_VERSION = 1

# Articles of the International Covenant on Civil and Political Rights, with what they protect
RIGHTS: Mapping[int, str] = MappingProxyType(
    {
        9: "liberty and security of the person",
        12: "freedom of movement",
        17: "privacy, family, home, honour",
        19: "freedom of expression, calls included",
    }
)

# Group and ground in every table; those of the baseline world at the start. "all" stands for "not split".
ALL = "all"
LISTED, ORDINARY = "listed", "ordinary"
GROUPS = (ALL, LISTED, ORDINARY, *GROUND_NAMES)
GROUP_WORDS: Mapping[str, str] = MappingProxyType(
    {
        ALL: "all residents",
        LISTED: "listed at the start",
        ORDINARY: "ordinary (on no list at the start)",
        **{name: ground.words for name, ground in grounds().items()},
    }
)

HOW_IT_ADDS_UP: Mapping[str, str] = MappingProxyType(
    {
        SUM: "sum over days, places and listed / ordinary; by ground 'any of', so grounds overlap",
        STOCK: "sum over places and listed / ordinary; mean over days",
        RATIO: "sum of the numerator over sum of the denominator",
    }
)


_POPULATION = (
    Indicator("residents", "residents of the group at the start", "residents", STOCK, ()),
    Indicator("watched_residents", "residents with a watcher living in their unit", "residents", STOCK, (17,)),
)
_DERIVED = (
    Indicator(
        "share_outings_followed", "share of outings that were followed", "fraction", RATIO, (12, 17),
        "followed_outings", "outings",
    ),
    Indicator(
        "share_outings_forgone", "share of the outings of an unwatched life that were not made", "fraction", RATIO,
        (12,), "outings_forgone", "outings + outings_forgone",
    ),
    Indicator(
        "share_calls_given_up", "share of intended calls not made: fear, or a follower on the way", "fraction", RATIO,
        (19,), "calls_avoided + calls_abandoned", "calls_intended",
    ),
    Indicator(
        "share_calls_avoided", "share of intended calls for which the caller, out of fear, did not set out", "fraction",
        RATIO, (19,), "calls_avoided", "calls_intended",
    ),
    Indicator(
        "share_calls_turned_back", "share of intended calls given up on the way because of a follower", "fraction",
        RATIO, (12, 17, 19), "calls_abandoned", "calls_intended",
    ),
    Indicator(
        "share_calls_stopped", "share of intended calls not made because the caller has stopped calling", "fraction",
        RATIO, (17, 19), "calling_stopped", "calls_intended",
    ),
    Indicator(
        "share_reports_routine", "share of reports that are about routine acts", "fraction", RATIO, (17,),
        "reports_routine", "reports",
    ),
    Indicator("fear_mean", "mean fear of being watched", "0 to 1", RATIO, (17, 19), "fear", "residents"),
    Indicator("distress_mean", "mean distress", "0 to 1", RATIO, (17,), "distress", "residents"),
    Indicator(
        "share_distressed", "share of residents in serious distress", "fraction", RATIO, (17,),
        "distressed", "residents",
    ),
    Indicator(
        "share_watched", "share of residents with a watcher living in their unit", "fraction", RATIO, (17,),
        "watched_residents", "residents",
    ),
    Indicator(
        "private_complaint_share", "private complaint among close ties that survives fear, 1 = all of it", "fraction",
        RATIO, (19,), "residents - (1 - private_speech_floor) * fear", "residents",
    ),
)  # fmt: skip

DICTIONARY: Mapping[str, Indicator] = MappingProxyType({i.name: i for i in (*COUNTED, *_POPULATION, *_DERIVED)})


def _field(name: str, kind: pa.DataType, unit: str, meaning: str, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"unit": unit, "meaning": meaning})


_WORD = pa.dictionary(pa.int32(), pa.string())
_FRACTION = pa.float32()
_KEYS = (
    _field("place", _WORD, "name", "city or county; nothing finer is ever shown"),
    _field("world", _WORD, "name", "baseline, or the counter-world with its dated changes"),
)
_RUN = (
    _field("replicate", pa.int16(), "number", "repetition with luck of its own, from 0"),
    _field("draw", pa.int16(), "number", "0: the central values; from 1: draws from the prior"),
)

INDICATOR_SCHEMA = pa.schema(
    [
        _field("date", pa.date32(), "day", "the day, or the first day of the period"),
        *_KEYS,
        _field("group", _WORD, "name", "all, listed at the start, or ordinary (baseline world)"),
        _field("ground", _WORD, "name", "all, or a ground: residents who have it, alone or with others"),
        _field("indicator", _WORD, "name", "see data_dictionary.csv"),
        _field("value", pa.float64(), "data_dictionary.csv, column unit", "null where a ratio has no cases", True),
        *_RUN,
    ],
    metadata={"schema_version": str(SCHEMA_VERSION), "table": "indicators"},
)
GROUND_COLUMNS = tuple(f"ground_{name}" for name in GROUND_NAMES)
INCIDENT_SCHEMA = pa.schema(
    [
        _field("date", pa.date32(), "day", "the day of the incident"),
        *_KEYS,
        _field("kind", _WORD, "name", "one of " + ", ".join(INCIDENT_NAMES)),
        *(_field(c, pa.bool_(), "yes/no", f"the subject has the ground {c[7:]}") for c in GROUND_COLUMNS),
        _field("listed_at_start", pa.bool_(), "yes/no", "the subject was on a list at the start"),
        _field("listed", pa.bool_(), "yes/no", "the subject is on a list that day"),
        _field("subject_fear", _FRACTION, "0 to 1", "fear of the subject, in steps of 1/255"),
        _field("subject_contact", pa.bool_(), "yes/no", "the subject's contact abroad is open"),
        _field("kin", pa.uint16(), "residents", "kin who know of it"),
        _field("kin_contact", pa.uint8(), "households", "households of kin with open contact"),
        _field("kin_fear", _FRACTION, "0 to 1", "mean fear of these kin, in steps of 1/255"),
        _field("neighbours", pa.uint16(), "residents", "neighbours who know of it"),
        _field("neighbours_contact", pa.uint8(), "households", "households of neighbours with open contact"),
        _field("neighbours_fear", _FRACTION, "0 to 1", "mean fear of these neighbours, in steps of 1/255"),
        _field("hearsay", pa.uint16(), "residents", "residents who heard of it"),
        _field("weight", pa.float64(), "incidents", "how many incidents the row stands for; 1 unless sampled"),
        *_RUN,
    ],
    metadata={"schema_version": str(SCHEMA_VERSION), "table": "incidents"},
)
PUBLISHED_SCHEMA = pa.schema(
    [
        _field("date", pa.date32(), "day", "the day of publication"),
        *_KEYS,
        _field("kind", _WORD, "name", "kind of the incident, as published"),
        _field("ground", _WORD, "name", "ground of the subject, as published; none where none is told"),
        _field("listed", pa.bool_(), "yes/no", "the subject is on a list, as published"),
        _field("delay_days", pa.int32(), "days", "from the incident to its publication"),
        _field("list", _WORD, "name", "the synthetic list that published it: A or B"),
        _field("relay", pa.bool_(), "yes/no", "copied from the other list"),
        *_RUN,
    ],
    metadata={"schema_version": str(SCHEMA_VERSION), "table": "published"},
)
TABLES: Mapping[str, pa.Schema] = MappingProxyType(
    {"indicators": INDICATOR_SCHEMA, "incidents": INCIDENT_SCHEMA, "published": PUBLISHED_SCHEMA}
)


def rights_words(articles: tuple[int, ...]) -> str:
    """Return the articles in words: 'ICCPR 12 (freedom of movement)'; '' for none."""
    return ", ".join(f"ICCPR {number} ({RIGHTS[number]})" for number in articles)


_HEADER = ("table", "name", "meaning", "unit", "adds_up", "numerator", "denominator", "iccpr_articles", "rights")


def data_dictionary() -> str:
    """Return the dictionary as CSV text: first the columns of each table, then every indicator."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for table, schema in TABLES.items():
        for field in schema:
            notes = {key.decode(): value.decode() for key, value in field.metadata.items()}
            writer.writerow((table, field.name, notes["meaning"], notes["unit"], "", "", "", "", ""))
    for i in DICTIONARY.values():
        articles = " ".join(str(number) for number in i.articles)
        adds_up = HOW_IT_ADDS_UP[i.kind]
        right = "; ".join(RIGHTS[number] for number in i.articles)
        writer.writerow(("indicator", i.name, i.meaning, i.unit, adds_up, i.numerator, i.denominator, articles, right))
    return text.getvalue()


def empty_table(name: str) -> pa.Table:
    """Return the table of that name with no row."""
    return TABLES[name].empty_table()
