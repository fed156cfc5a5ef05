"""An estimate: shown no further than the gates let it, gone on with after its budget, and as private as its package."""

import csv
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import arviz_base
import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr
from click.testing import CliRunner

from support.depth import at_length
from support.reported import PLACE, WINDOW, A, made_package, report, some_reports
from underwatch.channel.expected_counts import RESPONSES
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.evidence.folder import write_files
from underwatch.evidence.format.ids import new_id
from underwatch.evidence.package import to_files
from underwatch.evidence.samples.example import example_package
from underwatch.facts import constraints
from underwatch.facts.tables import read_rows
from underwatch.inference import checks, findings
from underwatch.inference.answer_files import TREE, draws_table, write_answer
from underwatch.inference.bank.bank import read_bank
from underwatch.inference.bank.priors import channel_prior
from underwatch.inference.bank.quantities import (
    ALL_NAMES,
    COUNTED,
    SHAPE,
    SLOPE,
)
from underwatch.inference.bank.simulations import simulations
from underwatch.inference.bank.summaries import row_of
from underwatch.inference.checks.verdict import decide
from underwatch.inference.findings import Findings
from underwatch.inference.inputs import observed
from underwatch.inference.inputs.expert_prior import ExpertPrior, read_expert_prior
from underwatch.inference.inputs.observed import read_for, reading_of_table
from underwatch.inference.inputs.published import published_figures, with_figures
from underwatch.inference.inputs.safe_table import read_safe_table
from underwatch.inference.wording import number, percent, unit_of_column
from underwatch.inference.workflow import EstimateRequest, Steps, answer
from underwatch.pages.estimate import estimate_page
from underwatch.record.tally import Window
from underwatch.texts.languages import all_texts
from underwatch.texts.sentences import in_english, sentence


@pytest.fixture(scope="module")
def bank(bank_folder):
    return read_bank(bank_folder)


