"""What the screen of the working calendar shows: a year by month, what each day is, who changed what."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime

from app.core import clock
from app.core.calendar import WorkingCalendar
from app.core.history import HistoryEntry
from app.core.prepared import Prepared
from app.roster import calendar_operations, calendars
from app.roster.models import CalendarDay, CalendarYear

SHOWN_CHANGES = 20
# From this month on the table of the next year is asked for: the State Council announces it in autumn.
ASKED_FROM_MONTH = 11
_MONDAY_FIRST = calendar.Calendar()


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day of the grid; ``kind`` is plain, weekend, holiday or make_up."""

    day: date
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month in weeks that begin on Monday; None where a week reaches into another month."""

    number: int
    weeks: list[list[DayCell | None]]
    working_days: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the grid; ``known`` says since when its table is complete, None when it is not."""

    number: int
    months: list[Month]
    known: CalendarYear | None

    @property
    def working_days(self) -> int:
        return sum(month.working_days for month in self.months)


def year(number: int) -> Year:
    """The year as it stands."""
    present = calendars.present()
    known = CalendarYear.get_or_none(CalendarYear.year == number)
    return Year(number, [_month(present, number, month) for month in range(1, 13)], known)


def _month(present: WorkingCalendar, year: int, month: int) -> Month:
    weeks = [
        [_cell(present, date(year, month, day)) if day else None for day in week] for week in _MONDAY_FIRST.monthdayscalendar(year, month)
    ]
    return Month(month, weeks, sum(present.is_working_day(cell.day) for week in weeks for cell in week if cell))


def _cell(present: WorkingCalendar, day: date) -> DayCell:
    special, is_weekend = present.days.get(day), day.weekday() >= 5
    if special is None:
        return DayCell(day, "weekend" if is_weekend else "plain", "")
    if special.is_working:
        return DayCell(day, "make_up" if is_weekend else "plain", special.name)
    return DayCell(day, "holiday", special.name)


def days_of(number: int) -> dict[date, calendar_operations.State]:
    """The days of a year that differ from their weekday, for an export."""
    query = CalendarDay.select().where(CalendarDay.day.between(date(number, 1, 1), date(number, 12, 31)))
    return {row.day: (row.is_working, row.name) for row in query.order_by(CalendarDay.day)}


def changes() -> list[HistoryEntry]:
    """The last changes, newest first."""
    query = HistoryEntry.select().where(HistoryEntry.object_type == calendar_operations.OBJECT)
    return list(query.order_by(HistoryEntry.id.desc()).limit(SHOWN_CHANGES))


def missing_year(at: datetime) -> int | None:
    """The year whose table is missing and asked for now; None when none is."""
    today = clock.day_of(at)
    asked = [today.year, *([today.year + 1] if today.month >= ASKED_FROM_MONTH else [])]
    known = {number for (number,) in _known_years.rows(today.year, today.year + 1)}
    return next((number for number in asked if number not in known), None)


# Every page of the desk asks it, for its banner.
_known_years = Prepared(
    lambda this, next_one: CalendarYear.select(CalendarYear.year).where(CalendarYear.year.in_((this, next_one))).tuples()
)
