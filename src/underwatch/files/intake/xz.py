"""xz: one stream, unpacked up to a limit and within a limit of memory."""

from __future__ import annotations

import lzma

from underwatch.errors import InputError

# What unpacking may hold besides its result: preset 6, with which ours are packed, takes 9 MB; 9 would take 65.
_MEMORY = 16 << 20


def unxz(data: bytes, most: int, where: str) -> bytes:
    """Return what xz bytes unpack to; InputError, begun with `where`, when damaged, or above `most` bytes."""
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
    try:
        found = decoder.decompress(data, max_length=most + 1)
        while not decoder.eof and not decoder.needs_input and len(found) <= most:
            found += decoder.decompress(b"", max_length=most + 1 - len(found))
    except lzma.LZMAError as error:
        raise InputError(f"{where}cannot be unpacked ({error}); take another copy") from None
    if len(found) > most:
        raise InputError(f"{where}unpacks to more than {most:,} bytes; take another copy")
    if not decoder.eof or decoder.unused_data:
        raise InputError(f"{where}is not one whole xz stream; take another copy")
    return found
