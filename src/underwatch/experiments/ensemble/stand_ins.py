"""Small places that stand in for a scenario's own, so that a question can be put to hundreds of worlds."""

from __future__ import annotations

from underwatch.world.scenario import Scenario

STAND_IN = 8_000  # residents, of all stand-ins of a scenario together


def stand_ins(scenario: Scenario, residents: int = STAND_IN) -> tuple[Scenario, ...]:
    """Return the place itself where it is small enough, else one of the same kind with so many residents.

    Many places have a border and an inland one, with so many of the residents on the border as in all of them.
    """
    if scenario.residents <= residents and len(scenario.places) == 1:
        return (scenario,)
    if len(scenario.places) == 1:
        return (scenario.replace(population=residents),)
    found = []
    for border in (True, False):
        places = [place for place in scenario.places if place.border is border]
        share = sum(place.population for place in places) / scenario.residents
        if some := round(share * min(residents, scenario.residents)):
            largest = max(places, key=lambda place: place.population)
            found.append(scenario.replace(places=(largest,), population=some))
    return tuple(found)
