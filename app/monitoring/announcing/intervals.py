"""How long an alarm may go without anybody, by how grave it is (monitoring §3, defaults); all of it can be set."""

from datetime import datetime, time, timedelta

from app.core import clock, known_settings
from app.core.calendar import WorkingCalendar
from app.core.errors import N_
from app.core.known_settings import Group, KnownSetting, SettingKind
from app.tickets.models import Priority

_DEPUTY, _MANAGER = 1, 2  # the steps of escalation
_DAY_MINUTES = 24 * 60
_WEEK_HOURS = 7 * 24


def _whole(name: str, label: str, default: int, limits: tuple[int, int], hint: str = "") -> KnownSetting:
    least, most = limits
    return known_settings.register(KnownSetting(name, label, default, SettingKind.WHOLE, Group.ALARMS, hint=hint, least=least, most=most))


CRITICAL_DEPUTY = _whole(
    "alarm_critical_deputy_min", N_("Critical alarm that nobody acknowledges: to the deputy after (minutes)"), 15, (1, _DAY_MINUTES),
    N_("Round the clock, by the duty roster."),
)  # fmt: skip
CRITICAL_MANAGER = _whole(
    "alarm_critical_manager_min", N_("Critical alarm that nobody acknowledges: to the manager after (minutes)"), 30, (1, _DAY_MINUTES),
    N_("Round the clock, by the duty roster."),
)  # fmt: skip
HIGH_DEPUTY = _whole(
    "alarm_high_deputy_min", N_("High alarm that nobody acknowledges: to the deputy after (minutes)"), 120, (5, 5 * _DAY_MINUTES),
    N_("Working time."),
)  # fmt: skip
LOW_HOUR = _whole(
    "alarm_low_hour", N_("Low alarm that nobody acknowledges: to the deputy on the next working day at (hour)"), 9, (0, 23),
)  # fmt: skip
CRITICAL_REPEAT = _whole(
    "alarm_critical_repeat_h", N_("Critical alarm that is acknowledged but not started: again after (hours)"), 4, (0, _WEEK_HOURS),
    N_("0: never."),
)  # fmt: skip
HIGH_REPEAT = _whole(
    "alarm_high_repeat_h", N_("High alarm that is acknowledged but not started: again after (hours)"), 12, (0, _WEEK_HOURS),
    N_("0: never."),
)  # fmt: skip
FLOOD_ENTER = _whole(
    "alarm_flood_enter", N_("Flood of alarms: begins above so many new ones in ten minutes for each clerk"), 10, (2, 1_000),
    N_("In a flood only critical alarms are announced one by one; the others are gathered."),
)  # fmt: skip
FLOOD_LEAVE = _whole(
    "alarm_flood_leave", N_("Flood of alarms: ends below so many in ten minutes for each clerk"), 5, (1, 1_000),
)  # fmt: skip
STALE_HOURS = _whole("alarm_stale_h", N_("Alarms stand for long after (hours)"), 24, (1, 30 * 24))


def repeats_after(severity: Priority) -> timedelta | None:
    """After what time an acknowledged alarm whose ticket is not started is announced again (T15); None is never."""
    setting = {Priority.CRITICAL: CRITICAL_REPEAT, Priority.HIGH: HIGH_REPEAT}.get(severity)
    hours = setting.value() if setting is not None else 0
    return timedelta(hours=hours) if hours else None


def escalates_at(severity: Priority, step: int, since: datetime, calendar: WorkingCalendar) -> datetime | None:
    """When an alarm that nobody has acknowledged since ``since`` comes to ``step``; None when it goes no further up."""
    if severity == Priority.CRITICAL and step in (_DEPUTY, _MANAGER):
        setting = CRITICAL_DEPUTY if step == _DEPUTY else CRITICAL_MANAGER
        return since + timedelta(minutes=setting.value())
    if step != _DEPUTY:
        return None
    if severity == Priority.HIGH:
        return calendar.add_working(since, timedelta(minutes=HIGH_DEPUTY.value()))
    return _next_working_day(since, calendar)


def _next_working_day(since: datetime, calendar: WorkingCalendar) -> datetime:
    day = clock.day_of(since) + timedelta(days=1)
    while not calendar.is_working_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(LOW_HOUR.value()), clock.zone()).astimezone(since.tzinfo)
