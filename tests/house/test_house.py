"""Promises about the repository itself: no network but the studio's own page, nothing that tells where it was made."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "underwatch"

# The studio's page is served on the loopback address; an executor that a user names may speak to a cluster.
MAY_SERVE = {"web/server.py", "web/api.py", "web/guard.py", "cli/studio.py"}
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


@cache
def tree_of(path):
    """A file taken apart, once for all tests of a worker."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_modules(path):
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(tree_of(path)):
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


def test_only_the_studio_opens_a_socket():
    reached = {
        (path.relative_to(SOURCE).as_posix(), name)
        for path in SOURCE.rglob("*.py")
        for name in imported_modules(path)
        if name.split(".")[0] in NETWORK and name not in HARMLESS
    }
    assert {one for one in reached if one[0] not in MAY_SERVE} == set()


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, PACKAGE_HOSTS], ids=["machine paths", "package hosts"])
def test_no_tracked_file_tells_where_it_was_made(pattern):
    told = []
    for path in tracked_files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line):
                told.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not told


INSTALLS_US = re.compile(
    r"(?:pip|pipx|uv|uvx)\b[^\n`]*\b(?:install|add|run|tool)\b[^\n`]*?(?<![\w./-])underwatch(?![\w./-]*\.whl)"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [("pip install underwatch", True), ('pip install "underwatch[cluster]"', True), ("pip install .[cluster]", False),
     ("pip install dist/underwatch-0.1.0-py3-none-any.whl", False), ("pip install distributed", False)],
)  # fmt: skip
def test_what_installs_us_from_an_index_is_found(text, found):
    assert bool(INSTALLS_US.search(text)) is found


def test_nothing_installs_a_package_of_our_name_from_an_index():
    """There the name may be somebody else's: docs and messages name the checkout, or a wheel at hand."""
    files = [path for path in tracked_files() if path.suffix in (".md", ".py", ".toml") and path != Path(__file__)]
    told = [path for path in files if INSTALLS_US.search(path.read_text(encoding="utf-8", errors="replace"))]
    assert told == []


def test_the_lock_pins_every_package_with_a_hash():
    pins = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())
    assert pins
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_each_module_says_what_it_is():
    silent = [path for path in SOURCE.rglob("*.py") if not ast.get_docstring(tree_of(path))]
    assert silent == []


# Habit 2; arguments, statements and branches are ruff's to count (pyproject.toml).
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 60
LONGER = {
    "run_days": "the order of a day, each step with all it takes; the ODD's table of the day is read from it",
}


def long_functions(path):
    """Functions of a file that are longer than one may be, with their lines."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if lines > MOST_LINES_OF_A_FUNCTION:
                yield node.name, lines


def test_files_and_functions_are_short():
    files = [path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in files if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES] == []
    assert {name for path in SOURCE.rglob("*.py") for name, _ in long_functions(path)} == set(LONGER)


# Only these two write, make, rename or remove; all others go through them.
WRITERS = {"files/writing.py", "files/folders.py"}
WRITING = {
    "write_text", "write_bytes", "mkdir", "makedirs", "mkdtemp", "mkstemp", "touch", "unlink", "rmdir", "removedirs",
    "rmtree", "rename", "renames", "chmod", "fchmod", "chown", "truncate", "ftruncate", "symlink", "symlink_to",
    "hardlink_to", "mkfifo", "mknod", "utime", "copy2", "copyfile", "copytree", "move", "dup2", "savetxt",
    "NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory", "SpooledTemporaryFile", "FileHandler", "urlretrieve",
    "to_csv", "to_parquet", "to_excel",
}  # fmt: skip
OF_OS_ALONE = {"open", "remove", "replace", "link"}  # the same words mean something else elsewhere
# Where a word is harmless: what it writes to is held in memory, or handed out by the two.
HARMLESS_WRITING = {
    ("cli/stops.py", "os.open"), ("cli/stops.py", "dup2"),  # /dev/null in place of a terminal that is gone
    # after `files` has made the file and looked at what stands beside it
    ("evidence/edit/store.py", "sqlite3.connect"),
    ("inference/answer_files.py", "to_netcdf"),  # into a private folder of `folders`
    ("record/outputs.py", "ParquetWriter"),  # to a file that `files` has opened
    *((name, "savez") for name in ("experiments/engine/checkpoint.py", "inference/npe/posterior.py")),
    *((name, "write_table") for name in ("record/outputs.py", "inference/answer_files.py")),
    ("experiments/engine/answer_folder.py", "write_csv"),
    ("pages/charts/svg.py", "print_svg"), ("evidence/folder.py", "ZipFile"),
    ("experiments/engine/tasks.py", "truncate"),  # of a file that `files` has opened
    ("terminal.py", "open"),  # the terminal itself, for what must not go where standard output goes
    ("files/intake/regular.py", "os.open"), ("files/intake/archive.py", "ZipFile"),  # to read
}  # fmt: skip
TO_A_SINK = {"to_netcdf", "ParquetWriter", "savez", "savez_compressed", "tofile", "write_table", "write_csv",
             "savefig", "print_svg", "ZipFile", "write_feather"}  # fmt: skip


def writing(path):
    """Every call of a file that could write, make, rename or remove, by the word that does it."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        word = node.func.attr if of is not None else getattr(node.func, "id", "")
        owner = of.id if isinstance(of, ast.Name) else ""
        if word in WRITING or word in TO_A_SINK:
            yield word
        elif word in OF_OS_ALONE and owner in ("os", "shutil", "io"):
            yield f"os.{word}"
        elif (owner, word) in (("np", "save"), ("shutil", "copy"), ("json", "dump")):
            yield word
        elif word == "replace" and of is not None and len(node.args) == 1 and not node.keywords:
            yield "Path.replace"
        elif word == "open" and any(mark in mode for mode in modes_of(node) for mark in "wax+"):
            yield "open"
        elif (owner, word) == ("sqlite3", "connect"):
            yield "sqlite3.connect"


def modes_of(call):
    """The modes that a call of `open` is given: of the built-in one after the path, of a path's own before all."""
    placed = call.args[1:] if isinstance(call.func, ast.Name) else call.args[:1]
    given = [*placed, *(one.value for one in call.keywords if one.arg == "mode")]
    texts = [str(one.value) for one in given if isinstance(one, ast.Constant)]
    return [text for text in texts if re.fullmatch("[rwaxbt+U]{1,4}", text)]


def test_only_two_modules_write_make_rename_and_remove():
    used = {(path.relative_to(SOURCE).as_posix(), word) for path in SOURCE.rglob("*.py") for word in writing(path)}
    assert {one for one in used if one[0] not in WRITERS} == HARMLESS_WRITING


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('open("a", "w")', 1), ('open("a", mode="ab")', 1), ('p.open("x")', 1), ('open(p, "r+b")', 1),
        ("os.open(p, 0)", 1), ("p.write_text(t)", 1), ("os.remove(p)", 1), ("shutil.rmtree(p)", 1), ("p.replace(q)", 1),
        ("os.replace(p, q)", 1), ("tempfile.mkdtemp()", 1), ('sqlite3.connect("a")', 1), ("np.savez(p)", 1),
        ("np.save(p, a)", 1), ('zipfile.ZipFile(p, "w")', 1), ('open("a")', 0), ('open("w", "rb")', 0),
        ('t.replace("a", "b")', 0), ("rows.remove(1)", 0), ("page.open(address)", 0),
    ],
)  # fmt: skip
def test_what_could_write_is_found(tmp_path, line, found):
    (tmp_path / "a.py").write_text(line)
    assert len(list(writing(tmp_path / "a.py"))) == found
