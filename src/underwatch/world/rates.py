"""From parameters in the field's units to the integers the kernels use.

Why: no exp, log or power is allowed in the rules (their last bit differs between
libraries), so probabilities become 16- or 32-bit thresholds, shares become
multiples of 1/65535, and powers and distances become small tables, made once
here by IEEE multiplication or exact decimal arithmetic.

A rule that is taken out (`without`) is a substitution in the parameters, made
here and nowhere else: see KNOCK_OUT.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from underwatch.facts import grounds
from underwatch.world.layout import INCIDENT_NAMES, UNHEARD, Events

ONE = 65535
DAYS_PER_MONTH = 365.25 / 12
WEEKS_PER_YEAR = 365.25 / 7

# Standard normal quantiles at (i + 1/2) / 32 for i = 16..31, to four places.
NORMAL_QUANTILES = (
    0.0392,
    0.1178,
    0.1971,
    0.2777,
    0.3601,
    0.4451,
    0.5334,
    0.6261,
    0.7245,
    0.8305,
    0.9468,
    1.0775,
    1.2299,
    1.4178,
    1.6759,
    2.1539,
)

# Whom a ground may be taken from, in the order of the bits of a resident's grounds
LET_OFF = tuple(ground.let_off for ground in grounds().values())

# As what kind of event the unit hears of an incident (S11); of the others, kept to oneself, it does not
HEARD_AS: Mapping[str, str] = {
    "followed_outing": "noticed",
    "followed_visit": "noticed",
    "arrest": "detention",
    "accusation": "summons",
    "home_visit": "home_visit",
}

# What a rule's absence means, as values put in place of parameters or switches.
KNOCK_OUT: Mapping[str, Mapping[str, float]] = {
    "S3": {"list_kept": 0, "list_exit_per_year": 0.0, "let_off_all": 0.0, **dict.fromkeys(LET_OFF, 0.0)},
    "S4": {"attention_per_role_per_day": 0.0, "attention_per_officer_per_day": 0.0, "p_taken_over_per_km": 0.0},
    "S5": {"written": 0},
    "S6": {"p_reprimand": 0.0, "order": 1.0, "order_attention": 1.0, "order_layers": 0.0, "order_listings": 0.0},
    "S7": {"visits_followed": 0},
    "S8": {"p_abandon_noticed": 0.0, "call_avoidance_at_full_fear": 0.0, "calls_followed": 0},
    "S9": {"p_detected_per_call": 0.0, "p_phone_lost": 0.0},
    "S10": {"routine_reports_base": 0.0, "routine_reports_pressure": 0.0, "spare_attention": 0, "accusations": 0},
    "S11": {
        "fear_per_noticed": 0.0,
        "fear_per_accusation": 0.0,
        "fear_per_hearsay": 0.0,
        "fear_per_home_visit": 0.0,
        "distress_gain_per_day": 0.0,
    },
    "S13": {},  # the channel reads the record afterwards: see testimony
    "S14": {"protest_per_day_at_full_anger": 0.0, "anger": 0},
    "S15": {"private_speech_floor": 0.0},
    "S16": {"permits_needed": 0},
    "S17": {"lodging_checks": 0, "home_visits": 0},
}
SWITCHES: Mapping[str, float] = {
    "list_kept": 1,
    "written": 1,
    "visits_followed": 1,
    "calls_followed": 1,
    "spare_attention": 1,
    "accusations": 1,
    "anger": 1,
    "permits_needed": 1,
    "lodging_checks": 1,
    "home_visits": 1,
}
# Which field of the rates says that a rule has which form
FORMS: Mapping[str, tuple[str, str]] = {
    "pooled": ("S4", "pooled"),
    "avoidance": ("S6", "avoidance"),
    "hazard": ("S10", "hazard"),
    "habituating": ("S11", "habituating"),
}
UNWATCHED = frozenset({"S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10"})


class Rates(NamedTuple):
    """All that a kernel needs to know of the parameters on a day. Integers; q16: 65536 = 1; one: 65535 = 1."""

    keep_fear: int  # q16, what a day leaves of fear
    keep_distress: int
    gain_distress: int  # q16 of fear
    avoid_fear: int  # one, fall of outings at fear 1
    avoid_distress: int
    threshold_distress: int  # one
    rise_noticed: int  # one
    rise_accused: int
    rise_hearsay: int
    habituation: int  # one, share of a rise that is lost at distress 1
    outing_adult: int  # q16, chance in each of three parts of the day
    outing_child: int
    unheard: np.ndarray  # int64[kinds of event], 2**30 = 1, what a day leaves of the chance of not having heard of one
    reach: np.ndarray  # int64[kinds of event], q16, chance of hearing of one within a week
    heard_of: np.ndarray  # int64[kinds of incident], q16, share of the unit that hears of one; 0: it is not talked of
    attention_role: int  # q16, outings a day
    attention_officer: int
    vigilance_base: int  # q16, times the order
    vigilance_pressure: int
    layers_family: int
    layers_person: int
    notice: int  # q16
    report_base: int
    report_pressure: int
    claim_base: int
    claim_pressure: int
    written: int  # 0 or 1
    offence_per_adult: int  # 2**32 = 1, a day
    report_offence: int  # q16
    weight_nothing: int  # 256 = one report
    keep_file: int  # q16, a week
    keep_anger: int
    quota_mps: int  # reports a week, 256 = one report
    quota_mss: int
    reprimand: int
    pressure_gain: int
    pressure_relax: int
    ratchet: int
    comparison: int
    cushion: int
    visit: int  # q16, a week
    visits_followed: int
    kin_ties: int
    join_per_km: int  # q16 at full vigilance
    visit_km: np.ndarray  # uint16[32], whole km of tie class
    call_km: np.ndarray
    call: int  # q16, a day
    avoid_call: int
    calls_followed: int
    abandon: int
    detection: int  # 2**32 = 1
    release: int  # q16, a day
    routine_base: int  # q16, a role-holder's day
    routine_pressure: int
    spare: int
    accusations: int
    accuse: int  # 256 = one report
    accuse_pressure: int  # q16
    listed_after: int
    learns: int
    list_kept: int
    exit: int  # 2**32 = 1, a week
    entry: int  # q16
    ordered: int  # q16, a week: the wave of a campaign
    let_off: (
        np.ndarray
    )  # uint32[grounds + 1], 65536 = 1, a week: those with this ground alone, in the order of LET_OFF; then all
    anger: int
    protest: int  # 2**32 = 1, a week at full anger
    speech_floor: int  # one
    permit: int  # q16, a household's week
    permits_needed: int
    permit_lag: int  # days, whole weeks
    permit_refused: int
    lodging: int  # q16, a unit's day
    guest: int  # q16, each of four slots
    contact_weeks: int
    pooled: int  # 0 or 1: the forms of S4, S6, S10 and S11, where they are not the central ones
    avoidance: int
    hazard: int
    habituating: int
    notice_caller: int  # q16, a caller looks out
    stop_turned_back: int
    phone_lost: int
    stop_for_good: int
    pause_days: np.ndarray  # uint16[32], equally likely days without calling
    home_visit: int  # q16, a listed household's day
    home_time: int  # 65536 = 1, homes that an open role can visit in a day
    rise_home_visit: int  # one
    accuse_listed: int  # 256 = one report


def q16(p: float) -> int:
    """A probability as a 16-bit threshold: a uniform 16-bit draw is below it with chance p (at most 65535/65536)."""
    return min(ONE, int(p * 65536 + 0.5))


def q32(p: float) -> int:
    """A small probability as a 32-bit threshold."""
    return min(0xFFFFFFFF, int(p * 4294967296 + 0.5))


def one(x: float) -> int:
    """A share as a multiple of 1/65535."""
    return min(ONE, int(x * ONE + 0.5))


def keep(rate: float, days: int = 1) -> int:
    """What `days` leave of a quantity that fades by `rate` a day, in 1/65536."""
    left = 1.0
    for _ in range(days):
        left *= 1.0 - rate
    return min(ONE, int(left * 65536 + 0.5))


@lru_cache(maxsize=4096)
def unheard_after_a_day(reach: float) -> int:
    """What one of seven days leaves of the chance of not having heard, 2**30 = 1: the seventh root of 1 - `reach`.

    So the reach within the seven days is the parameter (decimal logarithm: the same everywhere).
    """
    with localcontext() as context:
        context.prec = 30
        left = 1 - Decimal(repr(float(reach)))
        return int((left.ln() / 7).exp() * UNHEARD + Decimal("0.5")) if left > 0 else 0


@lru_cache(maxsize=4096)
def lognormal_km(median: float, log_sd: float) -> tuple[int, ...]:
    """32 equally likely distances of a log-normal, in whole km and at least 1 (decimal exp: the same everywhere)."""
    with localcontext() as context:
        context.prec = 20
        m, s = Decimal(repr(median)), Decimal(repr(log_sd))
        z = [Decimal(repr(q)) for q in NORMAL_QUANTILES]
        km = [m * (s * x).exp() for x in [-q for q in reversed(z)] + z]
    return tuple(min(60, max(1, int(x + Decimal("0.5")))) for x in km)


@lru_cache(maxsize=4096)
def exponential_days(mean: float) -> tuple[int, ...]:
    """32 equally likely lengths of an exponential time, whole days and at least 1 (decimal ln: the same everywhere)."""
    with localcontext() as context:
        context.prec = 20
        days = [-Decimal(repr(mean)) * (Decimal(63 - 2 * i) / 64).ln() for i in range(32)]
    return tuple(min(65534, max(1, int(x + Decimal("0.5")))) for x in days)


def rates(
    values: Mapping[str, float],
    without: frozenset[str] = frozenset(),
    order: float = 1.0,
    campaign: bool = False,
    forms: Mapping[str, str] = MappingProxyType({}),
) -> Rates:
    """The rates of a day from parameter `values` (by name), rules taken out, the order in force and the rules' forms.

    `order` is the multiple asked for by the calendar of orders on that day (1 = a normal day);
    `campaign` says that a campaign is on, in which homes are checked at night more often, and attention, layers and
    lists grow as ordered.
    """
    v: dict[str, float] = {**SWITCHES, **values, "order": order, "campaign": campaign}
    for rule in sorted(without):
        v.update(KNOCK_OUT.get(rule, {}))
    chosen: dict[str, Any] = {field: int(forms.get(rule) == form) for field, (rule, form) in FORMS.items()}
    return Rates(**_people(v, chosen["habituating"]), **_watching(v), **_journeys(v), **chosen)


def _people(v: Mapping[str, float], habituating: int) -> dict:
    slot = v["outings_per_adult_per_day"] / 3
    reaches = {kind: v[f"hearsay_reach_{kind}"] for kind in Events._fields}
    return {
        "keep_fear": keep(v["fear_decay_per_day"]),
        "keep_distress": keep(v["distress_decay_per_day"]),
        "gain_distress": q16(v["distress_gain_per_day"]),
        "avoid_fear": one(v["outing_avoidance_at_full_fear"]),
        "avoid_distress": one(v["outing_avoidance_at_full_distress"]),
        "threshold_distress": one(v["distress_threshold"]),
        "rise_noticed": one(v["fear_per_noticed"]),
        "rise_accused": one(v["fear_per_accusation"]),
        "rise_hearsay": one(v["fear_per_hearsay"]),
        "habituation": one(habituating * v["habituation"]),
        "rise_home_visit": one(v["fear_per_home_visit"]),
        "outing_adult": q16(slot),
        "outing_child": q16(slot * v["child_outings_ratio"]),
        "unheard": np.array([unheard_after_a_day(reach) for reach in reaches.values()], np.int64),
        "reach": np.array([q16(reach) for reach in reaches.values()], np.int64),
        "heard_of": np.array([q16(reaches.get(HEARD_AS.get(kind, ""), 0.0)) for kind in INCIDENT_NAMES], np.int64),
        "anger": int(v["anger"]),
        "keep_anger": keep(v["fear_decay_per_day"], 7),
        "protest": q32(min(1.0, 7 * v["protest_per_day_at_full_anger"])),
        "speech_floor": one(v["private_speech_floor"]),
        "contact_weeks": int(v["contact_weeks"] + 0.5),
    }


def _watching(v: Mapping[str, float]) -> dict:
    interval = v["lodging_check_days_campaign"] if v["campaign"] else v["lodging_check_days"]
    attention = v["order_attention"] if v["campaign"] else 1.0
    more_layers = int(v["order_layers"] + 0.5) if v["campaign"] else 0
    written = int(v["written"])
    return {
        "attention_role": int(v["attention_per_role_per_day"] * attention * 65536 + 0.5),
        "attention_officer": int(v["attention_per_officer_per_day"] * attention * 65536 + 0.5),
        "vigilance_base": q16(v["vigilance_base"] * v["order"]),
        "vigilance_pressure": q16(v["vigilance_pressure"]),
        "layers_family": int(v["watch_layers_family"] + 0.5) + more_layers,
        "layers_person": int(v["watch_layers_person"] + 0.5) + more_layers,
        "notice": q16(v["p_notice"]),
        "report_base": q16(v["p_report_followed_base"]),
        "report_pressure": q16(v["p_report_followed_pressure"]),
        "claim_base": q16(v["p_claim_routine_base"]),
        "claim_pressure": q16(v["p_claim_routine_pressure"]),
        "written": written,
        "offence_per_adult": q32(v["offences_per_adult_per_year"] / 365.25),
        "report_offence": q16(v["p_report_offence"]),
        "weight_nothing": int(v["file_weight_nothing_seen"] * 256 + 0.5),
        "keep_file": keep(v["suspicion_decay_per_day"], 7),
        "quota_mps": int(v["quota_mps_per_week"] * 256 + 0.5),
        "quota_mss": int(v["quota_mss_per_week"] * 256 + 0.5),
        "reprimand": q16(v["p_reprimand"]),
        "pressure_gain": q16(v["pressure_gain"]),
        "pressure_relax": q16(v["pressure_relax"]),
        "ratchet": q16(v["quota_ratchet"]),
        "comparison": q16(v["quota_comparison"]),
        "cushion": q16(v["quota_cushion"]),
        "routine_base": q16(v["routine_reports_base"] / 7),
        "routine_pressure": q16(v["routine_reports_pressure"] / 7),
        "spare": int(v["spare_attention"]),
        "accusations": int(v["accusations"]),
        "accuse": int(v["accusation_threshold"] * 256 + 0.5),
        "accuse_listed": int(v["accusation_threshold"] * v["accusation_threshold_listed"] * 256 + 0.5),
        "accuse_pressure": q16(v["accusation_threshold_pressure"]),
        "listed_after": q16(v["p_listed_after_accusation"]),
        "learns": q16(v["p_learns_of_listing"]),
        "list_kept": int(v["list_kept"]),
        "exit": q32(v["list_exit_per_year"] / WEEKS_PER_YEAR),
        "entry": q16(v["p_listed_given_ground"]),
        "ordered": q16(v["order_listings"]) if v["campaign"] else 0,
        "let_off": np.array([int(v[name] * 65536 + 0.5) for name in (*LET_OFF, "let_off_all")], np.uint32),
        "lodging": q16(1.0 / interval) if v["lodging_checks"] else 0,
        "guest": q16(v["guests_found_per_check"] / 4),
        "home_visit": q16(1.0 / v["home_visit_days"]) if v["home_visits"] else 0,
        "home_time": int(v["home_visits_per_role_per_day"] * 65536 + 0.5),
    }


def _journeys(v: Mapping[str, float]) -> dict:
    return {
        "visit": q16(min(1.0, v["visits_per_household_per_month"] * 7 / DAYS_PER_MONTH)),
        "visits_followed": int(v["visits_followed"]),
        "kin_ties": int(v["kin_ties_per_household"] + 0.5),
        "join_per_km": q16(v["p_taken_over_per_km"]),
        "visit_km": np.array(lognormal_km(v["visit_distance_km"], v["visit_distance_log_sd"]), np.uint16),
        "call_km": np.array(lognormal_km(v["call_spot_distance_km"], v["call_spot_distance_log_sd"]), np.uint16),
        "call": q16(min(1.0, v["call_attempts_per_caller_per_month"] / DAYS_PER_MONTH)),
        "avoid_call": one(v["call_avoidance_at_full_fear"]),
        "calls_followed": int(v["calls_followed"]),
        "abandon": q16(v["p_abandon_noticed"]),
        "notice_caller": q16(v["p_notice_caller"]),
        "stop_turned_back": q16(v["p_stop_after_turn_back"]),
        "phone_lost": q16(v["p_phone_lost"]),
        "stop_for_good": q16(v["p_stop_for_good"]),
        "pause_days": np.array(exponential_days(v["calling_pause_days"]), np.uint16),
        "detection": q32(v["p_detected_per_call"]),
        "release": q16(1.0 / v["detention_days"]),
        "permit": q16(min(1.0, v["permit_journeys_per_household_per_year"] / WEEKS_PER_YEAR)),
        "permits_needed": int(v["permits_needed"]),
        "permit_lag": 7 * int(v["permit_days"] / 7 + 0.5),
        "permit_refused": q16(v["p_permit_refused_listed"]),
    }
