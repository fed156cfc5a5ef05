"""The synthetic package: 5,000 reports whose truth is known, so that publishing and estimating can be tried on
something.

A small law of its own, not the world model: incidents by week, place and act are Poisson; each is heard by either of
two lists independently, the less the more is happening (exp(-k x intensity)); effort opens and cuts the lists; a known
share is relayed from one list to the other; dates and places are coarsened on the way. It says nothing about any real
place: the codes are real so that tools accept it, the numbers are drawn, and everything made from it says synthetic.

The number of reports is fixed at 5,000 by drawing the number of each class of incident at its expectation and the
cells given that number, which is the exact law of Poisson counts given their sum.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from underwatch.evidence.format import EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.gazetteer import COUNTRY_CODE, gazetteer, place_at
from underwatch.evidence.history import Segment, recorded
from underwatch.evidence.ids import id_from
from underwatch.evidence.package import Package, Row, new_package
from underwatch.evidence.periods import coarsen

# The one key of all luck here (Philox, Salmon et al. 2011); another key makes another package.
KEY = 20250101
N_REPORTS = 5_000
N_WEEKS = 104
FIRST_DAY = date(2023, 7, 3)

PLACES = (
    "hoeryong", "onsong", "musan", "kyongwon", "chongjin", "hyesan", "pochon", "sinuiju", "pyongsong", "kaechon",
    "hamhung", "kimchaek",
)  # fmt: skip
ACTS = (
    "tailing",
    "followed_visit",
    "call_given_up",
    "arrest",
    "report",
    "listing",
    "lodging_check",
    "travel_permit",
    "order",
)
GROUNDS = (
    "defector_family",
    "chinese_phone_user",
    "former_detainee",
    "returned_defector",
    "early_discharged",
    "ordinary",
)
_SHARE_OF_ACT = (0.30, 0.08, 0.12, 0.10, 0.14, 0.06, 0.10, 0.06, 0.04)
_SHARE_OF_GROUND = (0.30, 0.28, 0.04, 0.04, 0.02, 0.32)
_SHARE_OF_PLACE = (0.30, 0.06, 0.06, 0.05, 0.12, 0.16, 0.03, 0.09, 0.03, 0.03, 0.05, 0.02)
# Orders change after a year: the ramp. Channel: chance at zero intensity for each list, and how intensity closes it.
RAMP_WEEK, RAMP_FACTOR = 52, 1.8
P_HEARD, SUPPRESSION = (0.16, 0.10), 0.45
SHARE_RELAYED, SHARE_RELAY_KNOWN = 0.05, 0.6
# Effort of each list: weeks cut, weeks limited (factor), and the week a new office opens (factor).
CUT_WEEKS, LIMITED_WEEKS, LIMITED = ((60, 64), (20, 26)), ((26, 34), (80, 90)), 0.4
NEW_OFFICE_WEEK, NEW_OFFICE = (None, 40), 1.5
_DELAY_WEEKS = (0.30, 0.35, 0.17, 0.09, 0.05, 0.04)
_SHARE_OF_PRECISION = (("week", 0.55), ("month", 0.30), ("quarter", 0.10), ("year", 0.05))
_SHARE_OF_PLACE_PRECISION = (("place", 0.82), ("province", 0.13), ("unknown", 0.05))
_SHARE_OF_RELEASE = (("record", 0.55), ("aggregate", 0.33), ("hold", 0.12))
_N_SOURCES, _SHARE_WITHOUT_CODE = 1_400, 0.03


class _Luck:
    """Uniform numbers of one keyed stream, read one after another, and what is drawn from them."""

    def __init__(self, key: int) -> None:
        self._bits = np.random.Philox(key=key)

    def uniform(self, n: int) -> np.ndarray:
        """Return n numbers of 0 to below 1, as Float64[n]; by bits, so that every version of NumPy gives the same."""
        return (np.asarray(self._bits.random_raw(n), dtype=np.uint64) >> np.uint64(11)) * 2.0**-53

    def which(self, weights: np.ndarray, n: int) -> np.ndarray:
        """Return n positions drawn in proportion to the weights, as Int64[n]."""
        edges = np.cumsum(weights)
        return np.minimum(np.searchsorted(edges, self.uniform(n) * edges[-1], side="right"), len(edges) - 1)


@dataclass(frozen=True)
class _Incidents:
    """Incidents of one class as arrays: week, place, act (positions), and a number for each."""

    week: np.ndarray
    place: np.ndarray
    act: np.ndarray
    number: np.ndarray


def effort_factor() -> np.ndarray:
    """Return how much each list could hear, as Float64[weeks, lists]: 0 cut, 0.4 limited, 1 open, 1.5 with a new
    office.
    """
    factor = np.ones((N_WEEKS, 2))
    for at in range(2):
        office = NEW_OFFICE_WEEK[at]
        if office is not None:
            factor[office:, at] = NEW_OFFICE
        factor[slice(*LIMITED_WEEKS[at]), at] *= LIMITED
        factor[slice(*CUT_WEEKS[at]), at] = 0.0
    return factor


def means() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return expected incidents [weeks, places, acts] up to a factor, intensity [weeks, places], and chances [weeks,
    places, lists].
    """
    ramp = np.where(np.arange(N_WEEKS) < RAMP_WEEK, 1.0, RAMP_FACTOR)
    share = np.asarray(_SHARE_OF_PLACE)
    tightness = np.linspace(1.4, 0.6, len(PLACES))
    intensity = ramp[:, None] * tightness[None, :]
    expected = (ramp[:, None] * share[None, :])[:, :, None] * np.asarray(_SHARE_OF_ACT)
    chance = np.asarray(P_HEARD) * np.exp(-SUPPRESSION * intensity)[:, :, None] * effort_factor()[:, None, :]
    return expected, intensity, chance


