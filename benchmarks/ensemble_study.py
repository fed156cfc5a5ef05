"""Find the known and the described ensemble: simulate draws of parameters and forms, weigh them, and ship settings.

    python benchmarks/ensemble_study.py [--draws 30000] [--residents 4000] [--keep build/ensemble]

Blocks of draws are kept and gone on with. What ships stands in src/underwatch/experiments/ensemble/shipped; the tables
of diagnostics go to docs/ensembles.md. Some half an hour on two cores.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sections import put_section
from trials.ensemble_diagnostics import coverage, left_out, widths
from trials.relief import relief_rows, relief_table
from trials.shipping import ensemble_key, silence_table
from trials.statements import CALLS, Judged, judged_calls, judged_statements, weights_without

from underwatch.experiments.engine.worlds import seed_of_draw
from underwatch.experiments.ensemble.names import DEFAULT_DRAWS, DESCRIBED
from underwatch.experiments.ensemble.outcomes import COLUMNS, outcomes_of
from underwatch.experiments.ensemble.relief import ReliefRow
from underwatch.experiments.ensemble.robustness import HANGS, ROBUST
from underwatch.experiments.ensemble.selection import (
    capped,
    deviations,
    effective,
    holding,
    kept_by,
    refuse_impossible,
    used_in,
    weights_of,
)
from underwatch.experiments.ensemble.settings import ensemble_scenarios
from underwatch.experiments.ensemble.strata import systematic
from underwatch.experiments.interventions import catalogue
from underwatch.experiments.silence import WATCHING, silence_in
from underwatch.facts import described, model_parameters, patterns, rival_forms
from underwatch.record.headlines import HEADLINES
from underwatch.world.draws import rng
from underwatch.world.forms import Forms, prior_forms
from underwatch.world.parameters import Parameters, prior_draws
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_for

SEED = 20_241_227
BLOCK = 500
SHIPPED = Path(__file__).parents[1] / "src/underwatch/experiments/ensemble/shipped"
MOST = 600  # settings that ship
PAGE = Path(__file__).parents[1] / "docs" / "ensembles.md"
TRUTHS = 2_000
COVERED = (0.875, 0.925)  # what a 90 % range should hold of them
ON_THE_PAGE = ("followed", "forgone", "calls", "accused", "arrests", "fear_ordinary", "distressed_ordinary")


def block_of(number: int, residents: int) -> list[Scenario]:
    """Return the settings of a block: a Latin hypercube of its own, its forms level by level, each with its luck."""
    seed = int(rng(SEED, f"block {number}").integers(2**63))
    scenario = scenario_for("hoeryong", population=residents, seed=seed)
    return [
        scenario.replace(parameters=values, forms=forms, seed=seed_of_draw(scenario, draw))
        for draw, (values, forms) in enumerate(zip(prior_draws(BLOCK, seed), prior_forms(BLOCK, seed), strict=True), 1)
    ]


def simulate_block(number: int, residents: int, folder: Path) -> int:
    """Simulate a block, if it is not kept yet."""
    path = folder / f"block-{number:04d}.npz"
    if not path.exists():
        rows = np.array([outcomes_of(scenario) for scenario in block_of(number, residents)])
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as stream:
            np.savez_compressed(stream, outcomes=rows)
        part.replace(path)
    return number


def all_outcomes(blocks: int, residents: int, folder: Path) -> np.ndarray:
    """Return float64[draws, COLUMNS], the draws in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        jobs = [pool.submit(simulate_block, number, residents, folder) for number in range(blocks)]
        for done, job in enumerate(as_completed(jobs), 1):
            print(f"block {job.result()}: {done} of {blocks}", flush=True)
    return np.concatenate([np.load(folder / f"block-{number:04d}.npz")["outcomes"] for number in range(blocks)])


