"""`underwatch evidence ids`, `mapping` and `schema`: what the format has to hand out."""

import json
from importlib import resources

import click

from underwatch.errors import InputError, nearest
from underwatch.evidence.edit.importing import shipped_mappings
from underwatch.evidence.format.descriptor import dictionary_csv, json_schema
from underwatch.evidence.format.ids import new_id
from underwatch.evidence.format.table_schemas import TABLES
from underwatch.terminal import say, say_json

MOST_IDS = 10_000


@click.command()
@click.argument("n", type=click.IntRange(1, MOST_IDS), default=10)
def ids(n: int) -> None:
    """Print N fresh random identifiers (10 without N)."""
    say(*(new_id() for _ in range(n)))


@click.command()
@click.argument("name", required=False, default="acled")
def mapping(name: str) -> None:
    """Print a mapping that ships, to copy and change (acled without NAME)."""
    if name not in shipped_mappings():
        raise InputError(f"no mapping of that name ships{nearest(name[:80], shipped_mappings())}")
    folder = resources.files("underwatch.evidence.edit") / "mappings"
    say(*(folder / f"{name}.toml").read_text(encoding="utf-8").removesuffix("\n").split("\n"))


@click.command()
@click.argument("table", type=click.Choice(list(TABLES)), required=False)
@click.option("--dictionary", is_flag=True, help="The data dictionary as CSV.")
def schema(table: str | None, dictionary: bool) -> None:
    """Print the JSON Schema of one TABLE, or of all."""
    if dictionary:
        say(*dictionary_csv().decode().removesuffix("\n").split("\n"))
    else:
        shown = json_schema(table) if table else {name: json_schema(name) for name in TABLES}
        say_json(json.dumps(shown, indent=1, ensure_ascii=False))
