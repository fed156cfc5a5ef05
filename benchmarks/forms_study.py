"""How much of each headline's spread is form, parameter and luck: total-effect indices (Jansen 1999) over the prior.

    python benchmarks/forms_study.py [--draws 400] [--residents 4000]

A base draw has parameters, forms and luck; one of the three is drawn anew, the others stay. Half the mean square of
what that changes, over the variance of all, is the share of the spread that goes with it, alone or together with
others: so shares can add up to more than one. The same for the form of each rule alone. Writes its section of
docs/validation.md.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from sections import put_section

from underwatch.experiments.engine.worlds import prior_scenarios
from underwatch.experiments.ensemble.outcomes import COLUMNS, outcomes_of
from underwatch.facts import rival_forms
from underwatch.record.headlines import HEADLINES
from underwatch.world.forms import prior_forms
from underwatch.world.parameters import prior_draws
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_for

PAGE = Path(__file__).parents[1] / "docs" / "validation.md"
SEED = 17
WORLD_RULES = tuple(rule for rule in rival_forms() if rule != "S13")  # S13 tells of a world and changes nothing in it
ANEW = ("parameters", "luck", "forms", *WORLD_RULES)


def designs(n: int, residents: int) -> dict[str, list[Scenario]]:
    """Return the base draws and, for each part that is drawn anew, the draws with that part of another one."""
    base = prior_scenarios(scenario_for("hoeryong", population=residents, seed=SEED), n)
    values, forms = prior_draws(n, SEED + 1), prior_forms(n, SEED + 1)
    result = {"base": base, "parameters": [a.replace(parameters=b) for a, b in zip(base, values, strict=True)]}
    result["luck"] = [scenario.replace(seed=(scenario.seed + 1) % 2**64) for scenario in base]
    result["forms"] = [a.replace(forms=b) for a, b in zip(base, forms, strict=True)]
    for rule in WORLD_RULES:
        result[rule] = [a.replace(forms=a.forms.with_forms({rule: b[rule]})) for a, b in zip(base, forms, strict=True)]
    return result


def figures(outcomes: np.ndarray) -> dict[str, np.ndarray]:
    """Return each headline of the year, and what the campaign changes of it, by title."""
    found = {}
    for headline in HEADLINES:
        found[headline.title] = outcomes[:, COLUMNS.index(f"{headline.name}:baseline:year")]
        with_it, without = (
            outcomes[:, COLUMNS.index(f"{headline.name}:{world}:window")] for world in ("baseline", "twin")
        )
        found[f"{headline.title}: what the campaign changes"] = with_it - without
    return found


def total_effects(base: np.ndarray, changed: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the total effect of each part on one figure, by Jansen's estimator, on an asinh scale."""
    everything = np.concatenate([base, *changed.values()])
    unit = np.nanmedian(np.abs(everything[everything != 0])) if (everything != 0).any() else 1.0
    a = np.arcsinh(base / unit)
    variance = float(np.nanvar(np.arcsinh(everything / unit)))
    effects = {}
    for part, values in changed.items():
        effects[part] = float(np.nanmean((a - np.arcsinh(values / unit)) ** 2)) / 2 / variance if variance else np.nan
    return effects


def main() -> None:
    """Run the study and write its section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--residents", type=int, default=4_000)
    given = parser.parse_args()
    found = {}
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for part, scenarios in designs(given.draws, given.residents).items():
            found[part] = figures(np.array(list(pool.map(outcomes_of, scenarios, chunksize=10))))
            print(part, flush=True)
    lines = [
        "## Form, parameter, luck: what a headline's spread is made of",
        "",
        f"Total effects (Jansen 1999) over {given.draws} draws from the prior, {given.residents:,} residents each,",
        "on an asinh scale: the share of the spread that goes with a part, alone or with others (shares can add",
        "up to more than one). The last column names the rule whose form moves the headline most, and its share.",
        "",
        "| headline | parameters | forms | luck | the rule whose form moves it most |",
        "| --- | --- | --- | --- | --- |",
    ]
    for title in found["base"]:
        effects = total_effects(found["base"][title], {part: found[part][title] for part in ANEW})
        most = max(WORLD_RULES, key=lambda rule: effects[rule])
        shares = " | ".join(f"{100 * effects[part]:.0f} %" for part in ("parameters", "forms", "luck"))
        lines.append(f"| {title} | {shares} | {most}: {100 * effects[most]:.0f} % |")
    put_section(PAGE, "form, parameter, luck", lines)


if __name__ == "__main__":
    main()
