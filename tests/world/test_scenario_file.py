"""Files of scenarios: whatever stands in one, it is a scenario or bad input in one short line that names the file."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from underwatch.errors import InputError
from underwatch.facts import model_parameters
from underwatch.files.tripwire import key_tripped
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import (
    _CAMPAIGN_KEYS,
    _CHANGE_KEYS,
    _KEYS,
    parse,
    scenario_for,
    scenario_toml,
)
from world.test_scenario import FULL

CHANGE = 'place = "hoeryong"\n[[change]]\ndate = '
REFUSED = {
    "": "place is missing",
    "place = 3": "place = 3 is no text",
    'place = "Hoeryung"': r'place "Hoeryung" is not known .did you mean "Hoeryong"',
    'plce = "Hoeryong"': r'key "plce" is not known .did you mean "place"',
    'place = "hoeryong"\nstart = 2024-07-01\nend = 2024-06-30': "end = 2024-06-30 is before start = 2024-07-01",
    'place = "hoeryong"\nend = 2024-06-30': "is before start",
    'place = "hoeryong"\nend = 2025-01-01\ndays = 3': "end and days are both given",
    'place = "hoeryong"\nstart = "1 July"': "start = 1 July is no date",
    'place = "hoeryong"\nstart = 2024-07-01T00:00:00': "is no date",
    'place = "hoeryong"\nstart = "2024-02-30"': "is no date",
    'place = "hoeryong"\nstart = 2024-02-30': "is no TOML",
    'place = "hoeryong"\nstart = 1969-12-31': "start = 1969-12-31 is out of range; it may be 1970-01-01 to 2149-06-06",
    'place = "hoeryong"\nstart = 9999-12-31': "is out of range",
    'place = "hoeryong"\nstart = 2149-06-06\ndays = 2': "days = 2 is out of range",
    'place = "hoeryong"\nsettle_weeks = -1': "settle_weeks = -1 is out of range; it may be 0 to 104",
    'place = "hoeryong"\nsettle_weeks = 105': "settle_weeks = 105 is out of range; it may be 0 to 104",
    'place = "hoeryong"\nsettle_weeks = 2.5': "settle_weeks = 2.5 is no whole number",
    'place = "hoeryong"\nstart = 1970-06-30': (
        "settle_weeks = 26 would begin before 1970-01-01, .* from a start on 1970-06-30 it may be 0 to 25"
    ),
    'place = "hoeryong"\nstart = 1970-07-02\nend = 2149-06-06': "end = 2149-06-06 is too late: 65,536 days .* 65,534",
    'place = "hoeryong"\ndays = 0': "days = 0 is out of range",
    'place = "hoeryong"\ndays = 3.5': "days = 3.5 is no whole number",
    'place = "hoeryong"\nseed = true': "seed = True is no whole number",
    'place = "hoeryong"\nseed = -1': "seed = -1 is out of range",
    f'place = "hoeryong"\nseed = {10**40}': "more than 30 digits",
    f'place = "hoeryong"\nseed = {"9" * 5000}': "is no TOML",
    'place = "hoeryong"\npopulation = 0': "population = 0 is out of range",
    'place = "country"\npopulation = 100': "population goes with one city or county",
    'place = "hoeryong"\nwithout = "S6"': r"without = S6 is no list of rules",
    'place = "hoeryong"\nwithout = ["S60"]': r"rule 'S60' is not known .did you mean",
    'place = "hoeryong"\nwithout = ["S1"]': "S1 is the frame .* cannot be taken out",
    'place = "hoeryong"\nparameters = 3': r"\[parameters\] = 3 is no table",
    'place = "hoeryong"\n[parameters]\np_notice = 2': "p_notice = 2 is out of range; it may be 0.3 to 0.95 probability",
    'place = "hoeryong"\n[parameters]\np_notice = "high"': "p_notice = high is no number",
    'place = "hoeryong"\n[parameters]\np_notise = 0.5': r'"p_notise" in \[parameters\] .*did you mean "p_notice"',
    'place = "hoeryong"\ncampaign = true': "campaign = True is no",
    'place = "hoeryong"\n[campaign]\nfirst = 2024-11-15': r"last is missing in \[campaign\]",
    'place = "hoeryong"\n[campaign]\nfirst = 2024-11-15\nlast = 2024-11-14': "the campaign ends on 2024-11-14, before",
    'place = "hoeryong"\n[change]\ndate = 2024-11-15': r"begins with \[\[change\]\]",
    'place = "hoeryong"\n[[change]]\n[change.parameters]\np_notice = 0': "date is missing in .* number 1",
    'place = "hoeryong"\n[[change]]\ndate = 2024-11-15': "nothing changes in .* number 1",
    'place = "hoeryong"\n[[change]]\ndate = 2023-11-15\nwithout = ["S6"]': "change of 2023-11-15 lies outside",
    'place = "hoeryong"\n[[change]]\ndate = 2024-11-15\n[change.parameters]\np_notice = 1.1': "from 0 to 1 probability",
    'place = "hoeryong"\n[[change]]\ndate = 2024-11-15\n[change.parameters]\nunit_size_spread = 0.2': "is drawn once",
    f'{CHANGE}2024-11-15\nuntil = 2024-11-14\nwithout = ["S6"]': "ends on 2024-11-14, before",
    f'{CHANGE}2024-11-15\nuntil = 2025-07-01\nwithout = ["S6"]': "2025-07-01, beyond the end",
    f'{CHANGE}2024-11-15\nuntil = "May"\nwithout = ["S6"]': "until = May is no date",
    f"{CHANGE}2024-11-15\nuntil = 2024-12-15": "nothing changes in .* number 1",
    f'{CHANGE}2024-11-15\nutil = 2024-12-15\nwithout = ["S6"]': 'did you mean "until"',
    f"{CHANGE}2024-07-01\nuntil = 2024-07-31\n[change.parameters]\nunit_size_spread = 0.2": (
        "is drawn once, on the first day, and cannot change on 2024-08-01; a change on 2024-07-01 without until"
    ),
    'place = "hoeryong"\nplace = "hyesan"': "is no TOML",
    "[" * 5000: "is no TOML|nested too deep",
    'place = "hoeryong"\nx = ' + "[" * 5000: "is no TOML|nested too deep",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[-40:])
def test_bad_input_is_refused_in_one_short_line_that_names_the_file(tmp_path, text):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=REFUSED[text]) as error:
        scenario_for(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600 + len(str(path))


@pytest.mark.parametrize(
    "key",
    ["name", "Full_Name", "resident name", "phone", "phone_number", "PhoneNo", "address", "home-address", "e-mail",
     "resident_number", "residentNo", "id_card", "passport", "date_of_birth", "gps", "이름", "성명", "전화번호",
     "손전화", "집주소", "주민등록번호", "공민증번호", "생년월일", "ｎａｍｅ"],
)  # fmt: skip
@pytest.mark.parametrize(
    "where", ["", "[parameters]\n", "[campaign]\n", "[[change]]\n", "[[change]]\n[change.parameters]\n"]
)
def test_a_key_about_a_person_is_refused_with_the_reason(key, where):
    date_first = where.replace("[[change]]\n", "[[change]]\ndate = 2024-11-15\n")
    with pytest.raises(InputError, match=r"looks like a person's identity and is refused: every resident .* synthetic"):
        parse(f'place = "hoeryong"\n{date_first}"{key}" = "x"')


def test_no_parameter_nor_a_slip_in_one_looks_like_a_person():
    assert not [name for name in model_parameters() if key_tripped(name, model_parameters())]
    with pytest.raises(InputError, match=r"did you mean .share_chinese_phone_user"):
        parse('place = "hoeryong"\n[parameters]\nshare_chinese_phone_usr = 0.02')


def test_files_that_cannot_be_read_are_refused(tmp_path):
    (tmp_path / "latin.toml").write_bytes('place = "Hoery\xf6ng"'.encode("latin-1"))
    (tmp_path / "long.toml").write_bytes(b"#" * 1_000_001)
    (tmp_path / "folder.toml").mkdir()
    for name, words in {
        "none.toml": "no such file",
        "latin.toml": "no text in UTF-8",
        "long.toml": "longer than",
        "folder.toml": "cannot be read",
        "nul\0.toml": "cannot be read",
    }.items():
        with pytest.raises(InputError, match=words):
            scenario_for(tmp_path / name)
        with pytest.raises(InputError, match=words):
            scenario_for(str(tmp_path / name))


def read_bytes(folder, data):
    """A scenario, or None when it was refused as bad input; anything else is an error of ours."""
    path = Path(folder) / "fuzz.toml"
    path.write_bytes(data)
    try:
        return scenario_for(path)
    except InputError:
        return None


@given(data=st.binary(max_size=400))
@example(b"\xef\xbb\xbfplace = 'hoeryong'")
@example(b'place = "hoeryong"\x00')
def test_any_bytes_are_a_scenario_or_bad_input(tmp_path_factory, data):
    assert isinstance(read_bytes(tmp_path_factory.getbasetemp(), data), Scenario | None)


@given(cut=st.integers(0, len(FULL)), put=st.text(max_size=8), skip=st.integers(0, 8))
def test_a_damaged_file_is_a_scenario_or_bad_input(tmp_path_factory, cut, put, skip):
    damaged = FULL[:cut] + put + FULL[cut + skip :]
    assert isinstance(read_bytes(tmp_path_factory.getbasetemp(), damaged.encode("utf-8", "replace")), Scenario | None)


KEYS = (*_KEYS, "phone")
INNER = (*_CHANGE_KEYS, *_CAMPAIGN_KEYS, "p_notice", "order_campaign", "units_per_mps_officer", "name")
SCALARS = st.sampled_from(
    ["true", "false", "0", "-1", "0.5", "1e400", "nan", "-inf", str(10**30), "2024-07-01", "2025-01-01", "9999-12-31",
     "2024-07-01T10:00:00Z", "10:00:00", '"hoeryong"', '"country"', '"S6"', '""', '["S6"]', '["S1", 3]', "[]", "[[]]"]
)  # fmt: skip
INNER_TABLES = st.dictionaries(st.sampled_from(INNER), SCALARS, max_size=4).map(
    lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
)
VALUES = SCALARS | INNER_TABLES | st.lists(INNER_TABLES, max_size=2).map(lambda tables: "[" + ", ".join(tables) + "]")


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
def test_well_formed_toml_is_a_scenario_or_bad_input(table):
    text = "\n".join(f"{key} = {value}" for key, value in ({"place": '"hoeryong"'} | table).items())
    try:
        scenario = parse(text)
    except InputError:
        return
    assert parse(scenario_toml(scenario)) == scenario
    assert sum(phase.days for phase in scenario.phases()) == scenario.days
