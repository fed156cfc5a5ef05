"""`underwatch evidence`: start, fill, check, join, seal, open and publish a package of coded reports."""

import json
from datetime import datetime
from pathlib import Path

import click

from underwatch.cli.passphrase import known_passphrase, new_passphrase
from underwatch.cli.paths import AnyPath
from underwatch.errors import InputError, nearest
from underwatch.evidence.check.checking import check_package, examine, read_checked, read_package
from underwatch.evidence.check.problems import Finding, as_json, as_text, exit_code
from underwatch.evidence.edit.store import working_path
from underwatch.evidence.folder import LARGEST_FILE, PRIVATE_FILE, read_files, write_files
from underwatch.evidence.format.ids import is_id, new_id
from underwatch.evidence.format.table_schemas import RECORDED, TABLES
from underwatch.evidence.format.vocabularies import codes
from underwatch.evidence.history import recorded
from underwatch.evidence.package import new_package, parse_package, to_files
from underwatch.evidence.privacy.passphrases import LANGUAGES
from underwatch.files.intake.regular import read_bytes
from underwatch.files.writing import must_be_new, write_new
from underwatch.terminal import printable, say, say_json

_FOLDER = click.argument("folder", type=AnyPath())
_TODAY = click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), hidden=True, help="Judge future dates from this day."
)
_JSON = click.option("--json", "as_json_", is_flag=True, help="Print JSON for a script.")
_WHO = click.option("--who", default="", help="Your own code (from `underwatch evidence ids`); a fresh one without it.")
_KEY = click.option("--key", type=AnyPath(), help="The file with the key, for a sealed package.")
_MOST_IDS = 10_000
_EXAMPLES = """\b
Examples:
  underwatch evidence new reports --example
  underwatch evidence summary reports
  underwatch evidence seal reports
"""


@click.group(epilog=_EXAMPLES)
def evidence() -> None:
    """Work with an evidence package: coded reports without persons, text, coordinates or clock times."""


def _who(code: str) -> str:
    """Return the code of whoever works, a fresh one when none was given; InputError for a made-up one."""
    if code and not is_id(code):
        raise InputError("--who takes a code from `underwatch evidence ids`; never a name")
    return code or new_id()


def _unlocked(path: Path, key: Path | None) -> dict[str, bytes]:
    """Return the files of a folder, a zip or a sealed package; a passphrase is asked for where one is needed."""
    if path.suffix != ".age":
        return read_files(path)
    from underwatch.evidence.privacy.seal import read_sealed

    return read_sealed(path, "" if key else known_passphrase(), key)


@evidence.command()
@_FOLDER
@click.option("--example", is_flag=True, help="The 198 coded public reports that ship, to look at.")
@click.option("--synthetic", is_flag=True, help="5,000 synthetic reports, with their truth beside the folder.")
def new(folder: Path, example: bool, synthetic: bool) -> None:
    """Start a package in the new FOLDER, with a spreadsheet template beside it."""
    if example and synthetic:
        raise InputError("--example or --synthetic, one of the two")
    package, truth = new_package(), None
    if example:
        from underwatch.evidence.samples.example import example_package

        package = example_package()
    if synthetic:
        from underwatch.evidence.samples.synthetic import synthetic_package

        package, truth = synthetic_package()
    beside = folder.with_name(folder.name + (".truth.json" if synthetic else "-template.xlsx"))
    if not example:
        must_be_new(beside)
    write_files(folder, to_files(package.keyed()))
    if truth is not None:
        write_new(beside, json.dumps(truth).encode(), PRIVATE_FILE)
        say(f"{beside} holds the truth.")
    if not example and not synthetic:
        from underwatch.evidence.edit.template import template_xlsx

        write_new(beside, template_xlsx(), PRIVATE_FILE)
        say(f"{beside} is the template; fill it in, save the sheet `reports` as CSV UTF-8, then import it.")
    say(f"{folder} is a package. It is not sealed.")


@evidence.command()
@click.argument("n", type=click.IntRange(1, _MOST_IDS), default=10)
def ids(n: int) -> None:
    """Print N fresh random identifiers (10 without N)."""
    say(*(new_id() for _ in range(n)))


@evidence.command()
@click.argument("name", required=False, default="acled")
def mapping(name: str) -> None:
    """Print a mapping that ships, to copy and change (acled without NAME)."""
    from importlib import resources

    from underwatch.evidence.edit.importing import shipped_mappings

    if name not in shipped_mappings():
        raise InputError(f"no mapping of that name ships{nearest(name[:80], shipped_mappings())}")
    folder = resources.files("underwatch.evidence.edit") / "mappings"
    say(*(folder / f"{name}.toml").read_text(encoding="utf-8").removesuffix("\n").split("\n"))


