"""Parquet: the schema, the rows and the size of every page are looked over before a page is unpacked.

A page says in its head how large it becomes, and a row group at the end of the file how many rows it has; both are
believed by who unpacks them, and a page of a few bytes may become 2 GB.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from underwatch.errors import InputError
from underwatch.files.intake.regular import regular

_MAGIC = b"PAR1"
_MOST_FOOTER = 8 << 20  # bytes of what stands at the end: where all columns of all row groups are
_MOST_ROWS = 1 << 21  # of a row group; ours have half of that at most
_MOST_PAGE = 8 << 20  # bytes unpacked; ours have 1 MB
_ROWS_A_PAGE, _MOST_PAGES = 5_000, 1_000
_MOST_BYTES, _MOST_TIMES_PACKED = 256 << 20, 64  # of a whole table in memory
_LONGEST_HEAD = 1 << 16


@contextmanager
def opened(source: Path | pa.NativeFile, schema: pa.Schema, remedy: str, name: str = "") -> Iterator[pq.ParquetFile]:
    """Give a Parquet file of this schema; InputError for any other, also where that shows only within the block."""
    where = name or str(source)
    try:
        if isinstance(source, Path):
            if not regular(source):
                raise InputError(f"{where} is no regular file; {remedy}")
            source = pa.OSFile(str(source))
        with source, _checked(source, schema, where, remedy) as file:
            yield file
    except Exception as error:  # what a damaged footer makes of pyarrow cannot be listed
        if isinstance(error, InputError) or (isinstance(error, OSError) and error.errno is not None):
            raise
        raise InputError(f"{where} is damaged: it is not Parquet; {remedy}") from None


def _checked(source: pa.NativeFile, schema: pa.Schema, where: str, remedy: str) -> pq.ParquetFile:
    size = source.size()
    end = bytes(source.read_at(8, max(0, size - 8)))
    if (
        bytes(source.read_at(4, 0)) != _MAGIC
        or end[4:] != _MAGIC
        or int.from_bytes(end[:4], "little") > min(size, _MOST_FOOTER)
    ):
        raise InputError(f"{where} is damaged: it is not Parquet; {remedy}")
    file = pq.ParquetFile(source, thrift_string_size_limit=_MOST_FOOTER, thrift_container_size_limit=_MOST_FOOTER)
    if not file.schema_arrow.equals(schema):
        raise InputError(f"{where} has not the columns of this version of the program; {remedy}")
    told = file.metadata
    rows = [told.row_group(group).num_rows for group in range(told.num_row_groups)]
    width = sum(4 if pa.types.is_dictionary(kind) else kind.bit_width // 8 for kind in schema.types)
    wanted = sum(rows) * width
    if (
        max(rows, default=0) > _MOST_ROWS
        or min(rows, default=0) < 0
        or wanted > max(_MOST_BYTES, _MOST_TIMES_PACKED * size)
    ):
        raise InputError(f"{where} has {sum(rows):,} rows in {size:,} bytes, which no run writes; {remedy}")
    _refuse_false_levels(
        file, bytes(source.read_at(told.serialized_size, size - 8 - told.serialized_size)), where, remedy
    )
    pages = 0
    for group in range(told.num_row_groups):
        for column in range(told.num_columns if rows[group] else 0):  # a group without rows has no page to unpack
            pages += _pages(source, told.row_group(group).column(column), where, remedy)
            if pages > _MOST_PAGES + len(schema) * (sum(rows) // _ROWS_A_PAGE + len(rows)):
                raise InputError(f"{where} has more pages than its rows need; {remedy}")
    return file


def _refuse_false_levels(file: pq.ParquetFile, footer: bytes, where: str, remedy: str) -> None:
    """Refuse counts of levels that a column cannot have: pyarrow 25 ends the process over them, with no error."""
    levels = [file.schema.column(index) for index in range(file.metadata.num_columns)]
    try:
        for group in _listed(footer, 0, _ROW_GROUPS):
            for index, chunk in enumerate(_listed(footer, group, _COLUMNS)):
                known = dict(_fields(footer, _at(footer, chunk, _COLUMN_METADATA)))
                if _LEVELS in known:
                    most = (levels[index].max_repetition_level, levels[index].max_definition_level)
                    for number, at in _fields(footer, known[_LEVELS]):
                        if number in _HISTOGRAMS and _length(footer, at) not in (0, most[number - _HISTOGRAMS[0]] + 1):
                            raise IndexError
    except (IndexError, RecursionError, KeyError):
        raise InputError(f"{where} is damaged: it is not Parquet; {remedy}") from None


def _pages(source: pa.NativeFile, chunk: pq.ColumnChunkMetaData, where: str, remedy: str) -> int:
    """Return the number of pages of a column in a row group; InputError for one that becomes too large."""
    first, data = chunk.dictionary_page_offset or 0, chunk.data_page_offset
    # Of no rows there is at most a page of words; nothing else begins before the pages do.
    offset = first if first and (data > first or (not data and not chunk.num_values)) else data
    end, pages = offset + chunk.total_compressed_size, 0
    if end == offset and not chunk.num_values:
        return 0
    if offset < len(_MAGIC) or end > source.size():
        raise InputError(f"{where} is damaged: it is not Parquet; {remedy}")
    while offset < end:
        try:
            unpacked, packed, head = _page_head(bytes(source.read_at(min(_LONGEST_HEAD, end - offset), offset)))
        except (IndexError, RecursionError, KeyError):
            raise InputError(f"{where} is damaged: it is not Parquet; {remedy}") from None
        if not 0 <= packed <= end - offset or not 0 <= unpacked <= _MOST_PAGE:
            raise InputError(f"{where} has a page of {unpacked:,} bytes, which no run writes; {remedy}")
        offset += head + packed
        pages += 1
        if pages > _MOST_PAGES + chunk.num_values // _ROWS_A_PAGE:
            break
    return pages


# --- the head of a page, in the compact protocol of Thrift: fields, of which the second and third are its sizes

_SKIPPED = {3: 1, 7: 8}  # bytes of a byte and of a double
_BOOLEANS, _INTEGERS, _TEXT, _LISTS, _STRUCT = (1, 2), (4, 5, 6), 8, (9, 10), 12
_UNPACKED, _PACKED = 2, 3
_ROW_GROUPS, _COLUMNS, _COLUMN_METADATA, _LEVELS = 4, 1, 3, 16  # fields of the footer, each inside the one before
_HISTOGRAMS = (2, 3)  # of repetition and of definition levels, in what is known of levels


def _page_head(data: bytes) -> tuple[int, int, int]:
    """Return the size of a page unpacked and packed, and the bytes of its head; KeyError, IndexError for none."""
    offset, number, found = 0, 0, {}
    while data[offset]:
        kind, step = data[offset] & 15, data[offset] >> 4
        offset += 1
        if step:
            number += step
        else:
            number, offset = _whole(data, offset)
        if kind in _INTEGERS:
            found[number], offset = _whole(data, offset)
        else:
            offset = _after(data, offset, kind, 0)
    return found[_UNPACKED], found[_PACKED], offset + 1


def _fields(data: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Give the number of each field of a structure, and where its value begins."""
    number = 0
    while data[offset]:
        kind, step = data[offset] & 15, data[offset] >> 4
        offset += 1
        if step:
            number += step
        else:
            number, offset = _whole(data, offset)
        yield number, offset
        offset = _after(data, offset, kind, 0)


