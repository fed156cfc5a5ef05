"""What a check finds: file, row, column, code and remedy in plain words. Never what stands in the cell."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from types import MappingProxyType

from underwatch.facts.tables import read_rows

ERROR, WARNING, NOTE = "error", "warning", "note"
# So many findings of one kind in one column are listed one by one; the rest are counted.
MOST_LISTED = 200
MOST_PRINTED = 10


@cache
def finding_codes() -> Mapping[str, tuple[str, str]]:
    """Return by code its level, and what it means and what to do: identity, files, cells, sense of rows, history.

    A `{hint}` is filled in by the check and holds words of ours only. The remedy for what looks like a person is the
    same everywhere: take it out at the source.
    """
    rows = read_rows("findings.csv", "underwatch.evidence.check")
    return MappingProxyType({row["code"]: (row["level"], row["remedy"]) for row in rows})


# A limit that a package declares turns these warnings into notes: said once, loudly, and then no finding any more.
DECLARED_BY: Mapping[str, str] = MappingProxyType(
    {"zeros-unknown-effort": "effort_unknown", "dates-heaped": "dates_heaped"}
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding. `row` is the row as a spreadsheet numbers it (the header is 1), 0 for a whole file."""

    file: str
    row: int
    column: str
    code: str
    level: str
    remedy: str


def finding(code: str, file: str, row: int = 0, column: str = "", hint: str = "") -> Finding:
    """Return a finding of a known code; KeyError for an unknown one."""
    level, remedy = finding_codes()[code]
    words = remedy.replace("{hint}", hint) if "{hint}" in remedy else f"{remedy} {hint}"
    return Finding(file, row, column, code, level, " ".join(words.split()))


def declared_as_notes(findings: Iterable[Finding], declares: Iterable[str]) -> list[Finding]:
    """Return the findings sorted, those that a declared limit covers turned into notes."""
    known = set(declares)
    return sorted(
        replace(item, level=NOTE, remedy=f"Declared: {item.remedy}") if DECLARED_BY.get(item.code) in known else item
        for item in findings
    )


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 1 when there is an error or a warning, 0 when there are only notes or nothing."""
    return int(any(item.level != NOTE for item in findings))


def as_json(findings: list[Finding], fingerprint: str = "") -> str:
    """Return the findings as JSON for a script; no cell's content is in it."""
    counts = Counter(item.level for item in findings)
    summary = {level: counts[level] for level in (ERROR, WARNING, NOTE)}
    document = {"counts": summary, "fingerprint": fingerprint, "findings": [asdict(item) for item in findings]}
    return json.dumps(document, indent=1, ensure_ascii=False)


def as_text(findings: list[Finding], what: str = "this package") -> str:
    """Return the findings as lines for a person: grouped by code, the first ten places of each, then how many more."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for item in findings:
        groups.setdefault((item.level, item.code), []).append(item)
    lines: list[str] = []
    for (level, code), group in sorted(
        groups.items(), key=lambda item: ((ERROR, WARNING, NOTE).index(item[0][0]), item)
    ):
        lines.append(f"{level}: {code} ({len(group)})")
        last_remedy = ""
        for item in group[:MOST_PRINTED]:
            lines.append(f"  {_where(item)}" + (f"  {item.remedy}" if item.remedy != last_remedy else ""))
            last_remedy = item.remedy
        if len(group) > MOST_PRINTED:
            lines.append(f"  and {len(group) - MOST_PRINTED} more; --json lists them")
    counts = Counter(item.level for item in findings)
    if not counts[ERROR] and not counts[WARNING]:
        lines.append(f"{what}: clean" + (f", {counts[NOTE]} notes" if counts[NOTE] else ""))
    else:
        lines.append(f"{what}: {counts[ERROR]} errors, {counts[WARNING]} warnings, {counts[NOTE]} notes")
    return "\n".join(lines)


def _where(item: Finding) -> str:
    row = f" row {item.row}" if item.row else ""
    column = f" {item.column}" if item.column else ""
    return f"{item.file}{row}{column}:"
