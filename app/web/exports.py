"""Lists as files for other programs: CSV (UTF-8 with BOM) and XLSX, neither of which can carry a formula.

Rows hold what the records hold: dates, times, numbers, codes. A CSV writes codes and ISO times; a workbook is for people:
title, headings and codes in the reader's language, dates as dates, times of the deployment, numbers as numbers.
"""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter
from flask import Response, current_app, send_file

from app.core import clock
from app.web.export_words import HEADINGS
from app.web.i18n import translated
from app.web.labels import LABELS

# A spreadsheet would read a cell that begins with one of these as a formula or command.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_CSV_BATCH = 200
_MEASURED_ROWS = 500
_NARROWEST, _WIDEST = 8, 60
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\']")
# The words of columns of codes, see ``xlsx_response``.
Labels = Mapping[str, str | Mapping[str, str]]
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
        writer.writerow([_csv_cell(value) for value in row])
        if count % _CSV_BATCH == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.local_text(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return safe(" ".join(value))
    return "" if value is None else safe(value)


def xlsx_response(
    name: str,
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    words: Mapping[str, str] | None = None,
    labels: Labels | None = None,
) -> Response:
    """``name``.xlsx with one sheet; written to disk row by row, so that its size does not matter.

    ``title`` and the words of ``headings`` are message ids; ``words`` has those of columns that mean something else here than
    in ``export_words``. ``labels`` has the words of a column of codes: the name of an enumeration (``{"kind": "CustomerKind"}``,
    as in ``LABELS``) or a table of message ids by code.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book = xlsxwriter.Workbook(file, _WORKBOOK)
    sheet_words = translated(title)
    book.set_properties({"title": sheet_words})
    sheet = _Sheet(book, sheet_words, [_heading(code, words or {}) for code in headings])
    sheet.write([_labels_of(code, labels or {}) for code in headings], rows)
    book.close()
    file.seek(0)
    mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return send_file(file, mimetype=mimetype, as_attachment=True, download_name=f"{name}.xlsx")


def _labels_of(code: str, labels: Labels) -> Mapping[str, str]:
    found = labels.get(code, {})
    return LABELS[found] if isinstance(found, str) else found


def _heading(code: str, words: Mapping[str, str]) -> str:
    message = words.get(code) or HEADINGS.get(code)
    return translated(message) if message else code


class _Sheet:
    """One sheet: headings that stay in sight and can be filtered, columns as wide as what stands in them, a print on A4."""

    def __init__(self, book: Any, title: str, headings: Sequence[str]) -> None:
        self._sheet = book.add_worksheet(_NOT_IN_SHEET_NAMES.sub(" ", title)[:31])
        self._day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self._zone = current_app.config["CENTRE"].zone
        self._widths = [_width(heading) + 3 for heading in headings]
        self._sheet.write_row(0, 0, headings, book.add_format({"bold": True, "bottom": 1}))
        self._sheet.freeze_panes(1, 0)
        self._sheet.repeat_rows(0)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)  # A4
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_header(f"&C{title.replace('&', '&&')}")
        self._sheet.set_footer("&C&P / &N")

    def write(self, labels: Sequence[Mapping[str, str]], rows: Iterable[Sequence[Any]]) -> None:
        """Write all ``rows``; ``labels`` has the words of each column's codes."""
        number = 0
        for number, row in enumerate(rows, start=1):
            for column, (value, words) in enumerate(zip(row, labels, strict=True)):
                cell = self._write_cell(number, column, value, words)
                if number <= _MEASURED_ROWS:
                    self._widths[column] = max(self._widths[column], _width(cell) + 1)
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, min(max(width, _NARROWEST), _WIDEST))
        self._sheet.autofilter(0, 0, number, len(self._widths) - 1)

    def _write_cell(self, row: int, column: int, value: Any, words: Mapping[str, str]) -> Any:
        """Write one cell; a spreadsheet knows no zones, so times are those of the deployment."""
        if isinstance(value, datetime):
            cell: Any = value.astimezone(self._zone)
            self._sheet.write_datetime(row, column, cell)
        elif isinstance(value, date):
            cell = value
            self._sheet.write_datetime(row, column, cell, self._day)
        elif isinstance(value, bool):
            cell = translated("yes") if value else translated("no")
            self._sheet.write_string(row, column, cell)
        elif isinstance(value, int | float | Decimal):
            cell = value
            self._sheet.write_number(row, column, cell)
        else:
            cell = _in_words(value, words)
            self._sheet.write_string(row, column, cell)
        return cell


def _in_words(value: Any, words: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return translated(", ").join(_in_words(one, words) for one in value)
    text = "" if value is None else str(value)
    return translated(words[text]) if text in words else text


def _width(cell: Any) -> int:
    """How many digits of a column's width the cell takes; Chinese characters take two."""
    if isinstance(cell, datetime):
        return 19
    return max(sum(2 if east_asian_width(character) in "WF" else 1 for character in line) for line in str(cell).split("\n"))
