"""The glossary is made of the texts that the pages have; words of the North stand beside those of the South."""

import glossary
import pytest

from underwatch.texts.languages import all_texts


def test_the_page_is_made_of_the_texts():
    assert glossary.PAGE.read_text("utf-8") == glossary.page(), "python benchmarks/glossary.py"


@pytest.mark.parametrize("word", ["인민반", "보위부", "안전원", "담당 안전원", "정보원"])
def test_organs_go_by_their_northern_names_and_have_the_southern_beside_them(word):
    ko = all_texts("ko")
    name = next(key for key, said in ko.items() if key.startswith("north.") and key.count(".") == 1 and said == word)
    assert ko[f"{name}.south"]
    assert ko[f"{name}.meaning"]
    assert word in "".join(said for key, said in ko.items() if not key.startswith("north."))


def test_no_text_calls_an_organ_by_its_southern_name():
    said = [text for key, text in all_texts("ko").items() if not key.startswith(("north.", "vocab.", "report."))]
    assert [text for text in said if "경찰" in text or "국정원" in text or "반상회" in text] == []
