"""Do the tests bite: 40 faults, drawn with a fixed seed and listed before any is tried, put one by one into a copy.

    python benchmarks/mutants.py list           draw them and write build/mutants.csv
    python benchmarks/mutants.py run [N ...]    try them (or those of these numbers); the outcome goes beside the list
    python benchmarks/mutants.py named [N ...]  the same, against the named test files alone

Each is first tried against the test files that the table of promises in CONTRIBUTING.md names for its source, and then,
if it survived, against all that `make test` runs. A fault that changes nothing counts as a survivor.
"""

import ast
import atexit
import csv
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "underwatch"
LIST = ROOT / "build" / "mutants.csv"
TABLE = "## Which test holds which promise\n"
SEED = 16
SECONDS = 1800
MAKE_TEST = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder", "tests")
# What they are drawn from, and how many of each.
GROUPS = {
    "engine": (12, ("world/kernels/*.py", "world/simulate.py", "world/workers.py")),
    "channel": (6, ("channel/*.py",)),
    "gates": (7, ("inference/checks/gates*.py",)),
    "publish": (6, ("evidence/release/*.py",)),
    "guard": (4, ("web/guard.py",)),
    "resume": (5, ("experiments/engine/run_directory.py", "experiments/engine/tasks.py")),
}
NOT_IN_GIT = ("src/underwatch/web/page/vendor", "build/axe")  # what a build puts there and tests look at

OPPOSITE = {
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Lt: ("<", ">="), ast.LtE: ("<=", ">"), ast.Gt: (">", "<="),
    ast.GtE: (">=", "<"), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip
EDGE = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")}
OTHER_SUM = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "+"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"), ast.RShift: (">>", "<<"), ast.LShift: ("<<", ">>"), ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"), ast.BitXor: ("^", "&"),
}  # fmt: skip
JOINED = {ast.And: ("and", "or"), ast.Or: ("or", "and")}


@dataclass(frozen=True)
class Mutant:
    """One fault: the bytes `first` to `last` of a file become `after`."""

    number: int
    group: str
    file: str
    line: int
    operator: str
    first: int
    last: int
    before: str
    after: str
    text: str


class Sites:
    """Every place of a file where a fault could be put in."""

    def __init__(self, path):
        self.bytes = path.read_bytes()
        self.starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.found = []
        self._look(ast.parse(self.bytes))

    def _look(self, node):
        """Go through code that runs; types and decorators do not."""
        if isinstance(node, ast.JoinedStr):  # its parts have no place of their own in Python 3.11
            return
        self._note(node)
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns", "decorator_list"):
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        self._look(child)

    def _note(self, node):
        match node:
            case ast.Compare():
                for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
                    self._between("comparison", left, right, OPPOSITE.get(type(op)))
                    self._between("boundary", left, right, EDGE.get(type(op)))
            case ast.BinOp():
                self._between("arithmetic", node.left, node.right, OTHER_SUM.get(type(node.op)))
            case ast.BoolOp():
                for left, right in zip(node.values, node.values[1:], strict=False):
                    self._between("boolean", left, right, JOINED[type(node.op)])
            case ast.UnaryOp(op=ast.Not()):
                self._put("boolean", node, self._at(node), self._at(node.operand), "")
            case ast.Constant(value=bool() as value):
                self._put("constant", node, *self._span(node), str(not value))
            case ast.Constant(value=int() as value):
                self._put("constant", node, *self._span(node), str(value + 1))
            case ast.Constant(value=float() as value):
                self._put("constant", node, *self._span(node), str(2 * value or 1.0))
            case ast.Return(value=ast.AST() as value) if not isinstance(value, ast.Constant):
                self._put("return", value, *self._span(value), "0")

    def _at(self, node):
        return self.starts[node.lineno - 1] + node.col_offset

    def _span(self, node):
        return self._at(node), self.starts[node.end_lineno - 1] + node.end_col_offset

    def _between(self, operator, left, right, words):
        """Note the operator that stands between two parts."""
        if words:
            begin = self._span(left)[1]
            gap = self.bytes[begin : self._at(right)].decode()
            at = re.search(rf"(?<!\w){re.escape(words[0])}(?!\w)", gap)
            if at:
                self._put(operator, left, begin + at.start(), begin + at.end(), words[1])

    def _put(self, operator, node, first, last, after):
        self.found.append((operator, node.lineno, first, last, after))


