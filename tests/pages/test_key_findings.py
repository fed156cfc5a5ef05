"""The summary of a run: few short lines in two languages that say the same, and no figure finer than it is known."""

import csv
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from house.test_house import ROOT
from pages.test_report import HOERYONG, fake_study
from support.depth import examples
from underwatch.experiments.ensemble.names import DESCRIBED
from underwatch.experiments.ensemble.relief import shipped_relief
from underwatch.experiments.ensemble.robustness import ROBUST
from underwatch.experiments.study import place_facts
from underwatch.facts import places, provinces
from underwatch.pages import key_findings as K
from underwatch.pages.summary import summary_lines, summary_of_run
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.measures import SUMS
from underwatch.texts.catalogue import columns
from underwatch.texts.frequencies import (
    COARSE,
    FINE,
    MIDDLE,
    TENS,
    THIRDS,
    TIMES,
    CountRange,
    OutOf,
    ShareRange,
    rounded,
    unit_of,
)
from underwatch.texts.languages import all_texts
from underwatch.world.scenario_file import scenario_for

LANGUAGES = ("en", "ko")
MOST_LINES, MOST_COLUMNS = 14, 100
SPREAD = ROOT / "benchmarks" / "finding_spread.csv"


def numbers(line):
    return sorted(re.findall(r"\d+(?:,\d{3})*", line))


def check_lines(study):
    by_language = [summary_lines(study, language) for language in LANGUAGES]
    for lines in by_language:
        assert len(lines) <= MOST_LINES
        assert [line for line in lines if columns(line) > MOST_COLUMNS or "{" in line or "nan" in line] == []
    (_, *english), (_, *korean) = by_language  # a month has a name in one of them
    for one, other in zip(english, korean, strict=True):
        if not re.search("January|November", one):  # a date
            assert numbers(one) == numbers(other)
    return by_language[0]


@pytest.mark.parametrize(("n_draws", "twin"), [(0, True), (0, False), (1, True), (5, True), (200, True), (25, False)])
@pytest.mark.parametrize("source", ["prior", "known", "described"])
@pytest.mark.parametrize("adapted", [False, True])
def test_every_run_has_its_lines_in_both_languages(n_draws, twin, source, adapted):
    lines = check_lines(replace(fake_study(n_draws, twin), source=source, adapted=adapted))
    assert lines[0] == "Hoeryong, July 2024 to June 2025: a model of 153,532 invented residents."
    assert ("no range" in lines[1]) == (n_draws < 2)
    assert any(line.startswith("The campaign") for line in lines) == twin
    assert any(line.startswith("Its effect") for line in lines) == (twin and n_draws > 1)


def test_the_lines_of_every_place_fit():
    study = replace(fake_study(25), source="described", adapted=True)
    for name in (*places(), *provinces(), "country"):
        there = replace(study, place=place_facts(scenario_for(name)))
        head = {language: summary_of_run(there, language).head for language in LANGUAGES}
        assert all(columns(line) <= MOST_COLUMNS for lines in head.values() for line in lines)
        assert head["ko"][0].split(",")[0] != there.place.name
        assert numbers(head["en"][1]) == numbers(head["ko"][1])
    check_lines(there)


def test_a_relief_is_told_as_one():
    lines = check_lines(replace(fake_study(25), relief=True, change="end-reprimands"))
    assert next(line for line in lines if line.startswith("The change")).split(maxsplit=2)[2] == (
        "end-reprimands, from 15 November 2024 on; residents and luck stay the same"
    )
    assert any("fewer outings followed in 25 of 25 worlds, fewer accused in 25, more calls in 25" in x for x in lines)


def with_headline(study, name, values, world="baseline"):
    figures = study.drawn[world]
    year = figures.year.copy()
    year[:, HEADLINE_NAMES.index(name)] = values
    return replace(study, drawn={**study.drawn, world: replace(figures, year=year)})


def line_of(study, label):
    return next(said for about, said in summary_of_run(study).rows if about == label)


