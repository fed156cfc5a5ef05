"""`estimate`: what a package says of the surveillance behind it, or an honest refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from underwatch.api import frames
from underwatch.api.asked import path_of
from underwatch.api.commands.packages import (
    DEFAULT_PLACE,
    Asked,
    PackageOptions,
    asked_of,
    bank_for,
    held_against_figures,
    place_of,
)
from underwatch.api.look import GRID, WORLD_COLOURS, axes_of
from underwatch.api.results import Result, digest_of_table
from underwatch.api.told import ToldPackage, verified
from underwatch.errors import InputError
from underwatch.evidence.package import Package
from underwatch.inference.bank.bank import Bank
from underwatch.terminal import say
from underwatch.texts.catalogue import Sayable, text
from underwatch.texts.languages import ENGLISH, language_of
from underwatch.texts.sentences import in_english, sentence

if TYPE_CHECKING:
    from underwatch.experiments.engine.run_directory import RunDirectory
    from underwatch.facts import Place
    from underwatch.inference.checks.recovery import RecoveryCase
    from underwatch.inference.findings import Findings
    from underwatch.inference.inputs.expert_prior import ExpertPrior
    from underwatch.inference.workflow import EstimateRequest

QUESTION, STEPS, ONCE, RUNS = "question.json", "steps", "key", "runs"
_LONGEST_KEY = 100  # bytes


@dataclass(frozen=True)
class EstimateOptions(PackageOptions):
    """What an estimate is given."""

    exact: bool
    declared_prior: Path | ExpertPrior | None
    budget: float
    rounds: int
    resume: Path | None
    language: str = ENGLISH


@dataclass(frozen=True, eq=False, repr=False)
class EstimateResult(Result):
    """An answer behind its gates: nothing that a gate withholds, and no parameter of the channel, is in its frames."""

    path: Path
    out_of_time: str  # the step before which the budget ended; '' where the answer is whole
    language: str
    _told: tuple[Sayable, ...]
    _findings: Findings | None
    _package: Package | None = None

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """What is said, in the language that was asked for."""
        return tuple(told.said(self.language) for told in self._told)

    @cached_property
    def digest(self) -> str:
        """The hash of what is said, the same in each language."""
        return digest_of_table(pa.table({"line": [in_english(told) for told in self._told]}))

    @property
    def has_scale(self) -> bool:
        """Whether the evidence says how much was done, and not only how it changed."""
        return self._findings is not None and self._findings.answer.decision.scale

    def _whole(self) -> Findings:
        if self._findings is None:
            raise InputError(
                f"the budget ended before: {self.out_of_time}; go on with estimate(..., resume={str(self.path)!r})"
            )
        return self._findings

    def quantities(self, engine: str = "pandas") -> Any:
        """Return a row for each quantity: its range before the evidence and after, or the gate that withholds it."""
        rows = self._whole().rows
        field, ends = frames.field_of, ("low", "median", "high")
        columns: list[tuple[pa.Field, Any]] = [
            (field("quantity", pa.string(), "name"), [row.name for row in rows]),
            (field("words", pa.string(), "in words"), [row.words for row in rows]),
            (field("unit", pa.string(), "unit"), [row.unit for row in rows]),
        ]
        for at, end in enumerate(ends):
            columns.append(
                (field(f"prior_{end}", pa.float64(), "before the evidence"), [row.prior[at] for row in rows])
            )
        for at, end in enumerate(ends):
            shown = [
                None if row.posterior is None or (end == "median" and not row.median) else row.posterior[at]
                for row in rows
            ]
            columns.append((field(f"posterior_{end}", pa.float64(), "after it; missing where withheld"), shown))
        columns.append((field("withheld_by", pa.string(), "the gate"), [row.why for row in rows]))
        return frames.frame_of(frames.table_of(columns, "Estimated by model."), engine)

    def gates(self, engine: str = "pandas") -> Any:
        """Return a row for each gate: its state and what it says."""
        verdicts = self._whole().verdicts
        names = ("gate", "state", "sentence")
        columns = [
            (frames.field_of(name, pa.string(), name), [verdict[at] for verdict in verdicts])
            for at, name in enumerate(names)
        ]
        return frames.frame_of(frames.table_of(columns), engine)

    def to_df(self, engine: str = "pandas", *, prior: bool = False) -> Any:
        """Return a row for each draw of the posterior (with `prior`, of the prior too, by the column `set`), a column
        for each quantity that no gate withholds; without any, the frame has no quantity.
        """
        from underwatch.inference.answer_files import draws_table

        table = draws_table(self._whole())
        kept = pa.array(["posterior", "prior"] if prior else ["posterior"])
        table = table.filter(pc.is_in(table.column("set"), kept))
        return frames.frame_of(table if prior else table.drop_columns(["set"]), engine)

    def to_arviz(self) -> Any:
        """Return prior and posterior of what no gate withholds as an xarray DataTree, the form of ArviZ 1.x.

        InputError where xarray is not installed.
        """
        from underwatch.inference.answer_files import tree_of

        try:
            return tree_of(self._whole())
        except ImportError:
            raise InputError(
                "to_arviz() needs the package xarray: pip install xarray (arviz reads what it gives)"
            ) from None

    def ungated(self, *, reason: str, engine: str = "pandas") -> Any:
        """Return all draws without the gates, for studies of the method: of a package that `tell` made, and no other.

        That it is one is proved by telling it again from its world and comparing all of it. `reason` says what for, and
        stands in the frame's notes. For real evidence what a gate withholds stays withheld: InputError.
        """
        from underwatch.inference.answer_files import all_draws_table

        if not isinstance(reason, str) or len(reason.split()) < 2:
            raise InputError('ungated(reason="...") wants a reason in words, such as "coverage over 100 told packages"')
        if not isinstance(self._package, ToldPackage) or not verified(self._package):
            raise InputError(
                "ungated is for packages that tell() made, and this is none: what a gate withholds stays withheld"
            )
        return frames.frame_of(all_draws_table(self._whole(), f"Without the gates, for: {reason}."), engine)

    def plot(self, ax: Any = None) -> Any:
        """Draw each shown quantity: its range before the evidence and after, as a share of the prior's median."""
        rows = [row for row in self._whole().rows if row.posterior is not None and row.prior[1] > 0]
        with axes_of(ax) as axes:
            if not rows:
                axes.text(0.5, 0.5, in_english(self._told[0]), ha="center", wrap=True, transform=axes.transAxes)
                axes.set_axis_off()
            for at, row in enumerate(rows[::-1]):
                low, middle, high = (value / row.prior[1] for value in row.prior)
                axes.plot([low, high], [at, at], color=GRID, linewidth=6, solid_capstyle="butt")
                low, middle, high = (value / row.prior[1] for value in row.posterior or row.prior)
                axes.plot([low, high], [at, at], color=WORLD_COLOURS[1], linewidth=2.5)
                if row.median:
                    axes.plot([middle], [at], "o", color=WORLD_COLOURS[1], markersize=5)
            if rows:
                axes.set_xscale("log")
                axes.set_yticks(range(len(rows)), [row.name.replace("_", " ") for row in rows[::-1]])
                axes.set_xlabel("times the median before the evidence; grey: before, blue: after (90 %)")
            axes.set_title("Estimated by model", loc="left")
        return axes

    def _line(self) -> str:
        state = "scale identified" if self.has_scale else "scale not identified" if self._findings else "out of time"
        return f"EstimateResult({state}, in {self.path})"

    def _facts(self) -> list[tuple[str, str]]:
        return [(f"{number}", line) for number, line in enumerate(self.lines, 1)]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()", ".quantities()", ".gates()", ".to_arviz()", ".plot()", ".lines")


