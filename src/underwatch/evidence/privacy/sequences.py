"""Sequences: which letters of a text follow from those before them, in any script and on a Korean keyboard.

A letter follows where it goes on with a step (abc, 321, 가나다, 가갸거, qwe, ㅂㅈㄷ), where the last three letters
stood there before, or inside a phrase that everybody knows, also when a Korean one is typed on Latin keys.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources

from underwatch.facts import places

# What is pressed on a two-set keyboard for each letter of a syllable, in the order of Unicode; no tail comes first.
_LEADS = tuple("rRseEfaqQtTdwWczxvg")
_VOWELS = (*"koiOjpuPh", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l")
_TAILS = ("", "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt",
          *"tTdwczxvg")  # fmt: skip
_FIRST_LEAD, _FIRST_VOWEL, _BEFORE_TAILS, _FIRST_SYLLABLE = 0x1100, 0x1161, 0x11A7, 0xAC00
_JAMO = ((_FIRST_LEAD, _LEADS), (_FIRST_VOWEL, _VOWELS), (_BEFORE_TAILS, _TAILS))
_KEYS = {chr(first + index): key for first, keys in _JAMO for index, key in enumerate(keys)}
_ROWS = ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю.")
_AT_KEY = {key: (row, index) for row, keys in enumerate(_ROWS) for index, key in enumerate(keys)}
# The alphabet as it is recited leaves out the doubled consonants and the combined vowels.
_RECITED_LEADS = {index: position for position, index in enumerate((0, 2, 3, 5, 6, 7, 9, 11, 12, 14, 15, 16, 17, 18))}
_RECITED_VOWELS = {index: position for position, index in enumerate((0, 2, 4, 6, 8, 12, 13, 17, 18, 20))}
_RECITED_TAILS = {
    index: position for position, index in enumerate((0, 1, 4, 7, 8, 16, 17, 19, 21, 22, 23, 24, 25, 26, 27))
}
_N_SYLLABLES, _N_VOWELS, _N_TAILS = 11_172, 21, 28
_LONGEST_STEP = 2
_PHRASES_FILE = "known_phrases.txt"


def letters_that_count(text: str) -> int:
    """Return how many letters of a composed text, blanks aside, do not follow from those before them."""
    letters = "".join(text.split())
    follows = [_goes_on(letters[index - 2 : index + 1]) or letters.find(letters[index - 2 : index + 1], 0, index) >= 0
               for index in range(len(letters))]  # fmt: skip
    follows[:2] = [False] * len(letters[:2])
    for index in range(1, len(letters)):
        follows[index] |= letters[index] == letters[index - 1]
    for phrase in _phrases():
        index = letters.find(phrase)
        while index >= 0:
            follows[index + 1 : index + len(phrase)] = [True] * (len(phrase) - 1)
            index = letters.find(phrase, index + len(phrase))
    return follows.count(False)


def as_keys(text: str) -> str:
    """Return what is pressed on a two-set Korean keyboard to type a text; all but Hangul stays."""
    return "".join(_KEYS.get(letter, letter) for letter in unicodedata.normalize("NFKD", text)).lower()


def _goes_on(three: str) -> bool:
    """Say whether the third of three letters goes on with the step from the first to the second."""
    ways = [dict(_positions(letter)) for letter in three]
    for row in ways[0].keys() & ways[1].keys() & ways[-1].keys() if len(ways) == 3 else ():
        first, second, third = (way[row] for way in ways)
        if third - second == second - first and 1 <= abs(second - first) <= _LONGEST_STEP:
            return True
    return False


def _positions(letter: str) -> Iterator[tuple[object, int]]:
    """Yield where a letter stands in each row that it is part of: its script, the keyboard, the recited alphabet."""
    yield "script", ord(letter)
    if (key := as_keys(letter)) in _AT_KEY:
        row, index = _AT_KEY[key]
        yield ("keys", row), index
    lead, vowel = ord(letter) - _FIRST_LEAD, ord(letter) - _FIRST_VOWEL
    if lead in _RECITED_LEADS:
        yield "leads", _RECITED_LEADS[lead]
    if vowel in _RECITED_VOWELS:
        yield "vowels", _RECITED_VOWELS[vowel]
    number = ord(letter) - _FIRST_SYLLABLE
    if 0 <= number < _N_SYLLABLES:
        lead, rest = divmod(number, _N_VOWELS * _N_TAILS)
        vowel, tail = divmod(rest, _N_TAILS)
        if lead in _RECITED_LEADS:
            yield ("leads", vowel, tail), _RECITED_LEADS[lead]
        if vowel in _RECITED_VOWELS:
            yield ("vowels", lead, tail), _RECITED_VOWELS[vowel]
        if tail in _RECITED_TAILS:
            yield ("tails", lead, vowel), _RECITED_TAILS[tail]


@cache
def _phrases() -> tuple[str, ...]:
    """Return what everybody knows and the names of places, also as typed on Latin keys; the longest first."""
    file = resources.files("underwatch.evidence.privacy") / _PHRASES_FILE
    known = set(file.read_text(encoding="utf-8").split())
    for name, place in places().items():
        known |= {"".join(name.casefold().split()), place.name_ko, place.name_ko[:-1]}  # 회령시, and 회령
    result = {word for word in known if len(word) > 1} | {as_keys(word) for word in known if len(word) > 2}
    return tuple(sorted(result, key=lambda word: (-len(word), word)))
