"""One line of a table, what its cells say, and why a line is bad; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.core.errors import N_, Invalid, InvalidFile

_DATE = re.compile(r"(\d{4})([-/.年])(\d{1,2})[-/.月](\d{1,2})日?")
_MIDNIGHT = re.compile(r"[ T]0{1,2}:00(:00)?$")
_AMOUNT = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d{1,4})?")
_CURRENCY = re.compile(r"^[¥￥]|元$|^RMB|^CNY", re.IGNORECASE)
_MOST_FEN = 10**14

Reason = tuple[str, dict[str, Any]]
Reasons = list[Reason]


class Effect(StrEnum):
    """What a line does."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in the file (that of the headings is usually 1) and its cells by column, stripped."""

    number: int
    values: dict[str, str]

    def get(self, column: str) -> str:
        """The cell of ``column``; empty when the file lacks the column."""
        return self.values.get(column, "")


def refused(lines: Iterable[tuple[int, str, dict[str, Any]]]) -> InvalidFile:
    """The error that refuses a whole file for the reasons of ``lines``."""
    return InvalidFile(N_("The file was refused; nothing was changed."), lines=list(lines))


def reasons_of(error: Invalid) -> Reasons:
    """The reasons for a bad line in the error that its judge raised."""
    reasons = [(N_("%(column)s: %(reason)s"), {"column": column, "reason": reason}) for column, reason in error.fields.items()]
    return reasons or [(error.message, error.params)]


def too_long(line: Line, most: Mapping[str, int]) -> dict[str, str]:
    """The columns of ``line`` that hold more characters than ``most`` says, each with its words."""
    return {column: N_("too long") for column, length in most.items() if len(line.get(column)) > length}


def date_in(line: Line, column: str) -> date | None:
    """The date of a cell: 2026-11-23, 2026/11/23 or 2026年11月23日; None when empty. Raises ``Invalid``."""
    text = _MIDNIGHT.sub("", line.get(column))
    if not text:
        return None
    found = _DATE.fullmatch(text)
    try:
        return date(int(found[1]), int(found[3]), int(found[4])) if found else _wrong(column, N_("a date such as 2026-11-23 is needed"))
    except ValueError:
        return _wrong(column, N_("there is no such day"))


def whole_in(line: Line, column: str) -> int | None:
    """The whole number of a cell; None when empty. Raises ``Invalid``."""
    text = line.get(column)
    if not text:
        return None
    return int(text) if re.fullmatch(r"\d{1,9}", text) else _wrong(column, N_("a whole number is needed"))


def fen_in(line: Line, column: str) -> int | None:
    """The amount of a cell in hundredths of a yuan, rounded to them: 1234.5, 1,234.50, ¥1,234.50; None when empty. Raises ``Invalid``."""
    text = _CURRENCY.sub("", _CURRENCY.sub("", line.get(column)).strip()).strip()
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        return _wrong(column, N_("an amount such as 1234.50 is needed"))
    fen = int((Decimal(text.replace(",", "")) * 100).to_integral_value())
    return fen if abs(fen) <= _MOST_FEN else _wrong(column, N_("this amount is too large"))


def _wrong(column: str, message: str) -> Any:
    raise Invalid(message, fields={column: message})
