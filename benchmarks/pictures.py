"""The pictures of the documents, made anew: the report and the studio as they open, and figures of the report.

    python benchmarks/pictures.py             # `make pictures`; a minute on two cores, and Chromium

They are of the finished example that ships with the studio, so that a reader finds in the program what is shown.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from underwatch.web.session.exports import report_html
from underwatch.web.session.stored import stored_run
from underwatch.web.views.pictures import saved_picture

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
WIDE, TALL = 1280, 900
COLOURS = 128
# Figures by the file that they become, each as it is saved: with its words inside
FIGURES = {"relief": "relief", "timeline": "year-caller", "silence": "outcomes"}
STATEMENTS = 3  # shown of the report line by line
COMMAND = "from underwatch.cli import main; main(prog_name='underwatch')"


def keep(name: str, shot: bytes) -> None:
    """Write a picture in few colours, which is all that it has."""
    image = (
        Image.open(BytesIO(shot))
        .convert("RGB")
        .quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    )
    IMAGES.mkdir(exist_ok=True)
    image.save(IMAGES / f"{name}.png", optimize=True)
    print(f"{name}.png: {(IMAGES / f'{name}.png').stat().st_size:,} bytes", file=sys.stderr)


def of_the_report(page: Page) -> None:
    """Take the first screen of the report, the first of its statements, and figures as they are saved."""
    run = stored_run()
    if run is None:
        sys.exit("there is no finished example of this model: make example")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_bytes(report_html(run))
        page.goto(path.as_uri())
        keep("report", page.screenshot())
        shown = page.locator(".statements .said")
        first, last = shown.first.bounding_box(), shown.nth(STATEMENTS - 1).bounding_box()
        if first is None or last is None:
            sys.exit("the report has no statements")
        height = last["y"] + last["height"] - first["y"]
        clip = {"x": first["x"] - 8, "y": first["y"] - 8, "width": first["width"] + 16, "height": height + 16}
        keep("lines", page.screenshot(clip=clip, full_page=True))
    for name, figure in FIGURES.items():
        found = saved_picture(run, "en", f"{figure}.png")
        if found is None:
            sys.exit(f"the example has no figure {figure}")
        keep(name, found[1])


def of_the_studio(page: Page) -> None:
    """Take the studio as it opens."""
    with studio() as address:
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]", timeout=120_000)
        page.wait_for_timeout(500)
        keep("studio", page.screenshot())


@contextmanager
def studio() -> Iterator[str]:
    """Start the studio; yield the address that it prints."""
    started = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "studio", "--no-browser"], stdout=subprocess.PIPE, text=True
    )
    try:
        line = started.stdout.readline() if started.stdout else ""
        yield re.findall(r"http://\S+", line)[0]
    finally:
        started.terminate()
        started.wait(30)


def main() -> None:
    """Make all pictures."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDE, "height": TALL}, color_scheme="light", locale="en-GB")
        of_the_report(page)
        of_the_studio(page)
        browser.close()


if __name__ == "__main__":
    main()
