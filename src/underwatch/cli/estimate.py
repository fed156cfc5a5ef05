"""`underwatch estimate`: what a package says of the surveillance behind it, or an honest refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underwatch.cli.asked import Asked, asked_of, of_this_place, one_package, place_of
from underwatch.errors import InputError
from underwatch.terminal import say

if TYPE_CHECKING:
    from underwatch.facts import Place
    from underwatch.inference.bank.bank import Bank
    from underwatch.inference.checks.recovery import RecoveryCase
    from underwatch.inference.findings import Findings
    from underwatch.inference.inputs.expert_prior import ExpertPrior

QUESTION, STEPS, ONCE, RUNS = "question.json", "steps", "key", "runs"
_LONGEST_KEY = 100  # bytes
PACKAGE, TRUTH = "package", "truth.csv"

_HELP = """Estimate what the silence hides: how much surveillance stands behind the reports that got out.

PACKAGE is an evidence package (folder or zip), or the folder of a safe table that `underwatch evidence publish` made.
Every world of a bank is heard as this package was made, a posterior is learned, and gates ask whether it may be shown.
Where one fails the number is not shown; the page says which gate and what evidence would help. Without an anchor (a
second independent list, a survey of people who left, an independent count, a declared prior) the scale is not
identified: a result, with exit code 1. What is written is for you alone to read, and counts of reports are told in
bands, as a published table would.
"""
_EXAMPLES = """\b
Examples:
  underwatch estimate --example --place hoeryong
  underwatch estimate --rehearsal 1
  underwatch estimate mypackage --place hoeryong --budget 20
  underwatch estimate mypackage --place hoeryong --declared-prior ours.toml --out runs/ours
