"""The history: one line for each change of a row, chained by checksums, in segments that can be joined in any order.

Every working copy writes its own segment, numbered from 1; the checksum of a line covers the line before it in the
segment. Joining two packages is the union of their segments, so it does not matter in which order groups join.
`before` names the line of the row's previous change, so that two changes which do not know of each other show.

What it shows: a line or row changed, lost, moved or added outside the tool. What it cannot show: a segment cut off at
its end together with its rows; compare the fingerprint that `check` prints with the one you noted for that.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from underwatch.errors import InputError
from underwatch.evidence.check.problems import Finding, finding
from underwatch.evidence.format.ids import all_letters_of, letters_of, new_id
from underwatch.evidence.format.table_schemas import CHANGES, TABLES
from underwatch.evidence.package import Package, Row, content_of, recorded_rows

_FILE = TABLES[CHANGES].file
Key = tuple[str, str]


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
        self.last = entry_of(self.last, ",".join(cells))
        return (*cells, self.last)


def new_segment() -> Segment:
    """Return an empty chain with a fresh identifier."""
    return Segment(new_id())


def entry_of(previous: str, text: str) -> str:
    """Return the checksum of a line: over the line before it in the chain, and its own cells without the checksum."""
    return letters_of(f"{previous},{text}".encode())


def heads(lines: Iterable[Row]) -> dict[Key, list[Head]]:
    """Return for every row the changes that no other follows: one, or more where two do not know of each other."""
    lines = list(lines)
    followed = {line[7] for line in lines if line[7]}
    result: dict[Key, list[Head]] = {}
    for line in lines:
        if line[9] not in followed:
            result.setdefault((line[4], line[5]), []).append(Head(line[9], line[8]))
    return result


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


@dataclass(frozen=True)
class Lines:
    """The rows of a table for comparison: its columns, each row's number in the file, and each row's text.

    The text is the cells with commas between, without the last cell where a checksum leaves that out (`line_texts`).
    """

    columns: Mapping[str, Sequence[str]]
    numbers: Sequence[int]
    texts: Sequence[str]

    def in_order(self, order: Sequence[int]) -> "Lines":
        """Return the rows in another order."""
        columns = {name: [cells[index] for index in order] for name, cells in self.columns.items()}
        return Lines(columns, [self.numbers[index] for index in order], [self.texts[index] for index in order])


def verify(changes: Lines, tables: Mapping[str, Lines], unread: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong with a history, given its lines and the tables it speaks of.

    Of the tables in `unread`, which are there and cannot be read, no row is told as lost.
    """
    seqs = list(map(int, changes.columns["seq"]))
    names = changes.columns["segment"]
    if seqs != list(range(1, len(seqs) + 1)) or len(set(names)) > 1:
        changes = changes.in_order(sorted(range(len(seqs)), key=lambda index: (names[index], seqs[index])))
        seqs = list(map(int, changes.columns["seq"]))
    result = _broken(changes, seqs)
    latest, forked = _latest(changes.columns)
    n_rows = 0
    for name, lines in tables.items():
        rows = [(name, row_id) for row_id in lines.columns[TABLES[name].names[0]]]
        contents = all_letters_of(f"{name},{text}".encode() for text in lines.texts)
        n_rows += len(rows)
        if forked or [latest.get(key) for key in rows] != contents:
            result += _differing(name, rows, contents, lines.numbers, latest, forked)
    if n_rows == len(latest) and not forked and not result:
        return result
    unlike = {key: content for key, content in latest.items() if key[0] not in unread}
    return result + _gone(changes, tables, unlike, forked)


def _differing(
    name: str,
    rows: Sequence[Key],
    contents: Sequence[str],
    numbers: Sequence[int],
    latest: Mapping[Key, str],
    forked: set[Key],
) -> list[Finding]:
    """Return the rows of a table that are not as the history has them."""
    result = []
    for number, key, content in zip(numbers, rows, contents, strict=True):
        if key in forked:
            result.append(finding("history-forked", TABLES[name].file, number))
        elif latest.get(key, "") != content:
            result.append(finding("history-behind", TABLES[name].file, number))
    return result


def _gone(changes: Lines, tables: Mapping[str, Lines], latest: Mapping[Key, str], forked: set[Key]) -> list[Finding]:
    """Return the last line of every row that the history has and its table lacks."""
    columns = changes.columns
    rows = {(name, row_id) for name, lines in tables.items() for row_id in lines.columns[TABLES[name].names[0]]}
    gone = {key for key, content in latest.items() if content} - rows - forked
    place = {
        key: index
        for index, key in enumerate(zip(columns["table_name"], columns["row_id"], strict=True))
        if key in gone
    }
    return [
        finding("history-lost-row", _FILE, number)
        for number in sorted(changes.numbers[index] for index in place.values())
    ]


def _latest(columns: Mapping[str, Sequence[str]]) -> tuple[dict[Key, str], set[Key]]:
    """Return each row's latest content ('' when removed), and the rows with two that differ."""
    keys = list(zip(columns["table_name"], columns["row_id"], strict=True))
    latest = dict(zip(keys, columns["content"], strict=True))
    if len(latest) == len(keys):
        return latest, set()
    followed = set(columns["before"]) - {""}
    latest.clear()
    forked: set[Key] = set()
    for key, entry, content in zip(keys, columns["entry"], columns["content"], strict=True):
        if entry not in followed and latest.setdefault(key, content) != content:
            forked.add(key)
    return latest, forked


def _broken(changes: Lines, seqs: Sequence[int]) -> list[Finding]:
    """Return the lines at which a chain breaks; the lines come sorted by segment and number."""
    if not seqs:
        return []
    columns = changes.columns
    result: list[Finding] = []
    segments, entries = columns["segment"], columns["entry"]
    starts = [index for index, name in enumerate(segments) if index == 0 or name != segments[index - 1]]
    previous, wanted_seqs = ["", *entries[:-1]], list(range(1, len(seqs) + 1))
    for start, end in zip(starts, [*starts[1:], len(seqs)], strict=True):
        previous[start] = ""
        wanted_seqs[start:end] = range(1, end - start + 1)
    for index, (seq, wanted) in enumerate(zip(seqs, wanted_seqs, strict=False)):
        if seq != wanted and (index in starts or seqs[index - 1] + 1 != seq):
            result.append(
                finding("history-broken", _FILE, changes.numbers[index], "seq", "A number is missing or doubled.")
            )
    wanted_entries = all_letters_of(
        f"{last},{text}".encode() for last, text in zip(previous, changes.texts, strict=True)
    )
    for index, (entry, wanted_entry) in enumerate(zip(entries, wanted_entries, strict=True)):
        if entry != wanted_entry:
            hint = "Take changes.csv from your last good copy."
            result.append(finding("history-broken", _FILE, changes.numbers[index], "entry", hint))
    return result + _loose(changes)


def _loose(changes: Lines) -> list[Finding]:
    """Return the lines that follow a change which is not there or is of another row."""
    columns = changes.columns
    following = [index for index, before in enumerate(columns["before"]) if before]
    rows = list(zip(columns["table_name"], columns["row_id"], strict=True)) if following else []
    row_of = dict(zip(columns["entry"], rows, strict=True)) if following else {}
    hint = "The change it follows is not there."
    return [
        finding("history-broken", _FILE, changes.numbers[index], "before", hint)
        for index in following
        if row_of.get(columns["before"][index]) != rows[index]
    ]
