"""Incidents: which reports speak for one, whose they are, and how several reports of one incident are read as one.

One rule for whoever counts:

- An *original* passes on no other report and repeats none. A relay or duplicate belongs to the report it passes on,
  through chains, whatever source, date, place or incident stands in its own row: it says nothing of its own, also where
  that original may not leave.
- A relay or duplicate whose original is not in the package speaks only for an incident of which the package has neither
  an original nor a report that passes one on. It has no known source, whatever code it carries; nor has an original
  without a code.
- Of several reports that speak, the gravest act counts; the finest date and place told of that act go before others;
  and the grounds are all that any of them states. No identifier and no order of rows decides.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from underwatch.evidence.format.gazetteer import gazetteer
from underwatch.evidence.format.periods import parse_period
from underwatch.evidence.format.table_schemas import REPORTS, TABLES

Record = Mapping[str, str]

# Acts, the gravest first: what is done to people's liberty, then to their home and goods, then watching them, then what
# is ordered for all. A judgement; for acts that the model makes it is the order of an exaggerated report (testimony).
GRAVEST_FIRST = (
    "punishment", "arrest", "exile", "summons", "report", "entrapment", "search", "extortion", "informant_recruitment",
    "listing", "phone_restriction", "movement_restriction", "travel_permit", "call_given_up", "home_surveillance",
    "wiretap", "followed_visit", "tailing", "lodging_check", "home_visit", "checkpoint", "signal_detection",
    "signal_jamming", "release", "order", "deployment", "lecture",
)  # fmt: skip
_GRAVITY = {act: index for index, act in enumerate(GRAVEST_FIRST)}
_FINEST_FIRST = ("city", "county", "province", "region", "country")
_NOT_DATED = 1 << 30
# What a report says, without the identifiers, which are random.
_CONTENT = tuple(column.name for column in TABLES[REPORTS].columns if column.kind not in ("id", "reference"))


def speaking(reports: Sequence[Record]) -> dict[str, list[Record]]:
    """Return by incident the reports that speak for it, in the order of `gravest_first`; `reports` are all there are.

    An incident of which every report passes on one of another incident is left out: it is that other one.
    """
    by_id = {report["report_id"]: report for report in reports}
    originals: dict[str, list[Record]] = defaultdict(list)
    orphans: dict[str, list[Record]] = defaultdict(list)
    spoken_for = set()
    for report in reports:
        end = _end(report, by_id)
        name = report["incident_id"]
        if is_original(report):
            originals[name].append(report)
        elif is_original(end):
            spoken_for.add(name)
        elif end is report:
            orphans[name].append(report)
    alone = {name: some for name, some in orphans.items() if name not in originals and name not in spoken_for}
    return {name: gravest_first(some) for name, some in sorted((originals | alone).items())}


def passed_on(reports: Sequence[Record]) -> dict[str, list[Record]]:
    """Return by incident the reports that pass one of its own on or repeat it; `reports` are all there are."""
    by_id, result = {report["report_id"]: report for report in reports}, defaultdict(list)
    for report in reports:
        if not is_original(report):
            result[_end(report, by_id)["incident_id"]].append(report)
    return dict(result)


def is_original(report: Record) -> bool:
    """Say whether a report passes on no other and repeats none, as far as its row says."""
    return report["relayed_from"] != "list" and not report["relay_of"] and not report["duplicate_of"]


def source_of(report: Record) -> str:
    """Return the source's code of a report that speaks; '' where nobody knows whose it is."""
    return report["source_code"] if is_original(report) else ""


def gravest_first(reports: Iterable[Record]) -> list[Record]:
    """Return reports of one incident by gravity, then how finely they are dated and placed, then all else they say."""
    return sorted(reports, key=_rank)


def _end(report: Record, by_id: Mapping[str, Record]) -> Record:
    """Return where a chain of relays and duplicates ends in the package: the report itself where it goes in a circle.

    A relay goes before a duplicate: it leads out of the list.
    """
    here, seen = report, {report["report_id"]}
    while (there := by_id.get(here["relay_of"]) or by_id.get(here["duplicate_of"])) is not None:
        if there["report_id"] in seen:
            return report
        seen.add(there["report_id"])
        here = there
    return here


def _rank(report: Record) -> tuple[int | str, ...]:
    period, place = parse_period(report["when"]), gazetteer().get(report["place_code"])
    return (
        _GRAVITY[report["act_code"]],
        (period.last - period.first).days if period else _NOT_DATED,
        report["when"],
        _FINEST_FIRST.index(place.level) if place else len(_FINEST_FIRST),
        report["place_code"],
        *(report[name] for name in _CONTENT),
    )
