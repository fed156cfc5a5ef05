"""One catalogue for all: no text is missing in a language or left over, and both fill in the same, the same way."""

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house.test_house import SOURCE
from underwatch.errors import InputError
from underwatch.texts.catalogue import text, texts_of, translated
from underwatch.texts.languages import FROM_ENVIRONMENT, LANGUAGES, all_texts, language_of
from underwatch.texts.numbers import date, number, percent, ranged, signed

EN, KO = (all_texts(language) for language in ("en", "ko"))
HANGUL = re.compile("[\uac00-\ud7a3]")
SAME_IN_BOTH = {"life.nothing", "unit.km", "number.percent", "diary.day"}
# What the tables say in English: Korean alone has them.
OF_TABLES = (
    "parameter.", "form.", "unit.", "intervention.", "province.", "headline.", "event.", "by.", "kind.", "described.",
    "vocab.", "north.", "quantity.", "law.", "property.", "anchor.", "root.", "figure_name.", "aside.", "feature.",
    "step.",
)  # fmt: skip
SOURCES = [path for kind in ("py", "js", "html", "j2") for path in SOURCE.rglob(f"*.{kind}")]
WRITTEN = "\n".join(path.read_text("utf-8") for path in SOURCES)


def gaps(said):
    return set(re.findall(r"\{(\w*)\}", said))


def test_no_text_is_missing_in_a_language():
    """A text for one alone (KEY.one) is a matter of each language."""
    beside = {key for key in KO if key.startswith(OF_TABLES)}
    plain = {key for key in KO if not key.endswith(".one")} - beside
    assert plain - set(EN) == set()
    assert {key for key in EN if not key.endswith(".one")} - set(KO) == set()
    of_one = {key for key in {*EN, *KO} - beside if key.endswith(".one")}
    assert {key for key in of_one if key.removesuffix(".one") not in EN} == set()


def test_no_key_stands_in_two_parts():
    for language in LANGUAGES:
        parts = [path.read_text("utf-8") for path in (SOURCE / "texts" / language).iterdir()]
        keys = [key for part in parts for key in re.findall(r'^"([^"]+)":', part, flags=re.MULTILINE)]
        assert len(keys) == len(set(keys)) == len(all_texts(language))


BEGUN = set(re.findall(r"""["'`]([a-z_]+\.[\w.-]*)(?:\$?\{|" ~ )""", WRITTEN))
NAMED = set(re.findall(r"""["'`]([a-z_]+(?:\.[\w-]+)*)["'`]""", WRITTEN))


def is_asked_for(key):
    """Whether a source names a key, or puts it together after a beginning."""
    return key in NAMED or key.startswith(tuple(BEGUN))


def test_no_text_is_left_over():
    listed = {key for key in {*EN, *KO} if re.search(r"\.((limit|how)\.\d+|statement|one)$|^north\.|^vocab\.", key)}
    assert {key for key in {*EN, *KO} - listed if not is_asked_for(key)} == set()


def test_both_languages_fill_in_the_same():
    both = set(EN) & set(KO)
    assert {key: (gaps(EN[key]), gaps(KO[key])) for key in both if gaps(EN[key]) != gaps(KO[key])} == {}
    assert {key for key in both if "" in gaps(EN[key])} == set()


def test_korean_is_korean():
    plain = {key for key, said in KO.items() if not HANGUL.search(said)} - SAME_IN_BOTH
    assert {key for key in plain if re.search("[A-Za-z]{3}", re.sub(r"{\w+}", "", KO[key]))} == set()
    assert [key for key, said in {**EN, **KO}.items() if not said.strip()] == []


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_numbers_and_ranges_are_the_same_in_both_languages(one, other):
    def digits(said):
        return re.findall(r"[\d.,]*\d", said)

    for form in (number, percent, signed):
        assert digits(form(one)) == digits(form(one, "ko"))
        low, high = form(min(one, other)), form(max(one, other))
        in_korean = ranged(form(min(one, other), "ko"), form(max(one, other), "ko"), "ko")
        assert digits(ranged(low, high)) == digits(in_korean)


def test_a_range_has_its_unit_once_and_a_range_of_one_number_is_that_number():
    assert ranged(percent(0.03), percent(0.12)) == "3 to 12\u00a0%"
    assert ranged(percent(0.03, "ko"), percent(0.12, "ko"), "ko") == "3~12%"
    assert ranged("5", "5") == "5"


def test_a_text_writes_numbers_and_dates_as_its_language_does():
    day = datetime.date(2024, 7, 1)
    assert (date(day), date(day, "ko")) == ("1 July 2024", "2024년 7월 1일")
    assert text("en", "working.until", date=day) == "Until 1 July 2024"
    assert text("ko", "working.until", date=day) == "2024년 7월 1일까지"
    assert text("ko", "means.one_in", n=153532) == "153,532명에 1명"
    with pytest.raises(KeyError):
        text("en", "working.until")
    with pytest.raises(KeyError):
        text("en", "no.such.text")


def test_tables_speak_english_and_the_catalogue_translates_them():
    assert translated("en", "province.Kangwon", "Kangwon") == "Kangwon"
    assert translated("ko", "province.Kangwon", "Kangwon") == "강원도"
    assert translated("ko", "province.Nowhere", "Nowhere") == "Nowhere"
    assert len(texts_of("en", "report.limit")) == len(texts_of("ko", "report.limit")) == 8


def test_a_language_is_asked_for_by_option_or_environment_and_another_is_one_line(monkeypatch):
    monkeypatch.delenv(FROM_ENVIRONMENT, raising=False)
    assert (language_of(), language_of("ko")) == ("en", "ko")
    monkeypatch.setenv(FROM_ENVIRONMENT, "ko")
    assert (language_of(), language_of("en")) == ("ko", "en")
    for wrong in ("korean", "KO", "ko_KR.UTF-8", "한국어"):
        with pytest.raises(InputError, match=r'^--lang ".*" is not known \(did you mean "(ko|Korean)"\?\); it is one'):
            language_of(wrong)
    monkeypatch.setenv(FROM_ENVIRONMENT, "de")
    with pytest.raises(InputError, match=f'^{FROM_ENVIRONMENT} "de" is not known; it is one of en, ko'):
        language_of()
