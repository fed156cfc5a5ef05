"""A promise about the source: what somebody else may have made comes in through `underwatch.files.intake` alone."""

import ast
from functools import cache

from house.test_house import SOURCE

# What takes a file or its bytes apart. By module and function, by method alone, and the built-in.
FUNCTIONS = {
    ("os", "open"), ("os", "fdopen"), ("io", "open"), ("json", "load"), ("json", "loads"), ("tomllib", "load"),
    ("tomllib", "loads"), ("lzma", "decompress"), ("lzma", "open"), ("lzma", "LZMADecompressor"), ("csv", "reader"),
    ("csv", "DictReader"), ("zipfile", "ZipFile"), ("np", "load"), ("np", "fromfile"), ("np", "memmap"),
    ("np", "loadtxt"), ("np", "genfromtxt"), ("pq", "read_table"), ("pq", "ParquetFile"), ("sqlite3", "connect"),
    ("gzip", "open"), ("gzip", "decompress"), ("bz2", "decompress"), ("zlib", "decompress"), ("pickle", "load"),
    ("pickle", "loads"), ("pyrage", "decrypt"), ("passphrase", "decrypt"), ("pacsv", "read_csv"),
}  # fmt: skip
METHODS = {"read_bytes", "read_text", "open"}
OWN = "it reads what comes with the program"
MAY = {
    ("facts/tables.py", "read_text"): OWN,
    ("facts/tables.py", "csv.DictReader"): OWN,
    ("world/kernels/compiled.py", "read_bytes"): "it reads the program's own source",
    ("experiments/interventions.py", "read_text"): OWN,
    ("experiments/ensemble/settings.py", "open"): OWN,
    ("experiments/silence.py", "open"): OWN,
    ("experiments/silence.py", "pq.read_table"): OWN,
    ("experiments/ensemble/statements.py", "open"): OWN,
    ("experiments/ensemble/statements.py", "pq.read_table"): OWN,
    ("experiments/ensemble/settings.py", "pq.ParquetFile"): OWN,
    ("experiments/ensemble/relief.py", "open"): OWN,
    ("experiments/ensemble/relief.py", "pq.read_table"): OWN,
    ("evidence/format/vocabularies.py", "read_bytes"): OWN,
    ("evidence/format/vocabularies.py", "csv.DictReader"): OWN,
    ("evidence/samples/shipped.py", "read_bytes"): OWN,
    ("evidence/samples/synthetic.py", "read_text"): OWN,
    ("evidence/samples/synthetic.py", "json.loads"): OWN,
    ("evidence/edit/importing.py", "read_text"): OWN,
    ("cli/evidence/formats.py", "read_text"): OWN,
    ("cli/typed.py", "read_text"): OWN,
    ("cli/typed.py", "tomllib.loads"): OWN,
    ("pages/rendering.py", "read_text"): OWN,
    ("texts/korean_font.py", "read_bytes"): OWN,
    ("texts/languages.py", "read_text"): OWN,
    ("texts/languages.py", "json.loads"): OWN,
    ("web/description.py", "read_text"): OWN,
    ("web/description.py", "json.loads"): OWN,
    ("web/session/stored.py", "np.load"): OWN,
    ("web/session/stored.py", "json.loads"): OWN,
    ("web/server.py", "read_bytes"): "it reads the page that comes with the program",
    ("files/tripwire.py", "read_text"): OWN,
    ("files/tripwire.py", "tomllib.loads"): OWN,
    ("files/writing.py", "os.open"): "it writes, and syncs a folder",
    ("files/writing.py", "os.fdopen"): "it writes",
    ("experiments/engine/checkpoint.py", "json.loads"): "of what it has just written",
    ("inference/answer_files.py", "read_bytes"): "of a file that it has just written",
    ("evidence/folder.py", "zipfile.ZipFile"): "it writes one",
    ("evidence/folder.py", "open"): "a member of a zip that the intake has looked over",
    ("evidence/edit/store.py", "sqlite3.connect"): "store_guard looks over what it opens",
    ("evidence/privacy/seal.py", "pyrage.decrypt"): "the intake has looked over the head",
    ("evidence/privacy/seal.py", "passphrase.decrypt"): "the intake has looked over the head",
    ("evidence/privacy/sequences.py", "read_text"): OWN,
    ("cli/studio.py", "open"): "it opens a browser",
    ("cli/stops.py", "os.open"): "it opens /dev/null",
    ("terminal.py", "the built-in open"): "it opens the terminal",
}


@cache
def direct_reads(path):
    """The calls by which a file takes something apart, as they are named above."""
    return frozenset(_direct_reads(path))


def _direct_reads(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        call = node.func
        if isinstance(call, ast.Name) and call.id == "open":
            yield "the built-in open"
        elif isinstance(call, ast.Attribute):
            owner = call.value.id if isinstance(call.value, ast.Name) else getattr(call.value, "attr", "")
            if (owner, call.attr) in FUNCTIONS:
                yield f"{owner}.{call.attr}"
            elif call.attr in METHODS:
                yield call.attr


ELSEWHERE = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE / "files" / "intake")


def test_nothing_is_read_but_through_the_intake_and_every_exception_is_in_use():
    used = {(path.relative_to(SOURCE).as_posix(), call) for path in ELSEWHERE for call in direct_reads(path)}
    assert used == set(MAY)


def test_the_intake_is_the_only_user_of_what_it_guards():
    assert {call for path in (SOURCE / "files" / "intake").glob("*.py") for call in direct_reads(path)} >= {
        "os.open", "tomllib.loads", "json.loads", "lzma.LZMADecompressor", "zipfile.ZipFile", "csv.reader",
        "pq.ParquetFile",
    }  # fmt: skip
