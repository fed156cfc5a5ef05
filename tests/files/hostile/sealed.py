"""Files sealed with age whose head costs more than what is in them, and keys that are none."""

import base64
from pathlib import Path

from files.hostile.making import (
    MB,
    case,
    fifo,
    written,
    zipped,
)

_B64 = b"A" * 43


def sealed(folder, stanzas, mac=b"--- " + _B64 + b"\n" + b"B" * 80):
    return written(folder / "x.age", b"age-encryption.org/v1\n" + stanzas + mac)


def a_key(folder):
    from underwatch.evidence.privacy.seal import new_key

    new_key(folder / "key")
    return str(folder / "key")


@case
def two_thousand_stanzas(folder):
    stanza = b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"
    return ["check", sealed(folder, stanza * 2_000), "--key", a_key(folder)]


@case
def two_thousand_stanzas_in_armour(folder):

    stanza = b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"
    inside = Path(sealed(folder, stanza * 2_000)).read_bytes()
    text = base64.b64encode(inside)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    armour = b"\n".join([b"-----BEGIN AGE ENCRYPTED FILE-----", *lines, b"-----END AGE ENCRYPTED FILE-----", b""])
    return ["check", written(folder / "x.age", armour), "--key", a_key(folder)]


@case
def a_head_that_does_not_end(folder):
    stanza = b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"
    return ["check", sealed(folder, stanza * 2_000, b"--- " + b"A" * 200_000), "--key", a_key(folder)]


@case
def a_work_factor_of_22(folder):
    return ["check", sealed(folder, b"-> scrypt " + b"A" * 22 + b" 22\n" + _B64 + b"\n")]


@case
def a_sealed_bomb(folder):
    from underwatch.evidence.privacy.seal import seal_bytes

    recipient = _recipient_of(a_key(folder))
    bomb = zipped({f"{n}.csv": bytes(40 * MB) for n in range(10)})
    written(folder / "x.age", seal_bytes(bomb, recipients=[recipient]))
    return ["check", str(folder / "x.age"), "--key", str(folder / "key")]


def _recipient_of(key):
    return Path(key).read_text().split("recipient: ")[1].splitlines()[0]


@case
def a_pipe_as_key(folder):
    return ["check", sealed(folder, b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"), "--key", fifo(folder)]


@case
def a_key_file_without_end(folder):
    path = folder / "key"
    with path.open("wb") as file:
        file.truncate(3_000 * MB)
    return ["check", sealed(folder, b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"), "--key", str(path)]
