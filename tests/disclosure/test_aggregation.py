"""A province is the sum of its places: two stand-ins, counted for many, find as many as all of its places do."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from underwatch.disclosure.counts import FIT, WRITTEN, count
from underwatch.disclosure.draft import draft_of
from underwatch.disclosure.worlds.lived import LivedPlace, live, settings_for
from underwatch.facts import provinces
from underwatch.world.layout import KIND

DRAFT = {"act": "followed_visit", "place": "Ryanggang", "period": "2023-01", "ground": "defector_family",
         "published": "2023-02-10"}  # fmt: skip


@pytest.mark.deep
def test_two_stand_ins_find_what_all_places_of_a_province_do():
    """In each of six worlds, within a third; and what counts for sure is less than there is in nearly all."""
    draft = draft_of(DRAFT)
    whole = settings_for(draft, 2)
    whole = replace(whole, days=(draft.published - whole.start).days + 1)
    every = replace(whole, parts=tuple(LivedPlace("own", one, one.population) for one in provinces()["Ryanggang"]))
    found = {}
    with ThreadPoolExecutor(2) as executor:
        for name, settings in (("stand-ins", whole), ("places", every)):
            lived = live(settings, (KIND.followed_visit,), executor)
            counted = count(draft, lived, settings, datetime.date(2023, 2, 10))
            for what in (FIT, WRITTEN):
                parts = counted.subjects_of(what, (0,) * len(counted.shape), "province")
                for sure in (False, True):
                    found[name, what, sure] = counted.everywhere(parts, "province", sure)
    for what in (FIT, WRITTEN):
        truth = found["places", what, False]
        assert np.median(np.abs(found["stand-ins", what, False] / truth - 1)) < 1 / 3
        assert np.count_nonzero(found["stand-ins", what, True] > truth) <= 1
