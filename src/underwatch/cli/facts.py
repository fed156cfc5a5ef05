"""`underwatch facts`: a number with its range, basis and source; a place with its census figures."""

import json
from collections.abc import Mapping
from dataclasses import asdict

import click

from underwatch.cli.typed import json_option
from underwatch.errors import InputError, nearest
from underwatch.facts import (
    COUNTRY,
    Fact,
    Place,
    find_place,
    judgements,
    model_parameters,
    places,
    provinces,
    published_facts,
    rival_forms,
)
from underwatch.terminal import say, say_json, say_table

_CENSUS = "2008 census, Central Bureau of Statistics 2009 (KOSIS table)"
_SEATS = "GeoNames, CC BY 4.0"


@click.command(epilog="Example: underwatch facts quota_mps_per_week")
@click.argument("name", required=False)
@json_option()
def facts(name: str | None, as_json: bool) -> None:
    """Show what the model rests on.

    Without NAME, the parameters of the model with their ranges. With the NAME of a parameter, of a published figure or
    of a place, all that is known of it and the source; with that of a rule whose form is a guess (S4), its rival forms.
    """
    if name is None:
        parameters = model_parameters().values()
        if as_json:
            say_json(json.dumps([asdict(fact) for fact in parameters], ensure_ascii=False, indent=2))
        else:
            _print_table(list(parameters))
        return
    result = _look_up(name)
    if as_json:
        say_json(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        say(*"\n\n".join(_as_lines(kind, record) for kind, record in result.items()).split("\n"))


def _look_up(name: str) -> dict[str, dict[str, object]]:
    """Return the records of that name by kind; InputError with the nearest when there is none."""
    key = name.strip().casefold().replace("-", "_").replace(" ", "_")
    result: dict[str, dict[str, object]] = {}
    if key in model_parameters():
        result["model_parameter"] = asdict(model_parameters()[key])
    if key in published_facts():
        result["published_figure"] = asdict(published_facts()[key])
    for item in rival_forms().get(key.upper(), ()):
        result[f"form {item.form}"] = {"name": item.rule, "meaning": item.meaning, "basis": item.basis}
    if result:
        return result
    try:
        kind, full_name, members = find_place(name)
    except InputError:
        known = [*model_parameters(), *published_facts(), *rival_forms(), *places(), *provinces(), COUNTRY]
        raise InputError(
            f'"{name}" is no parameter, published figure or place{nearest(name, known)}; '
            "underwatch facts lists the parameters"
        ) from None
    return {kind: _census_record(full_name, members)}


def _census_record(name: str, members: tuple[Place, ...]) -> dict[str, object]:
    """Return the census figures of one or more places; districts are not shown apart."""
    counts = ("population", "male", "female", "urban", "rural")
    record: dict[str, object] = {"name": name}
    if len(members) == 1:
        (place,) = members
        record |= {"name_ko": place.name_ko, "province": place.province, "border": place.border}
    else:
        record |= {"places": len(members), "border_places": sum(place.border for place in members)}
    record |= {key: sum(getattr(place, key) for place in members) for key in counts}
    record["source"] = _CENSUS
    if len(members) == 1 and members[0].seat_lat is not None:
        record |= {"seat_lat": members[0].seat_lat, "seat_lon": members[0].seat_lon, "seat_source": _SEATS}
    return record


def _as_lines(kind: str, record: Mapping[str, object]) -> str:
    """Lay a record out as aligned lines; empty entries are left out."""
    width = max(len(key) for key in record)
    lines = [f"{record['name']} ({kind.replace('_', ' ')})"]
    for key, value in record.items():
        if key == "name" or value in (None, ""):
            continue
        lines.append(f"  {key.replace('_', ' '):<{width}}  {_as_text(key, value)}")
    return "\n".join(lines)


def _as_text(key: str, value: object) -> str:
    """Write a value as a reader wants it: yes and no, thousands set apart, numbers without noise."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.5f}" if key.startswith("seat") else _number(value)
    return str(value)


def _number(value: float) -> str:
    """Write 0.000001 and 1000 in full and drop trailing zeros."""
    return f"{value:,.7f}".rstrip("0").rstrip(".")


def _print_table(parameters: list[Fact]) -> None:
    """Print the parameters as a table, as wide as the terminal."""
    header, numbers = ("name", "rule", "meaning", "unit", "low", "central", "high", "basis"), ("low", "central", "high")
    rows = [
        (item.name, item.rule, item.meaning, item.unit, *(_number(getattr(item, end)) for end in numbers), item.basis)
        for item in parameters
    ]
    say_table(header, rows, numbers, whole=("name",))
    guesses = judgements()
    say(
        f"{len(parameters)} parameters. {guesses.n} of the {guesses.of} that are drawn rest on judgement alone, "
        f"a reasoned range and nothing else. No published figure answers to {guesses.unanswered} of these.",
        "underwatch facts NAME shows one with its source.",
    )
