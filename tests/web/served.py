"""The command as a user starts it, and what a test asks of it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from underwatch.cli import main; main(prog_name='underwatch')"
SCREENS = ROOT / "build" / "screens"
SIZES = {"wide": (1440, 1000), "narrow": (390, 844)}
SMALL = {"place": "Hoeryong", "population": 3000, "days": 60, "draws": 2}


class Studio:
    """A running studio: its process, port and token.

    `code` is what Python runs, `more` goes into its environment, `errors` takes its standard error.
    """

    def __init__(self, *arguments, cwd=None, code=COMMAND, more=None, errors=subprocess.DEVNULL):
        paths = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
        screen = [] if more and "BROWSER" in more else ["--no-browser"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "studio", *screen, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": paths, **(more or {})},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        self.line = self.process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:(\d+))/#token=([\w-]+)", self.line)
        assert found, self.line
        self.base, self.port, self.token = found[1], int(found[2]), found[3]
        self.address = found[0]

    def client(self, **headers):
        """Return a client with the token, unless other headers are given."""
        shown = headers or {"X-Underwatch-Token": self.token}
        return httpx.Client(base_url=self.base, headers=shown, timeout=60, verify=False)  # it is http: no certificates

    def memory(self, what="VmRSS"):
        """Return megabytes of the server."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024

    def close(self, number=signal.SIGINT):
        """Interrupt it as a user would, and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(60)
        self.process.stdout.close()
        return code


class Page:
    """An opened page that notes every request, error and message of the console."""

    def __init__(self, browser, studio, size="wide", before="", **settings):
        width, height = SIZES[size]
        self.context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", **settings)
        if before:
            self.context.add_init_script(before)
        self.page = self.context.new_page()
        self.requests, self.faults, self.bytes = [], [], {}
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("response", self._weigh)
        self.studio = studio
        self.page.goto(studio.address)
        self.page.wait_for_selector("html[data-ready=true]", timeout=30_000)

    def _note(self, message):
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def _weigh(self, response):
        if "/api/" not in response.url:
            self.bytes[response.url] = int(response.headers.get("content-length", 0))

    def ask(self, wait=180, **fields):
        """Fill the form, run, and wait for the end."""
        for name, value in fields.items():
            if name == "draws":
                self.page.select_option("#draws", str(value))
            else:
                self.page.fill(f"#{name}", str(value))
        self.page.click("#run")
        self.page.wait_for_selector("html[data-state=working]")
        self.page.wait_for_selector("html[data-state=done]", timeout=wait * 1000)

    def screenshot(self, name, where=None, full=False):
        """Take a picture to look at."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        path = SCREENS / f"{name}.png"
        if where:
            self.page.locator(where).screenshot(path=path)
        else:
            self.page.screenshot(path=path, full_page=full)

    def close(self):
        """Close it; any request to the outside and any fault fails the test."""
        self.context.close()
        outside = [
            url for url in self.requests if not url.startswith((self.studio.base + "/", "blob:" + self.studio.base))
        ]
        assert outside == []
        assert self.faults == []
