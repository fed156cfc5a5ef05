"""In worlds made by hand each set is known: who fits, who stands in the files, who could have told, and by when."""

import datetime
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.made import DRAFT, FAMILY, PHONE, lived, row, settings, world
from underwatch.disclosure.answer import judge
from underwatch.disclosure.counts import FIT, WRITTEN, Earlier, count, surely
from underwatch.disclosure.draft import draft_of
from underwatch.disclosure.matching import Fitting, fit
from underwatch.disclosure.sets import aware, sources, subjects
from underwatch.errors import InputError
from underwatch.experiments.histories.rows import ROW
from underwatch.world.layout import KIND

VISIT = KIND.followed_visit
DAY = 9  # 11 January 2023, a Wednesday
PUBLISHED = datetime.date(2023, 3, 1)


def sizes(told, *rows, later=(), published=PUBLISHED, kind=VISIT):
    """How many fit a draft as it stands, and how many of them stand in the files."""
    draft = draft_of(told)
    both = fit(world(*rows, later=later, kind=kind), kind, draft, settings(), published)
    shape = tuple(len(draft.ladders[name]) for name in draft.ladders if name not in ("act", "place"))
    return [int(subjects(one, shape).flat[0]) for one in both]


def test_each_detail_leaves_out_those_of_whom_it_is_not_true():
    rows = [
        row(1, DAY), row(2, DAY + 1), row(3, DAY, marks=PHONE), row(4, DAY, size=3), row(5, DAY, km=12),
        row(6, DAY, by=1), row(7, DAY, written=False),
    ]  # fmt: skip
    assert sizes(DRAFT, *rows) == [3, 2]  # 1, 6 and 7, of whom nothing was written of 7
    assert sizes(DRAFT | {"organ": "inminban"}, *rows) == [2, 1]
    for detail, more in (("ground", 3), ("companions", 4), ("distance", 5), ("period", 2)):
        less = {name: code for name, code in DRAFT.items() if name != detail}
        assert sizes(less, *rows) == [4, 3], f"{more} fits without {detail}"


def test_a_resident_counts_once_however_often_it_happened():
    assert sizes(DRAFT | {"period": "2023-01"}, row(1, DAY), row(1, DAY + 1), row(1, DAY + 7), row(2, DAY)) == [2, 2]


def test_periods_take_their_own_days_alone():
    rows = [row(who, day) for who, day in enumerate((DAY, DAY + 4, DAY + 5, 29, 30, 57, 58, 100))]
    for period, n in (("2023-01-11", 1), ("2023-W02", 2), ("2023-01", 4), ("2023-02", 2), ("2023-Q1", 7)):
        assert sizes(DRAFT | {"period": period}, *rows)[0] == n, period
    nothing = {name: code for name, code in DRAFT.items() if name != "period"}
    assert sizes(nothing, *rows)[0] == 7  # what happens after publication is in no report


def test_what_came_of_it_is_as_of_the_day_of_publication():
    later = [(1, 20, "arrest"), (1, 40, "release"), (2, 20, "arrest"), (3, 20, "accusation"), (4, 5, "arrest"),
             (5, 20, "listing"), (5, 30, "delisting"), (6, 70, "release")]  # fmt: skip
    rows = [row(who, DAY) for who in range(1, 8)]
    for outcome, n in (("arrested", 2), ("released", 1), ("held", 1), ("summoned", 1), ("listed", 0)):
        assert sizes(DRAFT | {"outcome": outcome}, *rows, later=later)[0] == n, outcome
    early = datetime.date(2023, 1, 25)
    for outcome, n in (("released", 0), ("held", 2), ("listed", 1)):
        assert sizes(DRAFT | {"outcome": outcome}, *rows, later=later, published=early)[0] == n, outcome


def test_the_released_are_former_detainees_from_their_release_on():
    told = DRAFT | {"ground": "former_detainee"}
    rows, later = [row(1, DAY), row(2, DAY)], [(1, 20, "arrest"), (1, 70, "release")]
    assert sizes(told, *rows, later=later)[0] == 0
    assert sizes(told, *rows, later=later, published=datetime.date(2023, 4, 1))[0] == 1


SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