@evidence.command()
@click.argument("table", type=click.Choice(list(TABLES)), required=False)
@click.option("--dictionary", is_flag=True, help="The data dictionary as CSV.")
def schema(table: str | None, dictionary: bool) -> None:
    """Print the JSON Schema of one TABLE, or of all."""
    from underwatch.evidence.format.descriptor import dictionary_csv, json_schema

    if dictionary:
        say(*dictionary_csv().decode().removesuffix("\n").split("\n"))
    else:
        shown = json_schema(table) if table else {name: json_schema(name) for name in TABLES}
        say_json(json.dumps(shown, indent=1, ensure_ascii=False))


@evidence.command("import")
@click.argument("file", type=AnyPath())
@click.option("--into", "folder", type=AnyPath(), required=True, help="The package's folder.")
@click.option("--map", "mapping_name", help="A mapping: one that ships (acled) or a TOML file. Without: the template.")
@click.option("--again", is_flag=True, help="Import rows that look like some that are there already once more.")
@_WHO
@_JSON
@_TODAY
def import_(
    file: Path, folder: Path, mapping_name: str | None, as_json_: bool, today: datetime | None, **how: str | bool
) -> int | None:
    """Bring the reports of a CSV FILE into a package; with a finding nothing is written."""
    from underwatch.evidence.edit.importing import import_csv, read_mapping

    _no_working_copy(folder)
    if not file.is_file():
        raise InputError(f"{file} is no file")
    day = today.date() if today else None
    chosen = read_mapping(mapping_name) if mapping_name else None
    who = _who(str(how["who"]))
    data = read_bytes(file, LARGEST_FILE, "CSV file")
    result = import_csv(read_package(folder, day), data, chosen, who, day, bool(how["again"]))
    if result.findings:
        _say_findings(result.findings, "the file", as_json_)
        say("Nothing was imported.", err=True)
        return 1
    write_files(folder, to_files(result.package.keyed()), fresh=False)
    alike = f" ({result.n_alike} look like one that was there)" if result.n_alike else ""
    say(f"{result.n_rows} reports imported{alike}, {result.n_skipped} rows skipped.")
    say(f"{file} itself is not sealed; remove it.")
    return None


@evidence.command(epilog="Example: underwatch check reports")
@_FOLDER
@_KEY
@_JSON
@_TODAY
def check(folder: Path, key: Path | None, as_json_: bool, today: datetime | None) -> int:
    """Say what is wrong in a package (folder, zip or sealed), and what to do. Writes nothing; 0 clean, 1 findings."""
    files = _unlocked(folder, key)
    found = examine(files, today.date() if today else None)
    _say_findings(found.findings, folder.resolve().name, as_json_, found.fingerprint)
    if not as_json_:
        if found.fingerprint:
            say(f"fingerprint {found.fingerprint[:14]} (note it down: it tells later whether anything was cut off)")
        if folder.is_dir() and working_path(folder).exists():
            say("There is a working copy as well, not sealed; `underwatch evidence save` brings it here.")
    return exit_code(found.findings)


def _say_findings(findings: list[Finding], what: str, as_json_: bool, fingerprint: str = "") -> None:
    """Print findings, as JSON or in words; `what` may be a name that others gave."""
    if as_json_:
        say_json(as_json(findings, fingerprint))
    else:
        say(*as_text(findings, printable(what)).split("\n"))


@evidence.command()
@_FOLDER
@click.option("--reason", type=click.Choice(sorted(codes("reason"))), default="correction", help="Why you changed it.")
@_WHO
@_TODAY
def record(folder: Path, reason: str, who: str, today: datetime | None) -> None:
    """Note in the history what you changed in the CSV files by hand, and put the files into their usual form."""
    _no_working_copy(folder)
    package = recorded(parse_package(read_files(folder)), _who(who), reason).keyed()
    files = to_files(package)
    check_package(files, today.date() if today else None)
    write_files(folder, files, fresh=False)
    say(f"{folder}: the history is up to date.")


def _no_working_copy(folder: Path) -> None:
    """Raise InputError when a working copy exists, so that two states do not grow apart."""
    if working_path(folder).exists():
        raise InputError(f"{folder} has a working copy; save it and `underwatch evidence work --discard` first")


