"""The glossary in both languages, from the texts that the pages have: python benchmarks/glossary.py

Words of the North stand beside those of the South. `docs/glossary.ko.md` is what this writes; a test holds the two
together (tests/texts/test_glossary.py).
"""

from pathlib import Path

from underwatch.texts.languages import all_texts

PAGE = Path(__file__).resolve().parents[1] / "docs" / "glossary.ko.md"
HEAD = """# 낱말 풀이 · Glossary

[English glossary of the code](glossary.md). 이 쪽은 `src/underwatch/texts/`의 글에서 만들며 손으로 고치지 않습니다
(`python benchmarks/glossary.py`). *한국어는 아직 모국어 사용자도, 북한에서 산 사람도 검토하지 않았습니다. 잘못된 말을
찾으면 저장소의 이슈로, 공개하기 어려우면 [SECURITY.md](../SECURITY.md)에 적힌 길로 알려 주십시오.*
No native reader has read the Korean yet; please report what is wrong.
"""


def row(*cells):
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def page():
    """Return the page."""
    english, korean = all_texts("en"), all_texts("ko")
    lines = [HEAD, "## 북쪽의 말과 남쪽의 말 · Words of the North and of the South\n"]
    lines += [row("북쪽", "남쪽", "뜻", "English"), row(*["---"] * 4)]
    names = [key.split(".")[1] for key in korean if key.startswith("north.") and key.count(".") == 1]
    for name in names:
        key = f"north.{name}"
        lines.append(row(korean[key], korean[f"{key}.south"], korean[f"{key}.meaning"], english[key]))
    lines += ["\n## 모형의 말 · Words of the model\n", row("한국어", "English"), row("---", "---")]
    for number in range(len([key for key in korean if key.startswith("term.") and key.count(".") == 1])):
        said = [f"**{texts[f'term.{number}']}.** {texts[f'term.{number}.meaning']}" for texts in (korean, english)]
        lines.append(row(*said))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
