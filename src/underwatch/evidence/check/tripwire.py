"""The tripwire: does a piece of text look like a person? It says what kind of thing it met, never what it read.

Why: the grammar of the format already refuses whatever is no code, identifier, period or number. The tripwire names
the danger, so that a coder deletes it at the source and does not "correct" it; and it guards what comes from outside
(files to be imported, names of files and columns). It errs on the side of alarm. Latin and Hangul, full-width digits
and invisible characters included.
"""

import re
import unicodedata

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

# Words in a column's name that say that the column is about a person or a spot.
_COLUMN_WORDS = re.compile(
    r"(?:^|[\W_])(?:names?|surname|forename|person|victim|informant|contact|phone|tel|mobile|e?mail|address|street|lat|"
    r"latitude|lon|lng|longitude|coord\w*|gps|geo|birth\w*|dob|age|passport|face|photo|image|picture|notes?|comments?|"
    r"remarks?|description|text|story|details?)(?:$|[\W_])|"
    r"이름|성명|전화|손전화|휴대폰|주소|거주지|생년|생일|주민|여권|얼굴|사진|위도|경도|좌표|비고|메모|설명|내용",
    re.IGNORECASE,
)


def tripped(text: str) -> str:
    """Return the code of the finding that the text causes, or '' when it looks like no person.

    The codes are those of `findings` that start with "identity-".
    """
    plain = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).strip()
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


def column_tripped(name: str) -> bool:
    """Say whether a column's name speaks of a person, a spot or free text."""
    name = unicodedata.normalize("NFKC", name).translate(_INVISIBLE)
    return bool(_COLUMN_WORDS.search(name)) or bool(tripped(name.replace("_", " ")) in _STRONG)


_STRONG = {"identity-email", "identity-phone", "identity-digits", "identity-coordinates", "identity-address"}
