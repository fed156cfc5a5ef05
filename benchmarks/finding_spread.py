"""How much the ends of the ranges that a summary says change from seed to seed: python benchmarks/finding_spread.py

The default scenario, in its stand-in of 8,000 residents, is asked again with other luck and other worlds of the
described ensemble; `finding_spread.csv` beside this file keeps mean and standard deviation of each end, counts brought
to the residents of the place. A summary rounds no finer than twice that (tests/pages/test_key_findings.py).
"""

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np

from underwatch.experiments.studies.run import main_job
from underwatch.pages.key_findings import key_findings
from underwatch.texts.frequencies import ShareRange
from underwatch.world.scenario import RunOptions
from underwatch.world.scenario_file import scenario_for

HERE = Path(__file__).resolve().parent
FIGURES = {
    "listed": ("listed", "share"), "followed": ("followed", "with"), "unfollowed": ("followed", "without"),
    "staying": ("staying", "share"), "calls": ("calls", "share"), "accused": ("accused", "share"),
    "falsely": ("accused", "falsely"), "incidents": ("out", "incidents"), "published": ("out", "published"),
}  # fmt: skip
COLUMNS = ("figure", "end", "value", "spread", "n", "is_share", "form")


def study_of(seed, draws, residents, threads):
    """Return the figures of the default scenario with this seed."""
    scenario = scenario_for("hoeryong", seed=seed, population=residents)
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(draws=draws, threads=threads, twin=False, out=Path(folder) / "run")
        return main_job(scenario, options, lambda *_: "<html></html>").study


def rows_of(studies):
    """Return the rows of the table: mean and standard deviation of each end of each range over the studies."""
    found = [{item.name: item.values for item in key_findings(study)} for study in studies]
    rows = []
    for figure, (finding, value) in FIGURES.items():
        ranges = [one[finding][value] for one in found]
        is_share = isinstance(ranges[0], ShareRange)
        scales = [1.0 if is_share else study.place.census / study.place.residents for study in studies]
        for end in ("low", "high"):
            values = np.array([getattr(one, end) * scale for one, scale in zip(ranges, scales, strict=True)])
            middle = values.mean()
            tenths = is_share and (ranges[0].in_tenths or middle >= 0.25)
            form = "tenths" if tenths else "one in" if is_share else "count"
            numbers = (f"{middle:.4g}", f"{values.std(ddof=1):.2g}", len(values))
            rows.append((figure, end, *numbers, "yes" if is_share else "no", form))
    return rows


def main():
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--residents", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    seeds = range(1, given.seeds + 1)
    write([study_of(seed, given.draws, given.residents, given.threads) for seed in seeds])


def write(studies):
    """Write the table of some studies."""
    with (HERE / "finding_spread.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerows([COLUMNS, *rows_of(studies)])


if __name__ == "__main__":
    main()
