"""The terminal: the one way by which text reaches it and a secret is asked for.

A cell, a file's name or an error may have been written by somebody else. Escape sequences in it would move the cursor
or rename the window, marks of direction would turn letters round, and letters without a shape would hide. All that is
replaced here and nowhere else, line by line, so that no text can pass for a line of its own. A letter that the terminal
cannot print is replaced too: no command fails over it.
"""

from __future__ import annotations

import codecs
import getpass
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from underwatch.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

MARK = "\N{REPLACEMENT CHARACTER}"
# Control, format (direction, zero width, tags), half of a pair, private, unassigned; ends of line and paragraph.
_REFUSED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
# Letters and marks that by Unicode's own list (Default_Ignorable_Code_Point) show nothing, and the blank of Braille.
_SHAPELESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_WIDTH_WHEN_PIPED = 140
_REPLACING = "underwatch.plainest"
_LONGEST_ANSWER = 4096


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in _REFUSED and not _SHAPELESS.match(letter)


def printable(text: str) -> str:
    """Return a text as one line in which every letter shows and none acts: tabs as spaces, the rest as `MARK`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if _is_seen(letter) else MARK for letter in text.replace("\t", " "))


def never_fail() -> None:
    """Let what a stream's encoding cannot hold (cp949, EUC-KR, ASCII) be replaced, not raised."""
    codecs.register_error(_REPLACING, _plainest)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_REPLACING)


def _plainest(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for letters that cannot be encoded: a blank for a blank, e for é, else a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(letter: str) -> str:
    if unicodedata.category(letter) == "Zs":
        return " "
    return unicodedata.normalize("NFD", letter).encode("ascii", "ignore").decode() or "?"


def say(*lines: str, err: bool = False) -> None:
    """Print lines; what is no end of line between two of them cannot become one."""
    print("\n".join(map(printable, lines)), file=sys.stderr if err else sys.stdout, flush=True)


def say_json(text: str) -> None:
    """Print a JSON text. What would not show, or not fit the encoding, is escaped: it stays valid and loses nothing."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print("".join(_in_json(letter, encoding) for letter in text), flush=True)


def _in_json(letter: str, encoding: str) -> str:
    if letter == "\n" or (letter.isascii() and letter.isprintable()):
        return letter
    if _is_seen(letter):
        try:
            letter.encode(encoding)
        except UnicodeEncodeError:
            pass
        else:
            return letter
    pairs = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{pairs[index : index + 2].hex()}" for index in range(0, len(pairs), 2))


def say_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str], whole: Sequence[str] = ()
) -> None:
    """Print a table as wide as the terminal: `numbers` stand on the right, they and `whole` are never broken."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in header:
        kept = name in numbers or name in whole
        table.add_column(Text(printable(name)), justify="right" if name in numbers else "left", no_wrap=kept)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))  # a Text is shown as it is: no markup, no emoji
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH_WHEN_PIPED
    console.print(table)


def progress_console() -> Console:
    """Return where a bar of progress is drawn."""
    from rich.console import Console

    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def is_asked_by_hand() -> bool:
    """Say whether somebody sits at the keyboard, and not a pipe."""
    return sys.stdin.isatty()


def ask(question: str) -> str:
    """Return an answer that is typed at the keyboard and seen there; InputError for what is no text."""
    return _typed(lambda: input(f"{printable(question)}: "))


def ask_hidden(question: str) -> str:
    """Return an answer that is typed without echo, or the first line of a pipe; InputError for what is no text."""
    if is_asked_by_hand():
        return _typed(lambda: getpass.getpass(printable(question)))
    return _typed(lambda: sys.stdin.readline(_LONGEST_ANSWER + 1).rstrip("\r\n"))


def _typed(read: Callable[[], str]) -> str:
    try:
        answer = read()
        answer.encode()
    except UnicodeError:
        raise InputError("what was typed is no text in the terminal's encoding; set PYTHONIOENCODING=utf-8") from None
    except EOFError:
        raise InputError("nothing was typed") from None
    if len(answer) > _LONGEST_ANSWER:
        raise InputError(f"what was typed is longer than {_LONGEST_ANSWER} letters")
    return answer


def show_once(line: str) -> None:
    """Show a secret on the terminal itself until Enter is pressed, then take it away; InputError without a terminal.

    It goes neither to standard output nor to standard error, which may be a file, and not into the lines that can be
    scrolled back to: it stands on the terminal's second screen.
    """
    try:
        shown = f"{printable(line)}\n\nWrite it down, then press Enter.".encode(sys.stderr.encoding)
        with open("/dev/tty", "r+b", buffering=0) as terminal:
            terminal.write(b"\x1b[?1049h\x1b[H\x1b[2J" + shown)
            try:
                terminal.readline(_LONGEST_ANSWER)
            finally:
                terminal.write(b"\x1b[2J\x1b[?1049l")
    except OSError:
        raise InputError("a passphrase is shown on a terminal alone, and there is none; give one of your own") from None
    except UnicodeEncodeError:
        raise InputError("this terminal cannot print these letters; take words of another language") from None
