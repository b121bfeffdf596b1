"""The working calendar as the database has it; read once per change, kept by each process."""

from datetime import date

from app.core import clock, db, live, settings
from app.core.calendar import DEFAULT_HOURS, Day, Hours, WorkingCalendar, hours_from, hours_texts
from app.roster.models import CalendarDay

# The live version that every change of days or hours moves.
VERSION = "calendar"
HOURS = "working_hours"
# The database and version that was read last, with the calendar it made.
_kept: tuple[object, int, object, WorkingCalendar] | None = None


def present() -> WorkingCalendar:
    """The calendar as it stands now."""
    return at_version(live.version(VERSION))


def at_version(version: int) -> WorkingCalendar:
    """The calendar of ``version``, which the caller has just read."""
    global _kept
    if _kept is None or _kept[:3] != (db.database.obj, version, clock.zone()):
        _kept = (db.database.obj, version, clock.zone(), _read())
    return _kept[3]


def _read() -> WorkingCalendar:
    query = CalendarDay.select(CalendarDay.day, CalendarDay.is_working, CalendarDay.name)
    days: dict[date, Day] = {day: Day(bool(is_working), name) for day, is_working, name in query.tuples()}
    return WorkingCalendar(clock.zone(), days, hours())


def hours() -> Hours:
    """The daily working hours of the deployment."""
    return hours_from(settings.get(HOURS, hours_texts(DEFAULT_HOURS)))
