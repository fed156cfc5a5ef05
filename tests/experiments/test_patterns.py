"""P1 to P7 at the frozen central values. What fails is held as failing; docs/validation.md has the prior draws."""

from itertools import pairwise

import pytest
from trials.patterns import PATTERNS, WATCHING, Town

from underwatch.world.parameters import Parameters

TOWN = Town(Parameters.central(), residents=12_000)


@pytest.mark.parametrize("name", ["P1", "P2", "P4", "P6", "P7"])
def test_pattern_holds_at_central_values(name: str) -> None:
    verdict = PATTERNS[name](TOWN)
    assert verdict.holds, verdict.figures


def test_silence_curve_reports_stand_for_an_order_of_magnitude_more_incidents() -> None:
    """P2: published per incident always falls, so the same count of reports stands for calm or for terror."""
    f = PATTERNS["P2"](TOWN).figures
    per = [f[f"published_{s}"] / f[f"incidents_{s}"] for s in WATCHING]
    assert all(b < a for a, b in pairwise(per))
    assert per[0] > 2 * per[-1]


def test_a_listed_family_is_followed_nearly_always_where_an_order_adds_watchers_and_not_without() -> None:
    """P3 holds with the attention and layers that published figures of staff per case give; not on quotas alone."""
    alone = Parameters.central().with_values(order_attention=1.0, order_layers=0.0, order_listings=0.001)
    quotas = PATTERNS["P3"](Town(alone, residents=12_000)).figures["share_followed"]
    assert quotas < 0.9 <= PATTERNS["P3"](TOWN).figures["share_followed"]


def test_fewer_real_offences_bring_more_false_accusation_where_accusations_happen() -> None:
    """P5 says nothing at central values (too few accusations in a small town); at a high quota it holds."""
    harsh = Parameters.central().with_values(
        quota_mps_per_week=30.0, accusation_threshold=1.5, offences_per_adult_per_year=1.0, p_report_offence=0.95
    )
    verdict = PATTERNS["P5"](Town(harsh, residents=12_000))
    assert verdict.holds, verdict.figures
