"""Files of offices as rows of text: CSV in UTF-8, GB18030 or UTF-16, XLSX; told apart by their content, read as a stream."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from app.core.errors import N_
from app.core.importing.headings import Mapping
from app.core.importing.lines import Line, Reasons, refused

MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 200_000
MAX_COLUMNS = 100
MOST_TITLES = 3
_BLOCK = 1024 * 1024
_FORMULA = ("=", "+", "-", "@")
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
TOO_MANY = N_("The file has more than %(n)d lines. Please split it.")


@dataclass(frozen=True, slots=True)
class Row:
    """A row below the headings: its number in the file, its cells as text, and why it cannot be read at all (empty: it can)."""

    number: int
    cells: list[str]
    reasons: Reasons


@dataclass(frozen=True, slots=True)
class Table:
    """A file that can be read: its headings, what a person should know of it, and its rows, read anew each time."""

    headings: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    encoding: str = ""
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    hidden_sheets: tuple[str, ...] = ()
    heading_line: int = 1

    def lines(self, mapping: Mapping) -> Iterator[Line | Row]:
        """Each line with its cells by column; a row that cannot be read comes as it is. Raises ``InvalidFile``."""
        places = mapping.places(self.headings)
        width = len(self.headings)
        for count, row in enumerate(self.rows(), start=1):
            if count > MAX_LINES:
                raise refused([(row.number, TOO_MANY, {"n": MAX_LINES})])
            cells = row.cells
            if row.reasons:
                yield row
            elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
                yield Row(row.number, cells, [(N_("more cells than headings"), {})])
            else:
                yield Line(row.number, {code: _plain(cells[place]) if place < len(cells) else "" for place, code in places})


def _plain(cell: str) -> str:
    """The cell without blanks around it, and without the mark by which our exports keep a spreadsheet from reading a formula."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:2] in _FORMULA else text


def open_table(file: BinaryIO | bytes) -> Table:
    """Read what the file is and its headings; ``file`` must stay open while its rows are read. Raises ``InvalidFile``."""
    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    start = stream.read(8)
    if size > MAX_BYTES:
        raise refused([(1, N_("The file is larger than %(megabytes)d MB."), {"megabytes": MAX_BYTES >> 20})])
    if not size:
        raise refused([(1, N_("The file is empty."), {})])
    if start.startswith(_OLD_OFFICE):
        raise refused([(1, N_("This is a workbook of the old kind (.xls) or one with a password. Please save it as .xlsx."), {})])
    if start.startswith(_ZIP):
        from app.core.importing import workbooks  # openpyxl takes 20 MB: only for those who read workbooks

        return workbooks.open_workbook(stream)
    return _open_csv(stream)


def _open_csv(stream: BinaryIO) -> Table:
    encoding = _encoding_of(stream)
    text = _text(stream, encoding)
    heading = text.readline(_BLOCK)
    delimiter = next((mark for mark in ",;\t，" if mark in heading), ",")

    def rows() -> Iterator[Row]:
        return _csv_rows(_text(stream, encoding), delimiter)

    first = heading_row(rows())
    if first is None:
        raise refused([(1, N_("The file is empty."), {})])
    headings = checked_headings(first.cells, first.number)

    def below() -> Iterator[Row]:
        return (row for row in rows() if row.number > first.number)

    return Table(headings, below, encoding=encoding, heading_line=first.number)


def heading_row(rows: Iterator[Row]) -> Row | None:
    """The first row; but a title that stands alone in its row, above a row of several cells, is no heading. None without any row."""
    found = list(islice(rows, MOST_TITLES + 1))
    wide = next((row for row in found if sum(1 for cell in row.cells if cell.strip()) > 1), None)
    return wide or next(iter(found), None)


def checked_headings(cells: list[str], number: int) -> tuple[str, ...]:
    """The headings of a table without empty ones at the end. Raises ``InvalidFile`` for too many and for doubles."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise refused([(number, N_("There are no headings in the first line."), {})])
    if len(names) > MAX_COLUMNS:
        raise refused([(number, N_("The table has more than %(n)d columns."), {"n": MAX_COLUMNS})])
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise refused([(number, N_("the column %(column)s stands twice"), {"column": name or "''"}) for name in doubles])
    return tuple(names)


def _text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    stream.seek(0)
    return _Unclosing(stream, encoding=encoding, newline="")


class _Unclosing(io.TextIOWrapper):
    """Reads text from a stream that others go on using."""

    def __del__(self) -> None:
        if not self.closed:
            self.detach()


def _csv_rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(_without_nul(text), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(number, cells, [])
            number = reader.line_num + 1
    except csv.Error as error:
        raise refused([(number, N_("this is not CSV: %(problem)s"), {"problem": str(error)})]) from error


def _without_nul(text: io.TextIOWrapper) -> Iterator[str]:
    for number, line in enumerate(text, start=1):
        if "\0" in line:
            raise refused([(number, N_("a NUL character stands here"), {})])
        yield line


def _encoding_of(stream: BinaryIO) -> str:
    """The encoding in which the whole file can be read. Raises ``InvalidFile`` naming the first line that is text in none."""
    stream.seek(0)
    if stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        line = _first_bad_line(stream, "utf-16")
        if line is None:
            return "utf-16"
        raise refused([(line, N_("this line is no UTF-16 text"), {})])
    line = _first_bad_line(stream, "utf-8-sig")
    if line is None:
        return "utf-8-sig"
    if not _is_damaged_utf8(stream):
        line = _first_bad_line(stream, "gb18030")
        if line is None:
            return "gb18030"
    raise refused([(line, N_("this line is neither UTF-8 nor GB18030 text"), {})])


def _first_bad_line(stream: BinaryIO, encoding: str) -> int | None:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    while True:
        block = stream.read(_BLOCK)
        try:
            lines += decoder.decode(block, final=not block).count("\n")
        except UnicodeDecodeError as error:
            return lines + error.object.count(b"\n", 0, error.start)
        if not block:
            return None


def _is_damaged_utf8(stream: BinaryIO) -> bool:
    """GB18030 read as UTF-8 is mostly wrong; UTF-8 with a few broken bytes is mostly right and must not turn into other characters."""
    stream.seek(0)
    broken = foreign = 0
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    while block := stream.read(_BLOCK):
        text = decoder.decode(block)
        broken += text.count("\N{REPLACEMENT CHARACTER}")
        foreign += sum(not character.isascii() for character in text)
    return foreign - broken > broken
