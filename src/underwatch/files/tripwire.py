"""The tripwire: does a piece of text look like a person? It says what kind of thing it met, never what it read.

Why: the grammar of the format already refuses whatever is no code, identifier, period or number. The tripwire names
the danger, so that a coder deletes it at the source and does not "correct" it; and it guards what comes from outside
(files to be imported, names of files and columns, keys of scenarios). It errs on the side of alarm. Latin and Hangul,
full-width digits and invisible characters included.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.resources import files

SHORTEST_DIGIT_RUN = 7

_WORDS = tomllib.loads(files("underwatch.files").joinpath("tripwire.toml").read_text(encoding="utf-8"))
# What the name of a column or a key says when it is about a person.
_PERSON_WORDS = tuple(_WORDS["person_words"].split())
_LIKE_A_KNOWN_KEY = 0.85

_INVISIBLE = dict.fromkeys([0x00AD, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_EMAIL = re.compile(r"\S\s*[@＠]\s*\S|\b\w+\s*[\[(]\s*at\s*[\])]\s*\w+|(?:^|\s)@\w", re.IGNORECASE)
_ADDRESS = re.compile(r"://|\bwww\.|\b[\w-]+\.(?:com|org|net|kr|kp|jp|cn|me|io)\b", re.IGNORECASE)
_COORDINATES = re.compile(
    r"[1-9]\d{0,2}\.\d{3,}|\d{1,3}\s*[°º]|\d{1,3}\s*[NSEW]\b|\b[NSEW]\s*\d{1,3}\b|(?:북위|동경|남위|서경)|"
    r"\d{1,3}\.\d+\s*[,;/ ]\s*-?\d{1,3}\.\d+",
)
_SEPARATED_DIGITS = re.compile(r"[+(]?\d(?:[\s().\-·–—/_]*\d){6,}")
_DIGIT_RUN = re.compile(rf"\d{{{SHORTEST_DIGIT_RUN},}}")
_PHONE = re.compile(r"(?:tel|phone|mobile|call|전화|손전화|휴대폰)\W*\d{3}", re.IGNORECASE)
_DATE_LIKE = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d\b|\d{4}-W\d\d|"
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\d{4}(?:-[WQ]?\d\d?)?/\d{4}(?:-[WQ]?\d\d?)?"
)
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")
_FAMILY = "|".join(_WORDS["family_latin"].split())
_NAME_LATIN = re.compile(rf"\b(?:{_FAMILY})[\s_-]+[a-z]{{1,8}}(?:[\s_-]?[a-z]{{1,8}})?\b", re.IGNORECASE)
_NAME_GIVEN_FIRST = re.compile(rf"\b[a-z]{{2,8}}[-\s][a-z]{{2,8}}[\s_-]+(?:{_FAMILY})\b", re.IGNORECASE)
_CAPITALISED = re.compile(r"[^\W\d_a-z]\w+(?:[\s.,'-]+(?:[^\W\d_a-z]\w*\.?))+|[^\W\d_a-z]\.\s*[^\W\d_a-z]\w+")
_TITLED = re.compile(r"\b(?:mrs?|ms|dr|comrade)\b\.?\s*\w+|(?:동지|씨|선생)\s*$", re.IGNORECASE)
_ONE_CAPITALISED = re.compile(r"[A-Z][a-z]{2,}")

_COLUMN_WORDS = re.compile(
    rf"(?:^|[\W_])(?:{'|'.join(_WORDS['column_words'].split())})(?:$|[\W_])|"
    f"{'|'.join(_WORDS['column_hangul'].split())}",
    re.IGNORECASE,
)


def tripped(text: str) -> str:
    """Return the code of the finding that the text causes, or '' when it looks like no person.

    The codes are those of `evidence.check.problems` that start with "identity-".
    """
    plain = _plain(text).strip()
    if not plain:
        return ""
    if _ADDRESS.search(plain) and "@" not in plain:
        return "identity-address"
    if _EMAIL.search(plain):
        return "identity-email"
    if _COORDINATES.search(_DATE_LIKE.sub(" ", plain)):
        return "identity-coordinates"
    return _digits(plain) or _words(plain)


def _digits(plain: str) -> str:
    """Look for phone numbers and long runs of digits; dates are none."""
    rest = _DATE_LIKE.sub(" ", plain)
    if _PHONE.search(rest):
        return "identity-phone"
    match = _SEPARATED_DIGITS.search(rest)
    if match is None:
        return ""
    return "identity-digits" if _DIGIT_RUN.fullmatch(match[0]) else "identity-phone"


def _words(plain: str) -> str:
    """Look for names and for text."""
    if _HANGUL.search(plain):
        letters = re.sub(r"[^\w]|\d", "", plain)
        is_name = 2 <= len(letters) <= 4 and letters[0] in _WORDS["family_hangul"]
        return "identity-name" if is_name or _TITLED.search(plain) else "identity-text"
    words = plain.split()
    if len(words) <= 4 and _looks_like_name(plain):
        return "identity-name"
    if len(words) >= 2 or any(ord(letter) > 127 and letter.isalpha() for letter in plain) or len(plain) > 40:
        return "identity-text"
    return ""


def _looks_like_name(plain: str) -> bool:
    patterns = (_TITLED.search, _CAPITALISED.search, _NAME_LATIN.fullmatch, _NAME_GIVEN_FIRST.fullmatch)
    return any(pattern(plain) for pattern in patterns) or bool(_ONE_CAPITALISED.fullmatch(plain))


def key_tripped(key: str, known: Iterable[str] = ()) -> bool:
    """Say whether a key looks like a person's identity, in Latin letters or Hangul; a slip in a known key does not."""
    if get_close_matches(key.casefold(), list(known), n=1, cutoff=_LIKE_A_KNOWN_KEY):
        return False
    return _letters(key) in _WORDS["person_keys"].split() or _names_a_person(key)


def column_tripped(name: str) -> bool:
    """Say whether a column's name speaks of a person, a spot or free text."""
    name = _plain(name)
    return _names_a_person(name) or bool(_COLUMN_WORDS.search(name)) or tripped(name.replace("_", " ")) in _STRONG


def _names_a_person(name: str) -> bool:
    letters = _letters(name)
    return any(word in letters for word in _PERSON_WORDS)


def _letters(name: str) -> str:
    return "".join(letter for letter in _plain(name).casefold() if letter.isalnum())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_INVISIBLE)


_STRONG = {"identity-email", "identity-phone", "identity-digits", "identity-coordinates", "identity-address"}
