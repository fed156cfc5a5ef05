"""The report of a run: one HTML file that opens offline, with a table under every chart and the limits beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from underwatch.experiments.study import Study
from underwatch.facts import Fact, model_parameters
from underwatch.pages.charts.plots import Chart, change_chart, group_charts, silence_chart, weekly_charts
from underwatch.pages.country import country_charts, province_table
from underwatch.pages.rendering import page, page_words, plain
from underwatch.pages.summary import STATEMENT, band_words, date_words, figures_words, summary_lines, window_words
from underwatch.record.headlines import HEADLINES
from underwatch.record.provenance import software
from underwatch.record.schema import DICTIONARY, RIGHTS
from underwatch.texts.languages import ENGLISH
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_toml

# The channel's parameters are integrated over and left out of every table (the line it never crosses).
_LEFT_OUT = "S13"

LIMITS = page_words("report").limits
_NEAR = LIMITS[:4]


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
    """All that a report shows, as plain data. `scenario` is TOML; `summary` is made from the study when left empty.

    `without` names the rules that were switched off. `software` and `digest` say how to repeat the run.
    """

    title: str
    study: Study
    scenario: str
    parameters: tuple[ParameterValue, ...]
    seed: int
    digest: str
    summary: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = LIMITS


def _rights_table() -> tuple[tuple[str, str, str], ...]:
    """Return article, what it protects, and the headlines that bear on it."""
    rows = []
    for article, words in RIGHTS.items():
        figures = ", ".join(h.title.lower() for h in HEADLINES if article in DICTIONARY[h.indicator].articles)
        rows.append((f"Article {article}", words, figures))
    return tuple(rows)


def _parameter_words(shown: tuple[ParameterValue, ...]) -> str:
    """Say in a sentence how much of the model is guessed."""
    guesses = sum(parameter.is_guess for parameter in shown)
    changed = sum(parameter.changed for parameter in shown)
    set_here = f" The scenario sets {changed}, which no draw changes." if changed else ""
    return (
        f"{guesses} of {len(shown)} parameters are guesses: nothing but a reasoned range stands behind them.{set_here}"
    )


def charts_of(study: Study) -> dict[str, tuple[Chart, ...]]:
    """Return the charts by section; a section that the study has no data for is empty."""
    silence, change = silence_chart(study), change_chart(study)
    provinces, seats = country_charts(study)
    return {
        "silence": (silence,) if silence else (),
        "change": (change,) if change else (),
        "weekly": weekly_charts(study),
        "groups": group_charts(study),
        "provinces": provinces,
        "map": (seats,) if seats else (),
    }


def render_report(model: ReportModel) -> str:
    """Return the report as one HTML page. The same model gives the same bytes."""
    study = model.study
    shown = tuple(parameter for parameter in model.parameters if parameter.fact.rule != _LEFT_OUT)
    return page(
        "report.html.j2",
        model=model,
        study=study,
        place=study.place,
        period=f"{date_words(study.start)} to {date_words(study.day(study.days - 1))}",
        window=window_words(study) if study.twin else "",
        band=band_words(study.n_draws, study.source),
        figures=figures_words(study),
        source=f"{study.source}{', adapted' if study.adapted else ''}" if study.n_draws else "",
        forms=[(rule, form) for rule, form in _forms(study).items() if rule != _LEFT_OUT],
        lines=model.summary or summary_lines(study),
        statement=STATEMENT,
        charts=charts_of(study),
        provinces=province_table(study) if study.provinces else None,
        parameters=shown,
        parameter_words=_parameter_words(shown),
        near=_NEAR,
        rights=_rights_table(),
    )


def _forms(study: Study) -> Mapping[str, str]:
    """Return the rules' forms of the example; nothing where it has no settings."""
    return study.example.setting.forms if study.example.setting else {}


def scenario_report(scenario: Scenario, study: Study, digest: str, language: str = ENGLISH) -> str:
    """Return the report of a scenario's study, with every parameter as its example has it."""
    fixed, example = scenario.fixed(), study.example.setting or scenario
    values = tuple(
        ParameterValue(fact, example.parameters[name], name in fixed) for name, fact in model_parameters().items()
    )
    rules = tuple(sorted(scenario.without, key=lambda rule: int(rule[1:])))
    return render_report(
        ReportModel(
            title=f"Life under watch: {scenario.name}", study=study, scenario=scenario_toml(scenario),
            parameters=values, seed=scenario.seed, digest=digest, without=rules, software=software(),
            summary=summary_lines(study, language),
        )
    )  # fmt: skip
