# ruff: noqa: E501 - tables are read by the line
"""make referee: our density nets beside the neural spline flows of `sbi`, on the same rows.

`sbi` and its torch go into a throw-away environment under `build/`; the two sides exchange arrays in files. Writes the
section "Beside sbi" of docs/calibration.md, between its two marks, and leaves the rest alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from estimate_study import FULL, bank, exactly
from machine import machine
from sections import put_section
from trials.c2st import c2st
from trials.toy_model import summarise

from underwatch.inference.bank.bank import read_bank, shipped_folder
from underwatch.inference.bank.quantities import support_of
from underwatch.inference.bank.simulations import simulations
from underwatch.inference.checks import calibration
from underwatch.inference.checks.cross_fit import MEMBERS
from underwatch.inference.checks.proof import reference_designs
from underwatch.inference.npe.posterior import Standardiser, train
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.world.draws import rng

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MARK = "referee"
PINNED = ("sbi==0.27.0",)
RUNS, DATA_SETS, STEPS, C2ST_DRAWS, SEED = 2000, 10, 2000, 1000, 1
KINDS = 2  # of evidence: one list, and two with leavers asked


def python() -> Path:
    """The interpreter of the throw-away environment, made if it is not there."""
    folder = ROOT / "build" / "referee"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *PINNED], check=True)
        (folder / "ready").touch()
    return folder / "bin" / "python"


def flows(tasks: list[dict[str, np.ndarray]], draws: int) -> list[dict[str, np.ndarray]]:
    """What sbi makes of each task: draws and densities in free coordinates, and its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        rows, answers = Path(folder, "rows.npz"), Path(folder, "answers.npz")
        np.savez(
            rows, draws=draws, **{f"{name}_{k}": one for k, task in enumerate(tasks) for name, one in task.items()}
        )
        command = [python(), HERE / "referee" / "nsf.py", rows, answers]
        subprocess.run(command, check=True, env=os.environ, cwd=folder)  # sbi leaves logs where it runs
        with np.load(answers) as file:
            return [{name: file[f"{name}_{k}"] for name in ("draws", "density", "seconds")} for k in range(len(tasks))]


class Task:
    """Rows to learn from and rows to be judged on, in the coordinates that both sides see."""

    def __init__(
        self, support: PriorSupport, theta: np.ndarray, x: np.ndarray, truth: np.ndarray, at: np.ndarray
    ) -> None:
        self.support, self.theta, self.x, self.truth, self.at = support, theta, x, truth, at
        unconstrained, self.summaries = support.unconstrained(theta), Standardiser.of(x)
        self.mean, self.sd = unconstrained.mean(axis=0), unconstrained.std(axis=0)

    def rows(self) -> dict[str, np.ndarray]:
        """What the referee is given."""
        z, z_at = ((self.support.unconstrained(one) - self.mean) / self.sd for one in (self.theta, self.truth))
        return {"z": z, "x": self.summaries.apply(self.x), "at": self.summaries.apply(self.at), "z_at": z_at}

    def theirs(self, answer: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, float]:
        """The referee's draws in own units, its log density against an even spread over the prior support, and its seconds."""
        slope = self.support.log_slope(self.truth) - np.log(self.sd).sum() - self.support.log_unit_slope(self.truth)
        draws = self.support.from_unconstrained(answer["draws"] * self.sd + self.mean)
        return draws, answer["density"] + slope, float(answer["seconds"])

    def ours(self, n: int) -> tuple[np.ndarray, np.ndarray, float]:
        """The same of the density nets."""
        began = time.process_time()
        posterior = train(self.theta, self.x, self.support, seed=SEED, members=MEMBERS)
        seconds = time.process_time() - began
        density = calibration.unit_log_density(posterior, self.truth, self.at)
        return posterior.draw(self.at, n, SEED), density, seconds


