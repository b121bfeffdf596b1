"""XLSX as rows of text: the first sheet that is shown; values as they stand, never the cached result of a formula.

Merged cells leave open to which rows their text belongs, so the file is refused and the cells are named.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.cell.read_only import EmptyCell
from openpyxl.utils import get_column_letter
from openpyxl.xml import DEFUSEDXML

from app.core.errors import N_, InvalidFile
from app.core.importing.lines import Reasons, refused
from app.core.importing.reading import MAX_COLUMNS, Row, Table, checked_headings, heading_row

assert DEFUSEDXML, "defusedxml guards against entity bombs"
# A sheet of 100,000 rows is about 60 MB of XML; its texts are held in memory, the sheet is not.
MOST_UNPACKED = 400 * 1024 * 1024
MOST_TEXTS = 64 * 1024 * 1024
MOST_NAMED = 20
_BLOCK = 1024 * 1024
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_TAIL = 300  # a block may end inside a reference
_BROKEN = N_("This workbook is damaged, or it is no workbook. Open it in a spreadsheet program and save it as .xlsx again.")


def open_workbook(stream: BinaryIO) -> Table:
    """The table of the first sheet that is shown. Raises ``InvalidFile``."""
    _refuse_bombs(stream)
    with _InWords():
        book = _loaded(stream)
        shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        hidden = tuple(sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible")
        if not shown:
            raise refused([(1, N_("The workbook has no sheet that is shown."), {})])
        first = heading_row(_rows(stream, shown[0]))
        if first is None:
            raise refused([(1, N_("The sheet %(sheet)s is empty."), {"sheet": shown[0]})])
        _refuse_merged(stream, book[shown[0]]._worksheet_path, first.number)
    if first.reasons:
        raise refused([(first.number, *reason) for reason in first.reasons])
    headings = checked_headings(first.cells, first.number)

    def below() -> Iterator[Row]:
        with _InWords():
            yield from (row for row in _rows(stream, shown[0]) if row.number > first.number)

    return Table(headings, below, sheet=shown[0], other_sheets=tuple(shown[1:]), hidden_sheets=hidden, heading_line=first.number)


class _InWords:
    """Turns everything by which a damaged file shows into words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        # openpyxl raises whatever comes: the file is from outside and may hold anything.
        if isinstance(error, Exception) and not isinstance(error, InvalidFile | OSError):
            raise refused([(1, _BROKEN, {})]) from error


def _loaded(stream: BinaryIO) -> Any:
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # extensions of other programs, which hold nothing to be read
        return load_workbook(stream, read_only=True, data_only=False, keep_links=False)


def _refuse_bombs(stream: BinaryIO) -> None:
    stream.seek(0)
    try:
        members = zipfile.ZipFile(stream).infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise refused([(1, _BROKEN, {})]) from error
    names = {member.filename for member in members}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise refused([(1, N_("This is a packed file but no workbook. Please save the table as .xlsx or CSV."), {})])
    texts = sum(member.file_size for member in members if not member.filename.startswith("xl/worksheets/"))
    if sum(member.file_size for member in members) > MOST_UNPACKED or texts > MOST_TEXTS:
        raise refused([(1, N_("Unpacked, this workbook is larger than any real table. It was not opened."), {})])


def _refuse_merged(stream: BinaryIO, path: str, heading_line: int) -> None:
    """A title above the headings may be merged, nothing else."""
    found: list[str] = []
    stream.seek(0)
    with zipfile.ZipFile(stream) as packed, packed.open(path.lstrip("/")) as sheet:
        tail = b""
        while block := sheet.read(_BLOCK):
            text = tail + block
            found += [match.decode("ascii") for match in _MERGED.findall(text)]
            tail = text[-_TAIL:]
    cells = sorted({one for one in found if _place(one.partition(":")[2])[0] >= heading_line}, key=_place)
    if cells:
        words = N_("The cells %(cells)s are merged. Undo the merging, write the value into each cell, then import again.")
        listed = ", ".join(cells[:MOST_NAMED]) + (" …" if len(cells) > MOST_NAMED else "")
        raise refused([(_place(cells[0])[0], words, {"cells": listed})])


def _place(cells: str) -> tuple[int, str]:
    first = cells.partition(":")[0]
    letters = first.rstrip("0123456789")
    return int(first[len(letters) :]), letters.rjust(3)


def _rows(stream: BinaryIO, title: str) -> Iterator[Row]:
    """The rows that hold anything."""
    book = _loaded(stream)
    # Cells far to the right are read no further than needed to see that they are too many.
    for cells in book[title].iter_rows(max_col=MAX_COLUMNS + 1):
        texts: list[str] = []
        reasons: Reasons = []
        number = 0
        for cell in cells:
            if isinstance(cell, EmptyCell):
                texts.append("")
                continue
            number = cell.row
            text, reason = _text_of(cell.value, cell.data_type)
            texts.append(text)
            if reason:
                reasons.append((reason, {"cell": f"{get_column_letter(cell.column)}{cell.row}"}))
        if number and (reasons or any(text.strip() for text in texts)):
            while texts and not texts[-1]:
                texts.pop()
            yield Row(number, texts, reasons)


def _text_of(value: Any, data_type: str) -> tuple[str, str]:
    """The text of a cell, and why it cannot be taken."""
    if data_type == "f":
        return str(value), N_("cell %(cell)s holds a formula; paste its value instead")
    if data_type == "e":
        return str(value), N_("cell %(cell)s holds an error")
    if value is None:
        return "", ""
    if isinstance(value, str):
        return value, ""
    if isinstance(value, bool):
        return ("1" if value else "0"), ""
    if isinstance(value, datetime):
        return (value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")), ""
    if isinstance(value, date | time):
        return value.isoformat(), ""
    if isinstance(value, timedelta):
        return str(value), ""
    if isinstance(value, float):
        return (str(int(value)) if value.is_integer() and abs(value) < 10**15 else repr(value)), ""
    return str(value), ""
