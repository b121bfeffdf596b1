"""Empty tables to fill in and hand in: headings in the reader's language, one example, and what each column takes."""

import io

import xlsxwriter
from flask import Response, send_file

from app.core.import_runs import ImportKind
from app.core.importing import Column
from app.imports.kinds import KINDS
from app.web import exports
from app.web.i18n import language
from app.web.i18n import translated as _
from app.web.labels import label

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 18


def heading(column: Column) -> str:
    """The heading of a column; a star marks what must be filled in."""
    name = column.label_zh if language().startswith("zh") else column.label
    return name + (" *" if column.is_required else "")


def as_csv(kind: ImportKind) -> Response:
    """The table as CSV."""
    columns = KINDS[kind].columns
    return exports.csv_response(f"{kind}-template", [heading(column) for column in columns], [[column.example for column in columns]])


def as_xlsx(kind: ImportKind) -> Response:
    """The table as a workbook; its cells are text, so that numbers keep their zeros, and a second sheet explains the columns."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    bold, text, wrapped = (
        book.add_format({"bold": True, "bottom": 1}),
        book.add_format({"num_format": "@"}),
        book.add_format({"text_wrap": True}),
    )
    sheet = book.add_worksheet(label(kind)[:31])
    columns = KINDS[kind].columns
    sheet.set_column(0, len(columns) - 1, _WIDTH, text)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, heading(column), bold)
        sheet.write_string(1, place, column.example, text)
    notes = book.add_worksheet(_("Notes")[:31])
    notes.set_column(0, 0, _WIDTH)
    notes.set_column(1, 2, 3 * _WIDTH, wrapped)
    notes.write_row(0, 0, [_("Column"), _("What stands there"), _("Headings that are known too")], bold)
    for number, column in enumerate(columns, start=1):
        names = ", ".join(dict.fromkeys((column.label_zh, *column.names, column.code)))
        notes.write_row(number, 0, [heading(column), _(column.hint) if column.hint else "", names])
    notes.write_string(len(columns) + 2, 0, _("The second line of the table is an example: write over it or delete it."))
    book.close()
    file.seek(0)
    return send_file(file, mimetype=MIMETYPE, as_attachment=True, download_name=f"{kind}-template.xlsx")
