"""Timers of alarms: each that is due runs in its own transaction."""

from datetime import datetime
from typing import Any

import structlog
from peewee import JOIN, InterfaceError, OperationalError, fn

from app.core import clock, db
from app.core.errors import Unavailable
from app.core.prepared import Prepared
from app.machines.models import Machine
from app.machines.profiles import Profile
from app.monitoring import alarms
from app.monitoring.evaluation.inbox import Partition
from app.monitoring.models import Alarm, Terminal
from app.monitoring.subjects import subject
from app.monitoring.ticketing import find_ticket

log = structlog.get_logger()

TIMERS_AT_ONCE = 500


def due_alarms(partition: Partition, now: datetime) -> list[int]:
    """Alarms of ``partition`` with a timer due by ``now``, the earliest first; machines without a terminal belong to the first one."""
    now_ms = clock.to_ms(now)
    if partition.of == 1:
        return [alarm_id for (alarm_id,) in _due.plain(now_ms, TIMERS_AT_ONCE)]
    return [alarm_id for (alarm_id,) in _due_of.plain(now_ms, partition.of, partition.number, TIMERS_AT_ONCE)]


_due = Prepared(lambda now_ms, most: _due_by(now_ms).limit(most))
_due_of = Prepared(
    lambda now_ms, of, number, most: (
        _due_by(now_ms)
        .join(Machine)
        .join(Terminal, JOIN.LEFT_OUTER, on=(Terminal.device == Machine.device))
        .where(fn.MOD(fn.COALESCE(Terminal.id, 0), of) == number)
        .limit(most)
    )
)


def _due_by(now_ms: Any) -> Any:
    return Alarm.select(Alarm.id).where(Alarm.due_at.is_null(False), Alarm.due_at <= now_ms).order_by(Alarm.due_at).tuples()


def run_timer(alarm_id: int, until: datetime, documents: dict[int, Profile], now: datetime, *, is_behind: bool = False) -> None:
    """Run what is due by ``until``; a rule that raises is logged, and tried again with the next tick."""
    try:
        with db.transaction():
            known = alarms.load_due(alarm_id, until)
            if known is None:
                return
            machine = Machine.get_by_id(known.alarm.machine_id)
            about = subject(machine, documents.get(machine.profile_id), known.alarm.code)
            for raised in alarms.pass_time(about, known, until, is_behind=is_behind):
                find_ticket(raised, now)
    except (Unavailable, OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("timer_raised", alarm=alarm_id)