def synthetic_package(key: int = KEY) -> tuple[Package, dict[str, Any]]:
    """Return the synthetic package and its truth, the same for the same key.

    The truth holds the parameters, incidents by week, place and act (all, and heard by each list), and the relays.
    """
    luck = _Luck(key)
    classes, scale = _draw_classes(luck)
    rows, n_relays = _reports(luck, classes, key)
    package = new_package("synthetic", ("synthetic",)).with_rows(REPORTS, rows)
    truth = _truth(classes, scale, n_relays)
    package = package.with_rows(EFFORT, _effort_rows(key))
    package = package.with_rows(SURVEY, _survey_rows(luck, key))
    package = package.with_rows(FIGURES, _figure_rows(truth, key))
    return recorded(package, _id(key, "coder"), "coding", Segment(_id(key, "segment"))), truth


def _id(key: int, *parts: str) -> str:
    return id_from("underwatch synthetic package", str(key), *parts)


def _draw_classes(luck: _Luck) -> tuple[dict[str, _Incidents], float]:
    """Return the incidents heard by list a only, b only, both and none, and the scale of the expected incidents."""
    expected, _, chance = means()
    a, b = chance[:, :, :1], chance[:, :, 1:]
    weight = {"a": a * (1 - b), "b": b * (1 - a), "both": a * b, "none": (1 - a) * (1 - b)}
    mean = {name: expected * share for name, share in weight.items()}
    n_originals = round(N_REPORTS / (1 + SHARE_RELAYED))
    scale = n_originals / float(sum(mean[name].sum() * (2 if name == "both" else 1) for name in ("a", "b", "both")))
    n = {name: round(float(mean[name].sum()) * scale) for name in mean}
    n["a"] = n_originals - n["b"] - 2 * n["both"]
    found, first = {}, 0
    for name in ("a", "b", "both", "none"):
        cell = luck.which(mean[name].ravel(), n[name])
        week, place, act = np.unravel_index(cell, expected.shape)
        found[name] = _Incidents(week, place, act, np.arange(first, first + n[name]))
        first += n[name]
    return found, scale


def _reports(luck: _Luck, classes: dict[str, _Incidents], key: int) -> tuple[list[Row], int]:
    """Return the rows of reports.csv and the number of relays among them."""
    originals: list[tuple[_Incidents, int, int]] = []
    for name, lists in (("a", (0,)), ("b", (1,)), ("both", (0, 1))):
        originals += [(classes[name], at, which) for which in lists for at in range(len(classes[name].week))]
    n_relays = N_REPORTS - len(originals)
    alone = len(classes["a"].week) + len(classes["b"].week)
    copied = np.argsort(luck.uniform(alone), kind="stable")[:n_relays]
    rows = [_row(luck, key, number, *original, None) for number, original in enumerate(originals)]
    for number, at in enumerate(copied.tolist(), len(originals)):
        incidents, position, which = originals[at]
        rows.append(_row(luck, key, number, incidents, position, 1 - which, rows[at][0]))
    return rows, n_relays


def _pick(luck: _Luck, table: tuple[tuple[str, float], ...]) -> str:
    return table[int(luck.which(np.asarray([share for _, share in table]), 1)[0])][0]