@given(SHAPES, st.data())
def test_all_wordings_at_once_are_each_counted_by_itself(shape, data):
    n = data.draw(st.integers(0, 40))
    rows = np.zeros(n, ROW)
    rows["who"] = sorted(data.draw(st.lists(st.integers(0, 8), min_size=n, max_size=n)))
    levels = np.array([[data.draw(st.integers(0, size - 1)) for size in shape] for _ in range(n)], int)
    found = subjects(Fitting(rows, levels.reshape(n, len(shape)), np.zeros(n, bool)), shape)
    for wording in np.ndindex(shape):
        some = (levels.reshape(n, len(shape)) <= np.array(wording)).all(axis=1)
        assert found[wording] == len(set(rows["who"][some].tolist()))


def sources_of(*rows, witnesses, later=(), published=PUBLISHED):
    draft = draft_of(DRAFT | {"period": "2023-01"})
    return sources(fit(world(*rows, later=later), VISIT, draft, settings(), published, stated=True)[0], witnesses)


def test_so_many_know_as_the_channel_says():
    """Of one incident `witnesses_per_incident` know, the subject first, in whatever classes the others are."""
    for n in (1.0, 4.0, 20.0):
        assert sources_of(row(1, DAY), witnesses=n) == pytest.approx(n)
        assert sources_of(row(1, DAY, kin=0, hearsay=0), witnesses=n) == pytest.approx(n)
    assert sources_of(row(1, DAY, kin=1, neighbours=1, hearsay=0), witnesses=20.0) == 3  # no more are there
    assert sources_of(row(1, DAY), row(2, DAY, unit=1), witnesses=4.0) == pytest.approx(8)


def test_a_neighbour_of_two_subjects_counts_once_and_a_second_incident_adds_nobody():
    p = 3 / 100
    one = row(1, DAY, kin=0, hearsay=0)
    both = sources_of(one, row(2, DAY, kin=0, hearsay=0), witnesses=4.0)
    assert both == pytest.approx(2 + 100 * (1 - (1 - p) ** 2))
    assert sources_of(one, row(1, DAY + 1, kin=0, hearsay=0), witnesses=4.0) == pytest.approx(4)


def test_who_is_held_could_not_tell_until_the_release():
    later = [(1, 20, "arrest"), (1, 70, "release")]
    assert sources_of(row(1, DAY), witnesses=4.0, later=later) == pytest.approx(3)
    assert sources_of(row(1, DAY), witnesses=4.0, later=later, published=datetime.date(2023, 4, 1)) == pytest.approx(4)


def answer(*rows, told=None, k=20, earlier=(), later=()):
    many = [world(*rows, later=later)] * 3
    return judge(draft_of(told or DRAFT), lived(many), settings(), k, earlier)


def test_the_answer_of_a_world_made_by_hand():
    rows = [row(who, DAY) for who in range(25)] + [row(who, DAY, written=False) for who in range(25, 40)]
    found = answer(*rows)
    assert found.sets.watchers.lower == found.sets.watchers.high == 25
    assert (found.sets.subject.lower, found.reaches_k, found.rewrites[0].changes) == (40, True, ())
    assert not answer(*rows, k=26).reaches_k


def test_where_nobody_stands_in_the_files_all_who_fit_remain():
    assert answer(*(row(who, DAY, written=False) for who in range(30))).sets.watchers.lower == 30


def test_what_each_detail_discloses():
    rows = [row(who, DAY) for who in range(6)] + [row(who, DAY, km=15) for who in range(6, 30)]
    rows += [row(who, DAY + 1) for who in range(30, 60)]
    steps = {step.detail: step for step in answer(*rows).steps}
    assert [step.lower[1] for step in steps.values()] == [60, 60, 30, 30, 30, 6]  # without stand-ins
    assert (steps["distance"].last, steps["period"].last, steps["ground"].last) == (5, 6, 1)
    assert (steps["distance"].alone, steps["period"].alone) == (60 / 36, 2)


def test_the_smallest_rewrites_are_all_there_and_none_of_them_can_take_a_step_back():
    """10 fit; 30 without the distance, 30 with a family for the four, and the week adds 30 to any of them."""
    rows = [row(who, DAY) for who in range(10)]
    rows += [row(who, DAY, km=15) for who in range(10, 30)] + [row(who, DAY, size=3) for who in range(30, 50)]
    rows += [row(who, DAY + 1) for who in range(50, 80)]
    changes = {frozenset(one.changes) for one in answer(*rows).rewrites}
    assert changes == {
        frozenset({("distance", "5_to_9_km", "")}),
        frozenset({("companions", "four", "family")}),
        frozenset({("period", "2023-01-11", "2023-W02")}),
    }
    both = {frozenset(one.changes) for one in answer(*rows, k=50).rewrites}
    assert frozenset({("distance", "5_to_9_km", ""), ("companions", "four", "family")}) in both
    assert all(len(one) >= 2 for one in both)