"""


@click.command(help=_HELP, epilog=_EXAMPLES)
@click.argument("package", required=False, type=click.Path(path_type=Path), metavar="[PACKAGE]")
@click.option("--example", is_flag=True, help="The example package that comes with the program.")
@click.option(
    "--rehearsal",
    type=click.IntRange(0, 2**31),
    metavar="N",
    help="A package told from the N-th synthetic world that is in no bank; tells the truth too. Example: --rehearsal 1",
)
@click.option("--place", default="hoeryong", show_default=True, help="The place asked about. Example: --place hoeryong")
@click.option(
    "--exact",
    is_flag=True,
    help="Tell counts of reports as they are, for your own use; refused in a folder that others can open.",
)
@click.option("--no-anchors", is_flag=True, help="Leave second list, surveys and figures out, to see what they do.")
@click.option(
    "--declared-prior",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Tighter ranges in TOML, with who declares them and why. Example: --declared-prior ours.toml",
)
@click.option(
    "--bank",
    "bank_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
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
@click.option("--seed", type=click.IntRange(0, 2**63), default=1, show_default=True, help="Luck. Example: --seed 7")
@click.option(
    "--rounds",
    type=click.IntRange(1, 2),
    default=2,
    show_default=True,
    help="1: no second look where the first posterior points. Example: --rounds 1",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The new folder (default: runs/estimate-PLACE-001, counting up). Example: --out mine",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Go on with a folder whose budget ended, with the same package. Example: --resume runs/estimate-hoeryong-001",
)
def estimate(**given: Any) -> int:
    """Ask the question, answer it, keep the answer and show it."""
    from underwatch.evidence.privacy.access import require_closed
    from underwatch.files.folders import remove_empty, remove_matching
    from underwatch.inference.answer_files import write_answer
    from underwatch.inference.bank.bank import read_bank, shipped_folder
    from underwatch.inference.findings import Findings
    from underwatch.inference.inputs.expert_prior import ExpertPrior, read_expert_prior
    from underwatch.inference.workflow import OWN_STEPS, EstimateRequest, OutOfTime, Steps, answer

    one_package(given)
    place = place_of(given["place"])
    expert_prior = ExpertPrior() if given["declared_prior"] is None else read_expert_prior(given["declared_prior"])
    bank = read_bank(given["bank_folder"] or shipped_folder())
    of_this_place(bank, place)
    rehearsal = None if given["rehearsal"] is None else _rehearsed(place, bank, given["rehearsal"])
    asked = asked_of({**given, "rehearsed": rehearsal}, place, bank.plan.window)
    if given["exact"] and not asked.is_public:
        require_closed(given["resume"] or given["out"] or RUNS)
    name, once = _named(asked, given["resume"])
    kept = {
        "package": name, "place": place.name, "anchors": not given["no_anchors"], "seed": given["seed"],
        "rounds": given["rounds"], "bank": bank.key, "worlds": len(bank), "declared": _told(expert_prior),
    }  # fmt: skip
    folder = _folder(given, place, kept, once)
    exact = given["exact"] or asked.is_public
    question = EstimateRequest(asked.reading, bank, expert_prior, given["seed"], given["rounds"], exact)
    steps = Steps(folder / STEPS, given["budget"], lambda step: say(f"{step} ...", err=True))
    try:
        result = answer(question, steps)
    except OutOfTime as end:
        say(
            f"The budget of {given['budget']:g} minutes ended before this step: {end}. Without it no gate can be asked "
            f"and no number is shown. Go on with --resume {folder}"
        )
        return 1
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with --resume {folder}") from None
    from underwatch.pages.estimate import estimate_page

    findings = Findings(result)
    truths = [] if rehearsal is None else _keep_rehearsal(folder, findings, rehearsal)
    write_answer(folder, findings, estimate_page(findings, () if rehearsal is None else rehearsal.truth.tolist()), kept)
    remove_matching(folder / STEPS, OWN_STEPS)  # they hold what the gates may have withheld
    remove_empty(folder / STEPS)
    say(*findings.lines, *truths)
    say(f"Prior beside posterior, the silence curve and the gates: {folder / 'report.html'}")
    return 0 if result.decision.scale else 1


def _rehearsed(place: Place, bank: Bank, number: int) -> RecoveryCase:
    """Return a package told from the world of that number, which is in no bank."""
    from underwatch.inference.bank.bank import BankPlan
    from underwatch.inference.checks.recovery import recovery_cases

    say("a world that is in no bank ...", err=True)
    return recovery_cases(BankPlan(place.slug, bank.plan.window, number, bank.plan.population, per_shard=1))[0]


def _keep_rehearsal(folder: Path, findings: Findings, rehearsal: RecoveryCase) -> list[str]:
    """Keep the package and what is true behind it, beside what is said; return it in words."""
    from underwatch.evidence.folder import PRIVATE_FILE, write_files
    from underwatch.evidence.package import to_files
    from underwatch.files.writing import write_atomically
    from underwatch.inference.findings import number

    if not (folder / PACKAGE).exists():
        write_files(folder / PACKAGE, to_files(rehearsal.package.keyed()))
    table, words, held = ["quantity,unit,truth,said,range_holds_truth"], [], []
    for row, truth in zip(findings.rows, rehearsal.truth.tolist(), strict=True):
        ends = row.posterior
        holds = "withheld" if ends is None else "yes" if ends[0] <= truth <= ends[2] else "no"
        table.append(f'"{row.words}",{row.unit},{truth:.4g},"{row.said}",{holds}')
        mark = {"yes": " Held.", "no": " Missed.", "withheld": ""}[holds]
        held.append(holds)
        words.append(f"{row.words}, {number(truth)} {row.unit}; said: {row.said}.{mark}")
    write_atomically(folder / TRUTH, ("\n".join(table) + "\n").encode(), PRIVATE_FILE)
    shown = len(held) - held.count("withheld")
    head = f"The truth of this synthetic world; {held.count('yes')} of {shown} ranges shown hold it (9 in 10 should):"
    return [head, *words]


def _told(expert_prior: ExpertPrior) -> dict[str, Any]:
    return {"by": expert_prior.by, "ranges": {name: list(ends) for name, ends in expert_prior.ranges.items()}}


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


def _folder(given: dict[str, Any], place: Place, question: dict[str, Any], once: str) -> Path:
    """Return a new folder that holds its question, or the one to go on with if it asks the same; closed to others.

    The key of a package that has none of its own goes with the steps when all is done.
    """
    from underwatch.evidence.folder import PRIVATE_FILE, PRIVATE_FOLDER
    from underwatch.files.folders import kept_folder
    from underwatch.files.intake.json import read_json
    from underwatch.files.writing import fresh_folder, numbered_folder, write_atomically

    if given["resume"] is not None:
        if given["out"] is not None:
            raise InputError("--out cannot be given with --resume: the answer goes into that folder")
        folder = kept_folder(given["resume"], PRIVATE_FOLDER)
        try:
            asked = read_json(folder / QUESTION, "question")
        except OSError:
            raise InputError(f"--resume {folder}: no estimate was begun there ({QUESTION} is missing)") from None
        if asked != question:
            kept = asked if isinstance(asked, dict) else {}
            other = ", ".join(sorted(key for key in question if kept.get(key) != question[key]))
            raise InputError(f"--resume {folder}: that folder asks another question ({other}); give the same options")
        if (folder / "manifest.json").exists():
            raise InputError(f"--resume {folder}: it is finished; nothing is overwritten")
        return folder
    if given["out"]:
        folder = fresh_folder(given["out"], PRIVATE_FOLDER)
    else:
        folder = numbered_folder(RUNS, f"estimate-{place.slug}", PRIVATE_FOLDER)
    fresh_folder(folder / STEPS, PRIVATE_FOLDER)
    if once:
        write_atomically(folder / STEPS / ONCE, once.encode(), PRIVATE_FILE)
    text = json.dumps(question, indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / QUESTION, text.encode(), PRIVATE_FILE)
    return folder
