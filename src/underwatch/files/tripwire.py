"""The tripwire: does a piece of text look like a person? It says what kind of thing it met, never what it read.

Why: the grammar of the format already refuses whatever is no code, identifier, period or number. The tripwire names
the danger, so that a coder deletes it at the source and does not "correct" it; and it guards what comes from outside
(files to be imported, names of files and columns, keys of scenarios). It errs on the side of alarm. Latin and Hangul,
full-width digits and invisible characters included.
"""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

SHORTEST_DIGIT_RUN = 7

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
# The family names that most people in Korea bear, in Hangul and in usual Latin spellings.
_FAMILY_KO = set(
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류진지엄채원천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감음빈동온호범좌팽승간상갈단견당화창리림로렴량려"
)
_FAMILY_LATIN = (
    "kim|gim|lee|ri|rhee|yi|pak|park|bak|choe|choi|chong|jong|jung|chung|jeong|kang|gang|cho|jo|yun|yoon|chang|jang|im|"
    "rim|lim|han|o|oh|so|suh|seo|sin|shin|kwon|gwon|hwang|an|ahn|song|chon|jon|jeon|hong|yu|yoo|ko|go|koh|mun|moon|"
    "yang|son|sohn|pae|bae|paek|baek|ho|heo|hur|nam|sim|shim|no|noh|ro|ha|kwak|cha|chu|joo|u|woo|ku|koo|min|ryu|na|ra|"
    "chin|jin|chi|ji|om|eom|chae|won|ha|pang|bang|kong|hyon|ham|pyon|yom|chu"
)
_NAME_LATIN = re.compile(rf"\b(?:{_FAMILY_LATIN})[\s_-]+[a-z]{{1,8}}(?:[\s_-]?[a-z]{{1,8}})?\b", re.IGNORECASE)
_NAME_GIVEN_FIRST = re.compile(rf"\b[a-z]{{2,8}}[-\s][a-z]{{2,8}}[\s_-]+(?:{_FAMILY_LATIN})\b", re.IGNORECASE)
_CAPITALISED = re.compile(r"[^\W\d_a-z]\w+(?:[\s.,'-]+(?:[^\W\d_a-z]\w*\.?))+|[^\W\d_a-z]\.\s*[^\W\d_a-z]\w+")
_TITLED = re.compile(r"\b(?:mrs?|ms|dr|comrade)\b\.?\s*\w+|(?:동지|씨|선생)\s*$", re.IGNORECASE)
_ONE_CAPITALISED = re.compile(r"[A-Z][a-z]{2,}")

# What the name of a column or a key says when it is about a person, with case, spaces and signs taken out.
_PERSON_WORDS = (
    "name", "phone", "telephone", "mobile", "email", "address", "passport", "birth", "photo", "fingerprint",
    "residentnumber", "residentno", "residentid", "citizennumber", "idnumber", "idcard", "nationalid", "identity",
    "registrationnumber", "gps", "latitude", "longitude", "coordinates", "irum", "jumin", "juso", "jonhwa", "jeonhwa",
    "이름", "성명", "성함", "실명", "전화", "휴대폰", "손전화", "주소", "거주지", "주민", "공민증", "신분증", "여권",
    "생년월일", "생일", "사진", "지문", "얼굴", "이메일", "메일", "학번", "군번", "위치", "좌표",
)  # fmt: skip
# The whole of a key, where no name of ours is like it.
_PERSON_KEYS = ("tel", "dob", "ssn", "id", "face", "lat", "lon", "person", "people", "residents", "resident")
_LIKE_A_KNOWN_KEY = 0.85
# Whole words of a column: about a person, a spot or free text.
_COLUMN_WORDS = re.compile(
    r"(?:^|[\W_])(?:forename|person|victim|informant|contact|tel|street|lat|lon|lng|coord\w*|geo|dob|age|face|image|"
    r"picture|notes?|comments?|remarks?|description|text|story|details?)(?:$|[\W_])|"
    r"생년|위도|경도|비고|메모|설명|내용",
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
        is_name = 2 <= len(letters) <= 4 and letters[0] in _FAMILY_KO
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
    return _letters(key) in _PERSON_KEYS or _names_a_person(key)


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
