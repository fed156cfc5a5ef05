"""Passphrases: one way to write each, which are refused as too easy, and how a good one is made.

A sealed file can be guessed at for as long as somebody likes, so what a list of common passwords or a walk over the
keys would find is no seal. Latin letters are judged by zxcvbn. It knows nothing of Hangul, where `sequences` stands in:
a letter counts only where it does not follow from those before it.
"""

import secrets
import unicodedata

from underwatch.errors import InputError
from underwatch.evidence.privacy.sequences import as_keys, letters_that_count

SHORTEST = 12
FEWEST_DIFFERENT = 6
FEWEST_THAT_COUNT = 8
LEAST_GUESSES_LOG10 = 10.0  # some 300 years of one machine at one guess a second, 12 days of ten thousand machines
_JUDGED = 72  # letters: zxcvbn's time grows with their square
N_WORDS, BITS = 6, 66  # of 2,048 words each
LANGUAGES = {"en": "english", "ko": "korean"}
_PATTERNS = {
    "dictionary": "common words, names or passwords",
    "spatial": "keys in a row",
    "repeat": "repeats",
    "sequence": "a sequence",
    "regex": "a date or number",
    "date": "a date or number",
}
_WAY_OUT = "take six random words (`underwatch evidence seal --make-passphrase en` or `ko` makes them)"


def composed(passphrase: str) -> str:
    """Return a passphrase with its letters composed, as it is sealed with: one Hangul syllable is one letter."""
    return unicodedata.normalize("NFC", passphrase)


def ways_to_write(passphrase: str) -> tuple[str, ...]:
    """Return a passphrase composed, decomposed (as some systems type Hangul) and as given: on opening each is tried."""
    return tuple(dict.fromkeys((composed(passphrase), unicodedata.normalize("NFD", passphrase), passphrase)))


def check_passphrase(passphrase: str) -> None:
    """Raise InputError with the reason for a passphrase that is too easy to guess; never with any of its letters."""
    reason = _weakness(composed(passphrase))
    if reason:
        raise InputError(f"the passphrase {reason}; {_WAY_OUT}")


def _weakness(passphrase: str) -> str:
    """Return why a passphrase is too easy to guess, '' where it is not."""
    if len(passphrase) < SHORTEST:
        return f"is shorter than {SHORTEST} letters"
    plain = unicodedata.normalize("NFKC", passphrase).casefold()
    if len(set(plain) - {" "}) < FEWEST_DIFFERENT:
        return f"has fewer than {FEWEST_DIFFERENT} different letters"
    if len(set(plain.split())) < len(plain.split()) < N_WORDS:
        return "says a word twice"
    if letters_that_count(plain) < FEWEST_THAT_COUNT:
        return "is mostly a sequence, a repeat or a common phrase"
    guessed = next(filter(None, map(_guessed, dict.fromkeys((plain, as_keys(plain))))), "")
    if not guessed and not any(map(str.isalpha, plain)):
        return "is made of digits and signs alone, as dates and telephone numbers are"
    return guessed


def _guessed(text: str) -> str:
    """Return what zxcvbn has against a text, '' where it would take long enough to guess."""
    from zxcvbn import zxcvbn

    result = zxcvbn(text[:_JUDGED], user_inputs=["underwatch"])
    if float(result["guesses_log10"]) >= LEAST_GUESSES_LOG10:
        return ""
    patterns = [_PATTERNS[part["pattern"]] for part in result["sequence"] if part["pattern"] in _PATTERNS]
    return f"is easy to guess: {patterns[0] if patterns else 'too few letters'}"


def make_passphrase(language: str) -> str:
    """Return six words of a list of 2,048 (BIP-39), in English or Korean, drawn by the system's cryptographic source:
    66 bits.
    """
    from mnemonic import Mnemonic

    words = Mnemonic(LANGUAGES[language]).wordlist
    return composed(" ".join(secrets.choice(words) for _ in range(N_WORDS)))
