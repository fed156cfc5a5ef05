"""A passphrase on the command line: asked for, or made of six words and shown once."""

import os

from underwatch.errors import InputError
from underwatch.evidence.privacy.core_dumps import forbid_core_dumps
from underwatch.evidence.privacy.passphrases import BITS, N_WORDS, check_passphrase, composed, make_passphrase
from underwatch.terminal import ask_hidden, is_asked_by_hand, say, show_once


def known_passphrase() -> str:
    """Return the passphrase of a sealed file: typed without echo, or the first line of a pipe."""
    forbid_core_dumps()
    return ask_hidden("Passphrase: ")


def new_passphrase(language: str | None = None) -> str:
    """Return a new passphrase: typed twice, the first line of a pipe, or made of words of a language ("en", "ko").

    Nothing typed at the prompt is a wish to have one made. InputError for one that is too easy to guess.
    """
    forbid_core_dumps()
    if language is None and not is_asked_by_hand():
        return ask_hidden("")
    if language is None:
        typed = ask_hidden(f"Passphrase (Enter alone: {N_WORDS} random words are made): ")
        if typed:
            check_passphrase(typed)
            return _again(typed, "The same passphrase again: ")
    return _made(language or ("ko" if _is_korean() else "en"))


def _made(language: str) -> str:
    """Make one, show it once, and ask for it, so that nothing is sealed with words that nobody wrote down."""
    words = make_passphrase(language)
    say(
        f"{N_WORDS} words, each drawn from a list of 2,048: {BITS} bits. They are shown once and kept nowhere.",
        err=True,
    )
    show_once(words)
    return _again(words, "The words, from what you wrote down: ")


def _again(passphrase: str, question: str) -> str:
    """Return the passphrase once it was typed again; InputError where it was another."""
    if composed(ask_hidden(question)) != composed(passphrase):
        raise InputError("that is another passphrase; nothing was sealed: start again")
    return passphrase


def _is_korean() -> bool:
    """Say whether the terminal's language is Korean."""
    language = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return language.startswith("ko")
