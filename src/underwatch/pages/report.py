"""The report of a run: one HTML file that opens offline, the findings first, a table under every figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from underwatch import __version__
from underwatch.experiments.ensemble.relief import shipped_relief
from underwatch.experiments.ensemble.statements import statement_dots
from underwatch.experiments.study import Study
from underwatch.facts import Fact, model_parameters, rival_forms
from underwatch.pages.charts.chart import Chart, change_of, ensemble_of, title_of
from underwatch.pages.charts.country import country_charts, province_table
from underwatch.pages.charts.hidden import outcomes_chart
from underwatch.pages.charts.line_by_line import Line, lines_chart, statement_lines
from underwatch.pages.charts.plots import (
    change_chart,
    group_caption,
    group_charts,
    silence_chart,
    weekly_caption,
    weekly_charts,
)
from underwatch.pages.charts.relieving import relief_figure
from underwatch.pages.charts.two_weeks import story_charts
from underwatch.pages.drawing.painting import COARSE, SHARP, Saved, saved, sheet
from underwatch.pages.key_findings import head, key_findings, place_words
from underwatch.pages.rendering import page, plain
from underwatch.record.headlines import HEADLINES
from underwatch.record.provenance import software
from underwatch.record.schema import DICTIONARY, RIGHTS
from underwatch.texts.catalogue import text, texts_of, translated
from underwatch.texts.languages import ENGLISH
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_toml

# The channel's parameters are integrated over and left out of every table (the line it never crosses).
_LEFT_OUT = "S13"
_N_RULES = 17
_IN_FRONT = ("year", "relief", "worlds", "silence", "change", "map")  # sections whose figures are saved the larger

LIMITS = texts_of(ENGLISH, "report.limit")


@dataclass(frozen=True)
class ParameterValue:
    """A parameter, the value that the example of this run had for it, and whether the scenario set it."""

    fact: Fact
    value: float
    given: bool = False

    @property
    def is_guess(self) -> bool:
        """Nothing but a reasoned range stands behind it."""
        return self.fact.basis == "judgement"

    @property
    def changed(self) -> bool:
        """The scenario set it: to another value than the central one, or to this one by name."""
        return self.given

    @property
    def cells(self) -> tuple[str, str, str]:
        """Value, low and high in words."""
        return plain(self.value), plain(self.fact.low), plain(self.fact.high)


@dataclass(frozen=True)
class ReportModel:
    """All that a report shows, as plain data. `scenario` is TOML.

    `without` names the rules that were switched off. `software` and `digest` say how to repeat the run.
    """

    study: Study
    scenario: str
    parameters: tuple[ParameterValue, ...]
    seed: int
    digest: str
    without: tuple[str, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    language: str = ENGLISH


class Shown(NamedTuple):
    """The charts of a report by section; a section that the study has no data for is empty."""

    lines: tuple[Line, ...]
    sections: Mapping[str, tuple[Chart, ...]]
    frames: str
    narrow_relief: str


def charts_of(study: Study, language: str = ENGLISH) -> Shown:
    """Return everything that is drawn of a study."""
    lines = () if study.adapted else statement_lines(statement_dots(), language)
    worlds = outcomes_chart(study, language)
    silence, change = silence_chart(study, language), change_chart(study, language)
    provinces, seats = country_charts(study, language)
    rows = shipped_relief(study.source, study.adapted)
    relief = relief_figure(rows, language) if rows else None
    sections = {
        "lines": (lines_chart(lines, language),) if lines else (),
        "year": story_charts(study.story, language) if study.story else (),
        "relief": (relief[0],) if relief else (),
        "worlds": (worlds[0],) if worlds else (),
        "silence": (silence,) if silence else (),
        "change": (change,) if change else (),
        "map": (seats,) if seats else (),
        "provinces": provinces,
        "weekly": weekly_charts(study, language),
        "groups": group_charts(study, language),
    }
    frames = worlds[1].svg(text(language, "report.silence.worlds.label")) if worlds else ""
    return Shown(lines, sections, frames, relief[1] if relief else "")


def notes_of(study: Study, language: str = ENGLISH) -> tuple[str, ...]:
    """Return what a picture never travels without: that residents are invented, the version, place and dates."""
    first, last = study.day(0), study.day(study.days - 1)
    source = {"version": __version__, "place": place_words(study, language), "first": first, "last": last}
    return (f"{text(language, 'figure.note.invented')} {text(language, 'figure.note.source', **source)}",)


def saved_figures(study: Study, shown: Shown, language: str = ENGLISH) -> dict[str, Saved]:
    """Return the files of each chart by its key; no picture travels without its words."""
    notes = notes_of(study, language)
    return {
        chart.key: saved(
            f"underwatch-{chart.key}",
            sheet(chart.picture, chart.title, chart.caption, notes),
            SHARP if name in _IN_FRONT else COARSE,
        )
        for name, charts in shown.sections.items()
        for chart in charts
        if chart.picture is not None
    }


def _rights_table(language: str) -> tuple[tuple[str, str, str], ...]:
    """Return article, what it protects, and the headlines that concern it."""
    rows = []
    for article in RIGHTS:
        figures = ", ".join(
            title_of(language, headline) for headline in HEADLINES if article in DICTIONARY[headline.indicator].articles
        )
        rows.append(
            (text(language, "report.rights.article", n=article), text(language, f"report.rights.{article}"), figures)
        )
    return tuple(rows)


def _parameter_words(shown: tuple[ParameterValue, ...], language: str) -> tuple[str, ...]:
    """Say how much of the model is guessed, and how much the scenario sets."""
    guesses, changed = (sum(chosen) for chosen in ((p.is_guess for p in shown), (p.changed for p in shown)))
    said = text(language, "report.parameters.guesses", n=guesses, all=len(shown))
    return (said, text(language, "report.parameters.set", n=changed)) if changed else (said,)


def _rules(study: Study, language: str) -> tuple[tuple[str, str, str], ...]:
    """Return each rule, what it is about, and the form that it has in the example, where it has rivals."""
    forms = study.example.setting.forms if study.example.setting else None
    found = []
    for rule in (f"S{n}" for n in range(1, _N_RULES + 1)):
        form = forms[rule] if forms and rule in rival_forms() and rule != _LEFT_OUT else ""
        named = text(language, "report.rules.form", form=translated(language, f"form.{rule}.{form}", form))
        found.append((rule, text(language, f"report.rule.{rule}"), named if form else ""))
    return tuple(found)


def _citation(model: ReportModel, place: str) -> dict[str, str]:
    """Return the sentence to copy and the BibTeX entry."""
    study, language = model.study, model.language
    first, last = study.day(0), study.day(study.days - 1)
    ensemble = ensemble_of(language, study)
    sentence = text(
        language, "report.cite.sentence", version=__version__, place=place, first=first, last=last, n=study.n_draws,
        ensemble=ensemble, seed=str(model.seed), digest=model.digest[:12],
    )  # fmt: skip
    bibtex = (
        "@software{underwatch,\n  author  = {{The Underwatch authors}},\n"
        "  title   = {Underwatch: a model of life under surveillance, with synthetic residents},\n"
        f"  version = {{{__version__}}},\n  license = {{Apache-2.0}},\n"
        f"  note    = {{{study.place.name}, {first} to {last}, seed {model.seed}, digest {model.digest[:12]}}}\n}}"
    )
    return {"sentence": sentence, "bibtex": bibtex}


def render_report(model: ReportModel) -> str:
    """Return the report as one HTML page. The same model gives the same bytes."""
    study, language = model.study, model.language
    parameters = tuple(parameter for parameter in model.parameters if parameter.fact.rule != _LEFT_OUT)
    shown, place = charts_of(study, language), place_words(study, language)
    what: dict[str, Any] = {
        "model": model,
        "study": study,
        "title": text(language, "report.title", place=place),
        "change": change_of(language, study),
        "head": head(study, language),
        "findings": [(finding.label(language), finding.sentence(language)) for finding in key_findings(study)],
        "lines": shown.lines,
        "charts": shown.sections,
        "frames": shown.frames,
        "narrow_relief": shown.narrow_relief,
        "n_worlds": len(shown.sections["worlds"][0].rows) if shown.sections["worlds"] else 1,
        "files": saved_figures(study, shown, language),
        "how": texts_of(language, "report.how"),
        "limits": texts_of(language, "report.limit"),
        "provinces": province_table(study, language) if study.provinces else None,
        "weekly_caption": weekly_caption(study, language),
        "group_caption": group_caption(study, language),
        "parameters": parameters,
        "parameter_words": _parameter_words(parameters, language),
        "rules": _rules(study, language),
        "rights": _rights_table(language),
        "cite": _citation(model, place),
    }
    return page("report.html.j2", language, **what)


def scenario_report(scenario: Scenario, study: Study, digest: str, language: str = ENGLISH) -> str:
    """Return the report of a scenario's study, with every parameter as its example has it."""
    fixed, example = scenario.fixed(), study.example.setting or scenario
    values = tuple(
        ParameterValue(fact, example.parameters[name], name in fixed) for name, fact in model_parameters().items()
    )
    rules = tuple(sorted(scenario.without, key=lambda rule: int(rule[1:])))
    return render_report(
        ReportModel(
            study=study, scenario=scenario_toml(scenario), parameters=values, seed=scenario.seed, digest=digest,
            without=rules, software=software(), language=language,
        )
    )  # fmt: skip
