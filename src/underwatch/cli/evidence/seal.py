"""`underwatch evidence key`, `seal` and `open`: seal a package with age, and open it."""

from pathlib import Path

import click

from underwatch.cli.evidence.shared import FOLDER, KEY
from underwatch.cli.passphrase import known_passphrase, new_passphrase
from underwatch.cli.paths import AnyPath
from underwatch.errors import InputError
from underwatch.evidence.privacy.passphrases import LANGUAGES
from underwatch.evidence.privacy.seal import new_key, open_sealed, remove_plain
from underwatch.evidence.privacy.seal import seal as sealed
from underwatch.terminal import say


@click.command()
@click.argument("file", type=AnyPath())
def key(file: Path) -> None:
    """Make a key in the new FILE and print its recipient, which others seal for."""
    say(new_key(file))


@click.command()
@FOLDER
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


@click.command("open")
@click.argument("file", type=AnyPath())
@click.option("--out", type=AnyPath(), help="The new folder; FILE without .age otherwise.")
@KEY
def open_(file: Path, out: Path | None, key: Path | None) -> int | None:
    """Open a sealed package into a new folder that only you can read; 1 when it held files that no package has."""
    if not file.is_file():
        raise InputError(f"{file} does not exist")
    counted: list[int] = []
    folder = open_sealed(file, out, "" if key else known_passphrase(), key, counted.append)
    say(f"{folder} is open and not sealed.")
    if not counted[0]:
        return None
    say(f"files with names that no package has: {counted[0]}; not written", err=True)
    return 1