@pytest.fixture(scope="module")
def answers(bank):
    package = made_package(
        some_reports(), survey=[("leavers", "2024-Q3/2024-Q4", "hoeryong", "was_followed", "60", "9")]
    )
    read = [read_for(package, PLACE, WINDOW, anchors) for anchors in (True, False)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("underwatch.inference.checks.cross_fit.MEMBERS", 2)  # no number is shown anyway
        return [answer(EstimateRequest(one, bank, rounds=1), Steps(None, 60.0, lambda step: None)) for one in read]


def test_without_an_anchor_no_scale_is_shown_anywhere(answers):
    _, blind = answers
    assert not blind.decision.scale
    scale = [row for row in Findings(blind).rows if row.name not in SHAPE]
    assert scale
    assert all(row.posterior is None and row.why for row in scale)
    assert not set(draws_table(Findings(blind)).column_names) & {row.name for row in scale}
    page = estimate_page(Findings(blind))
    for name in (f"{one}_{year}_year" for one in COUNTED for year in ("first", "second")):
        median = f"{np.median(blind.draws[:, ALL_NAMES.index(name)]):.3g}"
        assert f"median is {median}" not in page
    assert "scale is not identified" in " ".join(Findings(blind).lines)


def test_the_answer_names_the_published_figures_that_count_and_why_the_others_do_not(answers):
    seen, _ = answers
    figures = published_figures(np.full((3, len(constraints())), 0.5), ["SNU IPUS"])
    reading = with_figures(seen.question.reading, figures)
    said = Findings(replace(seen, question=replace(seen.question, reading=reading))).lines[-1]
    assert "condition the worlds: watched at home ever (Ministry of Unification), " in said
    assert "calls after tightening (its root, SNU IPUS, stands behind the package too)" in said
    assert "arrests (its root tells news as well" in said
    assert "Published figures" not in " ".join(Findings(seen).lines)  # none was asked


def test_a_bank_too_small_withholds_all_numbers_and_says_which_gate(answers):
    seen, _ = answers
    assert not seen.decision.numbers
    assert all(row.posterior is None and row.why in ("G2", "G4", "G10", "G3") for row in Findings(seen).rows)
    assert Findings(seen).lines[0].startswith("Nothing can be said in numbers")
    assert any("1000 are needed" in line for line in Findings(seen).lines)
    assert draws_table(Findings(seen)).column_names == ["set", "draw"]


def let_through(answer):
    """The same answer with all gates open."""
    passed = tuple(replace(verdict, state="passes") for verdict in answer.verdicts)
    agreed = tuple(replace(verdict, state="passes") for verdict in answer.responses)
    return replace(answer, verdicts=passed, responses=agreed, decision=decide(passed))


def test_where_all_gates_pass_prior_stands_beside_posterior(answers):
    seen, _ = answers
    shown = let_through(seen)
    found = {row.name: row for row in Findings(shown).rows}
    assert all(row.posterior is not None for row in found.values())
    at = ALL_NAMES.index("listed_residents_second_year")
    assert found["listed_residents_second_year"].posterior == pytest.approx(
        np.quantile(seen.draws[:, at], (0.05, 0.5, 0.95))
    )
    table = draws_table(Findings(shown))
    assert table.field("listed_residents_second_year").metadata[b"unit"] == b"residents"
    page = estimate_page(Findings(shown))
    assert "estimated by model" in page
    assert not [name for name in channel_prior() if name in page]
    assert "http" not in page.split("<body>")[1].replace("http-equiv", "")
    assert SLOPE in table.column_names


def test_the_rows_of_an_answer_are_worked_out_once(answers, tmp_path, monkeypatch):
    made, row = Counter(), findings._row
    monkeypatch.setattr(
        findings, "_row", lambda answer, index, name: (made.update([name]), row(answer, index, name))[1]
    )
    told = Findings(let_through(answers[0]))
    write_answer(tmp_path, told, estimate_page(told), {})
    assert made == Counter(ALL_NAMES)


def figures_in(said):
    """The numbers that a reader meets: those of a page without its style, its pictures and its tags."""
    said = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<head>.*?</head>|<[^>]+>", " ", said, flags=re.DOTALL)
    return Counter(re.findall(r"\d+(?:[.,]\d+)*", unescape(said)))


@pytest.mark.parametrize("shown", [False, True])
def test_an_answer_says_the_same_numbers_in_both_languages(answers, shown):
    for seen in answers:
        told = Findings(let_through(seen) if shown else seen)
        for one in (*told.told, *(says for _, _, says in told.gates)):
            assert figures_in(one.said("en")) == figures_in(one.said("ko"))
            assert not re.search("([A-Za-z]{2,} ){3}", one.said("ko"))
        english, korean = (estimate_page(told, (), language) for language in ("en", "ko"))
        assert figures_in(english) == figures_in(korean)
        assert '<html lang="ko">' in korean


def test_what_fills_the_gaps_of_an_answer_has_a_korean_name():
    names = [f"quantity.{name}" for name in (*ALL_NAMES, *COUNTED)]
    names += [f"unit.{unit_of_column(name)}" for name in ALL_NAMES] + [f"law.{name}" for name in RESPONSES]
    names += [f"figure_name.{name}" for name in constraints()]
    names += [f"root.{figure.root}" for figure in constraints().values()]
    inputs = (Path(observed.__file__).parent).glob("*.py")
    reasons = {why for path in inputs for why in re.findall(r'aside\["([^"]+)"\]', path.read_text("utf-8"))}
    assert len(reasons) == 11
    assert {*names, *(f"aside.{why}" for why in reasons)} - set(all_texts("ko")) == set()
    gates = {f"estimate.gate.{row['gate']}.{row['case']}" for row in read_rows("cases.csv", checks.__name__)}
    assert gates == {key for key in all_texts("en") if key.startswith("estimate.gate.")}


def test_without_one_report_that_is_said_before_any_number(answers):
    seen, _ = answers
    reading = replace(seen.question.reading, n_incidents=0, n_reports=0)
    shown = let_through(replace(seen, question=replace(seen.question, reading=reading, exact=True)))
    assert Findings(shown).lines[0].startswith(f"Not one report is about {PLACE.name} in this window")
    assert "It rests on 0 reports of 0 incidents (reported)" in Findings(shown).lines[-1]
    assert not Findings(let_through(seen)).lines[0].startswith("Not one report")
    banded = let_through(replace(seen, question=replace(seen.question, reading=reading)))
    assert (
        Findings(banded).lines[0].startswith(f"Fewer than 10 reports, or none, are about {PLACE.name} in this window")
    )
    assert "fewer than 10 reports of fewer than 10 incidents (reported)" in Findings(banded).lines[-1]


def test_chances_and_numbers_of_things_read_as_one_would_say_them():
    said = [percent(share) for share in (0.0, 0.004, 0.14, 0.5, 0.996, 1.0)]
    assert said == ["0 %", "under 1 %", "14 %", "50 %", "over 99 %", "100 %"]
    assert [in_english(sentence("estimate.reports", n=n)) for n in (0, 1, 2)] == ["0 reports", "1 report", "2 reports"]
    assert [number(value) for value in (78_724.0, 0.0221, 1_220.0, 0.0)] == ["79,000", "0.022", "1,200", "0"]


@pytest.mark.parametrize("command", ["estimate", at_length("design")])
def test_a_bank_of_another_place_is_refused_at_once(command, tmp_path):
    out = tmp_path / "out"
    found = CliRunner().invoke(main, [command, "--example", "--place", "hyesan", "--out", str(out)])
    assert found.exit_code == 2
    assert "--place hyesan: the bank is of hoeryong" in found.output
    assert not out.exists()


def test_a_declared_prior_narrows_and_is_an_anchor_only_where_it_speaks_of_telling(tmp_path, bank):
    file = tmp_path / "ours.toml"
    file.write_text('declared_by = "us"\nreason = "we asked"\n[parameters]\np_tell_at_no_fear = [1e-5, 5e-5]\n')
    expert_prior = read_expert_prior(file)
    assert expert_prior.is_anchor
    assert expert_prior.channel()["p_tell_at_no_fear"].high == 5e-5
    assert len(expert_prior.worlds(bank)) == len(bank)
    assert not ExpertPrior("us", "x", {"p_notice": (0.5, 0.6)}).is_anchor
    with pytest.raises(InputError, match="worlds of the bank"):
        ExpertPrior("us", "x", {"p_notice": (0.5, 0.6)}).worlds(bank)
    for text, said in (
        ('reason = "x"\n[parameters]\np_notice = [0.4, 0.5]', "declared_by and reason"),
        ('declared_by = "x"\nreason = "x"\n[parameters]\np_notic = [0.4, 0.5]', 'did you mean "p_notice"'),
        ('declared_by = "x"\nreason = "x"\n[parameters]\np_notice = [0.1, 0.5]', r"within 0\.3 to 0\.95"),
        ("nonsense", "is no TOML"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=said):
            read_expert_prior(file)


def test_contradictory_figures_another_window_and_no_effort_are_told():
    figures = [
        ("arrests_calls", "2024-Q3", "hoeryong", low, high, "persons", "independent")
        for low, high in (("1", "5"), ("50", "90"))
    ]
    with pytest.raises(InputError, match="contradicts itself"):
        read_for(made_package(some_reports(), figures=figures), PLACE, WINDOW)
    with pytest.raises(InputError, match="the window of the bank"):
        read_for(made_package([report(new_id(), A, "2019-08")], effort=()), PLACE, WINDOW)
    read = read_for(made_package(some_reports(), effort=()), PLACE, WINDOW)
    assert {week.state for week in read.design.effort[0]} == {"unknown"}


def run(*arguments):
    return CliRunner().invoke(main, ["estimate", *map(str, arguments)])


def test_the_command_stops_at_its_budget_goes_on_and_overwrites_nothing(tmp_path, bank_folder, few_nets):
    package, out = tmp_path / "package", tmp_path / "answer"
    survey = [("recent_leavers", "2024-Q3", "hoeryong", "was_followed", "437", "91")]
    aside = [report(new_id(), A, "2023-03") for _ in range(17)]
    made = made_package([*some_reports(), *aside], survey=survey).keyed()
    write_files(package, to_files(made))
    common = (package, "--bank", bank_folder, "--rounds", 1)
    stopped = run(*common, "--out", out, "--budget", 0)
    assert stopped.exit_code == 1
    assert "The budget of 0 minutes ended" in stopped.output
    other = run(*common, "--resume", out, "--seed", 5)
    assert other.exit_code == 2
    assert "asks another question (seed)" in other.output
    found = run(*common, "--resume", out)
    assert found.exit_code == 1
    assert "Nothing can be said in numbers" in found.output
    assert not (out / "steps").exists()
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["bank"]["worlds"] == 144
    assert str(tmp_path) not in (out / "manifest.json").read_text()
    gates = list(csv.DictReader((out / "gates.csv").read_text().splitlines()))
    assert [row["gate"] for row in gates] == [f"G{number}" for number in range(11)]
    _is_as_private_as_the_package(out, made, stopped.output + found.output)
    assert run(*common, "--resume", out).exit_code == 2
    assert "exists already" in run(*common, "--out", out).output


def _is_as_private_as_the_package(folder, package, printed):
    """Nobody else can open what is written, no count of the package stands in it, and only its key gives its name."""
    paths = [folder, *folder.rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}
    told = [printed, *(path.read_text() for path in paths if path.suffix in (".json", ".csv", ".html"))]
    for text in told:
        assert not re.search(r"\b(13 reports|12 incidents|17 of another window|437|91 )", text)
        assert package.fingerprint not in text
        assert package.key not in text
    assert "10 to 19 reports of 10 to 19 incidents (reported)" in told[0]
    assert "Set aside: 10 to 19 of another window" in told[0]
    assert "a survey of 200 to 499 who left" in (folder / "gates.csv").read_text()
    question = json.loads((folder / "manifest.json").read_text())["question"]
    assert question == json.loads((folder / "question.json").read_text())
    assert question["package"] == package.keyed_name()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name one package"),
        (("--example", "--place", "nowhere"), "is not known"),
        (("--example", "--place", "country"), "about one city or county"),
        (("missing",), "does not exist"),
        (("--example", "--bank", "missing"), "is no bank"),
        (("--example", "--lang", "korean"), '--lang "korean" is not known (did you mean "ko"'),
    ],
)
def test_bad_input_is_one_line(arguments, said):
    found = run(*arguments)
    assert found.exit_code == 2
    assert said in found.output
    assert "Traceback" not in found.output