def test_the_commonest_reason_of_calls_given_up_is_named_with_its_worlds():
    study = fake_study(4)
    for name, values in zip(K.NOT_MADE, ([0.3] * 4, [0.1] * 4, [0.2, 0.2, 0.2, 0.5]), strict=True):
        study = with_headline(study, name, values)
    said = "6 to 9 of 10 given up; in 3 of 4 worlds most often from fear before setting out"
    assert line_of(study, "Calls abroad") == said
    even = with_headline(study, "calls_stopped", [0.2, 0.2, 0.5, 0.5])
    assert line_of(even, "Calls abroad").endswith("from fear before setting out, because followed, or for good")
    nobody = with_headline(study, "calls_avoided", [np.nan] * 4)
    assert line_of(nobody, "Calls abroad") == "nobody here calls abroad"


def test_accused_are_persons_and_not_accusations():
    study = fake_study(4)
    figures = study.drawn["baseline"]
    sums, people = figures.sums.copy(), figures.people
    sums[:, SUMS.index("residents_accused")] = people[:, 2] / [100, 50, 20, 10]
    sums[:, SUMS.index("accused_ordinary")] = people[:, 2] * 30
    study = replace(study, drawn={**study.drawn, "baseline": replace(figures, sums=sums)})
    study = with_headline(with_headline(study, "accused", [10.0] * 4), "falsely_accused", [5.0, 6.0, 7.0, 8.0])
    said = "1 in 100 to 1 in 10 are accused in the year, 5 to 8 of 10 times over nothing"
    assert line_of(study, "On no list") == said
    assert "are accused in 60 days" in line_of(replace(study, days=60), "On no list")


def test_relief_is_the_robust_intervention_that_takes_most_accusations():
    rows = [row for row in shipped_relief(DESCRIBED) if row.headline == "accused" and row.verdict == ROBUST]
    best = min((row for row in rows if row.is_relief), key=lambda row: row.change)
    said = line_of(replace(fake_study(4), source=DESCRIBED), "Relief")
    chip = all_texts("en")[f"chip.{best.intervention}"]
    assert said == f"most from {chip}: fewer on no list accused in {best.relieved} of {best.worlds} worlds"
    assert best.change <= min(row.change for row in rows)
    assert not any(label == "Relief" for label, _ in summary_of_run(replace(fake_study(4), adapted=True)).rows)


def test_statements_are_counted():
    rows = tuple({"id": f"R{n}", "verdict": v} for n, v in enumerate(["agrees"] * 3 + ["disagrees"] + ["not judged"]))
    said = "3 of its 5 statements hold in the model, 1 fail, 1 cannot be said"
    assert line_of(replace(fake_study(4), statements=rows), "News report") == said


SHARES = st.one_of(st.just(0.0), st.floats(1e-6, 1.0))
LADDERS = st.sampled_from([FINE, MIDDLE, COARSE, THIRDS, TENS])


def values_of(said):
    """The shares that the printed ends stand for: of so many people, or each as 1 in so many."""
    ends, _, many = said.replace(",", "").partition(" of ")
    if many:
        return [int(end) / int(many) for end in ends.split(" to ")]
    return [0.0 if end == "none" else 1 / int(end.removeprefix("1 in ")) for end in ends.split(" to ")]


def widest_step(ladder):
    return max(np.diff(np.log([*ladder, 10 * ladder[0]])))


@given(st.lists(SHARES, min_size=2, max_size=2), st.tuples(LADDERS, LADDERS))
def test_a_printed_range_of_shares_rises_and_each_end_is_the_nearest_that_can_be_said(values, ladders):
    """No line prints a point beside a range: what is printed are the ends of ranges, and counts of worlds."""
    ends = sorted(values)
    said = ShareRange(*ends, ladders, TIMES).said("en")
    printed = values_of(said)
    assert printed == sorted(printed)
    tenths = (said.endswith(" of 10"), ends[1] >= 0.25)
    for at in (0, -1):
        share, shown = ends[at], printed[at]
        ladder = ladders[at] if ends[0] < ends[1] else ladders[1]
        if tenths[at] or share == 0:
            assert abs(shown - share) <= 0.05 + 1e-9
        else:
            assert abs(np.log(shown / share)) <= widest_step(ladder) / 2 + widest_step(ladders[1]) / 2 + 1e-9


