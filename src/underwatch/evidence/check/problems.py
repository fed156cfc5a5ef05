"""What a check finds: file, row, column, code and remedy in plain words. Never what stands in the cell."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

ERROR, WARNING, NOTE = "error", "warning", "note"
# So many findings of one kind in one column are listed one by one; the rest are counted.
MOST_LISTED = 200
MOST_PRINTED = 10

# Code -> (level, what it means and what to do). A `{hint}` is filled in by the check and holds words of ours only.
CODES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # Identity: the tripwire. The remedy is the same everywhere: take it out at the source.
        "identity-name": (ERROR, "This looks like a name. Delete it here and in every copy."),
        "identity-phone": (ERROR, "This looks like a phone number. Delete it here and in every copy."),
        "identity-email": (ERROR, "This looks like an e-mail address or an account. Delete it here and in every copy."),
        "identity-address": (ERROR, "This looks like a web address; one may stand only in bibliography.csv."),
        "identity-coordinates": (ERROR, "This looks like coordinates. Delete them; place_code is a city or county."),
        "identity-digits": (ERROR, "A long run of digits can be a number of a person or a phone. Delete it."),
        "identity-text": (ERROR, "Free text is not kept: it identifies people. Use the codes in vocab/."),
        # Files
        "file-missing": (ERROR, "The file is missing. Copy it from a fresh package (`underwatch evidence new`)."),
        "file-unexpected": (ERROR, "A package holds no other files. Move it elsewhere."),
        "file-oversized": (ERROR, "The file is larger than 40 MB and was not read. It is no table of coded reports."),
        "file-encoding": (ERROR, "The file is not UTF-8. Save it again as `CSV UTF-8 (comma delimited)`."),
        "file-csv": (ERROR, "The file cannot be read as CSV: a quote is not closed, or it holds strange characters."),
        "file-columns": (ERROR, "The columns are not those of the format. {hint}"),
        "file-changed": (ERROR, "A file of the format was changed. `underwatch evidence record` writes it anew."),
        "file-form": (NOTE, "Readable but not in the usual form ({hint}). `underwatch evidence record` rewrites it."),
        "descriptor": (ERROR, "{hint}."),
        "row-length": (ERROR, "The row has more or fewer cells than the header. Look for a stray comma."),
        "row-again": (WARNING, "The package has the same row, but for identifiers. Another incident? Add --again."),
        "row-judged": (
            WARNING,
            "The package has the same row, judged otherwise. Judge anew in the package; another incident? Add --again.",
        ),
        "row-twice": (WARNING, "Looks like {hint} of the other package. One incident? Remove one, or join them."),
        "row-twice-judged": (
            WARNING,
            "Looks like {hint} of the other package, judged otherwise. One incident? Remove one, or join them.",
        ),
        "row-twice-lists": (NOTE, "{hint} reports look like one of another list in the other package."),
        # Cells
        "cell-empty": (ERROR, "The cell may not be empty. {hint}"),
        "cell-formula": (ERROR, "The cell starts like a formula, which a spreadsheet would run. Delete it."),
        "cell-space": (ERROR, "There is a space before or after. Remove it."),
        "code-unknown": (ERROR, "This is no code of {hint}"),
        "id-malformed": (ERROR, "This is no identifier. Take one from `underwatch evidence ids`; never make one up."),
        "id-double": (ERROR, "The same identifier stands in an earlier row. Give this row one of its own."),
        "date-malformed": (ERROR, "This is no period. Write 2024-W50, 2024-12, 2024-Q4, 2024, or a range first/last."),
        "number-malformed": (ERROR, "This is no number the column takes: {hint}."),
        "address-malformed": (ERROR, "A public address starts with http:// or https:// and holds no space and no @."),
        "hash-malformed": (ERROR, "This is no checksum. Do not edit changes.csv; take it from your last good copy."),
        # Sense of a row
        "date-precision": (ERROR, "when and when_precision do not fit. {hint}"),
        "date-future": (ERROR, "This period has not begun yet."),
        "received-early": (ERROR, "It cannot have been received before it happened. Correct when or received."),
        "place-precision": (ERROR, "place_code and place_precision do not fit. {hint}"),
        "relay-contradiction": (ERROR, "relay_of is filled in, so relayed_from must be `list`."),
        "relay-same-list": (WARNING, "A relay comes from another list. Within one list use duplicate_of."),
        "relay-other-incident": (WARNING, "A report and the one it passes on or repeats should share incident_id."),
        "duplicate-other-list": (WARNING, "duplicate_of is for the same list. For another list use relay_of."),
        "reference-unknown": (ERROR, "No row of {hint} has this identifier."),
        "cycle-duplicates": (ERROR, "These duplicates point in a circle. The first report is a duplicate of none."),
        "cycle-relays": (ERROR, "These relays point in a circle. The first report is a relay of none."),
        "release-beyond-consent": (ERROR, "release goes beyond consent. Set it to `hold`, or to what was agreed to."),
        "confirmed-one-source": (WARNING, "Confirmed, but no two sources. Use `likely`, or find a second."),
        "survey-small": (ERROR, "Fewer than 20 were asked: too few to hide a person in. Leave the row out."),
        "survey-more-yes": (ERROR, "More said yes than were asked."),
        "survey-question": (ERROR, "No share of those asked answers this. {hint} It may stand in figures.csv."),
        "figure-range": (ERROR, "low is greater than high."),
        "figure-unit": (ERROR, "This is not the unit of what is measured. {hint}"),
        "figure-share": (ERROR, "A share lies between 0 and 1."),
        "figure-rate": (ERROR, "A rate per resident and year lies between 0 and 1."),
        "figure-whole": (ERROR, "People are counted in whole numbers; a rate or a share is another measure."),
        # Sense of a table
        "dates-heaped": (WARNING, "Far more reports lie in one {hint} than in others. Was an unknown date filled in?"),
        "zeros-unknown-effort": (WARNING, "{hint} have no report and no known effort: those zeros are not data."),
        # History
        "history-broken": (ERROR, "The chain of checksums breaks here: a line was changed, lost or moved. {hint}"),
        "history-behind": (ERROR, "The row differs from the history. If you edited it: `underwatch evidence record`."),
        "history-lost-row": (ERROR, "A row of the history is gone. If you deleted it: `underwatch evidence record`."),
        "history-forked": (ERROR, "Two changes of one row do not know of each other. Merge the two copies again."),
    }
)  # fmt: skip

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
    level, remedy = CODES[code]
    words = remedy.replace("{hint}", hint) if "{hint}" in remedy else f"{remedy} {hint}"
    return Finding(file, row, column, code, level, " ".join(words.split()))


def declared_as_notes(findings: Iterable[Finding], declares: Iterable[str]) -> list[Finding]:
    """Return the findings sorted, those that a declared limit covers turned into notes."""
    known = set(declares)
    return sorted(
        replace(one, level=NOTE, remedy=f"Declared: {one.remedy}") if DECLARED_BY.get(one.code) in known else one
        for one in findings
    )


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 1 when there is an error or a warning, 0 when there are only notes or nothing."""
    return int(any(result.level != NOTE for result in findings))


