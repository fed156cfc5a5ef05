"""Banks, mappings and declared priors that are well-formed and wrong end in one line and exit code 2, never 1."""

import numpy as np
import pytest

from support.crafted import PLAN, arrays, bank, description, packed
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.evidence.edit.importing import read_mapping
from underwatch.evidence.folder import write_files
from underwatch.evidence.package import new_package, to_files
from underwatch.inference.bank.bank import read_bank
from underwatch.inference.bank.form import INDICATORS_READ, MOST_WEEKS
from underwatch.inference.bank.priors import world_prior
from underwatch.inference.bank.shard import write_shard


def refused(capsys, *command):
    """Run a command that must refuse, and return the one line that it says."""
    with pytest.raises(SystemExit) as end:
        main(list(map(str, command)))
    said = capsys.readouterr()
    assert end.value.code == 2, said
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert len(said.err) < 900
    return said.err


# --- banks ----------------------------------------------------------------------------------------------------------

HUGE = 2**62
DESCRIPTIONS = {
    "no key": {"key": None},
    "a key that is a number": {"key": 1},
    "a key of other letters": {"key": "x" * 32},
    "no place": {"place": None},
    "a place that is a number": {"place": 3},
    "an unknown place": {"place": "nowhere"},
    "a province": {"place": "North Hamgyong"},
    "no first day": {"first_day": None},
    "a first day in quotation marks": {"first_day": "2023-07-03"},
    "a Tuesday": {"first_day": PLAN.window.start.replace(day=4)},
    "a day long ago": {"first_day": PLAN.window.start.replace(year=1)},
    "no weeks": {"weeks": None},
    "weeks below 0": {"weeks": -4},
    "no week": {"weeks": 0},
    "too many weeks": {"weeks": MOST_WEEKS + 1},
    "weeks without end": {"weeks": HUGE},
    "weeks in quotation marks": {"weeks": "4"},
    "weeks that are true": {"weeks": True},
    "half a week": {"weeks": 4.5},
    "more weeks than there are": {"weeks": 5},
    "a seed below 0": {"seed": -1},
    "a seed that is a list": {"seed": [1]},
    "no world in a part": {"worlds_per_shard": 0},
    "worlds below 0": {"worlds_per_shard": -2},
    "worlds without end": {"worlds_per_shard": HUGE},
    "another number of worlds": {"worlds_per_shard": 3},
    "nobody": {"population": 0},
    "more people than there are": {"population": HUGE},
    "a population that is a table": {"population": {"a": 1}},
    "no parameters": {"parameters": None},
    "parameters of another prior": {"parameters": ["a", "b"]},
    "parameters that are numbers": {"parameters": [1, 2]},
    "no indicators": {"indicators": None},
    "an indicator twice": {"indicators": [*INDICATORS_READ, INDICATORS_READ[0]]},
    "without an indicator that is read": {"indicators": list(INDICATORS_READ[1:])},
    "a parameter twice": {"parameters": list(world_prior())[:-1] + list(world_prior())[:1]},
    "another format": {"format": 2},
    "a format that is true": {"format": True},
    "a format that is a table": {"format": {}},
    "no format": {"format": None},
}