def row(
    name: str, support: PriorSupport, truth: np.ndarray, drawn: np.ndarray, density: np.ndarray, seconds: float
) -> str:
    """One line of the table."""
    rank = calibration.ranks(drawn, truth)
    cover = [calibration.coverage(rank, level).mean() for level in (0.5, 0.9)]
    crps = calibration.crps(support.unit(drawn), support.unit(truth)).mean()
    return f"| {name} | {cover[0]:.3f} | {cover[1]:.3f} | {crps:.4f} | {-density.mean():.2f} | {seconds:.0f} |"


def apart(support: PriorSupport, truth: np.ndarray, one: tuple, other: tuple) -> str:
    """By how much the first is better, case by case, with two standard errors."""
    crps = [calibration.crps(support.unit(each[0]), support.unit(truth)).mean(axis=1) for each in (one, other)]
    said = []
    for name, gain in (("CRPS", crps[1] - crps[0]), ("NLPD", one[1] - other[1])):
        said.append(f"{name} {gain.mean():+.4f} ± {2 * gain.std() / np.sqrt(len(gain)):.4f}")
    return ", ".join(said)


def on_the_bank() -> list[str]:
    """On the bank that ships: learned from four fifths of its worlds, judged on the others."""
    worlds = read_bank(shipped_folder())
    lines = []
    for kind, setting in list(reference_designs(worlds).items())[:KINDS]:
        runs = simulations(worlds, setting, SEED)
        support = support_of(runs.theta)
        out = rng(SEED, "folds").permutation(len(worlds))[runs.rows] % calibration.FOLDS == 0
        task = Task(support, runs.theta[~out], runs.x[~out], runs.theta[out], runs.x[out])
        theirs = task.theirs(flows([task.rows()], calibration.DRAWS)[0])
        whole, truth = {"density nets": task.ours(calibration.DRAWS), "sbi NSF": theirs}, task.truth
        lines += [row(f"{name}; {kind}", support, truth, one[0], one[1], one[2]) for name, one in whole.items()]
        lines.append(
            f"| ours better by, {kind} | | | {apart(support, truth, whole['density nets'], whole['sbi NSF'])} | | |"
        )
    return lines


def on_the_twin() -> list[str]:
    """On the toy model: ten data sets, C2ST against the exact posterior."""
    _, theta, data = bank(FULL, RUNS, "bank 0")
    _, truth, seen = bank(FULL, DATA_SETS, "fresh")
    support = FULL.target_box
    task = Task(support, theta, summarise(data), truth, summarise(seen))
    exact = [exactly(FULL, seen, i, STEPS)[0] for i in range(DATA_SETS)]
    lines = []
    for name, (draws, density, _) in {
        "density nets": task.ours(C2ST_DRAWS),
        "sbi NSF": task.theirs(flows([task.rows()], C2ST_DRAWS)[0]),
    }.items():
        score = [c2st(support.unconstrained(exact[i]), support.unconstrained(draws[i]), SEED) for i in range(DATA_SETS)]
        crps = calibration.crps(support.unit(draws), support.unit(truth)).mean()
        lines.append(
            f"| {name} | {np.mean(score):.3f} ({min(score):.2f} to {max(score):.2f}) | {crps:.4f} | {-density.mean():.2f} |"
        )
    return lines


def main() -> None:
    own = machine()
    lines = [
        "## Beside sbi",
        "",
        f"The same rows, learned from four fifths of the worlds of the bank that ships and judged on the other {100 // calibration.FOLDS} %; the flows get the same standardised summaries and parameters in the same unbounded coordinates (`make referee`, {', '.join(PINNED)}). {own['cpu']}, {own['cores']} cores, {own['date']}.",
        "",
        "| on the bank of Hoeryong | 50 % covers | 90 % covers | CRPS (share of the prior) | NLPD (nats) | training, s of processor |",
        "| --- | --- | --- | --- | --- | --- |",
        *on_the_bank(),
        "",
        f"| on the twin, {RUNS:,} runs, {DATA_SETS} data sets | C2ST against exact (0.5 is equal) | CRPS | NLPD (nats) |",
        "| --- | --- | --- | --- |",
        *on_the_twin(),
        "",
    ]
    put_section(ROOT / "docs" / "calibration.md", MARK, lines)


if __name__ == "__main__":
    main()
