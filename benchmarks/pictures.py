"""Make the pictures of docs/images: what a reader sees first of a report, and its parts (`make pictures`).

python benchmarks/pictures.py          # runs Hoeryong first, in build/pictures
python benchmarks/pictures.py RUN      # of a run folder that is there
"""

import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES, OWN_RUN = ROOT / "docs" / "images", ROOT / "build" / "pictures" / "run"
CHROMIUM = "/usr/bin/chromium"
FIRST_SCREEN = {"width": 1280, "height": 860}
# By the name of its picture the part of the page, and how much of it is shown
PARTS = {
    "lines": ("section.sheet", 1180),
    "year": ("section:has(#s-year)", 900),
    "relief": ("section:has(#s-relief)", 1100),
}


def run_folder() -> Path:
    """Return the run that is asked for, or make one of Hoeryong."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    if not (OWN_RUN / "report.html").is_file():
        subprocess.run([sys.executable, "-m", "underwatch", "run", "hoeryong", "--out", OWN_RUN], check=True)
    return OWN_RUN


def smaller(path: Path) -> None:
    """Bring a picture down to as many colours as it needs."""
    Image.open(path).convert("RGB").quantize(128, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def main() -> None:
    """Take the pictures."""
    report = run_folder() / "report.html"
    with sync_playwright() as playwright:
        own = Path(CHROMIUM).is_file()
        browser = playwright.chromium.launch(executable_path=CHROMIUM if own else None, args=["--no-sandbox"])
        page = browser.new_page(viewport=FIRST_SCREEN, color_scheme="light", reduced_motion="reduce")
        page.goto(report.resolve().as_uri())
        page.screenshot(path=IMAGES / "report.png")
        for name, (part, most) in PARTS.items():
            box = page.locator(part).first.bounding_box()
            clip = {"x": box["x"] - 16, "y": box["y"], "width": box["width"] + 32, "height": min(box["height"], most)}
            page.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip=clip)
        browser.close()
    for name in ("report", *PARTS):
        smaller(IMAGES / f"{name}.png")
        print(f"docs/images/{name}.png: {(IMAGES / f'{name}.png').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
