"""`underwatch estimate`: what a package says of the surveillance behind it, or an honest refusal."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import click

from underwatch.errors import InputError

if TYPE_CHECKING:
    from underwatch.estimate.bank import Bank
    from underwatch.estimate.declared import Declared
    from underwatch.estimate.observed import Reading
    from underwatch.estimate.question import Answer
    from underwatch.estimate.rehearsal import Rehearsal
    from underwatch.facts import Place
    from underwatch.record.tally import Window

QUESTION, STEPS = "question.json", "steps"
PACKAGE, TRUTH = "package", "truth.csv"

_HELP = """Estimate what the silence hides: how much surveillance stands behind the reports that got out.

PACKAGE is an evidence package (folder or zip), or the folder of a safe table that `underwatch evidence publish` made.
Every world of a bank is heard as this package was made, a posterior is learned, and gates ask whether it may be shown.
Where one fails the number is not shown; the page says which gate and what evidence would help. Without an anchor (a
second independent list, a survey of people who left, an independent count, a declared prior) the scale is not
identified: a result, with exit code 1.
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
    from underwatch.estimate.bank import read_bank, shipped_folder
    from underwatch.estimate.declared import Declared, read_declared
    from underwatch.estimate.findings import first_lines
    from underwatch.estimate.outputs import write_answer
    from underwatch.estimate.question import OutOfTime, Question, Steps, answer

    one_package(given)
    place = place_of(given["place"])
    declared = Declared() if given["declared_prior"] is None else read_declared(given["declared_prior"])
    bank = read_bank(given["bank_folder"] or shipped_folder())
    of_this_place(bank, place)
    rehearsal = None if given["rehearsal"] is None else _rehearsed(place, bank, given["rehearsal"])
    reading, fingerprint = reading_of({**given, "rehearsed": rehearsal}, place, bank.plan.window)
    kept = {
        "package": fingerprint, "place": place.name, "anchors": not given["no_anchors"], "seed": given["seed"],
        "rounds": given["rounds"], "bank": bank.key, "worlds": len(bank), "declared": _told(declared),
    }  # fmt: skip
    folder = _folder(given, place, kept)
    question = Question(reading, bank, declared, given["seed"], given["rounds"])
    steps = Steps(folder / STEPS, given["budget"], lambda step: click.echo(f"{step} ...", err=True))
    try:
        found = answer(question, steps)
    except OutOfTime as end:
        click.echo(
            f"The budget of {given['budget']:g} minutes ended before this step: {end}. Without it no gate can be asked "
            f"and no number is shown. Go on with --resume {folder}"
        )
        return 1
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with --resume {folder}") from None
    from underwatch.show.estimate import estimate_page

    truths = [] if rehearsal is None else _keep_rehearsal(folder, found, rehearsal)
    write_answer(folder, found, estimate_page(found, () if rehearsal is None else rehearsal.truth.tolist()), kept)
    rmtree(folder / STEPS)  # it holds what the gates may have withheld
    for line in (*first_lines(found), *truths):
        click.echo(line)
    click.echo(f"Prior beside posterior, the silence curve and the gates: {folder / 'report.html'}")
    return 0 if found.decision.scale else 1


def one_package(given: dict[str, Any]) -> None:
    """Refuse none, two, or one that is not there, before anything is read."""
    asked = [given["example"], given["package"] is not None, given.get("rehearsal") is not None]
    if sum(asked) != 1:
        raise InputError("name one package, or --example for the one that comes with the program")
    if given["package"] is not None and not given["package"].exists():
        raise InputError(f"{given['package']} does not exist; `underwatch evidence new DIR` starts a package")


def place_of(name: str) -> Place:
    """Return the one city or county of a name."""
    from underwatch.facts import find_place

    kind, full, members = find_place(name)
    if kind != "place":
        raise InputError(f"--place {full} is a {kind}; an estimate is about one city or county")
    return members[0]


