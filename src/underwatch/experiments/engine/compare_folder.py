"""The folder of a comparison: the question as TOML, its tables, its page, and last the manifest."""

from __future__ import annotations

import hashlib
from typing import Any

from underwatch.experiments.compare import Comparison
from underwatch.experiments.engine.answer_folder import csv, parquet
from underwatch.experiments.engine.run_directory import RunDirectory
from underwatch.experiments.interventions import as_toml
from underwatch.experiments.ledger.ledger import Ledger
from underwatch.world.scenario_file import scenario_toml

SCENARIO, INTERVENTIONS, PAGE = "scenario.toml", "interventions.toml", "report.html"
LEDGER, LEDGER_CSV, LEDGER_WEEKS = "ledger.parquet", "ledger.csv", "ledger_weeks.parquet"
CHANGES, CHANGES_CSV, PAIRS = "changes.parquet", "changes.csv", "pairs.parquet"


def write_comparison(
    directory: RunDirectory, comparison: Comparison, page: str = "", ledger: Ledger | None = None
) -> dict[str, Any]:
    """Write a comparison into its directory, the manifest last, and return the manifest."""
    question = comparison.question
    changes = comparison.changes()
    contents = {
        SCENARIO: scenario_toml(question.scenario).encode(),
        INTERVENTIONS: as_toml(question.dated).encode(),
        CHANGES: parquet(changes),
        CHANGES_CSV: csv(changes),
        PAIRS: parquet(comparison.pairs()),
        **({PAGE: page.encode()} if page else {}),
    }
    if ledger is not None:
        table = ledger.table()
        contents |= {LEDGER: parquet(table), LEDGER_CSV: csv(table), LEDGER_WEEKS: parquet(ledger.weekly())}
    entries = {
        "place": question.scenario.name,
        "population": question.scenario.residents,
        "days": question.scenario.days,
        "seed": question.scenario.seed,
        "replicates": question.replicates,
        "draws": question.draws,
        "interventions": list(comparison.names),
        "ledger": question.ledger,
        "digest": hashlib.blake2b(contents[CHANGES_CSV], digest_size=20).hexdigest(),
    }
    return directory.finish(contents.items(), entries)
