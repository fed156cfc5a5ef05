"""The documents say what the code has: rules with their parameters, the order of the day, commands that exist."""

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from underwatch.cli import COMMANDS, main
from underwatch.experiments.interventions import catalogue
from underwatch.facts import grounds, model_parameters

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RULES = [f"S{number}" for number in range(1, 18)]
PAGES = [
    "README.md",
    "README.ko.md",
    "CONTRIBUTING.md",
    *sorted(str(page.relative_to(ROOT)) for page in DOCS.rglob("*.md")),
]


def odd_sections():
    """Text of each section of a rule, by its name."""
    text = (DOCS / "odd.md").read_text(encoding="utf-8")
    parts = re.split(r"^### (S\d+) .*$", text, flags=re.MULTILINE)
    assert len(parts[1::2]) == len(set(parts[1::2]))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def calls_of(path, function):
    """Names called in a function of a file, in the order of their lines, each once."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    calls = [node for node in ast.walk(body) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return list(dict.fromkeys(call.func.id for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset))))


def test_each_rule_has_a_section_in_order():
    assert list(odd_sections()) == RULES


@pytest.mark.parametrize("name", list(model_parameters()))
def test_each_parameter_stands_in_the_section_of_its_rule(name):
    assert f"`{name}`" in odd_sections()[model_parameters()[name].rule]


def test_a_section_names_no_parameter_that_is_not_in_the_table():
    known = set(model_parameters())
    looks_like_one = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
    assert {n for text in odd_sections().values() for n in looks_like_one.findall(text)} <= known


NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


def line_of(ground):
    """How the ODD tells of a ground and of how many have it."""
    who = "the whole household, with chance" if ground.holder == "household" else "an adult,"
    at_border, inland = ground.share(True), ground.share(False)
    if inland == at_border:
        return f"- {ground.words}: {who} `{at_border}`"
    return (
        f"- {ground.words}: {who} `{at_border}` at the border, {f'`{inland}` elsewhere' if inland else 'none inland'}"
    )


def test_the_odd_tells_of_every_ground_and_of_the_list_it_leads_to():
    text, known = odd_sections(), list(grounds().values())
    assert re.findall(r"^- .*", text["S2"], flags=re.MULTILINE) == [
        line_of(ground) + (";" if ground is not known[-1] else ".") for ground in known
    ]
    personal = {organ: [one.words for one in known if one.holder == "adult" and one.organ in (organ, "both")]
                for organ in ("mps", "mss")}  # fmt: skip
    lists = (f"onto the {organ.upper()} list for {', '.join(words)}" for organ, words in personal.items())
    assert f"those with a ground of their own: {'; '.join(lists)}." in text["S3"]


def test_wherever_grounds_are_counted_in_words_they_are_as_many_as_the_table_has():
    pages = [ROOT / page for page in PAGES] + [
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "src" / "underwatch" / "texts" / "en").iterdir(),
    ]
    said = re.compile(rf"\b({'|'.join(NUMBER_WORDS[3:])}) (?:of the )?grounds\b|\b(\w+) bits, drawn", re.IGNORECASE)
    found = {page.name: said.findall(page.read_text(encoding="utf-8")) for page in pages}
    told = {name: {"".join(pair).lower() for pair in pairs} for name, pairs in found.items() if pairs}
    assert told == {name: {NUMBER_WORDS[len(grounds())]} for name in ("odd.md", "terms.json", "glossary.ko.md")}
    assert len(found["odd.md"]) == 2


def test_the_help_of_compare_names_every_intervention():
    shown = " ".join(CliRunner().invoke(main, ["compare", "--help"]).output.split("Interventions:")[1].split())
    for name, one in catalogue().items():
        stem, _, last = name.rpartition("-")
        assert one.short
        assert re.search(rf"(?<!\S)({name}|{stem}-\w+(, -\w+)*, -{last})(, -\w+)* {re.escape(one.short)}", shown), name


def test_the_process_overview_has_the_steps_of_a_day_in_their_order():
    overview = (DOCS / "odd.md").read_text(encoding="utf-8").split("## 3.")[1].split("**The Sunday review**")[0]
    told = re.findall(r"^\| `(\w+)` \|", overview, flags=re.MULTILINE)
    called = calls_of(ROOT / "src" / "underwatch" / "world" / "kernels" / "days.py", "run_days")
    steps = called[called.index("draw_day") :]
    assert told == steps


def readme_commands():
    """Lines of the README's blocks, and of the page of all commands, that a shell would run."""
    pages = (ROOT / "README.md", DOCS / "how-to" / "commands.md")
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    return [line.split("#")[0].split() for line in lines if re.match(r" {4}(make|underwatch)\b", line)]


def test_readme_shows_commands():
    assert {words[0] for words in readme_commands()} == {"make", "underwatch"}


@pytest.mark.parametrize("words", readme_commands(), ids=" ".join)
def test_each_command_of_the_readme_exists(words):
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert set(words[1:]) <= set(targets)
    else:
        assert words[1] in COMMANDS


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 80


@pytest.mark.parametrize("page", PAGES)
def test_links_between_documents_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / page).parent / link.split("#")[0]).is_file()] == []
