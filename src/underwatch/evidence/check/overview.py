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
from underwatch.evidence.format.vocabularies import entries, named_in
from underwatch.evidence.package import Package
from underwatch.evidence.privacy.bands import band_of, in_bands
from underwatch.evidence.same_incident import Record, speaking
from underwatch.evidence.samples.example import is_the_example
from underwatch.texts.catalogue import columns, text, translated
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import percent

_MISSING_WORDS = {"", "unknown", "not_stated"}
# Columns whose unknown cells are counted, and how a reader calls what they lack.
_JUDGED = (
    "when", "place_code", "ground", "actor_type", "affected_band", "relayed_from", "reliability", "status",
    "independent_sources", "received",
)  # fmt: skip


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
    language: str = ENGLISH

    def counted(self, n: int) -> str:
        """Write a count as it may be told."""
        return in_bands(n, self.exact, self.language)

    def text(self, key: str, **values: object) -> str:
        """Return a text of the summary in its language."""
        return text(self.language, f"evidence.{key}", **values)


def summarise(package: Package, exact: bool = False, language: str = ENGLISH) -> Summary:
    """Return the summary of a package in a language, its counts in bands unless `exact` or the example's."""
    exact = exact or is_the_example(package)
    rows = package.table(REPORTS).records()
    incidents = list(speaking(rows).values())
    by_count = partial(_breakdown, incidents, rows, size=(lambda n: n) if exact else (lambda n: band_of(n)[0]))
    lacking = [(name, sum(row[name] in _MISSING_WORDS for row in rows)) for name in _JUDGED]

    def titled(name: str) -> tuple[str, str]:
        return text(language, f"evidence.by.{name}"), text(language, f"evidence.by.{name}.note")

    named = partial(_labelled, language)
    return Summary(
        named_in(language, "package_kind", package.kind),
        tuple(named_in(language, "limit", limit) for limit in package.declares),
        len(rows),
        len(incidents),
        sum(any(row["independent_sources"] == "two_or_more" for row in reports) for reports in incidents),
        (
            by_count(titled("ground"), named("ground", "ground")),
            by_count(titled("act"), named("act", "act_code")),
            by_count(titled("organ"), named("actor_type", "actor_type")),
            by_count(titled("province"), partial(_province, language)),
            _breakdown(incidents, rows, titled("year"), partial(_year, language)),
        ),
        tuple(
            (text(language, f"evidence.lacks.{name}"), n, percent(n / len(rows), language) if exact else "")
            for name, n in lacking
            if n
        ),
        tuple(_sentences(package, rows, exact, language)),
        exact,
        language,
    )


def _labelled(language: str, vocabulary: str, column: str) -> Callable[[Sequence[Record]], set[str]]:
    return lambda reports: {named_in(language, vocabulary, row[column]) for row in reports}


def _province(language: str, reports: Sequence[Record]) -> set[str]:
    """Return the name of the province of an incident, or of the region or country where it is coarser."""
    codes = [row["place_code"] for row in reports if row["place_code"]]
    if not codes:
        return {text(language, "evidence.place.unknown")}
    name = gazetteer()[next(filter(None, (place_at(code, "province") for code in codes)), codes[0])].name
    return {translated(language, f"province.{name}", name)}


def _year(language: str, reports: Sequence[Record]) -> set[str]:
    found = filter(None, (slot_of(row["when"], "year") for row in reports))
    return {next(found, text(language, "evidence.year.unknown"))}


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


def _sentences(package: Package, rows: Sequence[Record], exact: bool, language: str) -> list[str]:
    """Return what else there is and what is missing, in words."""

    def say(key: str, **counts: int) -> str:
        bands = {name: in_bands(n, exact, language) for name, n in counts.items()}
        return text(language, f"evidence.{key}", **bands)

    ours = {code for code, entry in entries("act").items() if entry["model_kind"]}
    said = [say("ours", ours=sum(row["act_code"] in ours for row in rows), reports=len(rows))]
    n_unlikely = sum(row["status"] == "unlikely" for row in rows)
    if n_unlikely:
        said.append(say("unlikely", reports=n_unlikely))
    states = package.table(EFFORT).column("state")
    known = sum(state != "unknown" for state in states)
    said.append(say("effort.unknown" if not known else "effort.known" if known == len(states) else "effort.part"))
    n_survey = len(package.table(SURVEY).rows)
    independence = package.table(FIGURES).column("independence")
    n_anchor = sum(word == "independent" for word in independence)
    said.append(say("anchors", answers=n_survey, figures=n_anchor, others=len(independence) - n_anchor))
    if not n_survey and not n_anchor:
        said.append(say("no_anchor"))
    return said


def as_text(summary: Summary) -> str:
    """Return the summary as aligned lines for a terminal."""
    say = summary.text
    lines = [say("head", kind=summary.kind), *(f"  ! {limit}" for limit in summary.limits), ""]
    lines.append(totals(summary))
    for part in summary.breakdowns:
        lines += ["", say("by", title=part.title, note=part.note)]
        counts = [
            (name, summary.counted(incidents), summary.counted(reports)) for name, incidents, reports in part.rows
        ]
        lines += _aligned([("", say("incidents"), say("reports")), *counts])
    lines += ["", say("missing")]
    lines += _aligned([(name, summary.counted(n), share) for name, n, share in summary.missing]) or [
        f"  {say('nothing')}"
    ]
    return "\n".join([*lines, "", *summary.sentences, say("own_use")])


def _aligned(rows: list[tuple[str, str, str]]) -> list[str]:
    """Return rows of a name and two counts as lines, the counts flush to the right."""
    first, second, third = (max((columns(row[index]) for row in rows), default=0) for index in range(3))
    return [
        f"  {name}{' ' * (first - columns(name))}  {' ' * (second - columns(one))}{one}"
        f"  {' ' * (third - columns(other))}{other}".rstrip()
        for name, one, other in rows
    ]


def totals(summary: Summary) -> str:
    """Return in a sentence how much there is."""
    counts = {"incidents": summary.n_incidents, "reports": summary.n_reports, "corroborated": summary.n_corroborated}
    return summary.text("totals", **{name: summary.counted(n) for name, n in counts.items()})
