"""Random identifiers that cannot carry a name: consonants only, no digits, and two check letters.

Why: an identifier is the one cell that is not from a vocabulary, so it is where a name or a number would hide. Without
vowels and digits it spells neither; with the check letters one made by hand is refused 396 times out of 397, and so
is every single wrong letter and every swap of two neighbours.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from hashlib import sha256

ALPHABET = "bcdfghjklmnpqrstvwxz"
LENGTH, KEY_LENGTH = 14, 32
# 397 is the largest prime below 20 * 20, the number of values of two check letters.
CHECK_PRIME = 397
_CHECK_VALUES = len(ALPHABET) ** 2
_RANDOM_VALUES = len(ALPHABET) ** (LENGTH - 2)
_AS_DIGITS = str.maketrans(ALPHABET, "0123456789abcdefghij")
_ONE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_MANY = re.compile(f"(?:[{ALPHABET}]{{{LENGTH}}}\n)*")
_KEY = re.compile(f"[{ALPHABET}]{{{KEY_LENGTH}}}")
PATTERN = f"^[{ALPHABET}]{{{LENGTH}}}$"

_HEX_AS_LETTERS = str.maketrans("0123456789abcdef", ALPHABET[:16])
HASH_PATTERN = f"^[{ALPHABET[:16]}]{{64}}$"
_HASH_LENGTH, _HASH_LETTERS = 64, ALPHABET[:16].encode()
_HASH = re.compile(f"[{ALPHABET[:16]}]{{{_HASH_LENGTH}}}")


def _spell(number: int) -> str:
    """Write a number of 0 to 20**12 - 1 as an identifier, check letters last."""
    value = number * _CHECK_VALUES
    value += (1 - value) % CHECK_PRIME
    letters = []
    for _ in range(LENGTH):
        value, letter = divmod(value, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(reversed(letters))


def new_id() -> str:
    """Return a fresh identifier from the system's cryptographic source; two alike are expected once in 10**8 rows."""
    return _spell(secrets.randbelow(_RANDOM_VALUES))


def new_key() -> str:
    """Return a fresh secret key of 138 bits: more letters of the same alphabet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(KEY_LENGTH))


def is_key(text: str) -> bool:
    """Say whether the text has the form of `new_key`."""
    return bool(_KEY.fullmatch(text))


def keyed_letters_of(key: str, data: bytes) -> str:
    """Return the HMAC-SHA-256 of the data in 64 letters: a checksum that only who holds the key can make."""
    return hmac.digest(key.encode(), data, "sha256").hex().translate(_HEX_AS_LETTERS)


def id_from(*parts: str) -> str:
    """Return the identifier that belongs to these words, the same each time.

    Only for packages made from public or synthetic data, where the identifier hides nothing.
    """
    digest = sha256("\x1f".join(parts).encode()).digest()
    return _spell(int.from_bytes(digest[:16], "big") % _RANDOM_VALUES)


def is_id(text: str) -> bool:
    """Say whether the text is a well-formed identifier with right check letters."""
    return bool(_ONE.fullmatch(text)) and int(text.translate(_AS_DIGITS), 20) % CHECK_PRIME == 1


def not_ids(texts: Iterable[str]) -> set[str]:
    """Return those texts that are no identifiers; quick for a hundred thousand good ones."""
    distinct = texts if isinstance(texts, set) else set(texts)
    joined = "\n".join([*distinct, ""])
    if joined.count("\n") != len(distinct) or not _MANY.fullmatch(joined):
        return {text for text in distinct if not is_id(text)}
    digits = joined.translate(_AS_DIGITS).split()
    if {int(number, 20) % CHECK_PRIME for number in digits} <= {1}:
        return set()
    return {text for text in distinct if not is_id(text)}


def letters_of(data: bytes) -> str:
    """Return the SHA-256 of the data in 64 letters: a checksum without a run of digits."""
    return all_letters_of([data])[0]


def all_letters_of(every: Iterable[bytes]) -> list[str]:
    """Return `letters_of` each; the spelling in letters is done once for all, as a history has a hundred thousand."""
    spelled = b"".join([sha256(data).digest() for data in every]).hex().translate(_HEX_AS_LETTERS)
    return [spelled[start : start + _HASH_LENGTH] for start in range(0, len(spelled), _HASH_LENGTH)]


def not_hashes(texts: Iterable[str]) -> set[str]:
    """Return those texts that have not the form of `letters_of`; quick for a hundred thousand good ones."""
    every = list(texts)
    joined = "".join(every)
    if (
        set(map(len, every)) <= {_HASH_LENGTH}
        and joined.isascii()
        and not joined.encode().translate(None, _HASH_LETTERS)
    ):
        return set()
    return {text for text in every if not _HASH.fullmatch(text)}
