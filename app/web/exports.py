"""Lists as files for other programs: CSV (UTF-8 with BOM) and XLSX, neither of which can carry a formula."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from flask import Response, current_app, send_file

# A spreadsheet would read a cell that begins with one of these as a formula or command.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_CSV_BATCH = 200
_WORKBOOK = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
    "remove_timezone": True,
}


def safe(value: Any) -> Any:
    """``value`` as a cell that no spreadsheet executes."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value


def csv_response(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """``name``.csv, sent while it is read."""
    response = Response(_csv_lines(headings, rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(headings)
    yield b"\xef\xbb\xbf"
    for count, row in enumerate(rows):
        writer.writerow(["" if value is None else safe(value) for value in row])
        if count % _CSV_BATCH == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_response(name: str, title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """``name``.xlsx with one sheet called ``title``; written to disk row by row, so that its size does not matter."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book = xlsxwriter.Workbook(file, _WORKBOOK)
    sheet = book.add_worksheet(title[:31])
    sheet.write_row(0, 0, headings, book.add_format({"bold": True}))
    for number, row in enumerate(rows, start=1):
        sheet.write_row(number, 0, [_xlsx_cell(value) for value in row])
    sheet.freeze_panes(1, 0)
    book.close()
    file.seek(0)
    mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return send_file(file, mimetype=mimetype, as_attachment=True, download_name=f"{name}.xlsx")


def _xlsx_cell(value: Any) -> Any:
    """``value`` as a cell; a spreadsheet knows no zones, so times are those of the deployment."""
    if isinstance(value, datetime):
        return value.astimezone(current_app.config["CENTRE"].zone)
    return "" if value is None else value
