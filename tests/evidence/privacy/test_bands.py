"""Bands: what is told of a count of evidence hides what a published table hides; `--exact` stays in a closed place."""

import os
import re
from dataclasses import replace
from html import unescape

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from evidence.packages import good_package, package_of, report
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.evidence.check.overview import as_text, summarise
from underwatch.evidence.folder import write_files
from underwatch.evidence.package import to_files
from underwatch.evidence.privacy import access
from underwatch.evidence.privacy.access import require_closed
from underwatch.evidence.privacy.bands import band_of, in_bands
from underwatch.evidence.release.publish import LEAST_MIN_CELL
from underwatch.evidence.samples.example import example_package, is_the_example
from underwatch.pages.evidence import evidence_page


def test_bands_part_all_counts_and_none_begins_below_the_smallest_cell():
    assert band_of(0) == (0, LEAST_MIN_CELL - 1)
    ends, n = [], 0
    while n < 10**7:
        low, high = band_of(n)
        assert low == n
        assert band_of(high) == (low, high)
        ends.append(low)
        n = high + 1
    assert ends[:9] == [0, 10, 20, 50, 100, 200, 500, 1000, 2000]
    assert [in_bands(n) for n in (0, 3, 9, 10, 49, 1999)] == [
        *["fewer than 10"] * 3,
        "10 to 19",
        "20 to 49",
        "1,000 to 1,999",
    ]
    assert [in_bands(n, exact=True) for n in (0, 3, 1999)] == ["0", "3", "1,999"]


@given(st.integers(0, 10**9))
def test_every_count_is_in_its_band(n):
    low, high = band_of(n)
    assert low <= n <= high
    assert high < 2.5 * max(low, 4)


def counts_in(text):
    """Every number of a page or text that is not part of a band, a year, or of a rule of style."""
    body = unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL))
    return re.findall(r"\d[\d,]*", re.sub(r"fewer than 10|\d[\d,]* to \d[\d,]*", "", body))


@given(n=st.integers(1, 9), more=st.integers(0, 4))
def test_packages_that_differ_within_the_bands_have_the_same_summary(n, more):
    """What a summary says is a function of the bands alone: neither order, nor bar, nor share tells the count."""
    one = package_of(*(report(at) for at in range(n)), *(report(20 + at, ground="other") for at in range(more)))
    other = package_of(
        *(report(at) for at in range(5)), *(report(20 + at, ground="other") for at in range(2 * bool(more)))
    )
    if n + more < LEAST_MIN_CELL:
        assert as_text(summarise(one)) == as_text(summarise(other))
        assert evidence_page(one) == evidence_page(other)
    assert counts_in(as_text(summarise(one)).replace("2024", "")) == []
    assert f"{n + more} reported incidents in {n + more} coded reports" in as_text(summarise(one, exact=True))


def test_only_the_rows_of_the_example_are_the_example():
    example = example_package()
    assert is_the_example(example)
    assert is_the_example(example.keyed())
    assert not is_the_example(replace(good_package(), kind="example"))
    assert not is_the_example(example.with_rows("reports", example.table("reports").rows[1:]))
    assert "198 coded reports" in as_text(summarise(example))
    marked = replace(good_package(), kind="example")
    assert "fewer than 10 reported incidents" in as_text(summarise(marked))


@pytest.mark.parametrize(
    ("mode", "is_closed"), [(0o700, True), (0o500, True), (0o750, False), (0o701, False), (0o777, False)]
)
def test_a_place_is_closed_when_the_nearest_folder_is_ours_alone(tmp_path, mode, is_closed):
    folder = tmp_path / "a"
    folder.mkdir()
    folder.chmod(mode)
    for path in (folder, folder / "new", folder / "new" / "deep"):
        if is_closed:
            require_closed(path)
        else:
            with pytest.raises(InputError, match="open to others"):
                require_closed(path)
    folder.chmod(0o700)


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(access.os, "geteuid", lambda: os.stat(tmp_path).st_uid + 1)
    with pytest.raises(InputError, match="not yours"):
        require_closed(tmp_path / "new")


def test_a_link_to_an_open_folder_is_open(tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "link").symlink_to(tmp_path / "open")
    with pytest.raises(InputError, match="open to others"):
        require_closed(tmp_path / "link" / "new")


def test_the_command_shows_counts_exactly_only_where_nobody_else_looks(tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))

    def summary(*words):
        return CliRunner().invoke(main, ["evidence", "summary", str(tmp_path / "p"), *map(str, words)])

    assert "3 coded reports" not in summary().output
    assert "fewer than 10 coded reports" in summary().output
    assert "2 reported incidents in 3 coded reports" in summary("--exact").output
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    refused = summary("--exact", "--html", tmp_path / "open" / "a.html")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "open to others (mode 755)" in refused.stderr
    assert not (tmp_path / "open" / "a.html").exists()
    assert summary("--html", tmp_path / "open" / "a.html").exit_code == 0
    assert counts_in((tmp_path / "open" / "a.html").read_text().replace("2024", "")) == []
    (tmp_path / "closed").mkdir(mode=0o700)
    assert summary("--exact", "--html", tmp_path / "closed" / "a.html").exit_code == 0
    assert "in 3 coded reports" in (tmp_path / "closed" / "a.html").read_text()
    write_files(tmp_path / "e", to_files(example_package()))
    words = ["evidence", "summary", str(tmp_path / "e"), "--exact", "--html", str(tmp_path / "open" / "e.html")]
    assert CliRunner().invoke(main, words).exit_code == 0