@evidence.command()
@_FOLDER
@click.option("--discard", is_flag=True, help="Remove the working copy and keep the folder as it is.")
def work(folder: Path, discard: bool) -> None:
    """Make a working copy of a package in SQLite, for several editors at once. It is not sealed."""
    from underwatch.evidence.edit.store import remove_working_copy
    from underwatch.evidence.edit.work import start_work

    if discard:
        say("The working copy is gone." if remove_working_copy(folder) else "There was no working copy.")
        return
    start_work(folder).close()
    say(f"{working_path(folder)} is the working copy, not sealed; sealing removes it.")


@evidence.command()
@_FOLDER
@click.argument("cells", nargs=-1)
@click.option("--table", "table_name", type=click.Choice(RECORDED), default="reports", show_default=True)
@click.option("--remove", is_flag=True, help="Remove the row instead; give only its identifier.")
@click.option("--reason", type=click.Choice(sorted(codes("reason"))), default="coding", show_default=True)
@_WHO
def put(folder: Path, cells: tuple[str, ...], table_name: str, remove: bool, reason: str, who: str) -> None:
    """Add or change a row of the working copy: CELLS are column=value; a row that exists keeps its other cells."""
    from underwatch.evidence.edit.work import start_work

    form = TABLES[table_name]
    given = dict(cell.partition("=")[::2] for cell in cells)
    row_id = given.get(form.names[0]) or new_id()
    with start_work(folder) as copy:
        version = copy.version(table_name, row_id)
        existing = copy.package().table(table_name).by_id.get(row_id)
        if remove:
            copy.remove(table_name, row_id, _who(who), reason, version)
        else:
            old = dict(zip(form.names, existing or ("",) * len(form.names), strict=True))
            copy.put(table_name, old | given | {form.names[0]: row_id}, _who(who), reason, version)
    say(row_id)


@evidence.command()
@_FOLDER
@click.option("--to", type=AnyPath(), help="A new folder instead of the package's own.")
def save(folder: Path, to: Path | None) -> None:
    """Write the working copy back to the CSV files of its folder. The working copy stays."""
    from underwatch.evidence.edit.work import save_work

    changed = save_work(folder, to)
    say(f"{to or folder}: saved." if changed else f"{folder}: nothing new.")


@evidence.command()
@click.argument("first", type=AnyPath())
@click.argument("second", type=AnyPath())
@click.option("--out", type=AnyPath(), help="The new folder; FIRST-SECOND beside the first without it.")
@_TODAY
def merge(first: Path, second: Path, out: Path | None, today: datetime | None) -> int:
    """Join the packages of two groups into a new folder; 1 where reports of the two look alike."""
    from underwatch.evidence.edit.alike import met_in_merging
    from underwatch.evidence.edit.merge import merge as joined

    out = out or first.with_name(f"{first.stem}-{second.stem}")
    day = today.date() if today else None
    ours, theirs = read_package(first, day), read_package(second, day)
    both = joined(ours, theirs).keyed()
    files = to_files(both)
    check_package(files, day)
    write_files(out, files)
    found = met_in_merging(ours, theirs, both)
    _say_findings(found, "reports that came twice", False)
    say(f"{out}: {len(both.table('reports').rows)} reports. It is not sealed.")
    return exit_code(found)


@evidence.command()
@_FOLDER
@click.option("--out", type=AnyPath(), required=True, help="The new folder.")
def share(folder: Path, out: Path) -> None:
    """Make a package for another group: rows released as records, without sources, effort, addresses and history."""
    from underwatch.evidence.edit.work import newest
    from underwatch.evidence.release.share import shareable

    package = shareable(newest(folder))
    write_files(out, to_files(package))
    say(f"{out}: {len(package.table('reports').rows)} reports may leave. Seal it for the other group.")


@evidence.command()
@_FOLDER
@_KEY
@click.option("--html", type=AnyPath(), help="Write a page that opens offline instead.")
@click.option(
    "--exact", is_flag=True, help="Counts as they are, not in bands; refused in a folder that others can open."
)
@_TODAY
def summary(folder: Path, key: Path | None, html: Path | None, exact: bool, today: datetime | None) -> None:
    """Show what a package has and lacks, for the group's own use; nothing per list, outlet or source."""
    from underwatch.evidence.check.overview import as_text as summary_text
    from underwatch.evidence.check.overview import summarise
    from underwatch.evidence.privacy.access import require_closed
    from underwatch.evidence.samples.example import is_the_example

    package = read_checked(_unlocked(folder, key), str(folder), today.date() if today else None)
    if html is None:
        say(*summary_text(summarise(package, exact)).split("\n"))
        return
    must_be_new(html)
    from underwatch.pages.evidence import evidence_page

    if exact and not is_the_example(package):
        require_closed(html)
    write_new(html, evidence_page(package, exact).encode(), PRIVATE_FILE)
    say(f"{html} is written.")


