"""The headlines: the figures that summary, report, compare, sweep, sensitivity and studio show, and how."""

from __future__ import annotations

from dataclasses import dataclass

from underwatch.record.schema import ALL, DICTIONARY, LISTED, ORDINARY

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
    charted: bool = True
    better: str = LOWER

    @property
    def articles(self) -> tuple[int, ...]:
        """The articles of the ICCPR it bears on."""
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


HEADLINES = (
    Headline("followed", "followed_outings", LISTED, WEEKLY, "Followed outings of the listed",
             "outings per listed resident and week", "followed outings, listed", charted=False),
    Headline("share_followed", "share_outings_followed", LISTED, "", "Share of listed residents' outings followed",
             "share of outings", "share followed, listed"),
    Headline("home_visits", "home_visits", LISTED, WEEKLY, "Visits to the homes of the listed",
             "visits per listed resident and week", "home visits, listed"),
    Headline("forgone", "share_outings_forgone", ALL, "", "Outings forgone",
             "share of the outings of an unwatched life", "outings forgone"),
    Headline("calls_given_up", "share_calls_given_up", ALL, "", "Calls given up", "share of intended calls",
             "calls given up"),
    Headline("calls_avoided", "share_calls_avoided", ALL, "", "Calls not dared", "share of intended calls",
             "calls not dared"),
    Headline("calls_turned_back", "share_calls_turned_back", ALL, "", "Calls turned back from",
             "share of intended calls", "calls turned back from"),
    Headline("calls_stopped", "share_calls_stopped", ALL, "", "Calls of those who have stopped calling",
             "share of intended calls", "calls of those who stopped"),
    Headline("calls", "calls_completed", ALL, YEARLY, "Calls completed", f"calls {_THOUSAND}", "calls completed",
             better=HIGHER),
    Headline("reports", "reports", ALL, YEARLY, "Reports to officers", f"reports {_THOUSAND}", "reports to officers",
             charted=False),
    Headline("routine", "share_reports_routine", ALL, "", "Reports about routine acts", "share of reports",
             "share about routine acts"),
    Headline("listings", "listings", ORDINARY, YEARLY, "Ordinary residents put on a list", f"residents {_THOUSAND}",
             "listings, ordinary", charted=False),
    Headline("accused", "accusations", ORDINARY, YEARLY, "Ordinary residents accused", f"accusations {_THOUSAND}",
             "accused, ordinary"),
    Headline("falsely_accused", "false_accusations", ORDINARY, YEARLY, "Ordinary residents falsely accused",
             f"accusations {_THOUSAND}", "falsely accused, ordinary"),
    Headline("accused_again", "accusations", LISTED, YEARLY, "Listed residents accused again",
             f"accusations {_THOUSAND}", "accused again, listed", charted=False),
    Headline("arrests", "arrests", ALL, YEARLY, "Arrests", f"arrests {_THOUSAND}", "arrests"),
    Headline("fear_listed", "fear_mean", LISTED, "", "Fear of the listed", "mean, 0 to 1", "fear, listed"),
    Headline("fear_ordinary", "fear_mean", ORDINARY, "", "Fear of ordinary residents", "mean, 0 to 1",
             "fear, ordinary"),
    Headline("distressed_listed", "share_distressed", LISTED, "", "Listed residents in serious distress",
             "share of residents", "distress, listed"),
    Headline("distressed_ordinary", "share_distressed", ORDINARY, "", "Ordinary residents in serious distress",
             "share of residents", "distress, ordinary"),
)  # fmt: skip
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