def test_waiting_adds_what_happens_later_where_the_period_is_left_out():
    rows = [row(who, DAY) for who in range(6)] + [row(who, 64 + 30 * (who % 4)) for who in range(6, 30)]
    open_ended = {name: code for name, code in DRAFT.items() if name != "period"}
    grown = [sets.subject.lower for _, sets in answer(*rows, told=open_ended).waits]
    assert grown == [6, 12, 12, 24, 30]
    assert [sets.subject.lower for _, sets in answer(*rows).waits] == [6] * 5


def test_two_harmless_reports_can_name_one_family():
    rows = [row(who, DAY) for who in range(40)] + [row(who, DAY + 14) for who in range(39, 90)]
    assert answer(*rows).sets.watchers.lower == 40
    out = draft_of(DRAFT | {"period": "2023-01-25"})
    for relation, n in (("same_subject", 1), ("other", 40)):
        assert answer(*rows, earlier=[Earlier(out, relation)]).sets.watchers.lower == n


def test_another_report_of_the_same_incident_adds_its_details():
    rows = [row(who, DAY, by=who % 4) for who in range(40)]
    out = draft_of({"act": "followed_visit", "place": "Ryanggang", "organ": "mss", "published": "2023-02-01"})
    assert answer(*rows, earlier=[Earlier(out, "same_incident")]).sets.subject.lower == 10


def test_the_same_source_knew_of_both():
    """Two subjects in unit 3 and one in unit 4; the earlier report is of unit 3, where one neighbour in ten knew."""
    rows = [row(who, DAY, unit=unit, kin=0, hearsay=0) for who, unit in ((1, 3), (2, 3), (3, 4))]
    out = draft_of(DRAFT | {"period": "2023-01-25"})
    there = world(*rows, row(2, DAY + 14, unit=3, kin=0, hearsay=0))
    now, then = (fit(there, VISIT, one, settings(), PUBLISHED, stated=True)[0] for one in (draft_of(DRAFT), out))
    assert sources(now, 11.0) == pytest.approx(3 + 100 * (1 - 0.9**2) + 10)
    assert sources(now, 11.0, [aware(then, 11.0)]) == pytest.approx(0.1 + 1 + 100 * (1 - 0.9**2) * 0.1)
    linked = answer(*rows, row(2, DAY + 14, unit=3), earlier=[Earlier(out, "same_source")]).sets
    assert linked.subject == answer(*rows).sets.subject
    assert linked.source.lower < 10


def test_the_detail_that_empties_the_set_is_named():
    with pytest.raises(InputError, match=r"companions = four empties the set.*any of 3 worlds"):
        answer(row(1, DAY, size=2))
    with pytest.raises(InputError, match="look at what you linked"):
        answer(row(1, DAY), earlier=[Earlier(draft_of(DRAFT | {"period": "2023-01-25"}), "same_subject")])
    with pytest.raises(InputError, match="no world has any such incident"):
        answer()


def test_a_stand_in_counts_for_all_of_its_kind_and_for_no_more_than_is_sure():
    assert surely(np.array([0, 1, 10])) == pytest.approx([0, 0.0513, 5.425], abs=1e-3)
    draft, place = draft_of(DRAFT), settings().parts[0].place
    border = replace(settings().parts[0], name="border", residents=10_000)
    parts = (settings().parts[0], border)
    both = settings(parts=parts)
    worlds = [world(*(row(who, DAY) for who in range(10)))] * 3
    kept = {VISIT: [lived(worlds, part)[VISIT][0] for part in parts]}
    found = count(draft, kept, both, PUBLISHED)
    others = sum(one.population for one in _border_places() if one is not place)
    for sure, n in ((False, 10), (True, surely(np.array([10]))[0])):
        totals = found.everywhere(found.subjects(FIT), "country", sure)
        assert totals.reshape(3, -1)[:, 0] == pytest.approx(10 + n * others / 10_000)
    assert found.everywhere(found.subjects(WRITTEN), "place", True).reshape(3, -1)[0, 0] == 10


def _border_places():
    from underwatch.facts import places

    return [place for place in places().values() if place.border]


def test_a_family_that_is_ordinary_has_no_ground():
    rows = [row(1, DAY, marks=0), row(2, DAY, marks=PHONE), row(3, DAY, marks=FAMILY)]
    assert sizes(DRAFT | {"ground": "any_ground"}, *rows)[0] == 2