def test_a_safe_table_is_read_and_heard_through_the_same_rules(tmp_path, bank):
    folder = tmp_path / "table"
    folder.mkdir()
    lines = ["period,place_code,act_family,n_incidents,shown,label"]
    for slot, n in (("2024-Q3", "41"), ("2024-Q4", "")):
        lines.append(f"{slot},north-hamgyong,all,{n},{'yes' if n else 'no'},reported")
    (folder / "safe_table.csv").write_text("\n".join(lines) + "\n")
    (folder / "release.json").write_text('{"min_cell": 10, "epsilon": null, "source_cap": 5}')
    read = reading_of_table(read_safe_table(folder, PLACE, WINDOW), PLACE, WINDOW)
    seen = row_of(read.observed, read.design)
    assert seen == pytest.approx([np.log1p(41), np.log1p(5), 1, 0])
    runs = simulations(bank, read.design, 1)
    assert runs.x.shape == (144, 4)
    shown = runs.x[:, 2:] == 1
    assert (np.expm1(runs.x[:, :2])[shown] >= 10 - 1e-6).all()
    assert (runs.x[:, :2][~shown] == np.log1p(5)).all()
    (folder / "release.json").write_text("{}")
    with pytest.raises(InputError, match="no whole safe table"):
        reading_of_table(read_safe_table(folder, PLACE, WINDOW), PLACE, WINDOW)


