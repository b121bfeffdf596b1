"""Taking in tables of lines (CSV): all or nothing, every bad line with its reason, twice is once (interfaces, Command line)."""

import csv
import io
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from app.core import db
from app.core.errors import N_, Invalid, InvalidFile

MAX_BYTES = 64 * 1024 * 1024
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")

Reason = tuple[str, dict[str, Any]]


class Effect(StrEnum):
    """What a line did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in the file (that of the headings is 1) and its cells by column, stripped."""

    number: int
    values: dict[str, str]

    def get(self, column: str) -> str:
        """The cell of ``column``; empty when the file lacks the column."""
        return self.values.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """A file that could be read: its columns, its lines, and those that cannot be lines at all."""

    columns: tuple[str, ...]
    lines: list[Line]
    unreadable: dict[int, list[Reason]]


@dataclass(slots=True)
class Outcome:
    """What an import did, or in a dry run would do; ``bad`` holds the reasons of each bad line."""

    is_dry_run: bool
    lines: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: dict[int, list[Reason]] = field(default_factory=dict)
    remarks: dict[int, list[Reason]] = field(default_factory=dict)


def read(content: bytes, *, columns: Collection[str], required: Collection[str]) -> Table:
    """Read CSV in UTF-8 (with or without BOM) or GB18030. Raises ``InvalidFile`` when it is no table with the right headings."""
    if len(content) > MAX_BYTES:
        raise _refused([(1, N_("The file is larger than %(megabytes)d MB."), {"megabytes": MAX_BYTES >> 20})])
    rows = _rows(_decoded(content))
    if not rows:
        raise _refused([(1, N_("The file is empty."), {})])
    headings = tuple(cell.strip().lower() for cell in rows[0][1])
    _check_headings(headings, columns, required)
    lines: list[Line] = []
    unreadable: dict[int, list[Reason]] = {}
    for number, cells in rows[1:]:
        if len(cells) > len(headings):
            unreadable[number] = [(N_("more cells than headings"), {})]
        elif any(cell.strip() for cell in cells):
            lines.append(Line(number, {name: cell.strip() for name, cell in zip(headings, cells, strict=False)}))
    return Table(headings, lines, unreadable)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    if not _is_damaged_utf8(content):
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
    raise _refused([(line, N_("this line is neither UTF-8 nor GB18030 text"), {})])


def _is_damaged_utf8(content: bytes) -> bool:
    """GB18030 read as UTF-8 is mostly wrong; UTF-8 with a few broken bytes is mostly right and must not turn into other characters."""
    text = content.decode("utf-8", errors="replace")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    return sum(not character.isascii() for character in text) - broken > broken


def _rows(text: str) -> list[tuple[int, list[str]]]:
    if "\0" in text:
        raise _refused([(text[: text.index("\0")].count("\n") + 1, N_("a NUL character stands here"), {})])
    heading = text.partition("\n")[0]
    delimiter = next((mark for mark in ",;\t" if mark in heading), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, number = [], 1
    try:
        for cells in reader:
            if cells:
                rows.append((number, cells))
            number = reader.line_num + 1
    except csv.Error as error:
        raise _refused([(number, N_("this is not CSV: %(problem)s"), {"problem": str(error)})]) from error
    return rows


def _check_headings(headings: Sequence[str], columns: Collection[str], required: Collection[str]) -> None:
    problems = [(1, N_("the column %(column)s is missing"), {"column": column}) for column in required if column not in headings]
    problems += [(1, N_("the column %(column)s is not known"), {"column": name or "''"}) for name in headings if name not in columns]
    problems += [
        (1, N_("the column %(column)s stands twice"), {"column": name}) for name in sorted({n for n in headings if headings.count(n) > 1})
    ]
    if problems:
        raise _refused(problems)


def _refused(lines: list[tuple[int, str, dict[str, Any]]]) -> InvalidFile:
    return InvalidFile(N_("The file was refused; nothing was changed."), lines=lines)


class _Undone(Exception):
    """Leaves the transaction without a trace."""


def run(
    table: Table,
    take: Callable[[Line], Effect],
    *,
    is_dry_run: bool = False,
    skips_bad_lines: bool = False,
    finish: Callable[[], None] | None = None,
    progress: Callable[[], None] | None = None,
) -> Outcome:
    """Give every line to ``take`` in one transaction; ``finish`` runs after the last one.

    ``take`` raises ``Invalid`` for a bad line before it writes anything. Unless ``skips_bad_lines``, one bad line undoes all:
    raises ``InvalidFile`` with every line's reasons. A dry run undoes everything and tells what it would have done.
    """
    outcome = Outcome(is_dry_run, lines=len(table.lines) + len(table.unreadable), bad=dict(table.unreadable))
    try:
        with db.transaction():
            for line in table.lines:
                _take(line, take, outcome)
                if progress:
                    progress()
            if outcome.bad and not skips_bad_lines:
                raise _refused([(number, *reason) for number, reasons in sorted(outcome.bad.items()) for reason in reasons])
            if finish:
                finish()
            if is_dry_run:
                raise _Undone
    except _Undone:
        pass
    return outcome


def _take(line: Line, take: Callable[[Line], Effect], outcome: Outcome) -> None:
    try:
        effect = take(line)
    except Invalid as error:
        reasons = [(N_("%(column)s: %(reason)s"), {"column": column, "reason": reason}) for column, reason in error.fields.items()]
        outcome.bad[line.number] = reasons or [(error.message, error.params)]
    else:
        setattr(outcome, effect, getattr(outcome, effect) + 1)


def bad_lines_file(table: Table, content: bytes, outcome: Outcome, words: Callable[[Reason], str]) -> str:
    """The bad lines as CSV: the line number, its cells as they came, the reasons in ``words``."""
    rows = dict(_rows(_decoded(content))[1:])
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["line", *table.columns, "reason"])
    for number in sorted(outcome.bad):
        cells = [*rows.get(number, []), *[""] * len(table.columns)][: len(table.columns)]
        writer.writerow([number, *cells, "; ".join(words(reason) for reason in outcome.bad[number])])
    return file.getvalue()


def date_in(line: Line, column: str) -> date | None:
    """The date of a cell: 2026-11-23, 2026/11/23 or 2026年11月23日; None when empty. Raises ``Invalid``."""
    text = line.get(column)
    if not text:
        return None
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else _wrong(column, N_("a date such as 2026-11-23 is needed"))
    except ValueError:
        return _wrong(column, N_("there is no such day"))


def whole_in(line: Line, column: str) -> int | None:
    """The whole number of a cell; None when empty. Raises ``Invalid``."""
    text = line.get(column)
    if not text:
        return None
    return int(text) if re.fullmatch(r"\d{1,9}", text) else _wrong(column, N_("a whole number is needed"))


def _wrong(column: str, message: str) -> Any:
    raise Invalid(message, fields={column: message})
