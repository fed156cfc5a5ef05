"""`underwatch evidence work`, `put` and `save`: a working copy for several editors at once."""

from pathlib import Path

import click

from underwatch.cli.evidence.shared import FOLDER, WHO, who_code
from underwatch.cli.paths import AnyPath
from underwatch.evidence.edit.store import remove_working_copy, working_path
from underwatch.evidence.edit.work import save_work, start_work
from underwatch.evidence.format.ids import new_id
from underwatch.evidence.format.table_schemas import RECORDED, TABLES
from underwatch.evidence.format.vocabularies import codes
from underwatch.terminal import say


@click.command()
@FOLDER
@click.option("--discard", is_flag=True, help="Remove the working copy and keep the folder as it is.")
def work(folder: Path, discard: bool) -> None:
    """Make a working copy of a package in SQLite, for several editors at once. It is not sealed."""
    if discard:
        say("The working copy is gone." if remove_working_copy(folder) else "There was no working copy.")
        return
    start_work(folder).close()
    say(f"{working_path(folder)} is the working copy, not sealed; sealing removes it.")


@click.command()
@FOLDER
@click.argument("cells", nargs=-1)
@click.option("--table", "table_name", type=click.Choice(RECORDED), default="reports", show_default=True)
@click.option("--remove", is_flag=True, help="Remove the row instead; give only its identifier.")
@click.option("--reason", type=click.Choice(sorted(codes("reason"))), default="coding", show_default=True)
@WHO
def put(folder: Path, cells: tuple[str, ...], table_name: str, remove: bool, reason: str, who: str) -> None:
    """Add or change a row of the working copy: CELLS are column=value; a row that exists keeps its other cells."""
    form = TABLES[table_name]
    given = dict(cell.partition("=")[::2] for cell in cells)
    row_id = given.get(form.names[0]) or new_id()
    with start_work(folder) as copy:
        version = copy.version(table_name, row_id)
        existing = copy.package().table(table_name).by_id.get(row_id)
        if remove:
            copy.remove(table_name, row_id, who_code(who), reason, version)
        else:
            old = dict(zip(form.names, existing or ("",) * len(form.names), strict=True))
            copy.put(table_name, old | given | {form.names[0]: row_id}, who_code(who), reason, version)
    say(row_id)


@click.command()
@FOLDER
@click.option("--to", type=AnyPath(), help="A new folder instead of the package's own.")
def save(folder: Path, to: Path | None) -> None:
    """Write the working copy back to the CSV files of its folder. The working copy stays."""
    changed = save_work(folder, to)
    say(f"{to or folder}: saved." if changed else f"{folder}: nothing new.")
