"""A look at a package: what there is by ground, act, organ, province and year, and what is missing.

For the group's own eyes: it is no safe table, and says so. Nothing per list, outlet or source, and nothing about when
something was received or a list could hear. Incidents are counted, so that relays and duplicates count once; by ground
and act an incident can count under several.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from underwatch.evidence.cells import slot_of
from underwatch.evidence.format import EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.gazetteer import gazetteer, place_at
from underwatch.evidence.package import Package
from underwatch.evidence.vocabularies import entries, label

OWN_USE = "For the group's own use: this is no safe table. `underwatch evidence publish` makes one."
_MISSING_WORDS = {"", "unknown", "not_stated"}
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
    """What a package holds and lacks, in tables and sentences."""

    kind: str
    limits: tuple[str, ...]
    n_reports: int
    n_incidents: int
    n_corroborated: int
    breakdowns: tuple[Breakdown, ...]
    missing: tuple[tuple[str, int], ...]
    sentences: tuple[str, ...]


def summarise(package: Package) -> Summary:
    """Return the summary of a package."""
    rows = package.table(REPORTS).records()
    two = {row["incident_id"] for row in rows if row["independent_sources"] == "two_or_more"}
    missing = [(name, sum(row[name] in _MISSING_WORDS for row in rows)) for name in _JUDGED]
    return Summary(
        label("package_kind", package.kind),
        tuple(label("limit", limit) for limit in package.declares),
        len(rows),
        len({row["incident_id"] for row in rows}),
        len(two),
        (
            _breakdown("ground", "any of: an incident can count under several", rows, _labelled("ground", "ground")),
            _breakdown("act", "any of: an incident can count under several", rows, _labelled("act", "act_code")),
            _breakdown("organ", "who did it, as far as is known", rows, _labelled("actor_type", "actor_type")),
            _breakdown("province", "of the incident; coarser places are told apart", rows, _province),
            _breakdown("year", "of the incident, not of the report", rows, _year, by_count=False),
        ),
        tuple((name, n) for name, n in missing if n),
        tuple(_sentences(package, rows)),
    )


def _labelled(vocabulary: str, column: str) -> Callable[[Mapping[str, str]], str]:
    return lambda row: label(vocabulary, row[column])


def _province(row: Mapping[str, str]) -> str:
    """Return the name of the province of a report, or of the region or country where it is coarser."""
    if not row["place_code"]:
        return "place unknown"
    code = place_at(row["place_code"], "province") or row["place_code"]
    return gazetteer()[code].name


def _year(row: Mapping[str, str]) -> str:
    return slot_of(row["when"], "year") or "year unknown"


def _breakdown(
    title: str,
    note: str,
    rows: list[dict[str, str]],
    name_of: Callable[[Mapping[str, str]], str],
    by_count: bool = True,
) -> Breakdown:
    """Return incidents and reports by what `name_of` says, the most first, or in the order of the names."""
    incidents: dict[str, set[str]] = defaultdict(set)
    n_reports: dict[str, int] = defaultdict(int)
    for row in rows:
        name = name_of(row)
        incidents[name].add(row["incident_id"])
        n_reports[name] += 1
    order = sorted(incidents, key=lambda name: (-len(incidents[name]) if by_count else 0, name))
    return Breakdown(title, note, tuple((name, len(incidents[name]), n_reports[name]) for name in order))


def _sentences(package: Package, rows: list[dict[str, str]]) -> list[str]:
    """Return what else there is and what is missing, in words."""
    said = []
    ours = {code for code, entry in entries("act").items() if entry["model_kind"]}
    n_ours = sum(row["act_code"] in ours for row in rows)
    said.append(
        f"{n_ours} of {len(rows)} reports are of acts that the model makes; the others are set aside in an estimate."
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
    said.append(
        f"Anchors: {n_survey} survey rows, {n_anchor} independent figures; "
        f"{len(independence) - n_anchor} figures are no anchor (of the same lists, or in the survey already)."
    )
    if not n_survey and not n_anchor:
        said.append("Without an anchor the scale cannot be known: only trend and shape.")
    return said


def as_text(summary: Summary) -> str:
    """Return the summary as aligned lines for a terminal."""
    lines = [f"Evidence package: {summary.kind}", *(f"  ! {limit}" for limit in summary.limits), ""]
    lines.append(_totals(summary))
    for part in summary.breakdowns:
        lines += ["", f"By {part.title} ({part.note})"]
        width = max((len(name) for name, _, _ in part.rows), default=0)
        lines.append(f"  {'':<{width}}  incidents  reports")
        lines += [f"  {name:<{width}}  {incidents:>9,}  {reports:>7,}" for name, incidents, reports in part.rows]
    lines += ["", "Missing (reports without it)"]
    share = [(name, n, n / summary.n_reports) for name, n in summary.missing] if summary.n_reports else []
    width = max((len(name) for name, _ in summary.missing), default=0)
    lines += [f"  {name:<{width}}  {n:>9,}  {part:>6.0%}" for name, n, part in share] or ["  nothing"]
    return "\n".join([*lines, "", *summary.sentences, OWN_USE])


def _totals(summary: Summary) -> str:
    return (
        f"{summary.n_incidents:,} reported incidents in {summary.n_reports:,} coded reports; "
        f"{summary.n_corroborated:,} corroborated (two or more independent sources)"
    )


def summary_html(package: Package) -> str:
    """Return the summary as a section of an HTML report; it needs no script, no style and nothing from outside."""
    summary = summarise(package)
    limits = "".join(f"<li><strong>{escape(limit)}</strong></li>" for limit in summary.limits)
    parts = "".join(_table_html(part) for part in summary.breakdowns)
    missing = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{n:,}</td><td>{n / summary.n_reports:.0%}</td></tr>'
        for name, n in summary.missing
    )
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in summary.sentences)
    return (
        '<section class="evidence" aria-labelledby="evidence-title">'
        f'<h2 id="evidence-title">Evidence package: {escape(summary.kind)}</h2>'
        f"{f'<ul>{limits}</ul>' if limits else ''}<p>{escape(_totals(summary))}.</p>{parts}"
        "<table><caption>Missing: reports without it</caption><thead><tr><td></td>"
        f'<th scope="col">reports</th><th scope="col">share</th></tr></thead><tbody>{missing}</tbody></table>'
        f"{said}<p>{escape(OWN_USE)}</p></section>"
    )


def _table_html(part: Breakdown) -> str:
    """Return a breakdown as a table whose caption says what is counted."""
    most = max((incidents for _, incidents, _ in part.rows), default=1)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{incidents:,}</td><td>{reports:,}</td>'
        f'<td><meter min="0" max="{most}" value="{incidents}" aria-hidden="true"></meter></td></tr>'
        for name, incidents, reports in part.rows
    )
    caption = f"Reported incidents by {escape(part.title)} ({escape(part.note)})"
    head = '<tr><td></td><th scope="col">incidents</th><th scope="col">reports</th><td></td></tr>'
    return f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{body}</tbody></table>"


_STYLE = (
    "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1.5rem 0}caption{text-align:left;font-weight:bold}"
    "th,td{padding:.15rem .6rem;text-align:right}tbody th,thead td{text-align:left;font-weight:normal}"
)


def summary_page(package: Package) -> str:
    """Return the summary as a page of its own."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Evidence package</title>'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f"<style>{_STYLE}</style></head><body>{summary_html(package)}</body></html>\n"
    )