def of_this_place(bank: Bank, place: Place) -> None:
    """Refuse a bank of another place before anything is learned from it."""
    own = bank.plan.scenario().places[0]
    if own.slug != place.slug:
        raise InputError(
            f"--place {place.slug}: the bank is of {own.slug}, and a place needs a bank of its own; build one with "
            f"`underwatch calibrate --bank DIR --place {place.slug} --worlds 2000`, then give --bank DIR"
        )


def reading_of(given: dict[str, Any], place: Place, window: Window) -> tuple[Reading, str]:
    """Read the package or the safe table, and return it with its checksum."""
    from underwatch.estimate.observed import read_for, read_table_for
    from underwatch.estimate.safe_table import LARGEST_TABLE, is_safe_table
    from underwatch.evidence.check import read_package
    from underwatch.evidence.example import example_package
    from underwatch.evidence.ids import letters_of
    from underwatch.evidence.publish import TABLE_FILE
    from underwatch.intake.regular import read_bytes

    anchors = not given["no_anchors"]
    path = given["package"]
    if path is not None and is_safe_table(path):
        data = read_bytes(path / TABLE_FILE, LARGEST_TABLE, "safe table")
        return read_table_for(path, place, window), letters_of(data)
    if given.get("rehearsed") is not None:
        package = given["rehearsed"].package
    else:
        package = example_package() if path is None else read_package(path)
    return read_for(package, place, window, anchors), package.fingerprint()


def _rehearsed(place: Place, bank: Bank, number: int) -> Rehearsal:
    """Return a package told from the world of that number, which is in no bank."""
    from underwatch.estimate.bank import BankPlan
    from underwatch.estimate.rehearsal import rehearse

    click.echo("a world that is in no bank ...", err=True)
    return rehearse(BankPlan(place.slug, bank.plan.window, number, bank.plan.population, per_shard=1))[0]


def _keep_rehearsal(folder: Path, found: Answer, rehearsal: Rehearsal) -> list[str]:
    """Keep the package and what is true behind it, beside what is said; return it in words."""
    from underwatch.estimate.findings import number, rows
    from underwatch.evidence.folder import write_files
    from underwatch.evidence.package import to_files
    from underwatch.files import write_atomically

    if not (folder / PACKAGE).exists():
        write_files(folder / PACKAGE, to_files(rehearsal.package))
    table, words, held = ["quantity,unit,truth,said,range_holds_truth"], [], []
    for row, truth in zip(rows(found), rehearsal.truth.tolist(), strict=True):
        ends = row.posterior
        holds = "withheld" if ends is None else "yes" if ends[0] <= truth <= ends[2] else "no"
        table.append(f'"{row.words}",{row.unit},{truth:.4g},"{row.said}",{holds}')
        mark = {"yes": " Held.", "no": " Missed.", "withheld": ""}[holds]
        held.append(holds)
        words.append(f"{row.words}, {number(truth)} {row.unit}; said: {row.said}.{mark}")
    write_atomically(folder / TRUTH, ("\n".join(table) + "\n").encode())
    shown = len(held) - held.count("withheld")
    head = f"The truth of this synthetic world; {held.count('yes')} of {shown} ranges shown hold it (9 in 10 should):"
    return [head, *words]


def _told(declared: Declared) -> dict[str, Any]:
    return {"by": declared.by, "ranges": {name: list(ends) for name, ends in declared.ranges.items()}}


def _folder(given: dict[str, Any], place: Place, question: dict[str, Any]) -> Path:
    """Return a new folder that holds its question, or the one to go on with if it asks the same."""
    from underwatch.files import fresh_folder, numbered_folder, write_atomically
    from underwatch.intake.json import read_json

    if given["resume"] is not None:
        if given["out"] is not None:
            raise InputError("--out cannot be given with --resume: the answer goes into that folder")
        folder: Path = given["resume"]
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
    folder = fresh_folder(given["out"]) if given["out"] else numbered_folder("runs", f"estimate-{place.slug}")
    (folder / STEPS).mkdir()
    write_atomically(folder / QUESTION, (json.dumps(question, indent=1, ensure_ascii=False) + "\n").encode())
    return folder