def estimate(
    package: str | Path | Package | None = None,
    *,
    example: bool = False,
    rehearsal: int | None = None,
    place: str | None = None,
    bank: str | Path | Bank | None = None,
    anchors: bool = True,
    roots: Iterable[str] = (),
    constraints: bool = True,
    exact: bool = False,
    declared_prior: str | Path | None = None,
    budget: float = 60.0,
    seed: int = 1,
    rounds: int = 2,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    language: str | None = None,
) -> EstimateResult:
    """Do what `underwatch estimate` does: say what a package tells of the surveillance behind it, or refuse.

    `package` is a folder, a zip, or what `tell` or `read_package` gave; `example` takes the one that ships, `rehearsal`
    one told from the N-th world that is in no bank. `bank` is what `bank()` made or a folder, the shipped one without;
    `place` is the bank's own without. `anchors` False leaves second list, surveys and counts out, `constraints` False
    the published figures; `roots` are outlets behind the package, whose figures do not count. `exact` tells counts as
    they are, for your own use. `declared_prior` is a TOML file of tighter ranges. No step is begun after `budget`
    minutes; `rounds` 1 takes no closer look. The folder is `out`, or runs/estimate-PLACE-001; `resume` goes on with it.
    `language` ("en", "ko") is that of what is said and of the page; tables and manifest are in English.
    """
    from underwatch.inference.inputs.expert_prior import ExpertPrior, read_expert_prior

    there = [None if path is None else Path(path) for path in (declared_prior, out, resume)]
    own = package if package is None or isinstance(package, Package) else path_of("package", package)
    folder = None if bank is None or isinstance(bank, Bank) else path_of("bank", bank)
    given = EstimateOptions(
        own, example, place or DEFAULT_PLACE, folder, seed, there[1], exact, there[0], budget, rounds, there[2],
        language=language_of(language), rehearsal=rehearsal,
        no_anchors=not anchors, roots=tuple(roots), no_constraints=not constraints,
    )  # fmt: skip
    given.check()
    where = place_of(given.place) if place is not None or bank is None else None
    prior = ExpertPrior() if there[0] is None else read_expert_prior(there[0])
    held = bank_for(where, bank if isinstance(bank, Bank) else folder)
    return _estimate(given, where or held.plan.scenario().places[0], held, prior)


