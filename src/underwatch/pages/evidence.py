"""The summary of an evidence package as one HTML file that opens offline, in the style of a run's report.

It shows what `summarise` counts and no more: nothing per list, outlet or source, nothing about when a list could hear.
"""

from __future__ import annotations

from underwatch.evidence.check.overview import summarise, totals
from underwatch.evidence.package import Package
from underwatch.evidence.privacy.bands import band_of
from underwatch.pages.rendering import page, page_words
from underwatch.texts.languages import ENGLISH


def evidence_page(package: Package, exact: bool = False, language: str = ENGLISH) -> str:
    """Return the page of a package, its counts in bands unless `exact`. The same package gives the same bytes."""
    summary = summarise(package, exact, language)

    def length(n: int) -> int:
        """Return what a bar stands for: the count, or the beginning of its band."""
        return n if summary.exact else band_of(n)[0]

    return page(
        "evidence.html.j2",
        language,
        summary=summary,
        totals=totals(summary),
        statement=summary.text("own_use"),
        limits=page_words("evidence", language).limits,
        counted=summary.counted,
        length=length,
    )
