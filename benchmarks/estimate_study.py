# ruff: noqa: E501 - tables are read by the line
"""make study: the estimator against the exact posterior of the toy model, simple estimates, and known faults.

Writes the section "The toy model" of docs/calibration.md, between its two marks, and leaves the rest alone. Nothing is
tuned to the tables: what fails is printed as failing. `--small` for a look at whether it runs.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from machine import machine
from sections import put_section
from trials import baselines
from trials.c2st import c2st
from trials.cross_fit import cross_fit
from trials.sampler import sample
from trials.toy_model import Data, ToyModel, summarise

from underwatch.inference.checks import calibration, gates, gates_calibration
from underwatch.inference.npe.modes import find_modes
from underwatch.inference.npe.posterior import Posterior, train
from underwatch.world.draws import rng

PAGE = Path(__file__).parents[1] / "docs" / "calibration.md"
MARK = "twin"
SIZES = {
    "runs": 2000,
    "many": 5000,
    "fresh": 300,
    "exact": 10,
    "widths": 4,
    "alarms": 60,
    "sides": 3000,
    "steps": 2000,
}
SMALL = {"runs": 300, "many": 400, "fresh": 60, "exact": 1, "widths": 1, "alarms": 5, "sides": 800, "steps": 300}
DRAWS = 1000
BLOCK = 2000
FULL = ToyModel()  # two lists, a relay share to be found out, an office that opens
TWO = ToyModel(relays=False)
# One list, and nothing in place or time that would tell which way more watching moves the reports.
BLIND = ToyModel(lists=1, bounds={"intensity": (0.1, 5.0), "fear_silence": (1.0, 1.5), "p_tell_a": (0.1, 0.15), "border_effect": (0.0, 0.1), "campaign_effect": (0.0, 0.1), "trend": (-0.1, 0.1), "place_spread": (0.05, 0.2)})  # fmt: skip

Rows = list[str]


def bank(twin: ToyModel, n: int, name: str) -> tuple[np.ndarray, np.ndarray, Data]:
    """Parameters, targets (with acts in all), and data of n prior draws."""
    theta, data = twin.bank(n, rng(6, f"study {name}"))
    return theta, twin.targets(theta, data), data


def rows_of(twin: ToyModel, n: int, at: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Targets and summaries of n runs, from one block of the bank."""
    _, truth, data = bank(twin, n, f"bank {at}")
    return truth, summarise(data)


def trained(twin: ToyModel, n: int) -> Posterior:
    """The ensemble of 3 on n runs, targets with acts in all; made in blocks, so that memory stays flat."""
    parts = [rows_of(twin, min(BLOCK, n - at), at) for at in range(0, n, BLOCK)]
    truth, x = (np.concatenate(part) for part in zip(*parts, strict=True))
    return train(truth, x, twin.target_box, seed=1)


def exactly(twin: ToyModel, data: Data, i: int, steps: int) -> tuple[np.ndarray, bool]:
    """Draws of the exact posterior of data set i, acts in all among them, and whether the chains have settled."""
    chains = sample(lambda theta: twin.log_likelihood(theta, data[i : i + 1]), twin.support, seed=i, steps=steps)
    theta = chains.flat(DRAWS)
    acts = twin.draw_acts(theta, data[i : i + 1], rng(i, "study acts"))
    support = twin.target_box
    return np.column_stack([theta, np.clip(acts, support.low[-1], support.high[-1])]), chains.settled()


