"""What every result has: one line, a card and a digest by which two are equal."""

from __future__ import annotations

import hashlib

import pyarrow as pa

from underwatch.shown import Displayed


class Result(Displayed):
    """What came of a question. Two are equal when they are of one kind and have one digest."""

    @property
    def digest(self) -> str:
        """The hash of all that came out."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Result):
            return NotImplemented
        return self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def digest_of_table(table: pa.Table) -> str:
    """Return the hash of a table's columns, by name."""
    h = hashlib.blake2b(digest_size=20)
    for name in table.column_names:
        h.update(name.encode())
        h.update(repr(table.column(name).to_pylist()).encode())
    return h.hexdigest()
