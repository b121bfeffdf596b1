"""Timers of alarms: each that is due runs in its own transaction."""

from datetime import datetime

import structlog
from peewee import InterfaceError, OperationalError

from app.core import clock, db
from app.core.errors import Unavailable
from app.core.prepared import Prepared
from app.machines.models import Machine
from app.machines.profiles import Profile
from app.monitoring import alarms
from app.monitoring.models import Alarm
from app.monitoring.subjects import subject
from app.monitoring.ticketing import find_ticket

log = structlog.get_logger()

TIMERS_AT_ONCE = 500


def due_alarms(now: datetime) -> list[int]:
    """Alarms with a timer due by ``now``, the earliest first."""
    return [alarm_id for (alarm_id,) in _due_alarms.plain(clock.to_ms(now), TIMERS_AT_ONCE)]


_due_alarms = Prepared(
    lambda now_ms, most: (
        Alarm.select(Alarm.id).where(Alarm.due_at.is_null(False), Alarm.due_at <= now_ms).order_by(Alarm.due_at).limit(most).tuples()
    )
)


def run_timer(alarm_id: int, until: datetime, documents: dict[int, Profile], now: datetime) -> None:
    """Run what is due by ``until``; a rule that raises is logged, and tried again with the next tick."""
    try:
        with db.transaction():
            known = alarms.load_due(alarm_id, until)
            if known is None:
                return
            machine = Machine.get_by_id(known.alarm.machine_id)
            about = subject(machine, documents.get(machine.profile_id), known.alarm.code)
            for raised in alarms.pass_time(about, known, until):
                find_ticket(raised, now)
    except (Unavailable, OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("timer_raised", alarm=alarm_id)
