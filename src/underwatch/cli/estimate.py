"""`underwatch estimate`: what a package says of the surveillance behind it, or an honest refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underwatch.cli.asked import Asked, PackageOptions, asked_of, bank_for, held_against_figures, place_of
from underwatch.cli.typed import (
    EXAMPLE,
    NO_CONSTRAINTS,
    PACKAGE,
    PLACE,
    ROOTS,
    SEED,
    help_of,
    number,
    path_option,
    takes,
)
from underwatch.errors import InputError
from underwatch.terminal import say

if TYPE_CHECKING:
    from underwatch.experiments.engine.run_directory import RunDirectory
    from underwatch.facts import Place
    from underwatch.inference.bank.bank import Bank
    from underwatch.inference.checks.recovery import RecoveryCase
QUESTION, STEPS, ONCE, RUNS = "question.json", "steps", "key", "runs"
_LONGEST_KEY = 100  # bytes


@dataclass(frozen=True)
class EstimateOptions(PackageOptions):
    """What `underwatch estimate` is given."""

    exact: bool
    declared_prior: Path | None
    budget: float
    rounds: int
    resume: Path | None


@click.command(**help_of("estimate"))
@PACKAGE
@EXAMPLE
@click.option(
    "--rehearsal",
    type=click.IntRange(0, 2**31),
    metavar="N",
    help="A package told from the N-th synthetic world that is in no bank; tells the truth too. Example: --rehearsal 1",
)
@PLACE
@click.option(
    "--exact",
    is_flag=True,
    help="Tell counts of reports as they are, for your own use; refused in a folder that others can open.",
)
@click.option("--no-anchors", is_flag=True, help="Leave second list, surveys and figures out, to see what they do.")
@ROOTS
@NO_CONSTRAINTS
@path_option(
    "--declared-prior",
    what="FILE",
    help="Tighter ranges in TOML, with who declares them and why. Example: --declared-prior ours.toml",
)
@path_option(
    "--bank",
    "bank_folder",
    what="DIR",
    help="Another bank than the one that comes with the program. Example: --bank banks/musan",
)
@click.option(
    "--budget",
    type=click.FloatRange(0.0, 10_000.0),
    default=60.0,
    show_default=True,
    metavar="MINUTES",
    help="No step is begun after that time; --resume goes on. Example: --budget 10",
)
@SEED
@number("--rounds", 1, 2, "1: no second look where the first posterior points. Example: --rounds 1", 2)
@path_option(
    "--out", what="DIR", help="The new folder (default: runs/estimate-PLACE-001, counting up). Example: --out mine"
)
@path_option(
    "--resume",
    what="DIR",
    help="Go on with a folder whose budget ended, with the same package. Example: --resume runs/estimate-hoeryong-001",
)
@takes(EstimateOptions)
def estimate(given: EstimateOptions) -> int:
    """Ask the question, answer it, keep the answer and show it."""
    from underwatch.evidence.privacy.access import require_closed
    from underwatch.inference.answer_files import write_answer, write_truth
    from underwatch.inference.findings import Findings
    from underwatch.inference.inputs.expert_prior import ExpertPrior, read_expert_prior
    from underwatch.inference.workflow import EstimateRequest, OutOfTime, Steps, answer
    from underwatch.pages.estimate import estimate_page

    given.check()
    place = place_of(given.place)
    expert_prior = ExpertPrior() if given.declared_prior is None else read_expert_prior(given.declared_prior)
    bank = bank_for(place, given.bank_folder)
    case = None if given.rehearsal is None else _recovery_case(place, bank, given.rehearsal)
    asked = asked_of(given, place, bank.plan.window, None if case is None else case.package)
    if given.exact and not asked.is_public:
        require_closed(given.resume or given.out or RUNS)
    reading = held_against_figures(given, asked, expert_prior.worlds(bank))
    name, once = _named(asked, given.resume)
    question = {
        "package": name, "place": place.name, "anchors": not given.no_anchors, "seed": given.seed,
        "rounds": given.rounds, "bank": bank.key, "worlds": len(bank), "declared": expert_prior.record(),
        "published_figures": reading.figures.record(),
    }  # fmt: skip
    directory = _directory(given.resume, given.out, place, question, once)
    exact = given.exact or asked.is_public
    request = EstimateRequest(reading, bank, expert_prior, given.seed, given.rounds, exact)
    steps = Steps(directory.folder, given.budget, lambda step: say(f"{step} ...", err=True))
    try:
        with directory.hold():
            findings = Findings(answer(request, steps))
    except OutOfTime as end:
        say(
            f"The budget of {given.budget:g} minutes ended before this step: {end}. Without it no gate can be asked "
            f"and no number is shown. Go on with --resume {directory.path}"
        )
        return 1
    truths = () if case is None else write_truth(directory.path, findings, case)
    page = estimate_page(findings, () if case is None else case.truth.tolist())
    write_answer(directory.path, findings, page, question)
    directory.clear()  # the steps hold what the gates may have withheld
    say(*findings.lines, *truths)
    say(f"Prior beside posterior, the silence curve and the gates: {directory.path / 'report.html'}")
    return 0 if findings.answer.decision.scale else 1


def _recovery_case(place: Place, bank: Bank, number: int) -> RecoveryCase:
    """Return a package told from the world of that number, which is in no bank."""
    from underwatch.inference.bank.bank import BankPlan
    from underwatch.inference.checks.recovery import recovery_cases

    say("a world that is in no bank ...", err=True)
    return recovery_cases(BankPlan(place.slug, bank.plan.window, number, bank.plan.population, per_shard=1))[0]


def _named(asked: Asked, resumed: Path | None) -> tuple[str, str]:
    """Return what outputs call the package, and the key that gives a package without one a name for this once."""
    from underwatch.evidence.format.ids import is_key, keyed_letters_of, new_key
    from underwatch.files.intake.regular import read_text

    if asked.name:
        return asked.name, ""
    kept = None if resumed is None else resumed / STEPS / ONCE
    once = read_text(kept, _LONGEST_KEY, "key of this estimate") if kept is not None and kept.is_file() else ""
    once = once if is_key(once) else new_key()
    say(
        "The package has no key yet: what is written calls it by a name of chance, and running this again cannot prove "
        "that it is the same package. `underwatch evidence record` gives it one.",
        err=True,
    )
    return keyed_letters_of(once, asked.checksum.encode()), once


def _directory(
    resume: Path | None, out: Path | None, place: Place, question: dict[str, Any], once: str
) -> RunDirectory:
    """Return a new directory that holds its question, or the one to go on with if it asks the same; closed to others.

    The key of a package that has none of its own goes with the steps when all is done.
    """
    from underwatch.evidence.folder import PRIVATE_FILE
    from underwatch.experiments.engine.run_directory import Kind, RunDirectory
    from underwatch.files.writing import write_atomically
    from underwatch.inference.workflow import OWN_STEPS

    kind = Kind(
        what="estimate",
        question=QUESTION,
        inside=STEPS,
        own=re.compile(f"{OWN_STEPS.pattern}|{ONCE}"),
        missing=f"--resume {{folder}}: no estimate was begun there ({QUESTION} is missing)",
        damaged="{error}",
        finished="--resume {folder}: it is finished; nothing is overwritten",
        resume="go on with --resume {folder}",
        private=True,
    )
    if resume is None:
        directory = RunDirectory.new(kind, out, f"estimate-{place.slug}", question)
        if once:
            write_atomically(directory.folder / ONCE, once.encode(), PRIVATE_FILE)
        return directory
    if out is not None:
        raise InputError("--out cannot be given with --resume: the answer goes into that folder")
    directory = RunDirectory.stopped(kind, resume)
    if directory.question != question:
        other = ", ".join(sorted(key for key in question if directory.question.get(key) != question[key]))
        raise InputError(
            f"--resume {directory.path}: that folder asks another question ({other}); give the same options"
        )
    return directory
