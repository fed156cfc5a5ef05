"""Handing coded rows to another group: only what may leave, without sources, effort, addresses and inner history."""

from underwatch.evidence.format.ids import new_id
from underwatch.evidence.format.table_schemas import CHANGES, FIGURES, REPORTS, SURVEY
from underwatch.evidence.history import recorded
from underwatch.evidence.package import Package, Row, table


def shareable(package: Package) -> Package:
    """Return what another group may have of a package.

    Kept: rows whose release is `record`, without the source's code; survey and figures. Dropped: every other row, links
    to rows that do not leave, effort, addresses, the list of releases, and the history, which tells who worked when; a
    new history starts with the rows that are shared.
    """
    reports = package.table(REPORTS)
    form = reports.form
    release, source = form.position("release"), form.position("source_code")
    links = [form.position("relay_of"), form.position("duplicate_of")]
    leaving = {row[0] for row in reports.rows if row[release] == "record"}

    def cleared(row: Row) -> Row:
        cells = list(row)
        cells[source] = ""
        for index in links:
            cells[index] = cells[index] if cells[index] in leaving else ""
        return tuple(cells)

    tables = {
        REPORTS: table(REPORTS, (cleared(row) for row in reports.rows if row[0] in leaving)),
        SURVEY: package.table(SURVEY),
        FIGURES: package.table(FIGURES),
        CHANGES: table(CHANGES, ()),
    }
    return recorded(Package(package.kind, package.declares, tables), new_id(), "shared")