@given(st.lists(st.floats(0, 1e9), min_size=3, max_size=3), LADDERS)
def test_a_printed_range_of_counts_holds_every_point_within_it(values, ladder):
    low, point, high = sorted(values)
    ends = [int(end.replace(",", "")) for end in CountRange(low, high, (ladder, ladder)).said("en").split(" to ")]
    own = int(CountRange(point, point, (ladder, ladder)).said("en").replace(",", ""))
    assert ends[0] <= own <= ends[-1]


@given(st.floats(1e-6, 1e9), LADDERS)
def test_a_figure_is_rounded_to_the_nearest_rung_and_the_unit_is_its_stretch(value, ladder):
    rung, unit = rounded(value, ladder), unit_of(value, ladder)
    assert rounded(rung, ladder) == pytest.approx(rung)
    assert abs(value - rung) <= unit
    assert abs(np.log(value / rung)) <= max(np.diff(np.log([*ladder, 10 * ladder[0]]))) / 2 + 1e-9


@examples(40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_counts_of_worlds_are_of_the_worlds_there_are(seed, n):
    luck = np.random.default_rng(seed)
    study = fake_study(n)
    drawn = {
        world: replace(figures, window=figures.window * luck.lognormal(0, 1, figures.window.shape))
        for world, figures in study.drawn.items()
    }
    said = line_of(replace(study, drawn=drawn), "Its effect")
    first, of, *others = map(int, re.findall(r"\d+", said))
    one, other = (drawn[world].window for world in study.worlds)
    truth = [(one > other)[:, HEADLINE_NAMES.index(name)].sum() for name in ("followed", "accused")]
    truth.append((one < other)[:, HEADLINE_NAMES.index("calls")].sum())
    assert (of, [first, *others]) == (n, truth)


def test_frequencies_are_said_as_people_say_them():
    assert ShareRange(0.036, 0.12).said("en") == "1 in 30 to 1 in 8"
    assert ShareRange(0.036, 0.12).said("ko") == "30명 중 1명~8명 중 1명"
    assert ShareRange(0.3, 0.98, counter=TIMES).said("ko") == "10번 중 3~10번"
    assert ShareRange(0.004, 0.37).said("en") == "4 to 400 of 1,000"
    assert ShareRange(0.004, 0.37).said("ko") == "1,000명 중 4~400명"
    assert ShareRange(0.0418, 0.299).said("en") == "4 to 30 of 100"
    assert ShareRange(0.015, 0.5, counter=TIMES).said("ko") == "1,000번 중 15~500번"
    assert ShareRange(0.0, 0.0).said("en") == "0 of 10"
    assert ShareRange(0.5, 0.5).said("en") == "5 of 10"
    assert ShareRange(0.0015, 0.0016, (COARSE, FINE)).said("en") == "1 in 500"
    assert ShareRange(0.0, 0.02).said("en") == "none to 1 in 50"
    assert CountRange(0.3, 2_075_000, (TENS, MIDDLE)).said("en") == "0 to 2,000,000"
    assert (OutOf(172, 200).said("en"), OutOf(9172, 10000).said("ko")) == ("172 of 200", "100개 중 92개")


def measured_spread():
    with SPREAD.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", measured_spread(), ids=lambda row: f"{row['figure']} {row['end']}")
def test_no_figure_is_finer_than_twice_what_it_changes_from_seed_to_seed(row):
    """The unit of a share is that of its printed form: a tenth, or the stretch said as 1 in N or N of 1,000."""
    value, spread, at = float(row["value"]), float(row["spread"]), ("low", "high").index(row["end"])
    ladder = K.LADDERS[row["figure"]][at]
    if row["is_share"] == "yes":
        unit = 0.1 if row["form"] == "tenths" else min(unit_of(1 / value, ladder) * value**2, unit_of(value, ladder))
    else:
        unit = unit_of(value, ladder)
    assert unit >= 2 * spread


def test_the_place_is_said_in_korean():
    assert (
        summary_of_run(replace(fake_study(2), place=HOERYONG), "ko").head[0].startswith("회령시, 2024년 7월~2025년 6월")
    )


def test_a_finding_is_plain_data():
    found = K.key_findings(fake_study(3))
    assert pickle.loads(pickle.dumps(found)) == found