def _at(data: bytes, offset: int, wanted: int) -> int:
    """Return where the value of a field of a structure begins; KeyError where it has none."""
    return dict(_fields(data, offset))[wanted]


def _listed(data: bytes, offset: int, wanted: int) -> Iterator[int]:
    """Give where each structure of a list begins, which is a field of a structure."""
    offset = _at(data, offset, wanted)
    size, offset = _head_of_list(data, offset)
    for _ in range(size):
        yield offset
        offset = _after(data, offset, _STRUCT, 0)


def _length(data: bytes, offset: int) -> int:
    return _head_of_list(data, offset)[0]


def _head_of_list(data: bytes, offset: int) -> tuple[int, int]:
    size = data[offset] >> 4
    return _varint(data, offset + 1) if size == 15 else (size, offset + 1)


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[offset]
        value |= (byte & 127) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 128:
            return value, offset
        if shift > 63:
            raise IndexError


def _whole(data: bytes, offset: int) -> tuple[int, int]:
    value, offset = _varint(data, offset)
    return (value >> 1) ^ -(value & 1), offset


def _after(data: bytes, offset: int, kind: int, depth: int) -> int:
    """Return where a value that is not wanted ends."""
    if depth > 8:
        raise RecursionError
    if kind in _BOOLEANS:
        return offset
    if kind in _SKIPPED:
        return offset + _SKIPPED[kind]
    if kind in _INTEGERS:
        return _varint(data, offset)[1]
    if kind == _TEXT:
        length, offset = _varint(data, offset)
        return offset + length
    if kind in _LISTS:
        size, inner = data[offset] >> 4, data[offset] & 15
        offset += 1
        if size == 15:
            size, offset = _varint(data, offset)
        for _ in range(min(size, len(data))):
            offset = _after(data, offset + (inner in _BOOLEANS), inner, depth + 1)
            data[offset - 1]
        return offset
    if kind == _STRUCT:
        while data[offset]:
            inner, step = data[offset] & 15, data[offset] >> 4
            offset += 1
            if not step:
                offset = _varint(data, offset)[1]
            offset = _after(data, offset, inner, depth + 1)
        return offset + 1
    raise KeyError(kind)