def settings_of(rows: np.ndarray, residents: int) -> list[tuple[Parameters, Forms]]:
    """Return the parameters and forms of some draws."""
    blocks = {number: block_of(number, residents) for number in {row // BLOCK for row in rows.tolist()}}
    found = [blocks[row // BLOCK][row % BLOCK] for row in rows.tolist()]
    return [(scenario.parameters, scenario.forms) for scenario in found]


def ship(name: str, weights: np.ndarray, residents: int) -> str:
    """Write the settings of an ensemble, all that have any weight, or MOST drawn by their weights; say how many."""
    rows = np.flatnonzero(weights)
    kept = capped(weights[rows])
    if len(rows) > MOST:
        order = rng(SEED, "shipped", name).permutation(len(rows))
        at = (np.arange(MOST) + 0.5) / MOST
        chosen = order[np.searchsorted(np.cumsum(kept[order]), at)]
        places, times = np.unique(chosen, return_counts=True)
        rows, kept = rows[places], capped(times / MOST)
    settings = settings_of(rows, residents)
    columns: dict[str, object] = {"draw": rows, "weight": kept}
    columns |= {f"parameter:{key}": [values[key] for values, _ in settings] for key in model_parameters()}
    columns |= {f"form:{rule}": [forms[rule] for _, forms in settings] for rule in rival_forms()}
    SHIPPED.mkdir(exist_ok=True)
    table = pa.table(columns).replace_schema_metadata({"key": ensemble_key()})
    pq.write_table(table, SHIPPED / f"{name}.parquet", compression="zstd")
    return f"{name}: {len(rows)} distinct settings ship, effective {effective(kept):.0f}"


def all_judged(outcomes: np.ndarray, known: np.ndarray, residents: int) -> list[Judged]:
    """Judge the statements by the draws, and watched callers by DEFAULT_DRAWS of each ensemble."""
    without = weights_without(patterns()[CALLS], known, holding(outcomes))
    even = np.full(len(outcomes), 1 / len(outcomes))
    rows = [
        systematic(weights, DEFAULT_DRAWS, rng(SEED, "callers", str(n)))
        for n, weights in enumerate((even, known, without))
    ]
    calls = judged_calls([settings_of(some, residents) for some in rows], residents)
    return [*judged_statements(outcomes, known), calls]


def ship_statements(rows: list[Judged]) -> None:
    """Write what the worlds say of each statement."""
    columns = {name: [getattr(row, name) for row in rows] for name in Judged._fields}
    SHIPPED.mkdir(exist_ok=True)
    table = pa.table(columns).replace_schema_metadata({"key": ensemble_key()})
    pq.write_table(table, SHIPPED / "statements.parquet", compression="zstd")


def ship_silence() -> None:
    """Write the silence curve of the default scenario in the worlds of the described ensemble."""
    worlds = ensemble_scenarios(scenario_for("hoeryong"), DEFAULT_DRAWS, DESCRIBED)
    curve = silence_in(worlds, len(os.sched_getaffinity(0)), WATCHING)
    table = silence_table(curve, DESCRIBED)
    about = {**(table.schema.metadata or {}), "key": ensemble_key()}
    pq.write_table(table.replace_schema_metadata(about), SHIPPED / "silence.parquet")
    print(f"silence: fewer reports at the strongest watching in {int(curve.turns.sum())} of {len(worlds)} worlds")


def ship_relief() -> None:
    """Write what each intervention does in the worlds of the described ensemble, in the default scenario."""
    worlds = ensemble_scenarios(scenario_for("hoeryong"), DEFAULT_DRAWS, DESCRIBED)
    rows = relief_rows(worlds, tuple(catalogue().values()), len(os.sched_getaffinity(0)))
    pq.write_table(relief_table(rows, DESCRIBED, ensemble_key()), SHIPPED / "relief.parquet", compression="zstd")
    put_section(PAGE, "relief", relief_lines(rows))
    robust = sum(row.verdict == ROBUST and row.is_relief for row in rows)
    print(f"relief: {len(rows)} signs over {len(worlds)} worlds, {robust} of them robust relief")


def relief_lines(rows: Sequence[ReliefRow]) -> list[str]:
    """Return the table of relief: some headlines across, the share of worlds in which each intervention relieves."""
    titles = {headline.name: headline.label for headline in HEADLINES if headline.name in ON_THE_PAGE}
    lines = [f"| intervention | {' | '.join(titles.values())} |", f"| --- |{' --- |' * len(titles)}"]
    for name in catalogue():
        found = {row.headline: row for row in rows if row.intervention == name}
        cells = " | ".join(f"{100 * found[each].share:.0f} % {said(found[each])}".rstrip() for each in titles)
        lines.append(f"| {name} | {cells} |")
    return lines


def said(row: ReliefRow) -> str:
    """Return the verdict on a sign in a word, none where it is not robust."""
    if row.verdict != ROBUST:
        return "(hangs)" if row.verdict == HANGS else ""
    return "robust" if row.is_relief else "(worse, robust)"


def statement_lines(rows: list[Judged]) -> list[str]:
    """Return the table of the report's statements."""
    lines = [
        "| statement | holds where | prior | known | fitted without it | worlds | verdict |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        said = {**described(), **patterns()}[row.id]
        shares = " | ".join(f"{100 * share:.0f} %" for share in (row.prior, row.known, row.without))
        lines.append(
            f"| {row.id} {said.statement} | {said.tolerance} | {shares} | {row.effective:,.0f} | {row.verdict} |"
        )
    return lines


def figure_lines(outcomes: np.ndarray) -> list[str]:
    """Return the table of the figures, each predicted without itself."""
    lines = [
        "| figure | published | prior: median (90 %) | by the others: median (90 %) | conflict | predicted |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in left_out(outcomes):
        ranges = " | ".join(f"{w.median:.3g} ({w.low:.3g} to {w.high:.3g})" for w in (row.prior, row.others))
        lines.append(f"| {row.name} | {row.figure:.3g} | {ranges} | {row.conflict:.2f} | {row.predicted:.2f} |")
    return lines


def width_lines(outcomes: np.ndarray, by_name: dict[str, np.ndarray]) -> list[str]:
    """Return headlines side by side: what each is under the prior, what is known, what is described."""
    found = {name: {row.outcome: row for row in widths(outcomes, weights)} for name, weights in by_name.items()}
    lines = [f"| headline | {' | '.join(by_name)} |", f"| --- |{' --- |' * len(by_name)}"]
    for headline in HEADLINES:
        rows = [found[name][outcome_of(headline.name)] for name in by_name]
        cells = " | ".join(f"{row.median:.3g} ({row.low:.3g} to {row.high:.3g})" for row in rows)
        lines.append(f"| {headline.title} ({headline.unit}) | {cells} |")
    return lines


def coverage_lines(outcomes: np.ndarray, holds: np.ndarray) -> list[str]:
    """Return the share of synthetic truths that the 90 % ranges hold, headline by headline."""
    names = [outcome_of(headline.name) for headline in HEADLINES]
    all_draws, n_all = coverage(outcomes, names, TRUTHS, SEED)
    where_described, n_described = coverage(outcomes[holds.all(axis=1)], names, TRUTHS, SEED)
    lines = [
        f"| headline | by figures ({n_all:,} truths) | ties by chance | where all statements hold ({n_described:,}) | "
        "ties by chance |",
        "| --- | --- | --- | --- | --- |",
    ]
    for headline, name in zip(HEADLINES, names, strict=True):
        shares = (*all_draws[name], *where_described[name])
        cells = " | ".join(f"{share:.3f}{'' if COVERED[0] <= share <= COVERED[1] else ' (!)'}" for share in shares)
        lines.append(f"| {headline.title} | {cells} |")
    return lines


def outcome_of(headline: str) -> str:
    """Return the outcome that a headline of a run is: arrests are those that the completed calls let expect."""
    return "arrests_per_1000" if headline == "arrests" else f"{headline}:baseline:year"


def write_page(
    outcomes: np.ndarray, known: np.ndarray, holds: np.ndarray, rows: list[Judged], shipped: Sequence[str]
) -> None:
    """Write the sections of the page."""
    chosen = kept_by(known, holds)
    plausible, left = np.count_nonzero(known), np.count_nonzero(chosen)
    counts = [
        f"{len(outcomes):,} draws of the prior; {plausible:,} plausible, effective {effective(known):,.0f};",
        f"all statements hold in {int(holds.all(axis=1).sum()):,} draws, {left:,} of them plausible,",
        f"effective {effective(chosen):,.0f}. Drawn from these by weight, {'; '.join(shipped)}.",
    ]
    prior = np.full(len(outcomes), 1 / len(outcomes))
    put_section(PAGE, "how many", counts)
    put_section(PAGE, "the report's statements", statement_lines(rows))
    put_section(PAGE, "figures left out", figure_lines(outcomes))
    put_section(PAGE, "widths", width_lines(outcomes, {"prior": prior, "known": known, "described": chosen}))
    put_section(PAGE, "calibration", coverage_lines(outcomes, holds))


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=30_000)
    parser.add_argument("--residents", type=int, default=4_000)
    parser.add_argument("--keep", type=Path, default=Path("build/ensemble"))
    given = parser.parse_args()
    outcomes = all_outcomes(given.draws // BLOCK, given.residents, given.keep)
    figures = used_in("run")
    z = deviations(outcomes, figures)
    refuse_impossible(z, figures)
    known, holds = weights_of(z), holding(outcomes)
    chosen = kept_by(known, holds)
    print(f"{len(outcomes):,} draws; plausible {np.count_nonzero(known):,}, effective {effective(known):.0f}")
    print(f"described: {np.count_nonzero(chosen):,}, effective {effective(chosen):.0f}; {len(COLUMNS)} outcomes")
    rows = all_judged(outcomes, known, given.residents)
    print("\n".join(statement_lines(rows)))
    ship_statements(rows)
    shipped = [ship(name, weights, given.residents) for name, weights in (("known", known), ("described", chosen))]
    print("\n".join(shipped))
    write_page(outcomes, known, holds, rows, shipped)
    ship_silence()
    ship_relief()


if __name__ == "__main__":
    main()
