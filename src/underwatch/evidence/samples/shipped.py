"""Packages that ship: their tables as files, and a history that is the same each time."""

from importlib import resources
from importlib.resources.abc import Traversable

from underwatch.evidence.folder import LARGEST_FILE
from underwatch.evidence.format.descriptor import OwnWords
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.history import Segment, recorded
from underwatch.evidence.package import Package, package_of, read_sheet
from underwatch.files.intake.xz import unxz


def data_folder(kind: str) -> Traversable:
    """Return the folder of the tables of a package that ships, by its kind."""
    return resources.files("underwatch.evidence.samples") / "data" / kind


def shipped(own: OwnWords, names: tuple[str, ...], reason: str) -> Package:
    """Return a package that ships; its identifiers belong to `names` and hide nothing."""
    sheets = {}
    for file in data_folder(own.kind).iterdir():
        data = file.read_bytes()
        if file.name.endswith(".xz"):
            data = unxz(data, LARGEST_FILE, f"{file.name} ")
        sheets[file.name.partition(".")[0]] = read_sheet(data)
    return recorded(package_of(own, sheets), id_from(*names, "coder"), reason, Segment(id_from(*names, "segment")))
