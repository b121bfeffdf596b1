"""The notices themselves: rows that are written in the transaction of what they are about, each once, and sent later (monitoring §4).

What is inhibited at last (by a parent, service mode, a storm) is known only when its ticket has been looked for; it is withdrawn before
it leaves, and stands again when its time comes. What guards people is looked at at once: below a storm it leaves as a critical one does.
"""

from datetime import datetime, timedelta

from peewee import EXCLUDED

from app.core.clock import to_ms
from app.core.prepared import PreparedWrite
from app.monitoring.alarm_machine.parameters import RANK
from app.monitoring.announcing import intervals
from app.monitoring.models import Alarm, AlarmNotice, AlarmShelving, Episode, FeedOutage, NoticeKind, TicketStorm
from app.tickets.models import Priority

GATHERED_FOR = timedelta(seconds=60)
# The intervals of escalation are minutes at least; the first look works out the very moment, so that a raise costs no calendar.
FIRST_LOOK = timedelta(minutes=1)


def raised(episode: Episode, at: datetime, *, guards_people: bool = False) -> None:
    """Announce an episode that began (T3); again when it was withdrawn meanwhile, else once, in the running transaction."""
    if _write(episode, NoticeKind.RAISED, 0, at, guards_people=guards_people):
        _set_escalation.count(0, to_ms(at + FIRST_LOOK), episode.alarm_id)


def graver(episode: Episode, at: datetime, *, guards_people: bool = False) -> None:
    """Announce that an episode reached a higher level (T5), once for each level; what was escalated goes on from there."""
    if _write(episode, NoticeKind.GRAVER, RANK[episode.severity], at, guards_people=guards_people):
        _look_again.count(to_ms(at + FIRST_LOOK), episode.alarm_id)


def released(episode: Episode, at: datetime, *, guards_people: bool = False) -> None:
    """Announce an episode whose alarm was laid aside and still stands (T13): as if it began now, once for each shelf."""
    is_over = AlarmShelving.ended_at.is_null(False) & (AlarmShelving.ended_at >= episode.started_at)
    shelves = AlarmShelving.select().where(AlarmShelving.alarm == episode.alarm_id, is_over).count()
    if _write(episode, NoticeKind.RAISED, shelves, at, guards_people=guards_people):
        _set_escalation.count(0, to_ms(at + FIRST_LOOK), episode.alarm_id)


def escalated(episode: Episode, kind: NoticeKind, step: int, at: datetime) -> None:
    """Announce an episode one step up: nobody has acknowledged it, or nobody has started with it (T15)."""
    _write(episode, kind, step, at)


def storm(storm: TicketStorm, at: datetime) -> None:
    """Announce a storm, once, and again when its parent has become graver; it stands for all tickets below, which announce nothing but
    what guards people."""
    said = [RANK[one.severity] for one in AlarmNotice.select(AlarmNotice.severity).where(AlarmNotice.storm == storm)]
    priority = Priority(storm.ticket.priority)
    if said and RANK[priority] <= max(said):
        return
    not_left = AlarmNotice.sent_at.is_null() & AlarmNotice.withdrawn_at.is_null()
    AlarmNotice.update(withdrawn_at=at).where(AlarmNotice.storm == storm, not_left).execute()
    _about(NoticeKind.GRAVER if said else NoticeKind.STORM, priority, at, storm=storm)


def outage(outage: FeedOutage, at: datetime) -> None:
    """Announce that the whole feed is silent, once and as a critical alarm: nothing else can be announced meanwhile."""
    if not AlarmNotice.select().where(AlarmNotice.outage == outage).exists():
        _about(NoticeKind.OUTAGE, Priority.CRITICAL, at, outage=outage)


def acknowledged(alarm: Alarm, at: datetime) -> None:
    """Somebody has seen ``alarm``: escalation stops, and it is announced again if its ticket is not started in time (T6, T15)."""
    after = intervals.repeats_after(Priority(alarm.severity))
    Alarm.update(announce_at=None if after is None else at + after).where(Alarm.id == alarm.id).execute()


def due_at(severity: Priority | str, at: datetime) -> datetime:
    """When a notice leaves: critical ones at once, the others after the time in which they are gathered."""
    return at if severity == Priority.CRITICAL else at + GATHERED_FOR


def _about(kind: NoticeKind, severity: Priority, at: datetime, **what: TicketStorm | FeedOutage) -> None:
    AlarmNotice.create(kind=kind, severity=severity, created_at=at, due_at=due_at(severity, at), **what)


def _write(episode: Episode, kind: NoticeKind, step: int, at: datetime, *, guards_people: bool = False) -> bool:
    """Whether a row was written: not when it stands already and was not withdrawn."""
    leaves = to_ms(at if guards_people else due_at(episode.severity, at))
    return bool(_insert.count(episode.id, kind.value, step, episode.severity, to_ms(at), leaves))


_insert = PreparedWrite(
    lambda episode_id, kind, step, severity, created_ms, due_ms: (
        AlarmNotice.insert(episode=episode_id, kind=kind, step=step, severity=severity, created_at=created_ms, due_at=due_ms)
        .on_conflict(
            conflict_target=[AlarmNotice.episode, AlarmNotice.kind, AlarmNotice.step],
            update={
                AlarmNotice.withdrawn_at: None,
                AlarmNotice.created_at: EXCLUDED.created_at,
                AlarmNotice.due_at: EXCLUDED.due_at,
                AlarmNotice.severity: EXCLUDED.severity,
            },
            where=AlarmNotice.withdrawn_at.is_null(False),
        )
        .as_rowcount()
    )
)
_set_escalation = PreparedWrite(
    lambda step, look_ms, alarm_id: Alarm.update(escalation=step, announce_at=look_ms).where(Alarm.id == alarm_id)
)
_look_again = PreparedWrite(lambda look_ms, alarm_id: Alarm.update(announce_at=look_ms).where(Alarm.id == alarm_id))
