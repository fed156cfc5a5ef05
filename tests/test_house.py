"""Promises about the repository itself: no network but the studio's own page, nothing that tells where it was made."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "underwatch"

# The studio's page is served on the loopback address; an executor that a user names may speak to a cluster.
MAY_SERVE = {"show/server.py", "show/server_api.py", "show/server_guard.py", "cli/studio.py"}
NETWORK = {
    "socket", "socketserver", "ssl", "http", "urllib", "ftplib", "smtplib", "poplib", "imaplib", "telnetlib", "xmlrpc",
    "asyncio", "requests", "httpx", "httpcore", "aiohttp", "urllib3", "websockets", "starlette", "uvicorn",
    "webbrowser",
}  # fmt: skip
# urllib.parse takes an address apart and opens nothing.
HARMLESS = {"urllib.parse"}

# Written in parts, so that this file does not find itself.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:" + "|".join(("ho" + "me", "ro" + "ot", "wo" + "rk", "tm" + "p")) + r")/\w")
PACKAGE_HOSTS = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", "index" + "-url", r"registry\.npm" + "js"))
)


def imported_modules(path):
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def tracked_files():
    """The text files that git keeps; in a copy without git, all files of the source and the documents."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    paths = [ROOT / name for name in names if name] or [*ROOT.glob("*.*"), *SOURCE.rglob("*.*")]
    return [path for path in paths if path.is_file() and path.suffix not in (".png", ".woff2", ".parquet", ".age")]


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_studio_opens_a_socket(path):
    if path.relative_to(SOURCE).as_posix() in MAY_SERVE:
        return
    reached = {name for name in imported_modules(path) if name.split(".")[0] in NETWORK and name not in HARMLESS}
    assert not reached


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, PACKAGE_HOSTS], ids=["machine paths", "package hosts"])
def test_no_tracked_file_tells_where_it_was_made(pattern):
    told = []
    for path in tracked_files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line):
                told.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not told


def test_the_lock_pins_every_package_with_a_hash():
    pins = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())
    assert pins
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_each_module_says_what_it_is():
    silent = [path for path in SOURCE.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []
