"""Ranges: over independent draws they hold the share that their name says, and none is made elsewhere."""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.depth import examples
from underwatch.experiments.compare import summary
from underwatch.pages.summary import band_words
from underwatch.record.headlines import LOWER
from underwatch.record.ranges import FEWEST, TAILS, Range, quantiles, range_name, range_of, ranges_of
from underwatch.world.draws import rng

SOURCE = Path(__file__).resolve().parents[2] / "src" / "underwatch"
CASES = 4_000  # ranges for each number of draws
ERRORS = 4.5  # standard errors that a share may be off by: one of some 300 comparisons by chance in 500 suites
NUMBERS = (4, 5, 8, 12, 18, 19, 20, 25, 38, 39, 60, 100, 200, 500)
EVEN = {
    "uniform": lambda luck, shape: luck.random(shape),
    "normal": lambda luck, shape: luck.standard_normal(shape),
    "log-normal": lambda luck, shape: np.exp(luck.standard_normal(shape)),
    "Cauchy": lambda luck, shape: luck.standard_cauchy(shape),
}
LUMPY = {
    "mostly zero": lambda luck, shape: np.maximum(0.0, luck.standard_normal(shape) - 0.8),
    "counts": lambda luck, shape: luck.poisson(1.5, shape).astype(float),
    "all equal": lambda luck, shape: np.ones(shape),
}


def held(draw, n, name):
    """How often the range of n draws holds one more, of CASES."""
    luck = rng(1, f"coverage {name} {n}")
    low, _, high, counts = ranges_of(draw(luck, (n, CASES)))
    assert (counts == n).all()
    further = draw(luck, CASES)
    return ((low <= further) & (further <= high)).mean()


@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("name", EVEN)
def test_a_range_holds_what_its_name_says(name, n):
    share = Range(0.0, 0.0, n).share
    assert share == (pytest.approx((n - 1) / (n + 1)) if n < FEWEST else 0.9)
    room = ERRORS * np.sqrt(share * (1 - share) / CASES)
    curved = (
        0.02 if FEWEST < n <= 60 and name != "uniform" else 0.0
    )  # between two order statistics of a tail it is more
    assert share - room <= held(EVEN[name], n, name) <= share + room + curved


@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("name", LUMPY)
def test_where_draws_are_equal_it_holds_no_less(name, n):
    share = Range(0.0, 0.0, n).share
    assert held(LUMPY[name], n, name) >= share - ERRORS * np.sqrt(share * (1 - share) / CASES)


def test_the_range_of_a_comparison_holds_nine_of_ten_further_pairs():
    """Twenty pairs, as asked by default; the common rule for quantiles holds 82 %."""
    luck = rng(1, "pairs")
    change, further = luck.standard_normal((2_000, 20)), luck.standard_normal(2_000)
    rows = [summary(np.zeros(20), one, LOWER) for one in change]
    assert {(row["interval"], row["n"]) for row in rows} == {("90 %", 20)}
    share = np.mean([row["low"] <= x <= row["high"] for row, x in zip(rows, further, strict=True)])
    assert 0.88 <= share <= 0.93
    assert {summary(np.zeros(n), np.arange(n), LOWER)["interval"] for n in (2, 18)} == {"range"}


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=60))
@examples(150)
def test_it_is_made_of_order_statistics_of_the_draws_that_have_a_value(draws):
    found, known = range_of(draws), sorted(value for value in draws if value == value)
    n = len(known)
    assert found.n == n
    if n < 2:
        assert np.isnan([found.low, found.high]).all()
        assert found.name().startswith("no range")
    elif n < FEWEST:
        assert (found.low, found.high, found.share) == (known[0], known[-1], pytest.approx((n - 1) / (n + 1)))
    else:
        for edge, share in zip((found.low, found.high), TAILS, strict=True):
            place = share * (n + 1)
            before = known[int(place + 1e-9) - 1]
            after = known[min(n, int(place + 1e-9) + 1) - 1]
            part = max(0.0, place - int(place + 1e-9))
            assert edge == pytest.approx(before + part * (after - before), rel=1e-9, abs=1e-6)
        assert (found.low, found.high) == pytest.approx(tuple(quantiles(np.array(known), TAILS)), rel=1e-9, abs=1e-6)


def test_columns_are_what_each_is_alone():
    luck = rng(3, "columns")
    draws = luck.standard_normal((30, 4, 6))
    draws[luck.random(draws.shape) < 0.5] = np.nan
    low, middle, high, n = ranges_of(draws)
    for at in np.ndindex(n.shape):
        alone = range_of(draws[:, *at])
        assert (low[at], high[at], n[at]) == pytest.approx((alone.low, alone.high, alone.n), nan_ok=True)
        assert middle[at] == pytest.approx(np.nanmedian(draws[:, *at]))
    assert [part.shape for part in ranges_of(np.zeros((0, 3)))] == [(3,)] * 4


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "no range: no draw"),
        (1, "no range: one draw"),
        (2, "full range of 2 draws, which holds 33 % of further ones"),
        (8, "full range of 8 draws, which holds 78 % of further ones"),
        (18, "full range of 18 draws, which holds 89 % of further ones"),
        (19, "5th to 95th percentile (90 %) of 19 draws"),
        (500, "5th to 95th percentile (90 %) of 500 draws"),
    ],
)
def test_a_name_has_the_share_and_the_number(n, words):
    assert range_name(n) == words
    assert range_name(n, "pair", "pairs") == words.replace("draw", "pair")
    of_prior = words.replace("draws", "worlds of the prior").replace("one draw", "one world of the prior")
    assert n == 0 or band_words(n) == of_prior


def calls(path):
    """The file's name for each quantile of NumPy in it, by whatever name it goes."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in ("quantile", "nanquantile", "percentile", "nanpercentile"):
            yield path.relative_to(SOURCE).as_posix()


def test_no_range_is_made_elsewhere():
    """What takes quantiles for something else: quarters of reports, a bandwidth, a grid, the box of a next round."""
    names = ("checks/calibration", "checks/gates_calibration", "npe/modes", "workflow")
    found = {name for path in SOURCE.rglob("*.py") for name in calls(path)}
    assert found == {"record/ranges.py", *(f"inference/{name}.py" for name in names)}