def drawn():
    """The mutants of all groups, no two on one line."""
    luck, mutants = random.Random(SEED), []
    for group, (n, patterns) in GROUPS.items():
        paths = sorted(path for pattern in patterns for path in SOURCE.glob(pattern) if path.name != "__init__.py")
        sites = [(path, site) for path in paths for site in Sites(path).found]
        luck.shuffle(sites)
        taken = set()
        for path, (operator, line, first, last, after) in sites:
            if len(taken) < n and (path, line) not in taken:
                taken.add((path, line))
                data, file = path.read_bytes(), path.relative_to(SOURCE).as_posix()
                text = data.splitlines()[line - 1].decode().strip()
                before = data[first:last].decode()
                mutants.append(Mutant(len(mutants) + 1, group, file, line, operator, first, last, before, after, text))
    return mutants


def tests_of(file):
    """The test files that CONTRIBUTING.md names for a source: those of the rows that come nearest to it."""
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split(TABLE)[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    near = {}
    for _, sources, tests in rows:
        for source in re.findall(r"`([\w/.]+)`", sources):
            if file == source or (source.endswith("/") and file.startswith(source)):
                near.setdefault(len(source), []).extend(re.findall(r"`([\w/]+)`", tests))
    return tuple(f"tests/{name}.py" for name in dict.fromkeys(near[max(near)]))


def copy_tree(folder):
    """Copy what git keeps, as it stands now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    for name in NOT_IN_GIT:
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)


def put_in(mutant, folder):
    """Put the fault into a copy."""
    path = folder / "src" / "underwatch" / mutant.file
    data = path.read_bytes()
    assert data[mutant.first : mutant.last].decode() == mutant.before, f"{mutant.file} is not as it was listed"
    path.write_bytes(data[: mutant.first] + mutant.after.encode() + data[mutant.last :])


def noticed(words, mutant=None):
    """Return the first test that fails, of these and with this fault; nothing when all pass."""
    folder = own_place() / "copy"  # always the same, so that what is compiled without a fault serves again
    shutil.rmtree(folder, ignore_errors=True)
    copy_tree(folder)
    if mutant:
        put_in(mutant, folder)
    return first_failure(words, folder)


@cache
def own_place():
    """Make a folder for this process, which goes at its end."""
    place = tempfile.TemporaryDirectory(prefix="mutants-")
    atexit.register(place.cleanup)
    return Path(place.name)


def first_failure(words, folder):
    environment = os.environ | {
        "PYTHONPATH": str(folder / "src"), "NUMBA_CACHE_DIR": str(folder.parent / "numba"), "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1", "CI": "true",
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-x", "-q", *words]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        told, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        return "does not end"
    if process.returncode == 0:
        return ""
    first = re.search(r"^(?:FAILED|ERROR) (\S+)", told, re.MULTILINE)
    return first[1] if first else told.strip().splitlines()[-1]


@cache
def sound(words):
    """Say whether these tests pass where there is no fault: only then does a failure mean anything."""
    return not noticed(words)


def outcome(mutant, stages):
    """Who noticed the fault: a test of its own file, one of `make test`, or nobody."""
    for stage, words in (("named", tests_of(mutant.file)), ("make test", MAKE_TEST))[:stages]:
        assert sound(words), f"{' '.join(words)} fails without a fault"
        if by := noticed(words, mutant):
            return "killed", stage, by
    return "survived", "", ""


def read():
    kinds = {field.name: field.type for field in fields(Mutant)}
    with LIST.open(encoding="utf-8", newline="") as file:
        return [Mutant(**{name: kinds[name](text) for name, text in row.items()}) for row in csv.DictReader(file)]


def main():
    """List the mutants, or try those that were listed."""
    if sys.argv[1:] == ["list"]:
        LIST.parent.mkdir(exist_ok=True)
        with LIST.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, [field.name for field in fields(Mutant)])
            table.writeheader()
            table.writerows(map(asdict, drawn()))
        return
    wanted = set(map(int, sys.argv[2:]))
    mutants = [one for one in read() if not wanted or one.number in wanted]
    with LIST.with_name("mutants-tried.csv").open("a", encoding="utf-8", newline="") as file:
        killed = 0
        for one in mutants:
            told = outcome(one, 1 if sys.argv[1] == "named" else 2)
            killed += told[0] == "killed"
            csv.writer(file).writerow([one.number, one.group, f"{one.file}:{one.line}", *told])
            file.flush()
            print(f"{one.number:3} {one.file}:{one.line} {one.operator}: {one.before} -> {one.after}: {' '.join(told)}",
                  flush=True)  # fmt: skip
    print(f"{killed} of {len(mutants)} killed, seed {SEED}")


if __name__ == "__main__":
    main()
