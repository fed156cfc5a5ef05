"""The head of a file sealed with age, looked over before the library has it: how many may open it, at what cost.

Its time grows with the square of the stanzas and its memory with 2 to the work factor, and both are written by whoever
made the file.
"""

from __future__ import annotations

import binascii
import re

from underwatch.errors import InputError

MOST_STANZAS = 64  # recipients of one file
MOST_WORK_FACTOR = 20  # 1 GB of memory for some seconds; age itself seals with 18, and by the speed of the machine
_ARMOUR = (b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----")
_FIRST = b"age-encryption.org/v1\n"
MAGIC = (_FIRST.rstrip(), _ARMOUR[0])
_LARGEST_HEAD = 64_000
_STANZA = rb"-> [!-~]++(?: [!-~]++)*+\n(?:[A-Za-z0-9+/]{64}\n)*+[A-Za-z0-9+/]{0,63}+\n"
_HEAD = re.compile(re.escape(_FIRST) + rb"(?:" + _STANZA + rb")++--- [A-Za-z0-9+/]{43}\n")
_KINDS = re.compile(rb"^-> ([!-~]+)((?: [!-~]+)*)$", re.MULTILINE)


def checked_head(data: bytes) -> bytes:
    """Return a sealed file without its armour; InputError when its head is not sound, or opening it costs too much."""
    data = _bare(data)
    head = _HEAD.match(data[:_LARGEST_HEAD])
    if head is None:
        raise InputError(
            "the file is damaged at its beginning, or its head is longer than any of ours; take another copy"
        )
    stanzas = _KINDS.findall(head[0])
    if len(stanzas) > MOST_STANZAS:
        raise InputError(f"the file is sealed for more than {MOST_STANZAS} keys; have it sealed for fewer")
    for kind, told in stanzas:
        if kind == b"scrypt":
            _check_factor(told.split(), len(stanzas))
    return data


def _check_factor(told: list[bytes], stanzas: int) -> None:
    if stanzas != 1 or len(told) != 2 or not re.fullmatch(rb"[1-9][0-9]?", told[1]):
        raise InputError("the file is damaged: a passphrase goes with nothing else in its head; take another copy")
    if int(told[1]) > MOST_WORK_FACTOR:
        raise InputError(
            f"the file wants a scrypt work factor of {int(told[1])}, and {MOST_WORK_FACTOR} is the most that is tried; "
            "have it sealed again"
        )


def _bare(data: bytes) -> bytes:
    """Return the bytes within the armour; the data itself where there is none."""
    if not data.startswith(_ARMOUR[0]):
        return data
    lines = data.rstrip().replace(b"\r\n", b"\n").split(b"\n") if data.count(b"\n") <= len(data) // 60 + 4 else [b""]
    if lines[0] != _ARMOUR[0] or lines[-1] != _ARMOUR[1]:
        raise InputError("the file is damaged: its armour is not whole; take another copy")
    try:
        return binascii.a2b_base64(b"".join(lines[1:-1]), strict_mode=True)
    except binascii.Error:
        raise InputError("the file is damaged: its armour holds what is no base64; take another copy") from None
