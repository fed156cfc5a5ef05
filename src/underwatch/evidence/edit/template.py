"""The spreadsheet template: one sheet a table, every cell text, with a list to choose from where a cell holds a code.

Plain Office Open XML (ECMA-376), written from the templates in `workbook/`. Cells are text so that a spreadsheet does
not turn 2024-12 into a date of its own, and nothing about who made it is inside.
"""

import re
from itertools import zip_longest
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from jinja2 import Environment, PackageLoader, StrictUndefined

from underwatch.evidence.folder import zip_bytes
from underwatch.evidence.format.gazetteer import NamedPlace, gazetteer
from underwatch.evidence.format.ids import new_id
from underwatch.evidence.format.table_schemas import EFFORT, FIGURES, REPORTS, SURVEY, TABLES, Column
from underwatch.evidence.format.vocabularies import entries, named_in
from underwatch.texts.catalogue import text, translated
from underwatch.texts.languages import ENGLISH, KOREAN

SHEETS = (REPORTS, EFFORT, SURVEY, FIGURES)
# So many rows carry the lists to choose from, and the sheet of identifiers so many to take.
N_ROWS, N_IDS = 1_000, 200
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NAMES = {
    "main": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "office": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "package": "http://schemas.openxmlformats.org/package/2006",
    "types": "application/vnd.openxmlformats-officedocument.spreadsheetml",
}
_PARTS = {
    "[Content_Types].xml": "content_types.xml.j2",
    "_rels/.rels": "rels.xml.j2",
    "xl/workbook.xml": "workbook.xml.j2",
    "xl/_rels/workbook.xml.rels": "workbook_rels.xml.j2",
    "xl/styles.xml": "styles.xml.j2",
}


def template_xlsx(language: str = ENGLISH) -> bytes:
    """Return the template as the bytes of an .xlsx file, what its codes mean in a language.

    The identifiers in it are fresh each time.
    """
    vocabularies = sorted(
        {column.source for name in SHEETS for column in TABLES[name].columns if column.kind == "code"}
    )
    lists = {name: {code: named_in(language, name, code) for code in entries(name)} for name in vocabularies}
    lists["place"] = {code: _place_in(language, place) for code, place in gazetteer().items()}
    codes = zip_longest(
        *(column for name, labels in lists.items() for column in ((name, *labels), ("means", *labels.values()))),
        fillvalue="",
    )

    def area(column: Column) -> str:
        """Return the cells that a column's codes are chosen from; '' for one without codes."""
        source = column.source if column.kind == "code" else "place"
        if column.kind not in ("code", "place") and column.name != "place_code":
            return ""
        letter = _letters(2 * list(lists).index(source) + 1)
        return f"codes!${letter}$2:${letter}${len(lists[source]) + 1}"

    engine = Environment(
        loader=PackageLoader("underwatch.evidence.edit", "workbook"), undefined=StrictUndefined, trim_blocks=True
    )
    engine.filters |= {"letters": _letters, "text": escape, "attribute": quoteattr, "area": area}
    sheets: list[dict[str, Any]] = [{"rows": [TABLES[name].names], "columns": TABLES[name].columns} for name in SHEETS]
    sheets.append({"rows": list(codes), "columns": ()})
    sheets.append(
        {"rows": [[text(language, "evidence.identifiers")], *([new_id()] for _ in range(N_IDS))], "columns": ()}
    )
    names = [*SHEETS, "codes", "identifiers"]
    parts = {part: _xml(engine, template, names=names) for part, template in _PARTS.items()}
    for number, sheet in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _xml(engine, "sheet.xml.j2", n_rows=N_ROWS, **sheet)
    return zip_bytes(parts)


def _place_in(language: str, place: NamedPlace) -> str:
    """Return what a place is called in a language."""
    own = place.name_ko if language == KOREAN else ""
    return own or translated(language, f"province.{place.name}", place.name)


def _xml(engine: Environment, template: str, **what: Any) -> bytes:
    """Return a part of the workbook, with no blank between its elements."""
    text = engine.get_template(template).render(**_NAMES, **what)
    return (_HEAD + re.sub(r">\s+<", "><", text)).encode("utf-8")


def _letters(number: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
