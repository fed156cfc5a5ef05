"""Worlds made by hand, in which every set is known, and tiny ones that the engine lives through."""

import datetime
from dataclasses import replace

import numpy as np

from underwatch.disclosure.draft import draft_of
from underwatch.disclosure.worlds.lived import LivedPlace, LivedWorlds, Settings, settings_for
from underwatch.experiments.histories.rows import EVENT, LATER, ROW, Histories
from underwatch.facts import places
from underwatch.world.layout import GROUND_NAMES, KIND

START = datetime.date(2023, 1, 2)  # a Monday: week 0 begins on day 0
FAMILY = 1 << GROUND_NAMES.index("defector_family")
PHONE = 1 << GROUND_NAMES.index("chinese_phone_user")
DRAFT = {
    "act": "followed_visit", "place": "Samjiyon", "period": "2023-01-11", "ground": "defector_family",
    "companions": "four", "distance": "5_to_9_km", "published": "2023-03-01",
}  # fmt: skip


def row(who, day, **given):
    """A followed visit of 6 km by a family of four of which somebody left, written down, by the unit's leader."""
    told = {"marks": FAMILY, "by": 0, "km": 6, "size": 4, "kin": 10, "neighbours": 100, "hearsay": 20, "unit": 0}
    told |= {name: value for name, value in given.items() if name != "written"}
    one = np.zeros(1, ROW)
    one["who"], one["week"], one["days"] = who, day // 7, 1 << day % 7
    one["written"] = one["days"] * given.get("written", True)
    for name, value in told.items():
        one[name] = value
    return one


def world(*rows, later=(), kind=KIND.followed_visit):
    """A world of these rows, and of (who, day, what) that came later."""
    all_rows = np.concatenate([np.zeros(0, ROW), *rows])
    events = np.array([(who, day, LATER.index(what)) for who, day, what in later], EVENT)
    return Histories(
        {kind: all_rows[np.lexsort((all_rows["week"], all_rows["who"]))]},
        events[np.lexsort((events["day"], events["who"]))],
    )


def settings(n_each=1, **parts):
    """Settings of worlds without stand-ins, from START on."""
    return replace(Settings(START, 300, (LivedPlace("own", places()["Samjiyon"], 31_471),), n_each), **parts)


def lived(worlds, of=None):
    """What `judge` takes, of one part."""
    (kind,) = worlds[0].rows
    part = of or settings().parts[0]
    return {kind: [LivedWorlds(part, list(worlds))]}


def tiny(draft=None, each=3, residents=1500):
    """Settings of a draft whose places are tiny, so that worlds are lived through in moments."""
    found = settings_for(draft or draft_of(DRAFT), each)
    return replace(found, parts=tuple(replace(part, residents=residents) for part in found.parts))
