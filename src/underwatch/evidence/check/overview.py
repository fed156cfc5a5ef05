"""A look at a package: what there is by ground, act, organ, province and year, and what is missing.

For the group's own eyes: it is no safe table, and says so. Counts are told in bands unless the group asks for them as
they are, or the package is the public example. Nothing per list, outlet or source, and nothing about when something was
received or a list could hear. Incidents are counted by what the reports say that speak for them
(`same_incident`), so that relays and duplicates count once and where their original does; by ground,
act and organ an incident can count under several.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from underwatch.evidence.format.gazetteer import gazetteer, place_at
from underwatch.evidence.format.periods import slot_of
from underwatch.evidence.format.table_schemas import EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.format.vocabularies import entries, label
from underwatch.evidence.package import Package
from underwatch.evidence.privacy.bands import band_of, in_bands
from underwatch.evidence.same_incident import Record, speaking
from underwatch.evidence.samples.example import is_the_example

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
    exact: bool = False

    def counted(self, n: int) -> str:
        """Write a count as it may be told."""
        return in_bands(n, self.exact)


def summarise(package: Package, exact: bool = False) -> Summary:
    """Return the summary of a package, its counts in bands unless `exact` or the example's."""
    exact = exact or is_the_example(package)
    rows = package.table(REPORTS).records()
    incidents = list(speaking(rows).values())
    by_count = partial(_breakdown, incidents, rows, size=(lambda n: n) if exact else (lambda n: band_of(n)[0]))
    missing = [(words, sum(row[name] in _MISSING_WORDS for row in rows)) for name, words in _JUDGED.items()]
    any_of = "any of: an incident can count under several"
    return Summary(
        label("package_kind", package.kind),
        tuple(label("limit", limit) for limit in package.declares),
        len(rows),
        len(incidents),
        sum(any(row["independent_sources"] == "two_or_more" for row in reports) for reports in incidents),
        (
            by_count(("ground", any_of), _labelled("ground", "ground")),
            by_count(("act", any_of), _labelled("act", "act_code")),
            by_count(("organ", "who did it, as far as is known; any of"), _labelled("actor_type", "actor_type")),
            by_count(("province", "of the incident; coarser places are told apart"), _province),
            _breakdown(
                incidents, rows, ("year", "of the incident; a year left out has no report, and is no zero"), _year
            ),
        ),
        tuple((words, n, f"{n / len(rows):.0%}" if exact else "") for words, n in missing if n),
        tuple(_sentences(package, rows, exact)),
        exact,
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
    incidents: Iterable[Sequence[Record]],
    rows: Iterable[Record],
    title_and_note: tuple[str, str],
    names_of: Callable[[Sequence[Record]], set[str]],
    size: Callable[[int], int] = lambda n: 0,
) -> Breakdown:
    """Return incidents and reports by what `names_of` says: the greatest `size` first, then in the order of names.

    An incident counts by the reports that speak for it, the gravest act first; a report by what itself says.
    """
    n_incidents = Counter(name for reports in incidents for name in names_of(reports))
    n_reports = Counter(name for row in rows for name in names_of([row]))
    order = sorted(n_reports, key=lambda name: (-size(n_incidents[name]), name))
    return Breakdown(*title_and_note, tuple((name, n_incidents[name], n_reports[name]) for name in order))


def _sentences(package: Package, rows: Sequence[Record], exact: bool) -> list[str]:
    """Return what else there is and what is missing, in words."""
    said = []
    ours = {code for code, entry in entries("act").items() if entry["model_kind"]}
    n_ours = sum(row["act_code"] in ours for row in rows)
    said.append(
        f"{in_bands(n_ours, exact)} of {in_bands(len(rows), exact)} reports are of acts that the model makes; an "
        "estimate sets the others aside."
    )
    n_unlikely = sum(row["status"] == "unlikely" for row in rows)
    if n_unlikely:
        said.append(
            f"{in_bands(n_unlikely, exact)} reports are judged unlikely; an estimate and a safe table set them aside."
        )
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
    others = in_bands(len(independence) - n_anchor, exact)
    said.append(
        f"Anchors: {in_bands(n_survey, exact)} answers of surveys, {in_bands(n_anchor, exact)} independent figures. "
        f"Figures that are no anchor (of the same lists, or in the survey already): {others}."
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
        counts = [
            (name, summary.counted(incidents), summary.counted(reports)) for name, incidents, reports in part.rows
        ]
        lines += _aligned([("", "incidents", "reports"), *counts])
    lines += ["", "Missing (reports without it)"]
    lines += _aligned([(name, summary.counted(n), share) for name, n, share in summary.missing]) or ["  nothing"]
    return "\n".join([*lines, "", *summary.sentences, OWN_USE])


def _aligned(rows: list[tuple[str, str, str]]) -> list[str]:
    """Return rows of a name and two counts as lines, the counts flush to the right."""
    first, second, third = (max((len(row[index]) for row in rows), default=0) for index in range(3))
    return [f"  {name:<{first}}  {one:>{second}}  {other:>{third}}".rstrip() for name, one, other in rows]


def totals(summary: Summary) -> str:
    """Return in a sentence how much there is."""
    return (
        f"{summary.counted(summary.n_incidents)} reported incidents in {summary.counted(summary.n_reports)} coded "
        f"reports; {summary.counted(summary.n_corroborated)} corroborated (two or more independent sources)"
    )