@pytest.mark.parametrize("told", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_a_description_that_no_bank_has_is_refused(tmp_path, capsys, told):
    assert str(tmp_path) in refused(capsys, "estimate", "--example", "--bank", bank(tmp_path / "bank", **told))


def spoilt(name, change):
    found = arrays()
    found[name] = change(found[name])
    return found


def at_one(value):
    def change(array):
        array.reshape(-1)[-1] = value
        return array

    return change


def without(name):
    return {other: array for other, array in arrays().items() if other != name}


NAN, INFINITE, BELOW_0 = 0x7FC0, 0x7F80, 0xBF80  # the upper halves of 32-bit floats
PARTS = {
    "not a number": lambda: packed(spoilt("subject", at_one(NAN))),
    "without end": lambda: packed(spoilt("curve", at_one(INFINITE))),
    "a sum below 0": lambda: packed(spoilt("others", at_one(BELOW_0))),
    "a huge sum": lambda: packed(spoilt("known", at_one(0x7F00))),
    "a count below 0": lambda: packed(spoilt("indicators", at_one(-1))),
    "a count that overflows": lambda: packed(spoilt("reached", lambda array: array + 2**62)),
    "nobody in a world": lambda: packed(spoilt("residents", lambda array: array * 0)),
    "residents below 0": lambda: packed(spoilt("residents", at_one(-5))),
    "a parameter that is no number": lambda: packed(spoilt("values", at_one(np.nan))),
    "a parameter outside of its range": lambda: packed(spoilt("values", at_one(1e9))),
    "a parameter below 0": lambda: packed(spoilt("values", lambda array: -array)),
    "other types": lambda: packed(spoilt("counts", lambda array: array.astype("<u8"))),
    "floats for counts": lambda: packed(spoilt("counts", lambda array: array.astype("<f4"))),
    "objects": lambda: packed(arrays(), kinds={"counts": "O"}),
    "records": lambda: packed(arrays(), kinds={"counts": "V4"}),
    "a type that is none": lambda: packed(arrays(), kinds={"counts": "nonsense"}),
    "a type that is a number": lambda: packed(arrays(), kinds={"counts": 4}),
    "fewer weeks": lambda: packed(spoilt("counts", lambda array: array[:, :-1].copy())),
    "another number of axes": lambda: packed(spoilt("counts", lambda array: array.reshape(-1))),
    "an array too few": lambda: packed(without("curve")),
    "no parameters": lambda: packed(without("values")),
    "an array too many": lambda: packed(arrays() | {"x": np.zeros(3)}),
    "nothing": lambda: packed({}),
}


@pytest.mark.parametrize("made", PARTS.values(), ids=PARTS)
def test_worlds_that_cannot_be_are_refused(tmp_path, capsys, made):
    said = refused(capsys, "estimate", "--example", "--bank", bank(tmp_path / "bank", made()))
    assert "worlds-0000-" in said
    assert "take another copy" in said


def test_the_bank_that_is_spoilt_is_sound_before(tmp_path):
    found = read_bank(bank(tmp_path / "bank"), check_key=False)
    assert len(found) == PLAN.per_shard
    assert (found.values == [[fact.low for fact in world_prior().values()]] * 2).all()


@pytest.mark.parametrize("command", ["calibrate", "design"])
def test_a_crafted_bank_is_refused_by_every_command_that_takes_one(tmp_path, capsys, command):
    folder = bank(tmp_path / "bank", PARTS["not a number"]())
    given = ["--example"] if command == "design" else []
    refused(capsys, command, *given, "--bank", folder, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bank_to_be_made_larger_is_looked_over_as_well(tmp_path, capsys):
    folder = bank(tmp_path / "bank", weeks=-4)
    refused(capsys, "calibrate", "--bank", folder, "--worlds", "4", "--threads", "1")


def test_a_small_file_cannot_ask_for_many_worlds(tmp_path):
    folder = bank(tmp_path / "bank", weeks=200, worlds_per_shard=1_000)
    for number in range(1, 4):
        write_shard(folder, number, packed(arrays()))
    with pytest.raises(InputError, match=r"wants [0-9,]+ MB for 0 MB of worlds"):
        read_bank(folder)


# --- declared priors --------------------------------------------------------------------------------------------------

SCALE = "p_tell_at_no_fear"
WHO = 'declared_by = "us"\nreason = "a survey"\n'
RANGES = [
    "1e-5", '"1e-5"', "[]", "[1e-5]", "[1e-5, 2e-5, 3e-5]", "[5e-5, 1e-5]", "[1e-5, 1e-5]", '["1e-5", "5e-5"]',
    "[nan, nan]", "[nan, 5e-5]", "[1e-5, nan]", "[-inf, inf]", "[1e-5, inf]", "[-1, 5e-5]", "[0, 1]", "[true, false]",
    "[[1e-5], [5e-5]]", "{ low = 1e-5, high = 5e-5 }", "2024-01-01", "[2024-01-01, 2024-02-01]",
    f"[1, {10**29}]", "[1, 0x" + "f" * 3_000 + "]", "[1, " + "9" * 5_000 + "]", "[-9223372036854775808, 1e-5]",
]  # fmt: skip
PRIORS = {
    **{f"a range of {text[:40]}": f"{WHO}[parameters]\n{SCALE} = {text}\n" for text in RANGES},
    "a range that ends in true": f"{WHO}[parameters]\nfear_silence = [0.6, true]\n",
    "nobody": f"[parameters]\n{SCALE} = [1e-5, 5e-5]\n",
    "somebody who is a number": f'declared_by = 1\nreason = "x"\n[parameters]\n{SCALE} = [1e-5, 5e-5]\n',
    "a reason that is a list": f'declared_by = "x"\nreason = []\n[parameters]\n{SCALE} = [1e-5, 5e-5]\n',
    "no reason but spaces": f'declared_by = "x"\nreason = "  "\n[parameters]\n{SCALE} = [1e-5, 5e-5]\n',
    "no parameters": WHO,
    "parameters that are a list": WHO + "parameters = [1]\n",
    "parameters that are text": WHO + 'parameters = "x"\n',
    "tables of parameters": f"{WHO}[[parameters]]\n{SCALE} = [1e-5, 5e-5]\n",
    "an unknown parameter": f"{WHO}[parameters]\nnonsense = [1, 2]\n",
    "a name without end": f"{WHO}[parameters]\n{'n' * 100_000} = [1, 2]\n",
    "an entry too many": WHO + "more = 1\n",
    "a table within": f"{WHO}[parameters.{SCALE}]\nlow = 1\n",
    "another letter": WHO.replace("us", "\\u0000\\u001b[31m") + f"[parameters]\n{SCALE} = [2, 1]\n",
    "no TOML": "declared_by = \n",
    "nothing": "",
}


@pytest.mark.parametrize("text", PRIORS.values(), ids=PRIORS)
def test_a_declared_prior_that_is_none_is_refused(tmp_path, capsys, text):
    (tmp_path / "ours.toml").write_text(text)
    said = refused(capsys, "estimate", "--example", "--declared-prior", tmp_path / "ours.toml")
    assert "--declared-prior" in said


def test_a_declared_prior_that_is_no_text_is_refused(tmp_path, capsys):
    (tmp_path / "ours.toml").write_bytes(b"declared_by = '\xff'\n")
    assert "UTF-8" in refused(capsys, "estimate", "--example", "--declared-prior", tmp_path / "ours.toml")


# --- mappings ---------------------------------------------------------------------------------------------------------

COLUMNS = '[columns]\nwhen = "a"\n'
MAPPINGS = {
    "columns that are a number": "columns = 3",
    "columns that are a list": 'columns = ["when"]',
    "columns of numbers": "[columns]\nwhen = 3",
    "columns of lists": '[columns]\nwhen = ["a"]',
    "columns of tables": "[columns.when]\na = 1",
    "tables of columns": '[[columns]]\nwhen = "a"',
    "a constant that is a list": "[constants]\nground = []",
    "a constant that is a date": "[constants]\nground = 2024-01-01",
    "a constant that is true": "[constants]\nground = true",
    "values that are text": 'values = "x"',
    "values of text": '[values]\nact_code = "x"',
    "values of numbers": "[values.act_code]\na = 1",
    "values of tables": "[values.act_code.a]\nb = 1",
    "dates that are a list": "dates = []",
    "formats that are text": '[dates]\nformats = "%Y"',
    "formats of numbers": "[dates]\nformats = [1]",
    "a format that is none": '[dates]\nformats = ["%Q"]',
    "a format that names a thing twice": '[dates]\nformats = ["%d %d"]',
    "a format that ends in a sign": '[dates]\nformats = ["%Y %"]',
    "a format without end": f'[dates]\nformats = ["{"%Y" * 30_000}"]',
    "many formats": f"[dates]\nformats = {['%Y-%m-%d'] * 5_000}",
    "a precision that is none": '[dates]\nprecision = "day"',
    "a precision that is a number": "[dates]\nprecision = 1",
    "a precision that is a list": '[dates]\nprecision = ["week"]',
    "precisions that are none": '[dates]\nprecisions = { "1" = "hour" }',
    "precisions that are numbers": '[dates]\nprecisions = { "1" = 1 }',
    "precisions that are a list": "[dates]\nprecisions = [1]",
    "a column of precision that is a number": "[dates]\nprecision_column = 4",
    "an entry of dates too many": '[dates]\nzone = "x"',
    "places that are a list": "places = [1]",
    "a column of places that is a number": "[places]\nelse_column = 4",
    "an entry of places too many": '[places]\nx = "y"',
    "drop that is a list": 'drop = ["a"]',
    "dropped columns that are text": '[drop]\ncolumns = "a"',
    "dropped columns that are tables": "[drop]\ncolumns = [{}]",
    "dropped columns that are lists": '[drop]\ncolumns = [["a"]]',
    "an entry of drop too many": "[drop]\nrows = []",
    "an unknown section": "[more]\na = 1",
    "an unknown section that is a number": "more = 1",
    "an unknown column": '[columns]\nnonsense = "a"',
    "a column of a person": '[columns]\nwhen = "victim name"',
    "columns left out": COLUMNS,
    "nothing": "",
}


@pytest.mark.parametrize("text", MAPPINGS.values(), ids=MAPPINGS)
def test_a_mapping_that_is_none_is_refused(tmp_path, capsys, text):
    write_files(tmp_path / "package", to_files(new_package()))
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "map.toml").write_text(text)
    command = ["evidence", "import", tmp_path / "a.csv", "--into", tmp_path / "package", "--map", tmp_path / "map.toml"]
    assert "mapping" in refused(capsys, *command)


def test_the_mapping_that_ships_has_the_form():
    assert read_mapping("acled").precisions == {"1": "week", "2": "week", "3": "month"}


def test_only_a_mapping_that_ships_is_printed(tmp_path, capsys):
    (tmp_path / "mine.toml").write_text("secret")
    assert "ships" in refused(capsys, "evidence", "mapping", tmp_path / "mine")


def test_descriptions_are_spoilt_one_entry_at_a_time():
    assert description() == description(population=None)


def test_a_bank_in_which_nothing_happens_is_one_line(tmp_path, capsys):
    """Else the first to say so would be the prior support, after the work of an estimate, and without the bank."""
    folder = bank(tmp_path / "bank", packed(spoilt("reached", np.zeros_like)))
    assert "nothing happens" in refused(capsys, "estimate", "--example", "--bank", folder)
