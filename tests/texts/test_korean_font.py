"""No empty boxes: every letter of Korean that a text has is in the font that the pages carry, and has a shape."""

import io
import runpy

import pytest
from fontTools.ttLib import TTFont

from house.test_house import ROOT
from underwatch.facts import places
from underwatch.pages.rendering import page
from underwatch.texts.korean_font import FAMILY, font_style, has_hangul, korean_font
from underwatch.texts.languages import LANGUAGES, all_texts

MOST_BYTES = 80_000
PLACE = runpy.run_path(str(ROOT / "vendor" / "place.py"))


@pytest.fixture(scope="module")
def font():
    assert korean_font() is not None, "the letters are not in their place: python vendor/place.py letters"
    return TTFont(io.BytesIO(korean_font()))


def hangul(text):
    return {letter for letter in text if has_hangul(letter)}


def test_every_letter_of_the_texts_and_places_has_a_shape(font):
    said = "".join(text for language in LANGUAGES for text in all_texts(language).values())
    said += "".join(place.name_ko for place in places().values())
    known, shapes = font.getBestCmap(), font["glyf"]
    lacking = {letter for letter in hangul(said) if ord(letter) not in known}
    assert lacking == set(), "python vendor/place.py letters"
    assert {letter for letter in hangul(said) if shapes[known[ord(letter)]].numberOfContours == 0} == set()
    assert len(hangul(said)) > 400


def test_the_font_is_small_and_bears_a_name_of_its_own(font):
    assert len(korean_font()) < MOST_BYTES
    assert font["name"].names == []
    assert "Nanum" not in FAMILY


def test_it_is_made_anew_when_a_text_has_another_letter(monkeypatch):
    assert PLACE["letters_are_made"]()
    names = PLACE["letters_are_made"].__globals__
    own = PLACE["letters"]()
    monkeypatch.setitem(names, "letters", lambda: own + "힣")
    assert not PLACE["letters_are_made"]()
    assert PLACE["FONT_SOURCE"] in PLACE["missing"](PLACE["OF_THE_LETTERS"]) or (ROOT / PLACE["FONT_SOURCE"]).is_file()


def test_a_page_with_korean_in_it_carries_the_letters_and_another_does_not(monkeypatch):
    told = {"": "", "x": "회령시"}
    for said in told.values():
        monkeypatch.setitem(page.__globals__, "_environment", lambda said=said: Fake(said))
        assert (font_style() in page("any.html.j2")) == (said != "")
    assert font_style().startswith(f'@font-face{{font-family:"{FAMILY}";src:url("data:font/woff;base64,')


class Fake:
    """A template that is the style and one text."""

    def __init__(self, said):
        self.said = said

    def get_template(self, name):
        return self

    def render(self, style, **_):
        return f"<style>{style}</style>{self.said}"
