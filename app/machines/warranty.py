"""Whether a machine is in warranty on a day, and why; pure.

Default rule (facts, Warranty): so many months from acceptance, or half as many again from delivery, whichever ends first
(12 and 18 in the usual contract).
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class WarrantyState(StrEnum):
    """Where a machine stands."""

    IN = "in"
    OFF = "off"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """Which term it is: the one of the two that ends first, or an extension that lasts longer."""

    ACCEPTANCE = "acceptance"
    DELIVERY = "delivery"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True)
class Warranty:
    """The verdict with its reason: the last day of the term, and the date and months it was counted from."""

    state: WarrantyState
    last_on: date | None = None
    basis: Basis | None = None
    from_on: date | None = None
    months: int = 0


def warranty_on(day: date, *, accepted_on: date | None, shipped_on: date | None, months: int) -> Warranty:
    """The warranty of a machine on ``day``; unknown without a date to count from."""
    terms = [
        (last_day(from_on, length), basis, from_on, length)
        for from_on, basis, length in ((accepted_on, Basis.ACCEPTANCE, months), (shipped_on, Basis.DELIVERY, months + months // 2))
        if from_on is not None
    ]
    if not terms:
        return Warranty(WarrantyState.UNKNOWN)
    last_on, basis, from_on, length = min(terms)
    return Warranty(WarrantyState.IN if day <= last_on else WarrantyState.OFF, last_on, basis, from_on, length)


def prolonged(found: Warranty, until: date | None, day: date) -> Warranty:
    """``found`` on ``day`` when the warranty was extended to ``until``: an extension never shortens a term."""
    if until is None or (found.last_on is not None and found.last_on >= until):
        return found
    return Warranty(WarrantyState.IN if day <= until else WarrantyState.OFF, until, Basis.EXTENSION)


def last_day(from_on: date, months: int) -> date:
    """The last day of a term of ``months`` that begins on ``from_on``: the day before its date comes round (or the month ends)."""
    year, month = divmod(from_on.year * 12 + from_on.month - 1 + months, 12)
    return date(year, month + 1, min(from_on.day, monthrange(year, month + 1)[1])) - timedelta(days=1)
