"""The summary of an evidence package as one HTML file that opens offline, in the style of a run's report.

It shows what `summarise` counts and no more: nothing per list, outlet or source, nothing about when a list could hear.
"""

from __future__ import annotations

from underwatch.evidence.check.overview import OWN_USE, summarise, totals
from underwatch.evidence.package import Package
from underwatch.evidence.privacy.bands import band_of
from underwatch.pages.rendering import page, page_words

LIMITS = page_words("evidence").limits


def evidence_page(package: Package, exact: bool = False) -> str:
    """Return the page of a package, its counts in bands unless `exact`. The same package gives the same bytes."""
    summary = summarise(package, exact)

    def length(n: int) -> int:
        """Return what a bar stands for: the count, or the beginning of its band."""
        return n if summary.exact else band_of(n)[0]

    return page(
        "evidence.html.j2",
        summary=summary,
        totals=totals(summary),
        statement=OWN_USE,
        limits=LIMITS,
        counted=summary.counted,
        length=length,
    )
