"""The example package: 198 public reports, coded to the month and the city or county, in the format.

It shows the form and exercises the way to an estimate. It is a search-driven sample and no rate series: one city was
in many of the searches. Nobody recorded when the lists could hear, so effort is unknown throughout. Nearly all that
overlaps is a relay of one original. `benchmarks/example_package.py` makes its tables from what was coded.
"""

import csv
import io
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.table_schemas import BIBLIOGRAPHY, EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.history import Segment, recorded
from underwatch.evidence.package import Package, new_package

DECLARES = ("effort_unknown", "search_driven_sample", "single_root")
TABLES_SHIPPED = (REPORTS, EFFORT, BIBLIOGRAPHY, SURVEY, FIGURES)
NAME = "underwatch example package"  # the key of its identifiers, which hide nothing, as all of this is public


def data_folder() -> Traversable:
    """Return the folder of its tables."""
    return resources.files("underwatch.evidence.samples") / "data" / "example"


@cache
def example_package() -> Package:
    """Return the example package, the same each time."""
    package = new_package("example", DECLARES)
    for name in TABLES_SHIPPED:
        text = (data_folder() / f"{name}.csv").read_text(encoding="utf-8")
        _, *rows = csv.reader(io.StringIO(text, newline=""))
        package = package.with_rows(name, map(tuple, rows))
    return recorded(package, id_from(NAME, "coder"), "imported", Segment(id_from(NAME, "segment")))


def is_the_example(package: Package) -> bool:
    """Say whether a package is the example, row by row: all of it is public. A package's own word is not believed."""
    return package.kind == "example" and package.fingerprint == example_package().fingerprint