@evidence.command()
@click.argument("file", type=AnyPath())
def key(file: Path) -> None:
    """Make a key in the new FILE and print its recipient, which others seal for."""
    from underwatch.evidence.privacy.seal import new_key

    say(new_key(file))


@evidence.command()
@_FOLDER
@click.option(
    "--recipient", "-r", "recipients", multiple=True, help="Seal for this recipient (age1...); may be repeated."
)
@click.option(
    "--make-passphrase",
    "language",
    type=click.Choice(list(LANGUAGES)),
    help="Make one of six random words; show it once.",
)
@click.option("--out", type=AnyPath(), help="The sealed file; FOLDER.age without it.")
@click.option("--remove", is_flag=True, help="Remove the plain folder as well, once the sealed file is read back.")
def seal(folder: Path, recipients: tuple[str, ...], language: str | None, out: Path | None, remove: bool) -> None:
    """Seal a package with age, for recipients or with a passphrase. The working copy is removed."""
    from underwatch.evidence.privacy.seal import remove_plain
    from underwatch.evidence.privacy.seal import seal as sealed

    if not folder.is_dir():
        raise InputError(f"{folder} is no folder with a package")
    if recipients and language:
        raise InputError("--make-passphrase or --recipient, one of the two")
    file = sealed(folder, out, "" if recipients else new_passphrase(language), recipients)
    if remove:
        remove_plain(folder, file)
        say(f"{file} is sealed; the plain folder is removed. A disk may keep old blocks: encrypt the disk itself.")
    else:
        say(f"{file} is sealed; the plain folder {folder} is still there (--remove removes it).")


@evidence.command("open")
@click.argument("file", type=AnyPath())
@click.option("--out", type=AnyPath(), help="The new folder; FILE without .age otherwise.")
@_KEY
def open_(file: Path, out: Path | None, key: Path | None) -> int | None:
    """Open a sealed package into a new folder that only you can read; 1 when it held files that no package has."""
    from underwatch.evidence.privacy.seal import open_sealed

    if not file.is_file():
        raise InputError(f"{file} does not exist")
    counted: list[int] = []
    folder = open_sealed(file, out, "" if key else known_passphrase(), key, counted.append)
    say(f"{folder} is open and not sealed.")
    if not counted[0]:
        return None
    say(f"files with names that no package has: {counted[0]}; not written", err=True)
    return 1


@evidence.command()
@_FOLDER
@click.option("--out", type=AnyPath(), required=True, help="The new folder for the table and its record.")
@click.option("--from", "start", required=True, help="First quarter, like 2023-Q3.")
@click.option("--to", "end", required=True, help="Last quarter.")
@click.option("--places", "place_grain", type=click.Choice(["province", "region", "country"]), default="province")
@click.option("--periods", "time_grain", type=click.Choice(["quarter", "year"]), default="quarter")
@click.option("--method", type=click.Choice(["suppression", "noise"]), default="suppression", show_default=True)
@click.option("--min-cell", type=int, default=10, show_default=True, help="Smallest count shown.")
@click.option("--source-cap", type=int, default=5, show_default=True, help="Incidents counted per source at most.")
@click.option("--epsilon", default="1.0", show_default=True, help="Privacy loss per source, for noise.")
@click.option("--delay", "delay_days", type=int, default=180, show_default=True, help="Days after the period's end.")
@_TODAY
def publish(
    folder: Path,
    out: Path,
    today: datetime | None,
    **rules: str | int,
) -> int | None:
    """Make the one table that may leave, and a record of what was done to it. Each period is published once."""
    from underwatch.evidence.release.publish import Refused, ReleaseRules
    from underwatch.evidence.release.publish import publish as published

    try:
        release = published(folder, out, ReleaseRules(**rules), today.date() if today else None)  # type: ignore[arg-type]
    except Refused as refusal:
        say(f"Refused: {refusal}")
        return 1
    shown = sum(b",yes," in line or b",noise," in line for line in release.table.splitlines())
    say(f"{out}: version {release.record['version']}, {shown} of {release.record['cells']} cells shown.")
    left_out = ", ".join(f"{reason} {n}" for reason, n in sorted(release.inside.items()))
    say(f"For the group only, in incidents: {left_out}.")
    return None
