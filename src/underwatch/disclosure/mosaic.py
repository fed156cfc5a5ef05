"""What is out already: a folder of earlier drafts, or an evidence package of published reports, read in memory only.

Whether two reports are of one incident, one subject or one source only the editor knows, and says in the draft's
`[links]`: the name of the earlier file (or the report's identifier in a package) and one of `draft.RELATIONS`. No name
of a report is repeated: they are numbered in the order of the links.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from underwatch.disclosure.counts import Earlier
from underwatch.disclosure.draft import MOST_BYTES, Draft, draft_of, draft_of_text, period_of
from underwatch.disclosure.terms import acts, terms
from underwatch.errors import InputError
from underwatch.evidence.format.gazetteer import gazetteer
from underwatch.evidence.format.periods import parse_period
from underwatch.evidence.format.table_schemas import DESCRIPTOR_FILE, REPORTS
from underwatch.files.intake.regular import read_text

MOST_REPORTS = 500
_ENDING = ".toml"
_HELD_BACK = "hold"  # a row that has not left the group
_WITHOUT_ORGAN = "arrest"


def read_earlier(path: Path, draft: Draft) -> list[Earlier]:
    """Return what is out already, each with what the draft says it shares with it; InputError for what cannot be read.

    Those that the draft does not link are about others, as far as anybody says.
    """
    if not path.is_dir():
        raise InputError("--published: name a folder of earlier drafts (*.toml) or an evidence package")
    found = _of_package(path, draft) if (path / DESCRIPTOR_FILE).exists() else _of_folder(path)
    for number, name in enumerate(draft.links, 1):
        if name not in found:
            raise InputError(f"links: the report of line {number} is not among what is out already")
    return [Earlier(one, draft.links.get(name, "other")) for name, one in found.items()]


def _of_folder(path: Path) -> dict[str, Draft]:
    names = sorted(name for name in os.listdir(path) if name.endswith(_ENDING))
    if len(names) > MOST_REPORTS:
        raise InputError(f"--published: holds more than {MOST_REPORTS} drafts; name a smaller folder")
    found = {}
    for number, name in enumerate(names, 1):
        try:
            found[name.removesuffix(_ENDING)] = draft_of_text(read_text(path / name, MOST_BYTES, "draft"))
        except InputError as error:
            raise InputError(f"--published, file {number} by name: {error}") from None
    return found


def _of_package(path: Path, draft: Draft) -> dict[str, Draft]:
    from underwatch.evidence.check.checking import read_package

    rows = read_package(path).table(REPORTS).records()
    found: dict[str, Draft] = {}
    for row in rows:
        if row["release"] != _HELD_BACK and (told := _details(row)) and len(found) < MOST_REPORTS:
            period = period_of(told["period"]) if "period" in told else None
            published = max(draft.published, period.last) if period else draft.published
            found[row["report_id"]] = draft_of(told | {"published": published.isoformat()})
    return found


def _details(row: Mapping[str, str]) -> dict[str, str]:
    """Return what a coded report states, {} for one of an act that the model does not have."""
    place = gazetteer().get(row["place_code"])
    if row["act_code"] not in acts() or place is None or place.level == "region":
        return {}
    told = {"act": row["act_code"], "place": place.name}
    period = parse_period(row["when"])
    if period is not None and "/" not in row["when"] and period.precision != "year":
        told["period"] = row["when"]
    if row["ground"] in terms()["ground"]:
        told["ground"] = row["ground"]
    if row["actor_type"] in terms()["organ"] and row["act_code"] != _WITHOUT_ORGAN:
        told["organ"] = row["actor_type"]
    return told