def scores(support, draws: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """CRPS in shares of the prior range: intensity, acts in all, mean of all."""
    crps = calibration.crps(support.unit(draws), support.unit(truth)).mean(axis=0)
    return float(crps[0]), float(crps[-1]), float(crps.mean())


def accuracy(size: dict[str, int]) -> Rows:
    """Coverage, scores and C2ST of the estimator, beside the exact posterior."""
    support = FULL.target_box
    _, truth, seen = bank(FULL, size["fresh"], "fresh")
    x = summarise(seen)
    rows = [
        "| | runs | 50 % covers | 90 % covers | acts in all, 90 % | CRPS intensity | CRPS acts | CRPS mean | NLPD (nats against the prior) | training, s of processor |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    drawn = {}
    for n in (size["runs"], size["many"]):
        start = time.process_time()
        posterior = trained(FULL, n)
        seconds = time.process_time() - start
        drawn[n] = posterior.draw(x, DRAWS, 1)
        rank = calibration.ranks(drawn[n], truth)
        nlpd = -calibration.unit_log_density(posterior, truth, x).mean()
        cover = [calibration.coverage(rank, level) for level in (0.5, 0.9)]
        figures = scores(support, drawn[n], truth)
        rows.append(
            f"| density net, ensemble of 3 | {n:,} | {cover[0].mean():.2f} | {cover[1].mean():.2f} | {cover[1][-1]:.2f} | {figures[0]:.3f} | {figures[1]:.4f} | {figures[2]:.3f} | {nlpd:.2f} | {seconds:.0f} |"
        )
    exact, settled = zip(*[exactly(FULL, seen, i, size["steps"]) for i in range(size["exact"])], strict=True)
    first = slice(0, size["exact"])
    table = [
        "| on the same data sets | C2ST against exact (0.5 is equal) | CRPS intensity | CRPS acts | CRPS mean |",
        "| --- | --- | --- | --- | --- |",
    ]
    for n, draws in drawn.items():
        apart = [
            c2st(support.unconstrained(exact[i]), support.unconstrained(draws[i]), 1) for i in range(size["exact"])
        ]
        figures = scores(support, draws[first], truth[first])
        table.append(
            f"| density net, {n:,} runs | {np.mean(apart):.2f} ({min(apart):.2f} to {max(apart):.2f}) | {figures[0]:.3f} | {figures[1]:.4f} | {figures[2]:.3f} |"
        )
    figures = scores(support, np.array(exact), truth[first])
    table.append(f"| exact | 0.5 | {figures[0]:.3f} | {figures[1]:.4f} | {figures[2]:.3f} |")
    note = f"Coverage is the mean over the ten parameters and acts in all, on {size['fresh']} fresh data sets. CRPS is in shares of the prior range. Chains settled (R-hat under 1.05, 400 effective draws) for {sum(settled)} of {size['exact']} data sets."
    return ["### Against the exact posterior", "", *rows, "", *table, "", note, ""]


def anchors(size: dict[str, int]) -> Rows:
    """What each kind of evidence buys: the width of the 90 % interval of intensity."""
    cases = {
        "one list": ToyModel(lists=1),
        "one list, 40 leavers asked": ToyModel(lists=1, leavers=40),
        "one list, 200 leavers asked": ToyModel(lists=1, leavers=200),
        "two lists, relays to be found out": FULL,
        "two lists, independent": TWO,
    }
    rows = [
        "| evidence | width, density net | the same data sets, density net | the same, exact | covers (90 %) |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, twin in cases.items():
        theta, _, seen = bank(twin, size["fresh"], "widths")
        draws = trained(twin, size["runs"]).draw(summarise(seen), DRAWS, 1)[..., 0]
        low, high = np.quantile(draws, [0.05, 0.95], axis=1)
        told = np.flatnonzero(seen.reports() > 0)[: size["widths"]]
        exact = [np.quantile(exactly(twin, seen, int(i), size["steps"])[0][:, 0], [0.05, 0.95]) for i in told]
        best = np.median([b / a for a, b in exact])
        cover = ((low <= theta[:, 0]) & (theta[:, 0] <= high)).mean()
        rows.append(
            f"| {name} | {np.median(high / low):.1f}x | {np.median((high / low)[told]):.1f}x | {best:.1f}x | {cover:.2f} |"
        )
    note = f"Median upper / lower end of the 90 % interval of intensity (prior: 18x), over {size['fresh']} data sets and over {size['widths']} with their exact posterior."
    return ["### What an anchor buys", "", *rows, "", note, ""]


def simple(size: dict[str, int]) -> Rows:
    """Where simple estimates of acts in all fail, and by how much."""
    rows = [
        "| how many acts, estimated by | median of estimate / truth | its 5 to 95 % | calm side | terror side | 90 % interval covers |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for label, twin in (("independent lists", TWO), ("with relays (share 0 to 0.3)", FULL)):
        _, _, prior = bank(twin, size["runs"], "bank 0")
        theta, truth, seen = bank(twin, size["fresh"], "simple")
        terror, acts, some = twin.terror_side(theta), truth[:, -1], seen.reports() > 0
        only_a, only_b, both = seen.told.sum(axis=(2, 3)).T
        chance = (prior.told[:, 0] + prior.told[:, 2]).sum(axis=(1, 2)) / np.maximum(prior.acts, 1)
        usual = float(np.exp(np.median(np.log(chance[chance > 0]))))
        draws = trained(twin, size["runs"]).draw(summarise(seen), DRAWS, 1)[..., -1]
        low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], axis=1)
        found = {
            "reports of A times a constant": baselines.reports_times_constant(only_a + both, usual),
            "under-reporting model, list A (Stoner type)": baselines.under_reporting(
                only_a + both, np.maximum(prior.acts, 1), chance
            ),
            "capture-recapture, A and B": baselines.capture_recapture(only_a + both, only_b + both, both),
            "density net, A and B": baselines.Estimate(middle, low, high),
        }
        for name, told in found.items():
            ratio = told.ratio(acts)
            spread = np.quantile(ratio[some], [0.05, 0.5, 0.95])
            sides = [np.median(ratio[some & side]) for side in (~terror, terror)]
            rows.append(
                f"| {name}; {label} | {spread[1]:.2f} | {spread[0]:.2g} to {spread[2]:.2g} | {sides[0]:.2f} | {sides[1]:.2f} | {told.covers(acts).mean():.2f} |"
            )
    note = f"{size['fresh']} data sets; ratios over those with a report. The constant and both priors are the simulator's own: what fails is the form, not a wrong number put in. The under-reporting model has the right prior for both the acts and the chance to be told, and takes them for unrelated."
    return ["### Simple estimates on the same data", "", *rows, "", note, ""]


def alarm(posterior: Posterior, model: ToyModel, seen: Data, n: int) -> float:
    """In how many of n data sets the gate on prediction (G7) warns."""
    x, p = summarise(seen), len(model.support)
    names = [str(i) for i in range(x.shape[1])]
    warned = 0
    for i in range(n):
        theta = posterior.draw(x[i], 200, i)[:, :p]
        replicates = summarise(model.simulate(theta, rng(i, "study replicates")))
        warned += gates.predictive(x[i], replicates, names).state == "warns"
    return warned / n


def unseen(size: dict[str, int]) -> Rows:
    """The faults that no gate sees from inside its own bank, by simulation."""
    fixed = {"relay_share": (0.05, 0.05001)}
    cases = (
        ("none: independent lists, modelled as such", TWO, TWO),
        ("5 % relays, not modelled", TWO, ToyModel(bounds=fixed)),
        ("5 % relays, share to be found out", FULL, ToyModel(bounds=fixed)),
        ("threshold world, exponential model", TWO, ToyModel(relays=False, response="threshold")),
        ("saturating world, exponential model", TWO, ToyModel(relays=False, response="saturating")),
        ("a new office, not modelled", ToyModel(relays=False, office=False), TWO),
    )
    rows = [
        "| fault | intensity: median estimate / truth | 90 % covers intensity | 90 % covers acts in all | G6 refuses | G7 warns |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, model, world in cases:
        posterior, x_bank = trained(model, size["runs"]), rows_of(model, size["runs"])[1]
        theta, truth, seen = bank(world, size["fresh"], "unseen")
        x = summarise(seen)
        draws = posterior.draw(x, DRAWS, 1)[..., [0, -1]]
        cover = calibration.coverage(calibration.ranks(draws, truth[:, [0, -1]]), 0.9)
        ratio = np.median(np.median(draws[..., 0], axis=1) / theta[:, 0])
        refused = np.mean([gates.support(row, x_bank).state == "refuses" for row in x[: size["alarms"]]])
        warned = alarm(posterior, model, seen, size["alarms"])
        rows.append(
            f"| {name} | {ratio:.2f} | {cover[0]:.2f} | {cover[1]:.2f} | {100 * refused:.0f} % | {100 * warned:.0f} % |"
        )
    note = f"{size['fresh']} data sets each, {size['alarms']} for the gates. A relay share is therefore always a parameter, and three response functions are always shown (G8)."
    return ["### Faults that the gates cannot see", "", *rows, "", note, ""]


def sides(size: dict[str, int]) -> Rows:
    """P(terror side) among data sets with equal counts from both sides of the silence curve."""
    theta, truth, seen = bank(BLIND, size["sides"], "sides")
    alike = (seen.reports() >= 100) & (seen.reports() <= 200)
    theta, truth, x = theta[alike], truth[alike], summarise(seen)[alike]
    terror = BLIND.terror_side(theta)
    draws = trained(BLIND, size["runs"]).draw(x, DRAWS, 1)
    chance = np.stack([BLIND.terror_side(each[:, :-1]) for each in draws]).mean(axis=1)
    curve = calibration.reliability(chance, terror)
    rows = ["| said: P(terror side) | came | standard error | data sets |", "| --- | --- | --- | --- |"]
    rows += [
        f"| {a:.2f} | {b:.2f} | {e:.2f} | {n} |"
        for a, b, e, n in zip(curve.said, curve.came, curve.error, curve.rows, strict=True)
    ]
    rank = calibration.ranks(draws, truth)
    cover = [calibration.coverage(rank[side], 0.9)[0] for side in (np.full(len(terror), True), ~terror, terror)]
    two = np.mean(
        [len(find_modes(each[:, 0], (BLIND.support.low[0], BLIND.support.high[0]), True)) > 1 for each in draws]
    )
    note = f'One list, 100 to 200 reports, {len(terror)} data sets of which {terror.sum()} from the terror side; {100 * two:.0f} % of the posteriors show two modes and are told as "either ... or ...". The 90 % interval of intensity covers {cover[0]:.2f} given the counts. Given the true side it covers {cover[1]:.2f} (calm) and {cover[2]:.2f} (terror), as it must for a right posterior: that is no test.'
    return ["### Few reports: calm or terror", "", *rows, "", note, ""]


def sabotage(size: dict[str, int]) -> Rows:
    """Each fault and its gate, on cross-fitted draws of the toy model."""
    support = FULL.target_box
    theta, truth, seen = bank(FULL, size["runs"], "bank 0")
    x, own = summarise(seen), support.unit(truth)
    unit = support.unit(cross_fit(truth, x, support, seed=1).draws)
    middle = np.median(unit, axis=1, keepdims=True)

    def ranked(draws: np.ndarray) -> np.ndarray:
        return calibration.ranks(draws, own)

    clean = ranked(unit)
    at = calibration.tarp_references(own, x, 1)
    swapped = unit[..., rng(2, "permuted").permutation(unit.shape[-1])]
    weekly, cut = np.full(104, 3.0), np.arange(104) < 8
    same = {"window": "104 weeks"}
    chance = np.stack([FULL.terror_side(support.from_unit(each)[:, :-1]) for each in unit]).mean(axis=1)
    found = (
        ("none (clean)", gates_calibration.sbc(clean, support.names)),
        ("none (clean)", gates_calibration.coverage(clean, support.names)),
        (
            "none (clean), median count",
            gates_calibration.low_counts(clean, seen.reports(), float(np.median(seen.reports())), support.names),
        ),
        ("none (clean), few reports", gates_calibration.low_counts(clean, seen.reports(), 20.0, support.names)),
        ("none (clean), P(terror side)", gates_calibration.reliability(chance, FULL.terror_side(theta))),
        ("none (clean)", gates_calibration.tarp({k: calibration.tarp(unit, own, v) for k, v in at.items()})),
        ("shift by 0.3 sd", gates_calibration.sbc(ranked(unit + 0.3 * unit.std(axis=1, keepdims=True)), support.names)),
        ("parameters permuted", gates_calibration.sbc(ranked(swapped), support.names)),
        ("narrowed to 0.7", gates_calibration.coverage(ranked(middle + 0.7 * (unit - middle)), support.names)),
        ("the prior as posterior", gates.contraction(rng(3, "prior").permutation(own)[:1000], own, support.names)),
        ("a summary is NaN", gates.contract(same, same, np.array([np.nan]), weekly, np.zeros(104, bool))),
        ("cut weeks coded as zero", gates.contract(same, same, x[0], np.where(cut, 0.0, weekly), cut)),
    )
    rows = ["| fault | gate | answer | figure | what it says |", "| --- | --- | --- | --- | --- |"]
    rows += [f"| {name} | {v.gate} | {v.state} | {v.figure:.3g} | {v.sentence} |" for name, v in found]
    return [f"### The gates under sabotage ({size['runs']:,} cross-fitted rows)", "", *rows, ""]


def section(lines: Rows, size: dict[str, int]) -> Rows:
    """The section of the toy model, with its title and machine."""
    own = machine()
    intro = f"A reduced model whose likelihood is known exactly: 12 places, 104 weeks, 10 parameters, 175 summaries (`benchmarks/trials/toy_model.py`). Trained on {size['runs']:,} runs unless said. Measured on {own['cpu']}, {own['cores']} cores, NumPy {own['numpy']}, {own['date']}."
    return ["## The tractable twin", "", intro, "", *lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a look at whether it runs; nothing is written")
    size = SMALL if (small := parser.parse_args().small) else SIZES
    lines: Rows = []
    for part in (sabotage, accuracy, sides, simple, unseen, anchors):
        start = time.time()
        lines += part(size)
        print(f"{part.__name__}: {time.time() - start:.0f} s", file=sys.stderr, flush=True)
        print("\n".join(lines) if small else "", flush=True)
        if not small:
            put_section(PAGE, MARK, section(lines, size))


if __name__ == "__main__":
    main()