def _row(luck: _Luck, key: int, number: int, incidents: _Incidents, at: int, which: int, origin: str | None) -> Row:
    """Return one report as a row; `origin` is the report it passes on."""
    week, act = int(incidents.week[at]), ACTS[int(incidents.act[at])]
    precision = _pick(luck, _SHARE_OF_PRECISION)
    day = FIRST_DAY + timedelta(weeks=week, days=3)
    place, place_precision = _where(luck, PLACES[int(incidents.place[at])])
    delay = int(luck.which(np.asarray(_DELAY_WEEKS), 1)[0]) + (origin is not None)
    ground = GROUNDS[int(luck.which(np.asarray(_SHARE_OF_GROUND), 1)[0])]
    release = _pick(luck, _SHARE_OF_RELEASE)
    known, coded, source, sure = luck.uniform(4).tolist()
    relay_known = origin is not None and known < SHARE_RELAY_KNOWN
    relayed_from = "list" if relay_known else "unknown" if origin is not None or known < 0.1 else "none"
    source_code = (
        "" if coded < _SHARE_WITHOUT_CODE else _id(key, "source", str(which), str(int(source**1.3 * _N_SOURCES / 2)))
    )
    return (
        _id(key, "report", str(number)),
        _id(key, "incident", str(int(incidents.number[at]))),
        _id(key, "list", str(which)),
        relayed_from,
        origin if relay_known and origin else "",
        "",
        act,
        ground,
        coarsen(day, precision),
        precision,
        place,
        place_precision,
        "journey" if act in ("tailing", "followed_visit") else "unknown",
        "mss" if act in ("arrest", "call_given_up") else "inminban" if act == "lodging_check" else "mps",
        "one_household" if act == "followed_visit" else "one_person",
        "third_party" if origin else "witness",
        "message",
        "rather_high" if sure < 0.6 else "unsure",
        "likely" if sure < 0.5 else "possible",
        "one",
        coarsen(day + timedelta(weeks=delay), "week"),
        {"record": "record", "aggregate": "aggregate", "hold": "none"}[release],
        release,
        source_code,
    )


def _where(luck: _Luck, place: str) -> tuple[str, str]:
    """Return the place as it is coded, and its precision."""
    how = _pick(luck, _SHARE_OF_PLACE_PRECISION)
    if how == "unknown":
        return "", "unknown"
    code = place if how == "place" else place_at(place, "province")
    return code, gazetteer()[code].level


def _effort_rows(key: int) -> list[Row]:
    """Return the effort of both lists, week by week as they had it."""
    rows: list[Row] = []
    for which in range(2):
        for week in range(N_WEEKS):
            cut = CUT_WEEKS[which][0] <= week < CUT_WEEKS[which][1]
            limited = LIMITED_WEEKS[which][0] <= week < LIMITED_WEEKS[which][1]
            office = NEW_OFFICE_WEEK[which]
            rows.append(
                (
                    _id(key, "effort", str(which), str(week)),
                    _id(key, "list", str(which)),
                    coarsen(FIRST_DAY + timedelta(weeks=week), "week"),
                    COUNTRY_CODE,
                    "cut" if cut else "limited" if limited else "open",
                    "high" if office is not None and week >= office else "usual",
                    "new_office" if week == office else "none",
                )
            )
    return rows


# Of 200 people who left the first place, so many gave up a call: the truth behind the survey row.
SHARE_GAVE_UP, N_ASKED = 0.35, 200


def _survey_rows(luck: _Luck, key: int) -> list[Row]:
    n_yes = int((luck.uniform(N_ASKED) < SHARE_GAVE_UP).sum())
    period = f"{_quarter(0)}/{_quarter(N_WEEKS - 1)}"
    return [(_id(key, "survey"), "recent_leavers", period, PLACES[0], "gave_up_call", str(N_ASKED), str(n_yes))]


def _quarter(week: int) -> str:
    return coarsen(FIRST_DAY + timedelta(weeks=week, days=3), "quarter")


def _figure_rows(truth: dict[str, Any], key: int) -> list[Row]:
    """Return an independent range around the true number of arrests in the first place in the year after the ramp."""
    arrests = sum(week[0][ACTS.index("arrest")] for week in truth["incidents"][RAMP_WEEK:])
    period = f"{_quarter(RAMP_WEEK)}/{_quarter(N_WEEKS - 1)}"
    low, high = str(round(arrests * 0.8)), str(round(arrests * 1.4))
    return [(_id(key, "figure"), "arrests_all", period, PLACES[0], low, high, "persons", "independent")]


def _truth(classes: dict[str, _Incidents], scale: float, n_relays: int) -> dict[str, Any]:
    """Return what is true: parameters, incidents [weeks][places][acts], and the number heard by each list."""
    counts = {name: np.zeros((N_WEEKS, len(PLACES), len(ACTS)), np.int64) for name in classes}
    for name, found in classes.items():
        np.add.at(counts[name], (found.week, found.place, found.act), 1)
    return {
        "says": "synthetic: drawn from a known law; nothing here is about a real place",
        "first_day": FIRST_DAY.isoformat(),
        "places": list(PLACES),
        "acts": list(ACTS),
        "scale": scale,
        "chance_at_zero_intensity": list(P_HEARD),
        "suppression": SUPPRESSION,
        "ramp": {"week": RAMP_WEEK, "factor": RAMP_FACTOR},
        "share_gave_up_call": SHARE_GAVE_UP,
        "effort": effort_factor().tolist(),
        "n_relays": n_relays,
        "n_incidents": int(sum(count.sum() for count in counts.values())),
        "n_heard": {name: int(counts[name].sum()) for name in ("a", "b", "both")},
        "incidents": sum(counts.values()).tolist(),  # type: ignore[union-attr]
    }
