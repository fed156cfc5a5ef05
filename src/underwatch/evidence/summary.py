"""A look at a package: what there is by ground, act, organ, province and year, and what is missing.

For the group's own eyes: it is no safe table, and says so. Nothing per list, outlet or source, and nothing about when
something was received or a list could hear. Incidents are counted by what the reports say that speak for them
(`underwatch.evidence.incidents`), so that relays and duplicates count once and where their original does; by ground,
act and organ an incident can count under several.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from underwatch.evidence.format import EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.gazetteer import gazetteer, place_at
from underwatch.evidence.incidents import Record, speaking
from underwatch.evidence.package import Package
from underwatch.evidence.periods import slot_of
from underwatch.evidence.vocabularies import entries, label

OWN_USE = "For the group's own use: this is no safe table. `underwatch evidence publish` makes one."
_MISSING_WORDS = {"", "unknown", "not_stated"}
# Columns whose unknown cells are counted, and how a reader calls what they lack.
_JUDGED = {
    "when": "when it happened", "place_code": "where", "ground": "the ground", "actor_type": "the organ",
    "affected_band": "how many people", "relayed_from": "whether it is a relay", "reliability": "how reliable it is",
    "status": "how sure it happened", "independent_sources": "independent sources", "received": "when it was received",
}  # fmt: skip


@dataclass(frozen=True)
class Breakdown:
    """Incidents and reports by one property: rows of (label, incidents, reports), with a title and a note."""

    title: str
    note: str
    rows: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Summary:
    """What a package holds and lacks, in tables and sentences; `missing`: what, in how many reports, and what share."""

    kind: str
    limits: tuple[str, ...]
    n_reports: int
    n_incidents: int
    n_corroborated: int
    breakdowns: tuple[Breakdown, ...]
    missing: tuple[tuple[str, int, str], ...]
    sentences: tuple[str, ...]


def summarise(package: Package) -> Summary:
    """Return the summary of a package."""
    rows = package.table(REPORTS).records()
    told = list(speaking(rows).values())
    missing = [(words, sum(row[name] in _MISSING_WORDS for row in rows)) for name, words in _JUDGED.items()]
    any_of = "any of: an incident can count under several"
    return Summary(
        label("package_kind", package.kind),
        tuple(label("limit", limit) for limit in package.declares),
        len(rows),
        len(told),
        sum(any(row["independent_sources"] == "two_or_more" for row in reports) for reports in told),
        (
            _breakdown(("ground", any_of), told, rows, _labelled("ground", "ground")),
            _breakdown(("act", any_of), told, rows, _labelled("act", "act_code")),
            _breakdown(
                ("organ", "who did it, as far as is known; any of"), told, rows, _labelled("actor_type", "actor_type")
            ),
            _breakdown(("province", "of the incident; coarser places are told apart"), told, rows, _province),
            _breakdown(
                ("year", "of the incident; a year left out has no report, and is no zero"),
                told,
                rows,
                _year,
                by_count=False,
            ),
        ),
        tuple((words, n, f"{n / len(rows):.0%}") for words, n in missing if n),
        tuple(_sentences(package, rows)),
    )


def _labelled(vocabulary: str, column: str) -> Callable[[Sequence[Record]], set[str]]:
    return lambda reports: {label(vocabulary, row[column]) for row in reports}


def _province(reports: Sequence[Record]) -> set[str]:
    """Return the name of the province of an incident, or of the region or country where it is coarser."""
    codes = [row["place_code"] for row in reports if row["place_code"]]
    if not codes:
        return {"place unknown"}
    return {gazetteer()[next(filter(None, (place_at(code, "province") for code in codes)), codes[0])].name}


def _year(reports: Sequence[Record]) -> set[str]:
    return {next(filter(None, (slot_of(row["when"], "year") for row in reports)), "year unknown")}


def _breakdown(
    title_and_note: tuple[str, str],
    told: Iterable[Sequence[Record]],
    rows: Iterable[Record],
    names_of: Callable[[Sequence[Record]], set[str]],
    by_count: bool = True,
) -> Breakdown:
    """Return incidents and reports by what `names_of` says, the most first, or in the order of the names.

    An incident counts by the reports that speak for it, the gravest act first; a report by what itself says.
    """
    n_incidents = Counter(name for reports in told for name in names_of(reports))
    n_reports = Counter(name for row in rows for name in names_of([row]))
    order = sorted(n_reports, key=lambda name: (-n_incidents[name] if by_count else 0, name))
    return Breakdown(*title_and_note, tuple((name, n_incidents[name], n_reports[name]) for name in order))


def _sentences(package: Package, rows: Sequence[Record]) -> list[str]:
    """Return what else there is and what is missing, in words."""
    said = []
    ours = {code for code, entry in entries("act").items() if entry["model_kind"]}
    n_ours = sum(row["act_code"] in ours for row in rows)
    said.append(
        f"{n_ours:,} of {len(rows):,} reports are of acts that the model makes; an estimate sets the others aside."
    )
    n_unlikely = sum(row["status"] == "unlikely" for row in rows)
    if n_unlikely:
        said.append(f"{n_unlikely:,} reports are judged unlikely; an estimate and a safe table set them aside.")
    states = package.table(EFFORT).column("state")
    known = sum(state != "unknown" for state in states)
    if not known:
        said.append("Effort is unknown: periods without a report are not zeros.")
    else:
        said.append(
            "Effort is recorded." if known == len(states) else "Effort is recorded in part; the rest is unknown."
        )
    n_survey = len(package.table(SURVEY).rows)
    independence = package.table(FIGURES).column("independence")
    n_anchor = sum(word == "independent" for word in independence)
    said.append(
        f"Anchors: {n_survey} answers of surveys, {n_anchor} independent figures. Figures that are no anchor (of the "
        f"same lists, or in the survey already): {len(independence) - n_anchor}."
    )
    if not n_survey and not n_anchor:
        said.append("Without an anchor the scale cannot be known: only trend and shape.")
    return said


def as_text(summary: Summary) -> str:
    """Return the summary as aligned lines for a terminal."""
    lines = [f"Evidence package: {summary.kind}", *(f"  ! {limit}" for limit in summary.limits), ""]
    lines.append(totals(summary))
    for part in summary.breakdowns:
        lines += ["", f"By {part.title} ({part.note})"]
        width = max((len(name) for name, _, _ in part.rows), default=0)
        lines.append(f"  {'':<{width}}  incidents  reports")
        lines += [f"  {name:<{width}}  {incidents:>9,}  {reports:>7,}" for name, incidents, reports in part.rows]
    lines += ["", "Missing (reports without it)"]
    width = max((len(name) for name, _, _ in summary.missing), default=0)
    lines += [f"  {name:<{width}}  {n:>9,}  {share:>6}" for name, n, share in summary.missing] or ["  nothing"]
    return "\n".join([*lines, "", *summary.sentences, OWN_USE])


def totals(summary: Summary) -> str:
    """Return in a sentence how much there is."""
    return (
        f"{summary.n_incidents:,} reported incidents in {summary.n_reports:,} coded reports; "
        f"{summary.n_corroborated:,} corroborated (two or more independent sources)"
    )
