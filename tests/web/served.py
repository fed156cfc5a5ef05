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
