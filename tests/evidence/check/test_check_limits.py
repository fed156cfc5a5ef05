"""A table that is wrong throughout is told in as many words as one that is wrong here and there."""

from evidence.packages import TODAY, good_package
from underwatch.evidence.check import cells as check_cells
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.check.problems import MOST_LISTED
from underwatch.evidence.package import read_sheet, to_files

FILES = to_files(good_package())
HEADER = FILES["reports.csv"].split(b"\n")[0]


def test_of_many_wrong_cells_only_some_are_asked_what_is_wrong(monkeypatch):
    asked = []
    kept = check_cells.tripped
    monkeypatch.setattr(check_cells, "tripped", lambda cell: asked.append(cell) or kept(cell))
    check_cells._reason.cache_clear()
    n = HEADER.count(b",") + 1
    rows = "\n".join(",".join(f"{row}z{at}" for at in range(n)) for row in range(3_000))
    found = check_files(FILES | {"reports.csv": HEADER + b"\n" + rows.encode() + b"\n"}, TODAY)
    assert len(asked) < 3 * 5 * MOST_LISTED
    of_cells = [one for one in found if one.file == "reports.csv" and one.column]
    assert {one.column for one in of_cells} == set(HEADER.decode().split(","))
    told = sum(int(one.remedy.split("(and ")[1].split()[0]) if "(and " in one.remedy else 1 for one in of_cells)
    assert told == 3_000 * n


def test_of_many_short_rows_some_are_listed_and_the_rest_counted():
    found = check_files(FILES | {"reports.csv": HEADER + b"\nx" * 5_000 + b"\n"}, TODAY)
    short = [one for one in found if one.code == "row-length"]
    assert len(short) == MOST_LISTED + 1
    assert any("4800 further rows" in one.remedy for one in short)


def test_a_sheet_is_the_same_whichever_way_it_is_read():
    """Split directly, or by the csv module because a cell is in quotes."""
    plain = FILES["reports.csv"]
    quoted = plain.replace(b"\nr", b'\n"r', 0).replace(HEADER, b'"' + HEADER.replace(b",", b'",', 1), 1)
    one, other = read_sheet(plain), read_sheet(quoted)
    assert (one.header, one.columns, list(one.numbers)) == (other.header, other.columns, list(other.numbers))
    assert one.plain
    assert not other.plain