def test_the_example_package_is_one_list_without_an_anchor():
    read = read_for(example_package(), PLACE, Window(date(2023, 7, 3), 104))
    assert read.design.lists == 1
    assert read.anchors == ()


def test_posterior_draws_are_written_with_units(tmp_path, answers):
    path = tmp_path / "draws.parquet"
    pq.write_table(draws_table(Findings(answers[0])), path)
    assert pq.read_table(path).num_rows == len(answers[0].prior) + 4 * len(answers[0].draws)


def test_the_posterior_is_a_tree_that_arviz_reads(tmp_path, answers):
    """Groups posterior and prior, chain and draw first, units on each quantity; no withheld one in it."""
    shown = let_through(answers[0])
    told = write_answer(tmp_path, Findings(shown), "<p>", {})
    assert TREE in told["files"]
    with xr.open_datatree(tmp_path / TREE, engine="h5netcdf") as tree:
        assert set(tree.children) == {"posterior", "prior"}
        found = tree["posterior"]["listed_residents_second_year"]
        assert found.dims == ("chain", "draw")
        assert found.attrs["units"] == "residents"
        at = ALL_NAMES.index("listed_residents_second_year")
        np.testing.assert_array_equal(found.values[0], shown.draws[:, at])
        assert arviz_base.extract(tree)["listed_residents_second_year"].size == len(shown.draws)
