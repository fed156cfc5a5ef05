"""The spreadsheet template: one sheet a table, every cell text, with a list to choose from where a cell holds a code.

Written as plain Office Open XML (ECMA-376) with the standard library. Cells are text so that a spreadsheet does not
turn 2024-12 into a date of its own, and nothing about who made it is inside.
"""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from underwatch.evidence.folder import zip_bytes
from underwatch.evidence.format.gazetteer import gazetteer
from underwatch.evidence.format.ids import new_id
from underwatch.evidence.format.table_schemas import EFFORT, FIGURES, REPORTS, SURVEY, TABLES, Column
from underwatch.evidence.format.vocabularies import entries

SHEETS = (REPORTS, EFFORT, SURVEY, FIGURES)
# So many rows carry the lists to choose from, and the sheet of identifiers so many to take.
N_ROWS, N_IDS = 1_000, 200
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def template_xlsx() -> bytes:
    """Return the template as the bytes of an .xlsx file; the identifiers in it are fresh each time."""
    vocabularies = sorted(
        {column.source for name in SHEETS for column in TABLES[name].columns if column.kind == "code"}
    )
    lists = {name: list(entries(name)) for name in vocabularies} | {"place": list(gazetteer())}
    labels = {name: [entry["label"] for entry in entries(name).values()] for name in vocabularies}
    labels["place"] = [place.name for place in gazetteer().values()]
    names = [*SHEETS, "codes", "identifiers"]
    columns = {name: 2 * index + 1 for index, name in enumerate(lists)}
    sheets = [_form_sheet(TABLES[name].columns, columns, lists) for name in SHEETS]
    sheets.append(_codes_sheet(lists, labels))
    sheets.append(_sheet([["take one for each new row"], *([new_id()] for _ in range(N_IDS))]))
    return zip_bytes(_parts(names, sheets))


def _letters(number: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _sheet(rows: Iterable[Iterable[str]], extra: str = "", n_columns: int = 1) -> str:
    """Return a worksheet of text cells; style 1 is text."""
    body = []
    for number, row in enumerate(rows, 1):
        cells = "".join(
            f'<c r="{_letters(index)}{number}" s="1" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
            for index, text in enumerate(row, 1)
        )
        body.append(f'<row r="{number}">{cells}</row>')
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{n_columns}" width="20" style="1" customWidth="1"/></cols>'
        f"<sheetData>{''.join(body)}</sheetData>{extra}</worksheet>"
    )


def _form_sheet(form: tuple[Column, ...], columns: dict[str, int], lists: dict[str, list[str]]) -> str:
    """Return the sheet of a table: its header, and for each column of codes the list to choose from."""
    rules = []
    for index, column in enumerate(form, 1):
        place = f"{_letters(index)}2:{_letters(index)}{N_ROWS}"
        hint = f'showInputMessage="1" promptTitle={quoteattr(column.name)} prompt={quoteattr(column.meaning[:250])}'
        source = {"code": column.source, "place": "place"}.get(column.kind) or (
            "place" if column.name == "place_code" else ""
        )
        if source:
            letter = _letters(columns[source])
            area = f"codes!${letter}$2:${letter}${len(lists[source]) + 1}"
            rules.append(
                f'<dataValidation type="list" allowBlank="1" showErrorMessage="1" {hint} sqref="{place}">'
                f"<formula1>{area}</formula1></dataValidation>"
            )
        else:
            rules.append(f'<dataValidation allowBlank="1" {hint} sqref="{place}"/>')
    extra = f'<dataValidations count="{len(rules)}">{"".join(rules)}</dataValidations>'
    return _sheet([[column.name for column in form]], extra, len(form))


def _codes_sheet(lists: dict[str, list[str]], labels: dict[str, list[str]]) -> str:
    """Return the sheet of all codes with their labels: two columns a vocabulary."""
    columns: list[list[str]] = []
    for name in lists:
        columns += [[name, *lists[name]], ["means", *labels[name]]]
    longest = max(map(len, columns))
    rows = [[column[index] if index < len(column) else "" for column in columns] for index in range(longest)]
    return _sheet(rows, "", len(columns))


def _parts(names: list[str], sheets: list[str]) -> dict[str, bytes]:
    """Return the files inside an .xlsx."""
    numbers = range(1, len(sheets) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for n in numbers
    )
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, names, strict=True)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    style = (
        f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>'
    )
    parts = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": style,
    }
    parts |= {f"xl/worksheets/sheet{n}.xml": sheet for n, sheet in zip(numbers, sheets, strict=True)}
    return {name: text.encode("utf-8") for name, text in parts.items()}
