"""Banks of which a few bytes become many."""

import json
import lzma
import os
import struct
import zlib
from datetime import date

from files.hostile.making import MB, case, written


def bank_of(folder, raw=None, data=None, **told):
    """A bank of two worlds of four weeks, with one shard of these bytes."""
    import tomli_w

    from underwatch.inference.bank.bank import FORMAT
    from underwatch.inference.bank.priors import world_prior
    from underwatch.inference.bank.shard import write_shard
    from underwatch.record.tally import Window

    kept = {
        "format": FORMAT, "key": "0" * 32, "place": "hoeryong", "first_day": Window(date(2023, 7, 3), 4).start,
        "weeks": 4, "settling_weeks": 13, "seed": 1, "worlds_per_shard": 2, "parameters": list(world_prior()),
    }  # fmt: skip
    written(folder / "bank.toml", tomli_w.dumps(kept | told))
    write_shard(folder, 0, lzma.compress(raw, preset=0) if data is None else data)
    return ["estimate", "--example", "--bank", str(folder)]


@case
def a_bank_of_zeros(folder):
    return bank_of(folder, bytes(600 * MB))


@case
def a_bank_packed_for_much_memory(folder):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1_500 * MB}]
    memory = lzma.LZMACompressor(filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 16}])
    body = bytearray(memory.compress(b"[]\n") + memory.flush())
    del filters
    at = body.index(b"\x21\x01") + 2  # the size of the dictionary, in the head of the block
    body[at] = 40
    head = body[12 : 12 + 4 * (body[12] + 1) - 4]
    body[12 + len(head) : 12 + len(head) + 4] = struct.pack("<L", zlib.crc32(bytes(head)))
    return bank_of(folder, data=bytes(body))


@case
def a_bank_with_a_header_without_end(folder):
    return bank_of(folder, b"[" + b"[]," * 20_000_000 + b"\n")


@case
def a_bank_whose_shape_is_huge(folder):
    return bank_of(folder, json.dumps([["counts", "<u4", [10**12]]]).encode() + b"\n" + bytes(100))


@case
def a_bank_of_many_streams(folder):
    return bank_of(folder, data=lzma.compress(b"[]\n" + bytes(20 * MB), preset=0) * 40)


@case
def a_bank_of_many_worlds(folder):
    return bank_of(folder, b"[]\n", worlds_per_shard=10**15)


@case
def a_bank_in_a_pipe(folder):
    os.mkfifo(folder / "bank.toml")
    return ["estimate", "--example", "--bank", str(folder)]
