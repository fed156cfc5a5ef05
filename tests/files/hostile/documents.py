"""TOML and JSON that cost much, by every way in."""

from datetime import date

from files.hostile.making import CASES, MB, package, with_file, written

DOTTED = ".".join("a" * 30_000) + " = 1\n"
TOMLS = {
    "dotted keys": DOTTED,
    "dotted header": "[" + ".".join("a" * 30_000) + "]\n",
    "dotted array of tables": "[[" + ".".join("a" * 30_000) + "]]\n",
    "dotted key in an inline table": "x = { " + ".".join("a" * 30_000) + " = 1 }\n",
    "dotted and quoted keys": '"a"'.join(["x = {"] + ["."] * 20_000)[:-1] + " = 1 }\n",
    "dots with spaces": " . ".join("a" * 15_000) + " = 1\n",
    "many dotted keys": "".join(f"k{n}.a.b.c.d.e.f=1\n" for n in range(48_000)),
    "many tables": "".join(f"[t{n}]\n" for n in range(110_000)),
    "many empty arrays": "".join(f"k{n}=[]\n" for n in range(90_000)),
    "many empty inline tables": "x=[" + "{}," * 330_000 + "]\n",
    "deep arrays": "x = " + "[" * 10_000 + "]" * 10_000 + "\n",
    "deep inline tables": "x = " + "{a=" * 10_000 + "1" + "}" * 10_000 + "\n",
    "a whole number without end": "x = " + "1" * 900_000 + "\n",
    "a whole number in hexadecimal": "x = 0x" + "f" * 900_000 + "\n",
    "an open string and many quotes": "x = " + '\\"""\n' * 160_000,
    "an escape at every letter": 'x = "' + '\\"' * 400_000,
    "longer than any": "#" * 3_000_000,
}


def _of_toml(name, text):
    def scenario(folder):
        return ["run", written(folder / "x.toml", 'place = "hoeryong"\n' + text), "--days", "1", "--population", "9"]

    def interventions(folder):
        file = written(folder / "x.toml", text)
        return ["compare", "hoeryong", "--days", "1", "--population", "9", "--with", file, "--out", str(folder / "out")]

    def declared(folder):
        return ["estimate", "--example", "--declared-prior", written(folder / "x.toml", text)]

    def mapping(folder):
        table = written(folder / "x.csv", "a,b\n1,2\n")
        file = written(folder / "x.toml", text)
        return ["evidence", "import", table, "--into", str(package(folder)), "--map", file]

    def bank(folder):
        written(folder / "bank.toml", text)
        return ["estimate", "--example", "--bank", str(folder)]

    # Every way in meets the worst; the rest is read by one parser, by whatever way.
    ways = (scenario, interventions, declared, mapping, bank) if name in _BY_EVERY_WAY else (scenario,)
    for way in ways:
        CASES[f"{way.__name__}: {name}"] = way


_BY_EVERY_WAY = ("dotted keys", "deep arrays", "a whole number in hexadecimal", "longer than any")
for _name, _text in TOMLS.items():
    _of_toml(_name, _text)


JSONS = {
    "deep": b"[" * 300_000,
    "of many lists": b"[" + b"[]," * 1_200_000 + b"[]]",
    "of many tables": b'[{"a":0}' + b',{"a":0}' * 480_000 + b"]",
    "of one number": b'{"what": ' + b"1" * 900_000 + b"}",
    "of half letters": b'{"what": "\\ud800", "made_by": "\\udfff"}',
    "without end": b" " * (64 * MB),
}


def _of_json(name, data):
    def manifest(folder):
        return ["run", "--from", written(folder / "manifest.json", data)]

    def job(folder):
        (folder / "run" / "checkpoint").mkdir(parents=True)
        written(folder / "run" / "checkpoint" / "job.json", data)
        return ["run", "--resume", str(folder / "run")]

    def question(folder):
        written(folder / "question.json", data)
        return ["sweep", "--resume", str(folder)]

    def estimate(folder):
        written(folder / "question.json", data)

        def read():
            from underwatch.api.commands.estimate import estimate_directory

            estimate_directory(folder, None, None, {}, "")

        return read

    def descriptor(folder):
        return ["evidence", "summary", str(with_file(folder, "datapackage.json", data))]

    def release(folder):
        written(folder / "safe_table.csv", "period\n")
        written(folder / "release.json", data)

        def read():
            from underwatch.facts import find_place
            from underwatch.inference.inputs.safe_table import read_safe_table
            from underwatch.record.tally import Window

            read_safe_table(folder, find_place("hoeryong")[2][0], Window(date(2023, 7, 3), 104))

        return read

    for way in (
        (manifest, job, question, estimate, descriptor, release) if name in ("deep", "of one number") else (manifest,)
    ):
        CASES[f"{way.__name__} {name}"] = way


for _name, _data in JSONS.items():
    _of_json(_name, _data)