def _estimate(given: EstimateOptions, place: Place, bank: Bank, expert_prior: ExpertPrior) -> EstimateResult:
    """Ask the question in a folder, and answer it there."""
    from underwatch.evidence.privacy.access import require_closed
    from underwatch.inference.workflow import EstimateRequest

    window = bank.plan.window
    if window.n_periods < 2:
        raise InputError(
            f"the bank has {window.n_weeks} weeks of one quarter, and an estimate holds its second half against its "
            "first; make a bank of two quarters or more, for example days=182"
        )
    case = None if given.rehearsal is None else _recovery_case(place, bank, given.rehearsal, given.language)
    told = given.package if isinstance(given.package, ToldPackage) and verified(given.package) else None
    asked = asked_of(given, place, bank.plan.window, told if case is None else case.package)
    if given.exact and not asked.is_public:
        require_closed(given.resume or given.out or RUNS)
    reading = held_against_figures(given, asked, expert_prior.worlds(bank))
    name, once = _named(asked, given.resume, given.language)
    question = {
        "package": name, "place": place.name, "anchors": not given.no_anchors, "seed": given.seed,
        "rounds": given.rounds, "bank": bank.key, "worlds": len(bank), "declared": expert_prior.record(),
        "published_figures": reading.figures.record(),
    }  # fmt: skip
    directory = estimate_directory(given.resume, given.out, place, question, once)
    exact = given.exact or asked.is_public
    request = EstimateRequest(reading, bank, expert_prior, given.seed, given.rounds, exact)
    return _answered(request, directory, question, given, case)


def _answered(
    request: EstimateRequest, directory: RunDirectory, question: dict[str, Any], given: EstimateOptions,
    case: RecoveryCase | None,
) -> EstimateResult:  # fmt: skip
    """Answer as far as the budget allows, and keep the answer in the folder."""
    from underwatch.inference.answer_files import write_answer, write_truth
    from underwatch.inference.findings import Findings
    from underwatch.inference.wording import Made
    from underwatch.inference.workflow import OutOfTime, Steps, answer
    from underwatch.pages.estimate import estimate_page

    tell = partial(text, given.language)
    steps = Steps(directory.folder, given.budget, lambda step: say(tell("estimate.step", step=Made(step)), err=True))
    try:
        with directory.hold():
            findings = Findings(answer(request, steps))
    except OutOfTime as end:
        minutes, step = f"{given.budget:g}", Made(str(end))
        stopped = sentence("estimate.out_of_time", minutes=minutes, step=step, folder=directory.path)
        return EstimateResult(directory.path, str(end), given.language, (stopped,), None)
    truths = () if case is None else write_truth(directory.path, findings, case)
    page = estimate_page(findings, () if case is None else case.truth.tolist(), given.language)
    write_answer(directory.path, findings, page, question)
    directory.clear()  # the steps hold what the gates may have withheld
    package = given.package if isinstance(given.package, Package) else None
    return EstimateResult(directory.path, "", given.language, (*findings.told, *truths), findings, package)


def _recovery_case(place: Place, bank: Bank, number: int, language: str) -> RecoveryCase:
    """Return a package told from the world of that number, which is in no bank."""
    from underwatch.inference.bank.bank import BankPlan
    from underwatch.inference.checks.recovery import recovery_cases
    from underwatch.inference.wording import Made

    say(text(language, "estimate.step", step=Made("a world that is in no bank")), err=True)
    return recovery_cases(BankPlan(place.slug, bank.plan.window, number, bank.plan.population, per_shard=1))[0]


def _named(asked: Asked, resumed: Path | None, language: str) -> tuple[str, str]:
    """Return what outputs call the package, and the key that gives a package without one a name for this once."""
    from underwatch.evidence.format.ids import is_key, keyed_letters_of, new_key
    from underwatch.files.intake.regular import read_text

    if asked.name:
        return asked.name, ""
    kept = None if resumed is None else resumed / STEPS / ONCE
    once = read_text(kept, _LONGEST_KEY, "key of this estimate") if kept is not None and kept.is_file() else ""
    once = once if is_key(once) else new_key()
    say(text(language, "estimate.no_key"), err=True)
    return keyed_letters_of(once, asked.checksum.encode()), once


def estimate_directory(
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
