"""The history: one line for each change of a row, chained by checksums, in segments that can be joined in any order.

Every working copy writes its own segment, numbered from 1; the checksum of a line covers the line before it in the
segment. Joining two packages is the union of their segments, so it does not matter in which order groups join.
`before` names the line of the row's previous change, so that two changes which do not know of each other show.

What it shows: a line or row changed, lost, moved or added outside the tool. What it cannot show: a segment cut off at
its end together with its rows; compare the fingerprint that `check` prints with the one you noted for that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import gt

from underwatch.errors import InputError
from underwatch.evidence.findings import Finding, finding
from underwatch.evidence.format import CHANGES, TABLES
from underwatch.evidence.ids import letters_of, many_letters_of, new_id
from underwatch.evidence.package import Package, Row, content_of, contents_of, recorded_rows

_FILE = TABLES[CHANGES].file
Key = tuple[str, str]
# The rows of a table and the number of each as a spreadsheet shows it.
Numbered = tuple[Sequence[int], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Head:
    """The latest change of a row: the line's checksum and the row's; `content` is '' for a removed row."""

    entry: str
    content: str


@dataclass
class Segment:
    """A chain that is being written: its identifier, its last number and its last line's checksum."""

    name: str
    seq: int = 0
    last: str = ""

    def line(self, who: str, reason: str, key: Key, before: Head | None, content: str) -> Row:
        """Return the next line of the chain for a change of the row `key`."""
        self.seq += 1
        if not content:
            action = "remove"
        else:
            action = "change" if before is not None and before.content else "add"
        cells = (self.name, str(self.seq), who, reason, *key, action, before.entry if before else "", content)
        self.last = entry_of(self.last, cells)
        return (*cells, self.last)


def new_segment() -> Segment:
    """Return an empty chain with a fresh identifier."""
    return Segment(new_id())


def entry_of(previous: str, cells: Iterable[str]) -> str:
    """Return the checksum of a line: over the line before it in the chain, and its own cells without the checksum."""
    return letters_of(f"{previous},{','.join(cells)}".encode())


def heads(lines: Iterable[Row]) -> dict[Key, list[Head]]:
    """Return for every row the changes that no other follows: one, or more where two do not know of each other."""
    lines = list(lines)
    followed = {line[7] for line in lines if line[7]}
    found: dict[Key, list[Head]] = {}
    for line in lines:
        if line[9] not in followed:
            found.setdefault((line[4], line[5]), []).append(Head(line[9], line[8]))
    return found


def one_head(candidates: list[Head]) -> Head | None:
    """Return the head where all candidates have the same content, else None."""
    return min(candidates, key=lambda head: head.entry) if len({head.content for head in candidates}) == 1 else None


def recorded(package: Package, who: str, reason: str, segment: Segment | None = None) -> Package:
    """Return the package with a line in its history for every row that differs from it: new, changed or removed.

    A package without differences is returned as it is. InputError when two changes of a row do not know of each other.
    """
    lines = list(package.table(CHANGES).rows)
    known = heads(lines)
    rows = recorded_rows(package)
    chain = segment or new_segment()
    added: list[Row] = []
    for key in sorted(known.keys() | rows.keys()):
        head = one_head(known[key]) if key in known else None
        if key in known and head is None:
            raise InputError(
                f"two changes of one row of {key[0]}.csv do not know of each other; merge the copies first"
            )
        content = content_of(key[0], rows[key]) if key in rows else ""
        if content != (head.content if head else ""):
            added.append(chain.line(who, reason, key, head, content))
    return package.with_rows(CHANGES, [*lines, *added]) if added else package


def verify(lines: Sequence[Row], line_numbers: Sequence[int], rows: Mapping[str, Numbered]) -> list[Finding]:
    """Return what is wrong with a history, given its lines and the rows it speaks of, with their numbers."""
    order = range(len(lines))
    keys = [(line[0], int(line[1])) for line in lines]
    if any(map(gt, keys, islice(keys, 1, None))):
        order = sorted(order, key=keys.__getitem__)  # type: ignore[assignment]
    found = _broken([lines[at] for at in order], [line_numbers[at] for at in order])
    latest, forked, place = _latest(lines)
    for name, (numbers, members) in rows.items():
        file = TABLES[name].file
        for number, row, content in zip(numbers, members, contents_of(name, members), strict=True):
            key = (name, row[0])
            if key in forked:
                found.append(finding("history-forked", file, number))
            elif latest.pop(key, "") != content:
                found.append(finding("history-behind", file, number))
    gone = sorted(line_numbers[place[key]] for key, content in latest.items() if content and key not in forked)
    return found + [finding("history-lost-row", _FILE, number) for number in gone]


def _latest(lines: Sequence[Row]) -> tuple[dict[Key, str], set[Key], dict[Key, int]]:
    """Return each row's latest content, the rows with two that differ, and at which line the latest stands."""
    followed = {line[7] for line in lines}
    latest: dict[Key, str] = {}
    place: dict[Key, int] = {}
    forked: set[Key] = set()
    for at, line in enumerate(lines):
        if line[9] not in followed:
            key = (line[4], line[5])
            if latest.setdefault(key, line[8]) != line[8]:
                forked.add(key)
            place[key] = at
    return latest, forked, place


def _broken(lines: Sequence[Row], numbers: Sequence[int]) -> list[Finding]:
    """Return the lines at which a chain breaks; the lines come sorted by segment and number."""
    found: list[Finding] = []
    starts = [at == 0 or line[0] != lines[at - 1][0] for at, line in enumerate(lines)]
    previous = ["" if starts[at] else lines[at - 1][9] for at in range(len(lines))]
    entries = many_letters_of(f"{last},{','.join(line[:9])}" for last, line in zip(previous, lines, strict=True))
    changed_row = {line[9]: (line[4], line[5]) for line in lines}
    seq = 0
    for at, (number, line, entry) in enumerate(zip(numbers, lines, entries, strict=True)):
        seq = 1 if starts[at] else seq + 1
        if int(line[1]) != seq:
            found.append(finding("history-broken", _FILE, number, "seq", "A number is missing or doubled."))
            seq = int(line[1])
        if entry != line[9]:
            found.append(
                finding("history-broken", _FILE, number, "entry", "Take changes.csv from your last good copy.")
            )
        if line[7] and changed_row.get(line[7]) != (line[4], line[5]):
            found.append(finding("history-broken", _FILE, number, "before", "The change it follows is not there."))
    return found
