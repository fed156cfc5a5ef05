"""Published tables that are well-formed and wrong: refused in one line, whatever their record or their rows say."""

import json
from datetime import date

import pytest

from underwatch.errors import InputError
from underwatch.evidence.format.gazetteer import place_at
from underwatch.evidence.release.publish import COLUMNS, RECORD_FILE, TABLE_FILE
from underwatch.facts import find_place
from underwatch.inference.inputs.safe_table import read_safe_table
from underwatch.record.tally import Window

MISSING = "left out"
RECORDS = {
    "a smallest cell that is text": {"min_cell": "10"},
    "a smallest cell below 0": {"min_cell": -1},
    "half a smallest cell": {"min_cell": 1.5},
    "a smallest cell that is true": {"min_cell": True},
    "a smallest cell without end": {"min_cell": 10**25},
    "no smallest cell": {"min_cell": MISSING},
    "an epsilon of 0": {"epsilon": "0"},
    "an epsilon that is divided by 0": {"epsilon": "1/0"},
    "an epsilon below 0": {"epsilon": "-1.0"},
    "an epsilon that is a number": {"epsilon": 1.0},
    "an epsilon that is a list": {"epsilon": []},
    "an epsilon without end": {"epsilon": "1e400"},
    "no epsilon": {"epsilon": MISSING},
    "a cap of 0": {"source_cap": 0},
    "a cap that is text": {"source_cap": "5"},
    "a cap without end": {"source_cap": 10**25},
    "no cap": {"source_cap": MISSING},
}
ROWS = {
    "a row that is too short": "2024-Q1,hamgyong-north,all",
    "a count that is none": "2024-Q1,hamgyong-north,all,many,yes,x",
    "no count": "2024-Q1,hamgyong-north,all,,yes,x",
    "a count without end": f"2024-Q1,hamgyong-north,all,{'9' * 400},yes,x",
    "a count of a third": "2024-Q1,hamgyong-north,all,1.5,yes,x",
    "not a number": "2024-Q1,hamgyong-north,all,nan,yes,x",
    "a quarter that is none": "2024-Q7,hamgyong-north,all,12,yes,x",
    "a period that is none": "long ago,hamgyong-north,all,12,yes,x",
    "an open quote": '2024-Q1,"hamgyong-north,all,12,yes,x',
}


def safe_table(folder, record=None, row=None):
    province = place_at("hoeryong", "province")
    told = {"min_cell": 10, "epsilon": None, "source_cap": 5} | (record or {})
    (folder / RECORD_FILE).write_text(json.dumps({name: one for name, one in told.items() if one != MISSING}))
    rows = [",".join(COLUMNS), f"2024-Q1,{province},all,12,yes,x", (row or "").replace("hamgyong-north", province)]
    (folder / TABLE_FILE).write_text("\n".join(rows) + "\n")
    return read_safe_table(folder, find_place("hoeryong")[2][0], Window(date(2023, 7, 3), 104))


def test_the_safe_table_that_is_spoilt_is_sound_before(tmp_path):
    table = safe_table(tmp_path)
    disclosure, cells = table.disclosure, table.cells
    assert (disclosure.slots, disclosure.min_cell, disclosure.scale) == (("2024-Q1",), 10, 0.0)
    assert cells.tolist() == [[12.0]]
    assert safe_table(tmp_path, {"min_cell": None, "epsilon": "0.5"}).disclosure.scale == 10.0


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_of_no_release_is_refused(tmp_path, record):
    with pytest.raises(InputError, match="take another copy"):
        safe_table(tmp_path, record)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_of_no_safe_table_is_refused(tmp_path, row):
    with pytest.raises(InputError, match="take another copy"):
        safe_table(tmp_path, row=row)
