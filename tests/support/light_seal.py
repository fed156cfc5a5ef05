"""Files sealed with a passphrase at little cost: age's format by its specification, with a work factor of our choice.

Sealing in earnest takes a second or two, and opening as much again: a test that is not about that takes one of these.
Source: C2SP, age-encryption.org/v1 (scrypt recipient, header and payload); RFC 8439 (ChaCha20-Poly1305); RFC 5869.
"""

import hashlib
import hmac
import struct
from base64 import b64encode

WORK_FACTOR = 4
CHUNK = 65_536
_VERSION = b"age-encryption.org/v1"
_ROUND = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))  # fmt: skip


def light_seal(data, passphrase, luck):
    """Return the data sealed; `luck` (a random.Random) gives what is drawn."""
    file_key, salt, nonce = luck.randbytes(16), luck.randbytes(16), luck.randbytes(16)
    label = _VERSION + b"/scrypt" + salt
    wrap = hashlib.scrypt(passphrase.encode(), salt=label, n=1 << WORK_FACTOR, r=8, p=1, dklen=32)
    head = b"%s\n-> scrypt %s %d\n%s\n---" % (_VERSION, _base64(salt), WORK_FACTOR, _base64(_locked(wrap, 0, file_key)))
    mac = hmac.digest(_derived(file_key, b"", b"header"), head, "sha256")
    key = _derived(file_key, nonce, b"payload")
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)] or [b""]
    body = [_locked(key, at << 8 | (at == len(chunks) - 1), chunk) for at, chunk in enumerate(chunks)]
    return head + b" " + _base64(mac) + b"\n" + nonce + b"".join(body)


def _base64(data):
    return b64encode(data).rstrip(b"=")


def _derived(key, salt, info):
    """HKDF-SHA-256 of 32 bytes."""
    return hmac.digest(hmac.digest(salt or bytes(32), key, "sha256"), info + b"\1", "sha256")


def _locked(key, nonce, data):
    """ChaCha20-Poly1305 with a nonce that is a number of 96 bits and nothing beside the data."""
    nonce = nonce.to_bytes(12, "big")
    stream = b"".join(_block(key, at + 1, nonce) for at in range(-(-len(data) // 64)))
    hidden = bytes(a ^ b for a, b in zip(data, stream, strict=False))
    told = hidden + bytes(-len(hidden) % 16) + struct.pack("<QQ", 0, len(hidden))
    return hidden + _poly1305(_block(key, 0, nonce)[:32], told)


def _block(key, counter, nonce):
    first = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), counter,
             *struct.unpack("<3I", nonce)]  # fmt: skip
    x = list(first)
    for a, b, c, d in _ROUND * 10:
        for to, by, over, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[to] = (x[to] + x[by]) & 0xFFFFFFFF
            mixed = x[over] ^ x[to]
            x[over] = (mixed << turn | mixed >> (32 - turn)) & 0xFFFFFFFF
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, first, strict=True)))


def _poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at : at + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")
