"""A draft states codes and nothing else: what it cannot state is refused in a line that repeats nothing of it."""

import pytest

from disclosure.made import DRAFT
from underwatch.disclosure.draft import draft_of, draft_of_text, draft_toml
from underwatch.disclosure.terms import acts, details, ladder, terms
from underwatch.disclosure.worlds.lived import settings_for
from underwatch.errors import InputError
from underwatch.evidence.format.vocabularies import codes
from underwatch.facts import grounds


def refusal(told):
    with pytest.raises(InputError) as caught:
        draft_of(told)
    return str(caught.value)


def test_it_speaks_the_words_of_the_evidence_format():
    assert set(acts()) <= codes("act")
    assert set(grounds()) == set(terms()["ground"]) - {"any_ground"} <= codes("ground")
    assert set(terms()["organ"]) <= codes("actor_type")


@pytest.mark.parametrize("detail", list(terms()))
def test_every_code_has_a_ladder_to_nothing_said(detail):
    for code in terms()[detail]:
        steps = ladder(detail, code)
        assert (steps[0], steps[-1], len(set(steps))) == (code, "", len(steps))


def test_it_reads_back_as_it_was_written_in_its_own_order():
    turned = dict(reversed(DRAFT.items()))
    for told in (DRAFT, turned):
        draft = draft_of(told)
        assert draft.details == tuple(name for name in told if name != "published")
        assert draft_of_text(draft_toml(draft)) == draft


def test_what_may_be_said_instead_goes_from_the_day_to_nothing_and_from_the_city_to_the_country():
    ladders = draft_of(DRAFT).ladders
    assert ladders["period"] == ("2023-01-11", "2023-W02", "2023-01", "2023-Q1", "")
    assert ladders["place"] == ("Samjiyon", "Ryanggang", "North Korea")
    assert ladders["act"] == ("followed_visit",)
    assert ladders["distance"] == ("5_to_9_km", "under_10_km", "")
    week = draft_of(DRAFT | {"period": "2023-W05"}).ladders["period"]  # its Thursday is in February
    assert week == ("2023-W05", "2023-02", "2023-Q1", "")


SECRET = {
    "a name": "Kim Chol-su",
    "a number": "010-1234-5678",
    "words": "somebody walked along riverbanks yesterday",
    "hangul": "김철수",
}


@pytest.mark.parametrize("detail", details())
@pytest.mark.parametrize("secret", SECRET.values(), ids=list(SECRET))
def test_identity_and_free_text_are_refused_and_never_repeated(detail, secret):
    said = refusal(DRAFT | {detail: secret})
    assert detail in said
    assert [part for part in secret.split() if part in said] == []


@pytest.mark.parametrize("value", ["x", "", 3, ["x"], {"a": "b"}, "long " * 20], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("key", ["name", "phone", "주소", "Kim Chol-su", "resident"])
def test_a_key_about_a_person_is_refused_and_never_repeated(key, value):
    """Whatever is its value: none is looked at before its name."""
    said = refusal(DRAFT | {key: value})
    assert "line 8 of the draft looks like a person" in said
    assert key not in said


def test_an_unknown_word_is_told_with_the_nearest():
    assert 'did you mean "defector_family"' in refusal(DRAFT | {"ground": "defecter_family"})
    assert 'did you mean "companions"' in refusal({"companion": "four", **DRAFT})
    assert 'did you mean "Samjiyon"' in refusal(DRAFT | {"place": "Samjiyan"})
    assert "the model has no such act" in refusal(DRAFT | {"act": "wiretap"})


@pytest.mark.parametrize("place", ["Samjiyon 3-dong", "Chongjin, Sunam", "42.0, 128.3", "the bridge"])
def test_a_place_finer_than_a_city_or_county_cannot_be_judged_and_should_not_be_printed(place):
    assert "cannot be judged and should not be printed" in refusal(DRAFT | {"place": place})


CONTRADICTIONS = [
    ({"published": "2023-01-01"}, "before it happened"),
    ({"act": "call_given_up", "companions": "family"}, "one person"),
    ({"act": "arrest", "organ": "mps", "companions": "alone"}, "organ does not go with"),
    ({"purpose": "permit_journey"}, "records none of it"),
    ({"purpose": "call_abroad"}, "contradicts act"),
    ({"act": "tailing", "companions": "alone"}, "distance does not go with"),
]


@pytest.mark.parametrize(("change", "why"), CONTRADICTIONS)
def test_details_that_contradict_each_other_are_told(change, why):
    assert why in refusal(DRAFT | change)


def test_what_lies_too_far_back_is_not_judged():
    with pytest.raises(InputError, match="period: lies more than 730 days"):
        settings_for(draft_of(DRAFT | {"period": "2020-01"}))
    with pytest.raises(InputError, match="linked lies more than 730 days"):
        settings_for(draft_of(DRAFT), earlier=[draft_of(DRAFT | {"period": "2020-01"})])


def test_an_empty_draft_and_one_that_lacks_what_all_need():
    assert "is empty" in refusal({})
    assert "does not state act, published" in refusal({"place": "Samjiyon"})
    assert "nothing is stated" in refusal(DRAFT | {"ground": " "})
    assert "2024-03" in refusal(DRAFT | {"period": "lately"})
    assert "2024-03-20" in refusal(DRAFT | {"published": "soon"})
    with pytest.raises(InputError, match="no TOML"):
        draft_of_text("act = followed")
