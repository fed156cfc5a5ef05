"""The example package: 198 public reports, coded to the month and the city or county, in the format.

It shows the form and exercises the way to an estimate. It is a search-driven sample and no rate series: one city was
in many of the searches. Nobody recorded when the lists could hear, so effort is unknown throughout. Nearly all that
overlaps is a relay of one original. `benchmarks/example_package.py` makes its tables from what was coded.
"""

from functools import cache

from underwatch.evidence.format.descriptor import OwnWords
from underwatch.evidence.package import Package
from underwatch.evidence.samples.shipped import shipped

DECLARES = ("effort_unknown", "search_driven_sample", "single_root")


@cache
def example_package() -> Package:
    """Return the example package, the same each time."""
    return shipped(OwnWords("example", DECLARES), ("underwatch example package",), "imported")


def is_the_example(package: Package) -> bool:
    """Say whether a package is the example, row by row: all of it is public. A package's own word is not believed."""
    return package.kind == "example" and package.fingerprint == example_package().fingerprint
