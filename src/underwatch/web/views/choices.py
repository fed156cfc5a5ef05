"""What can be chosen on the page: places with their facts, parameters with their sources, interventions in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from underwatch.experiments.ensemble.names import DEFAULT_DRAWS, DEFAULT_ENSEMBLE
from underwatch.experiments.interventions import catalogue
from underwatch.facts import Fact, RivalForm, model_parameters, provinces, rival_forms
from underwatch.web.bounds import LEFT_OUT, MOST_DAYS, MOST_DRAWS, MOST_RESIDENTS
from underwatch.world.scenario import DEFAULT_DAYS, DEFAULT_START

# What the page shows first: orders, quota, reprimand, attention, vigilance, and what fear does to calls
FIRST = (
    "order_campaign", "quota_mps_per_week", "p_reprimand", "attention_per_role_per_day", "vigilance_base",
    "fear_per_noticed",
)  # fmt: skip


def presets() -> dict[str, Any]:
    """Return the 178 places by province, the bounds of a question, and its defaults."""
    result = []
    for province, members in provinces().items():
        names = ("name", "name_ko", "border", "population", "urban")
        rows = [{name: getattr(place, name) for name in names} for place in members]
        result.append({"province": province, "places": rows})
    bounds = {"residents": MOST_RESIDENTS, "days": MOST_DAYS, "draws": MOST_DRAWS}
    default = {"place": "Hoeryong", "start": DEFAULT_START.isoformat(), "days": DEFAULT_DAYS, "seed": 1,
               "draws": DEFAULT_DRAWS, "ensemble": DEFAULT_ENSEMBLE}  # fmt: skip
    return {"provinces": result, "bounds": bounds, "default": default}


def parameters() -> dict[str, Any]:
    """Return the parameters with a range, the first few and then all the others in the table's order."""
    known = model_parameters()
    others = [n for n, fact in known.items() if n not in FIRST and fact.rule != LEFT_OUT and fact.low < fact.high]
    return {"first": [_fact(known[name]) for name in FIRST], "more": [_fact(known[name]) for name in others]}


def forms() -> list[dict[str, Any]]:
    """Return the rules that have rival forms, each with its forms in the table's order; the channel's is left out."""
    return [
        {"rule": rule, "forms": [_form(item) for item in items]}
        for rule, items in rival_forms().items()
        if rule != LEFT_OUT
    ]


def _form(item: RivalForm) -> dict[str, str]:
    return {"name": item.form, "meaning": item.meaning, "basis": item.basis}


def _fact(fact: Fact) -> dict[str, Any]:
    names = ("name", "rule", "meaning", "unit", "low", "central", "high", "scale", "basis", "source")
    return {name: getattr(fact, name) for name in names}


def interventions() -> list[dict[str, Any]]:
    """Return the interventions in words, and what each of them changes: two that share one contradict each other."""
    return [
        {"name": item.name, "words": item.words, "why": item.why, "touches": sorted(item.touched)}
        for item in catalogue().values()
    ]


CHOICES: dict[str, Callable[[], Any]] = {
    "presets": presets, "facts": parameters, "forms": forms, "interventions": interventions,
}  # fmt: skip
