"""Alarms that nobody acknowledges go up, and acknowledged ones that nobody starts with are announced again (T6, T15; monitoring §3).

``Alarm.announce_at`` is when somebody must look at it again and ``Alarm.escalation`` how far up it is: stored, so that a restart
changes nothing.
"""

from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from app.core import clock, db, live
from app.core.calendar import WorkingCalendar
from app.core.prepared import Prepared
from app.machines.models import Machine
from app.machines.profiles import Profile
from app.machines.queries import profile_documents
from app.monitoring.alarm_machine.state import STANDING
from app.monitoring.announcing import guarding, intervals, notices
from app.monitoring.models import Alarm, AlarmNotice, Episode, NoticeKind
from app.roster import calendars
from app.tickets.models import Priority, Ticket, TicketStatus, TicketTransition

AT_ONCE = 200
NOT_STARTED = (TicketStatus.TO_VERIFY, TicketStatus.NEW, TicketStatus.TRIAGED, TicketStatus.WAITING_DISPATCH)


def look(at: datetime) -> str:
    """Take every alarm that is due at ``at`` one step on; says in a few words what it did."""
    with db.available():
        db.connect()
        if _first_due.first(clock.to_ms(at)) is None:
            return ""
    with db.transaction():
        due = _due(at)
        calendar, documents = calendars.present(), profile_documents()
        announced = sum(_step(alarm, episode, calendar, documents, at) for alarm, episode in due)
        if announced:
            live.touch("alarms")
    return f"{announced} escalated" if announced else ""


_first_due = Prepared(lambda at_ms: Alarm.select(Alarm.id).where(Alarm.announce_at.is_null(False), Alarm.announce_at <= at_ms).limit(1))


def _due(at: datetime) -> list[tuple[Alarm, Episode | None]]:
    """Alarms that are due, locked, each with its open episode, and the machine and the ticket of that."""
    query = Alarm.select().where(Alarm.announce_at.is_null(False), Alarm.announce_at <= at).order_by(Alarm.announce_at).limit(AT_ONCE)
    alarms = list(query if db.is_sqlite() else query.for_update("FOR UPDATE SKIP LOCKED"))
    rows = Episode.select(Episode, Machine, Ticket).join(Machine).join_from(Episode, Ticket, JOIN.LEFT_OUTER)
    rows = rows.where(Episode.alarm.in_([alarm.id for alarm in alarms]), Episode.ended_at.is_null())
    by_alarm = {episode.alarm_id: episode for episode in rows}
    return [(alarm, by_alarm.get(alarm.id)) for alarm in alarms]


def _step(alarm: Alarm, episode: Episode | None, calendar: WorkingCalendar, documents: dict[int, Profile], at: datetime) -> bool:
    """Look at one alarm; whether something was announced."""
    changes: dict[str, Any]
    if episode is None or alarm.condition not in STANDING or alarm.suppressed_by or guarding.is_told_by_parent(episode, documents):
        changes = {"announce_at": None}
    elif alarm.shelved_until is not None and alarm.shelved_until > at:
        changes = {"announce_at": alarm.shelved_until}
    elif alarm.is_acknowledged:
        changes = _repeated(alarm, episode, at)
    else:
        changes = _escalated(alarm, episode, calendar, at)
    Alarm.update(**changes).where(Alarm.id == alarm.id).execute()
    return "escalation" in changes


def _repeated(alarm: Alarm, episode: Episode, at: datetime) -> dict[str, Any]:
    """Acknowledged and not started: it is unacknowledged again and goes to the next role (T15)."""
    if episode.ticket is not None and episode.ticket.status not in NOT_STARTED:
        return {"announce_at": None}
    step = alarm.escalation + 1
    notices.escalated(episode, NoticeKind.REPEATED, step, at)
    return {
        "is_acknowledged": False,
        "version": Alarm.version + 1,
        "escalation": step,
        "announce_at": at + notices.FIRST_LOOK,
    }


def _escalated(alarm: Alarm, episode: Episode, calendar: WorkingCalendar, at: datetime) -> dict[str, Any]:
    """Nobody has acknowledged it: the next role is told when its time has come, unless somebody works on the ticket already."""
    severity, since = Priority(alarm.severity), _announced_at(episode) or at
    due_at = intervals.escalates_at(severity, alarm.escalation + 1, since, calendar)
    if due_at is None or (due_at <= at and _is_dealt_with(episode, since)):
        return {"announce_at": None}
    if due_at > at:
        return {"announce_at": due_at}
    step = alarm.escalation + 1
    notices.escalated(episode, NoticeKind.ESCALATED, step, at)
    return {"escalation": step, "announce_at": intervals.escalates_at(severity, step + 1, since, calendar)}


def _announced_at(episode: Episode) -> datetime | None:
    """Since when it is known and not acknowledged."""
    is_first = AlarmNotice.kind.in_((NoticeKind.RAISED, NoticeKind.GRAVER, NoticeKind.REPEATED)) & AlarmNotice.withdrawn_at.is_null()
    found: datetime | None = AlarmNotice.select(fn.MAX(AlarmNotice.created_at)).where(AlarmNotice.episode == episode.id, is_first).scalar()
    return found


def _is_dealt_with(episode: Episode, since: datetime) -> bool:
    """Whether somebody moved its ticket since: who works on it has seen it."""
    if episode.ticket_id is None:
        return False
    moved = (TicketTransition.at >= since) & (TicketTransition.to_status != TicketStatus.TO_VERIFY)
    return TicketTransition.select().where(TicketTransition.ticket == episode.ticket_id, moved).exists()
