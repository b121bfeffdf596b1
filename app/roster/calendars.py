"""The working calendar as the database has it; read once per change, kept by each process."""

from app.core import clock, db, known_settings, live
from app.core.calendar import DEFAULT_HOURS, Day, WorkingCalendar, hours_from, hours_text
from app.core.errors import N_
from app.core.known_settings import Group, KnownSetting
from app.roster.models import CalendarDay

# The live version that every change of a day moves; hours move that of the settings.
VERSION = "calendar"
VERSIONS = (VERSION, known_settings.LIVE)
# What was read last: of which database, version and zone, and the calendar it made.
_kept: tuple[tuple[object, int, object], WorkingCalendar] | None = None


def _hours_problem(given: str) -> str | None:
    try:
        hours_from(given)
    except ValueError:
        return N_("Write the hours in order, like 08:30-12:00,13:30-17:30.")
    return None


WORKING_HOURS = known_settings.register(
    KnownSetting(
        "working_hours", N_("Working hours"), hours_text(DEFAULT_HOURS), group=Group.CLOCKS, most=120, problem=_hours_problem,
        hint=N_("Of every working day. A change sets the deadlines of all open tickets anew; those of finished ones stay."),
    )
)  # fmt: skip


def present() -> WorkingCalendar:
    """The calendar as it stands now."""
    return at_version(live.versions(*VERSIONS))


def at_version(version: int) -> WorkingCalendar:
    """The calendar of ``version``, which the caller has just read (the sum of ``VERSIONS``)."""
    global _kept
    key = (db.database.obj, version, clock.zone())
    if _kept is None or _kept[0] != key:
        _kept = (key, _read())
    return _kept[1]


def _read() -> WorkingCalendar:
    rows = CalendarDay.select(CalendarDay.day, CalendarDay.is_working, CalendarDay.name).tuples()
    days = {day: Day(bool(is_working), name) for day, is_working, name in rows}
    return WorkingCalendar(clock.zone(), days, hours_from(WORKING_HOURS.value()))
