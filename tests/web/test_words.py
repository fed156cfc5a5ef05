"""No string is missing: what the page says, and what it translates of the server's English, has its text."""

import re

from underwatch.experiments.ensemble.names import ENSEMBLES
from underwatch.experiments.histories.diary import COUNTED, FOLLOWERS
from underwatch.experiments.ledger.entries import ACTS, REASONS
from underwatch.facts import grounds, model_parameters, provinces, rival_forms
from underwatch.pages.report import LIMITS
from underwatch.record.headlines import HEADLINES
from underwatch.texts.languages import LANGUAGES, all_texts
from underwatch.web.session import studio_run as run
from underwatch.web.session.exports import TAKEN
from underwatch.web.session.simulation import LIVE
from underwatch.web.views import choices
from underwatch.world.layout import EPISODES, INCIDENT_NAMES
from web.served import ROOT

PAGE = ROOT / "src" / "underwatch" / "web" / "page"
EN, KO = (all_texts(language) for language in LANGUAGES)
SCRIPTS = "\n".join(path.read_text("utf-8") for path in sorted((PAGE / "js").glob("*.js")))
HTML = (PAGE / "index.html").read_text("utf-8")


def literal_keys():
    """Keys that the page asks for as they stand."""
    asked = set(re.findall(r'(?:say|translated)\(\s*"([^"]+)"', SCRIPTS)) | set(
        re.findall(r'data-(?:w|label)="([^"]+)"', HTML)
    )
    asked |= {key for pair in re.findall(r'say\([^()"]*\? "([\w.]+)" : "([\w.]+)"', SCRIPTS) for key in pair}
    return asked


def composed_keys():
    """Keys that the page puts together, from what the server can send."""
    facts = choices.parameters()
    numbered = {"term": range(14)}
    return {
        *(f"stage.{s}" for s in (run.QUEUED, "compiling", "worlds", "draws", "silence", "ledger", "done")),
        *(f"working.{s}" for s in run.OVER),
        *(f"world.{w}" for w in ("baseline", "counter-world", "difference")),
        *(f"map.{k}" for k in ("calm", "followed", "listed", "same", "better", "worse")),
        *(f"live.{k}" for k in LIVE),
        *(f"like.{k}" for k in INCIDENT_NAMES),
        *(f"ground.{g}" for g in grounds()),
        *(f"article.{a}" for h in HEADLINES for a in h.articles),
        *(f"basis.{f['basis']}" for f in (*facts["first"], *facts["more"])),
        *(f"file.{name}" for name in TAKEN),
        *(f"chip.{i['name']}" for i in choices.interventions()),
        *(f"rule.{one['rule']}" for one in choices.forms()),
        *(f"short.{name}" for name in choices.FIRST),
        *(f"term.{n}" for n in numbered["term"]),
        *(f"term.{n}.meaning" for n in numbered["term"]),
        *(f"expect.{s}" for s in ("compiling", "draws", "worlds", "silence", "ledger")),
        *(f"outside.{k}" for k in ("world", "incidents", "published", "expected", "relays", "silent")),
        *(f"outside.{k}" for k in ("incident_day", "day", "kind", "list", "copy")),
        *(f"life.level{n}" for n in (1, 2, 3)),
        *(f"act.{act}" for act in ACTS),
        *(f"entry.{entry}{part}" for entry in (*REASONS, "kept") for part in ("", ".meaning")),
        *(f"group.{group}" for group in ("all", "listed", "ordinary")),
        *(
            f"asked.{k}"
            for k in ("place", "residents", "start", "end", "seed", "draws", "ensemble", "without", "interventions")
        ),
        *(f"ensemble.{name}" for name in ENSEMBLES),
    }


def server_keys():
    """Keys of the server's English, for another language."""
    facts = choices.parameters()
    return {
        *(f"parameter.{f['name']}" for f in (*facts["first"], *facts["more"])),
        *(f"unit.{f['unit']}" for f in (*facts["first"], *facts["more"])),
        *(f"intervention.{i['name']}{part}" for i in choices.interventions() for part in ("", ".why")),
        *(
            f"form.{rule['rule']}.{form['name']}{part}"
            for rule in choices.forms()
            for form in rule["forms"]
            for part in ("", ".meaning", ".basis")
        ),
        *(f"province.{name}" for name in provinces()),
        *(f"headline.{h.name}{part}" for h in HEADLINES for part in ("", ".unit")),
        *(f"report.limit.{n}" for n in range(len(LIMITS))),
        *(f"event.{kind}" for kind in EPISODES),
        *(f"by.{who}" for who in FOLLOWERS),
        *(f"kind.{EPISODES[kind]}" for kind, _ in COUNTED),
    }


def test_every_text_of_the_page_is_in_both_catalogues():
    asked = {key for key in literal_keys() if "$" not in key} | composed_keys()
    assert len(asked) > 200
    assert asked - set(EN) == set()
    assert asked - set(KO) == set()


def test_the_korean_catalogue_has_what_the_server_says_in_english():
    assert server_keys() - set(KO) == set()


def test_every_ground_is_called_as_in_its_table_and_counted_in_korean():
    assert {name: EN[f"ground.{name}"] for name in grounds()} == {name: one.words for name, one in grounds().items()}
    assert f"{('셋', '네', '다섯', '여섯', '일곱')[len(grounds()) - 3]} 가지 사유" in KO["term.1.meaning"]


def test_the_channel_has_no_slider_and_no_choice():
    facts = choices.parameters()
    shown = {f["name"] for f in (*facts["first"], *facts["more"])}
    assert {name for name, fact in model_parameters().items() if fact.rule == "S13"} & shown == set()
    assert [one["rule"] for one in choices.forms()] == [rule for rule in rival_forms() if rule != "S13"]
    assert len(facts["first"]) == 6
    assert all(f[key] for f in facts["first"] for key in ("meaning", "unit", "source"))
