"""The headlines: the figures that summary, report, compare, sweep, sensitivity and studio show, and how.

A row of headlines.csv each.
"""

from __future__ import annotations

from dataclasses import dataclass

from underwatch.facts.tables import read_rows
from underwatch.record.schema import DICTIONARY

WEEKLY, YEARLY = "resident-week", "1,000 resident-years"
LOWER, HIGHER = "lower", "higher"
_THOUSAND = "per 1,000 residents and year"
_OF_ANY_GROUP = {WEEKLY: "per resident and 7 days", YEARLY: _THOUSAND}


@dataclass(frozen=True, slots=True)
class Headline:
    """An indicator of a group, put in a unit that can be pictured.

    `per` is "" (as it is), "resident-week" or "1,000 resident-years". `title` and `unit` go into sentences, `label`
    beside a bar. `charted` says that it is drawn week by week, `better` which way is relief to residents.
    """

    name: str
    indicator: str
    group: str
    per: str
    title: str
    unit: str
    label: str
    charted: bool
    better: str

    @property
    def articles(self) -> tuple[int, ...]:
        """The articles of the ICCPR it concerns."""
        return DICTIONARY[self.indicator].articles

    @property
    def is_share(self) -> bool:
        """Whether it is written in percent."""
        return DICTIONARY[self.indicator].is_share

    @property
    def unit_of_any_group(self) -> str:
        """The unit where the same indicator is shown for every group."""
        return _OF_ANY_GROUP.get(self.per, DICTIONARY[self.indicator].unit)


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """An indicator that is shown for all groups side by side."""

    indicator: str
    per: str
    title: str


HEADLINES = tuple(
    Headline(**row | {"charted": row["charted"] == "yes"})  # type: ignore[arg-type]
    for row in read_rows("headlines.csv", "underwatch.record")
)
HEADLINE_NAMES = tuple(headline.name for headline in HEADLINES)
GROUP_FIGURES = (
    GroupFigure("share_outings_followed", "", "Share of outings followed"),
    GroupFigure("calls_completed", YEARLY, "Calls completed per 1,000 residents and year"),
    GroupFigure("accusations", YEARLY, "Accusations per 1,000 residents and year"),
    GroupFigure("arrests", YEARLY, "Arrests per 1,000 residents and year"),
    GroupFigure("fear_mean", "", "Mean fear, 0 to 1"),
    GroupFigure("share_distressed", "", "Share in serious distress"),
)


def headline_of(name: str) -> Headline:
    """Return a headline by its name."""
    return HEADLINES[HEADLINE_NAMES.index(name)]
