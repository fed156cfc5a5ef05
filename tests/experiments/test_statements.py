"""The verdicts on the report's statements, as they ship."""

from underwatch.experiments.ensemble.statements import NOT_JUDGED, statement_rows
from underwatch.facts import described


def test_each_statement_has_its_row_and_an_adapted_scenario_judges_none():
    for is_adapted in (True, False):
        rows = statement_rows(is_adapted)
        assert [row["id"] for row in rows] == list(described())
        for row in rows:
            judged = row["verdict"] != NOT_JUDGED
            assert (row["share_of_worlds"] is not None) == judged
            assert row["verdict"] in ("agrees", "disagrees", "cannot be said", NOT_JUDGED)
    assert {row["verdict"] for row in statement_rows(True)} == {NOT_JUDGED}