def as_json(findings: list[Finding], fingerprint: str = "") -> str:
    """Return the findings as JSON for a script; no cell's content is in it."""
    counts = Counter(result.level for result in findings)
    summary = {level: counts[level] for level in (ERROR, WARNING, NOTE)}
    document = {"counts": summary, "fingerprint": fingerprint, "findings": [asdict(result) for result in findings]}
    return json.dumps(document, indent=1, ensure_ascii=False)


def as_text(findings: list[Finding], what: str = "this package") -> str:
    """Return the findings as lines for a person: grouped by code, the first ten places of each, then how many more."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for result in findings:
        groups.setdefault((result.level, result.code), []).append(result)
    lines: list[str] = []
    for (level, code), group in sorted(
        groups.items(), key=lambda item: ((ERROR, WARNING, NOTE).index(item[0][0]), item)
    ):
        lines.append(f"{level}: {code} ({len(group)})")
        last_remedy = ""
        for result in group[:MOST_PRINTED]:
            lines.append(f"  {_where(result)}" + (f"  {result.remedy}" if result.remedy != last_remedy else ""))
            last_remedy = result.remedy
        if len(group) > MOST_PRINTED:
            lines.append(f"  and {len(group) - MOST_PRINTED} more; --json lists them")
    counts = Counter(result.level for result in findings)
    if not counts[ERROR] and not counts[WARNING]:
        lines.append(f"{what}: clean" + (f", {counts[NOTE]} notes" if counts[NOTE] else ""))
    else:
        lines.append(f"{what}: {counts[ERROR]} errors, {counts[WARNING]} warnings, {counts[NOTE]} notes")
    return "\n".join(lines)


def _where(result: Finding) -> str:
    row = f" row {result.row}" if result.row else ""
    column = f" {result.column}" if result.column else ""
    return f"{result.file}{row}{column}:"
