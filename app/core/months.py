"""Months of the deployment's calendar, for reports of a month."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core import clock
from app.core.errors import N_, Invalid


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the deployment's calendar."""

    year: int
    number: int

    @property
    def starts_at(self) -> datetime:
        return clock.start_of(self.first_on)

    @property
    def ends_at(self) -> datetime:
        return self.next.starts_at

    @property
    def first_on(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def next(self) -> "Month":
        return month_of(self.first_on + timedelta(days=31))

    @property
    def previous(self) -> "Month":
        return month_of(self.first_on - timedelta(days=1))

    @property
    def code(self) -> str:
        """2026-11."""
        return f"{self.year:04}-{self.number:02}"


def month_of(day: date) -> Month:
    """The month in which ``day`` lies."""
    return Month(day.year, day.month)


def month_from(text: str, today: date) -> Month:
    """The month written like 2026-11; that of ``today`` for none. Raises ``Invalid``."""
    try:
        return month_of(date.fromisoformat(f"{text}-01")) if text else month_of(today)
    except ValueError:
        raise Invalid(N_("That is not a month; write it like 2026-11.")) from None
