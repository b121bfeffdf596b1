"""Floods: times with more new alarms than the clerks on duty can deal with one by one (monitoring §3; EEMUA 191, ISA-18.2).

A flood begins above ten new alarms in ten minutes for each clerk and ends below five; each is recorded, with its most.
"""

from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from app.accounts.models import Role
from app.core import db, live
from app.core.clock import to_ms
from app.core.prepared import Prepared
from app.monitoring.announcing import intervals
from app.monitoring.models import AlarmFlood, Episode
from app.monitoring.shift_log import queries as shift_log
from app.roster.models import DutyShift

WINDOW = timedelta(minutes=10)
DESK = "desk"


def look(at: datetime) -> str:
    """Begin, follow or end the flood by the alarms of the last ten minutes; says in a few words what it did."""
    with db.available():
        db.connect()
        flood, count = running(), _begun_since(at - WINDOW, at)
    if flood is None:
        return _begin(count, at)
    per_clerk = min(intervals.FLOOD_LEAVE.value(), intervals.FLOOD_ENTER.value())
    ended_at = at if count < per_clerk * clerks(at) else None
    _follow(flood, count, ended_at, at)
    return "flood is over" if ended_at else ""


def clerks(at: datetime) -> int:
    """How many clerks are on duty: those who signed on in the shift log, else those of the roster; one at least."""
    by_log = len(shift_log.running())
    by_roster = DutyShift.select(fn.COUNT(DutyShift.user.distinct())).where(
        DutyShift.role == Role.CLERK, DutyShift.starts_at <= at, DutyShift.ends_at > at
    )
    return by_log or by_roster.scalar() or 1


def running() -> AlarmFlood | None:
    """The flood that goes on now."""
    return _running.first(DESK)


_running = Prepared(lambda desk: AlarmFlood.select().where(AlarmFlood.desk == desk, AlarmFlood.ended_at.is_null()).limit(1))


def count_digests(messages: int) -> None:
    """Count messages that gathered what a flood kept back, in the running transaction."""
    AlarmFlood.update(digests=AlarmFlood.digests + messages).where(AlarmFlood.desk == DESK, AlarmFlood.ended_at.is_null()).execute()


def _begun_since(since: datetime, at: datetime) -> int:
    """Alarms that began then, in their own time: a backlog is late, not new."""
    return int(_begun.plain(to_ms(since), to_ms(at))[0][0])


_begun = Prepared(
    lambda since, at: Episode.select(fn.COUNT(Episode.id)).where(Episode.started_at > since, Episode.started_at <= at).tuples()
)


def _begin(count: int, at: datetime) -> str:
    least = intervals.FLOOD_ENTER.value()
    if count <= least:  # most of the time there is nothing to do
        return ""
    on_duty = clerks(at)
    if count <= least * on_duty:
        return ""
    with db.transaction():
        AlarmFlood.insert(desk=DESK, started_at=at, clerks=on_duty, alarms=count, most=count).on_conflict_ignore().execute()
        live.touch("alarms")
    return "flood begins"


def _follow(flood: AlarmFlood, count: int, ended_at: datetime | None, at: datetime) -> None:
    seen: dict[str, Any] = {"alarms": _begun_since(flood.started_at - WINDOW, at), "most": max(count, flood.most)}
    changed = {name: value for name, value in seen.items() if getattr(flood, name) != value}
    if not changed and ended_at is None:
        return
    with db.transaction():
        AlarmFlood.update(**changed, ended_at=ended_at).where(AlarmFlood.id == flood.id, AlarmFlood.ended_at.is_null()).execute()
        if ended_at is not None or "most" in changed:
            live.touch("alarms")
