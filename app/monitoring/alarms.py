"""Alarm rows and their episodes: brings what is stored in step with what the alarm machine says (monitoring §3, T1 to T12, T17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from app.core import db, live
from app.core.prepared import Prepared, PreparedInsert, PreparedUpdate
from app.machines.profiles import Opening
from app.monitoring import announcing, auto_close, episodes, late, shelving, signals
from app.monitoring.alarm_machine import memory
from app.monitoring.alarm_machine.inhibition import Parts
from app.monitoring.alarm_machine.parameters import RANK
from app.monitoring.alarm_machine.state import STANDING, Condition, Signal, SignalKind, State
from app.monitoring.alarm_machine.transitions import Course, due_at, fold
from app.monitoring.informing import listing
from app.monitoring.models import Alarm, Episode
from app.monitoring.signals import Stream
from app.monitoring.sources import sources
from app.monitoring.subjects import Subject
from app.roster import calendars

FRESH = timedelta(minutes=1)
LOOK_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far evaluation goes in this step, and what of the terminal came before it: its last state, and whether it spoke of this code.

    ``until`` is how far timers may run besides the signals: None while more is waiting to be read; ``now`` is the present.
    ``is_behind``: messages wait to be read behind these.
    """

    upto_position: int
    last_state_at: datetime | None
    was_heard: bool
    now: datetime
    until: datetime | None = None
    is_behind: bool = False


@dataclass(frozen=True, slots=True)
class Raised:
    """An episode that is there and has no ticket, or has become graver: it may want one. ``alarm`` is its row, locked."""

    subject: Subject
    alarm: Alarm
    episode: Episode


class Cause(Enum):
    """Why an alarm is brought in step."""

    SIGNAL = auto()
    LATE_SIGNAL = auto()
    TIMER = auto()
    SHELF_IS_OVER = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm as it is stored, with its open episode if it has one."""

    alarm: Alarm
    open_row: Episode | None

    @property
    def state(self) -> State:
        """Where its machine stands."""
        row = self.open_row
        return memory.read(self.alarm.memory, Condition(self.alarm.condition), None if row is None else episodes.occurrence(row))


def load(machine_ids: Iterable[int], codes: Iterable[str]) -> dict[tuple[int, str], Standing]:
    """The alarms of these machines and codes, locked against acknowledgement until the running transaction ends."""
    machines, names = tuple(machine_ids), tuple(codes)
    is_one = len(machines) == len(names) == 1  # as nearly always outside of a backlog
    found = _one_alarm.rows(machines[0], names[0]) if is_one else list(_alarms_of(machines, names))
    return {(one.alarm.machine_id, one.alarm.code): one for one in _with_open_rows(found)}


def _alarms_of(machines: tuple[Any, ...], codes: tuple[Any, ...]) -> Any:
    return db.for_update(Alarm.select().where(Alarm.machine.in_(machines), Alarm.code.in_(codes)).order_by(Alarm.id))


_one_alarm = Prepared(lambda machine, code: _alarms_of((machine,), (code,)))


def load_due(alarm_id: int, now: datetime) -> Standing | None:
    """The alarm if a timer of it is due by ``now``, locked."""
    query = Alarm.select().where(Alarm.id == alarm_id, Alarm.due_at <= now)
    return next(iter(_with_open_rows(list(db.for_update(query)))), None)


def _with_open_rows(found: list[Alarm]) -> list[Standing]:
    standing = [alarm.id for alarm in found if alarm.condition in STANDING]
    open_rows = _open_row.rows(standing[0]) if len(standing) == 1 else _open_rows_of(standing) if standing else ()
    by_alarm = {row.alarm_id: row for row in open_rows}
    return [Standing(alarm, by_alarm.get(alarm.id)) for alarm in found]


def _open_rows_of(alarm_ids: Sequence[Any]) -> Any:
    return Episode.select().where(Episode.alarm.in_(alarm_ids), Episode.ended_at.is_null())


_open_row = Prepared(lambda alarm_id: _open_rows_of((alarm_id,)))


def advance(subject: Subject, stream: Stream, known: Standing | None, reach: Reach) -> list[Raised]:
    """Take the signals of ``stream`` in, in order of event time or, if one is late, by computing its neighbourhood again."""
    if known is None:
        return _begin(subject, stream, reach)
    before = known.state
    settled_until = max(filter(None, (known.alarm.last_event_at, reach.last_state_at)))
    is_late = stream.late or any(
        signal.at <= settled_until or (before.timed_at is not None and signal.at < before.timed_at) for signal in stream.signals
    )
    if not is_late:
        course = fold(stream.signals, subject.parameters, before, reach.until)
        rows = [known.open_row] if known.open_row else []
        return _bring_in_step(subject, known.alarm, stream.signals, rows, course, now=reach.now, is_behind=reach.is_behind)
    return _put_in_place(subject, known.alarm, before, stream, reach)


def pass_time(subject: Subject, known: Standing, until: datetime, *, is_behind: bool = False) -> list[Raised]:
    """Run the timers of an alarm that are due by ``until``; one whose shelf is over announces what it kept back (T13)."""
    course, rows = fold((), subject.parameters, known.state, until), [known.open_row] if known.open_row else []
    cause = Cause.TIMER
    if known.alarm.shelved_until is not None and known.alarm.shelved_until <= until:
        shelving.end(known.alarm, until)
        cause = Cause.SHELF_IS_OVER
    return _bring_in_step(subject, known.alarm, [], rows, course, now=until, cause=cause, is_behind=is_behind)


def reset(subject: Subject, known: Standing, at: datetime) -> None:
    """End the episode of a latched alarm, in the running transaction."""
    signal = Signal(at, "", -1, 0, SignalKind.RESET)
    course = fold((signal,), subject.parameters, known.state)
    _bring_in_step(subject, known.alarm, [signal], [known.open_row] if known.open_row else [], course, now=at)


def _begin(subject: Subject, stream: Stream, reach: Reach) -> list[Raised]:
    """The first alarm of a code: what was said before, a lone "gone" or a birth for instance, is read from the inbox too."""
    found = stream.signals
    since = min(stream.times)
    if stream.late or reach.was_heard or (reach.last_state_at is not None and reach.last_state_at >= since):
        since -= subject.parameters.longest_on_delay
        heard, machine_id = sources(subject.machine), subject.machine.id
        found = signals.stored(heard, stream.code, reach.upto_position, machine_id=machine_id, since=since, watched=subject.watches())
    course = fold(found, subject.parameters, until=reach.until)
    if not course.occurrences and course.state == State():
        return []
    alarm = _alarms.add(
        Alarm(
            machine=subject.machine,
            code=stream.code,
            condition=Condition.NORMAL,
            severity=subject.policy.severity,
            last_event_at=max(signal.at for signal in found),
        )
    )
    return _bring_in_step(subject, alarm, found, [], course, now=reach.now, is_behind=reach.is_behind)


_alarms = PreparedInsert(Alarm)


def _put_in_place(subject: Subject, alarm: Alarm, before: State, stream: Stream, reach: Reach) -> list[Raised]:
    until = max(filter(None, (before.timed_at, reach.until)), default=None)
    placed = late.place(alarm, subject, stream.times, reach.upto_position, until)
    if not placed.reaches_present:
        episodes.write(alarm, subject.machine, placed.rows, placed.course.occurrences, is_late=True)
        live.touch("alarms")
        return []
    # What was too short to be an alarm is counted as it is seen, once.
    state = replace(placed.course.state, fleeting=max(before.fleeting, placed.course.state.fleeting))
    course = Course(state, placed.course.occurrences)
    cause = Cause.LATE_SIGNAL
    return _bring_in_step(subject, alarm, placed.found, placed.rows, course, now=reach.now, cause=cause, is_behind=reach.is_behind)


def _bring_in_step(
    subject: Subject,
    alarm: Alarm,
    found: list[Signal],
    rows: list[Episode],
    course: Course,
    *,
    now: datetime,
    cause: Cause = Cause.SIGNAL,
    is_behind: bool = False,
) -> list[Raised]:
    """Write what differs between ``rows`` and the course, and announce it; returns what stands and wants a ticket, or a graver one."""
    is_late = cause is Cause.LATE_SIGNAL
    was_open = {row.id: RANK[row.severity] for row in rows if row.ended_at is None}
    kept, added = episodes.write(alarm, subject.machine, rows, course.occurrences, is_late=is_late)
    standing = [row for row in (*kept, *added) if row.ended_at is None]
    graver = [row for row in standing if row.id in was_open and RANK[row.severity] > was_open[row.id]]  # T5
    came_up = [row for row in standing if row.id not in was_open]
    ticket_at = now + LOOK_AGAIN if is_behind and _is_of_old(standing, now) else _ticket_at(subject, standing, now)
    seen = [*came_up, *graver] or ([] if is_late else added)
    if cause is Cause.SHELF_IS_OVER:
        seen = standing  # as if it began now (T13)
    _settle(subject, alarm, found, course.state, came_up=seen, ticket_at=ticket_at)
    if was_open and not standing:
        _wake_children(alarm)
    if not is_late:  # a ticket is not closed for what was over long ago (T17)
        auto_close.after_end(subject, [row for row in kept if row.id in was_open and row.ended_at is not None], now)
    is_over = course.state.clears_at is not None and course.state.clears_at <= now  # its timer has not run yet
    if not is_over:
        listing.put_on(subject, came_up)
    parts = _parts(alarm, course.state, is_acknowledged=alarm.is_acknowledged and not seen)
    if is_over or ticket_at is not None or not parts.may_open_ticket(now):
        return []
    if parts.may_notify(now):
        _announce(cause, subject, standing, came_up=came_up, graver=graver, now=now)
    return [Raised(subject, alarm, row) for row in standing if row.ticket_id is None or row in graver]


def _parts(alarm: Alarm, state: State, *, is_acknowledged: bool) -> Parts:
    """What suppresses it is left out: that is known when its ticket has been looked for, and its notice is withdrawn then."""
    return Parts(state.condition, is_acknowledged, shelved_until=alarm.shelved_until, is_chattering=state.is_chattering)


def _announce(
    cause: Cause, subject: Subject, standing: list[Episode], *, came_up: list[Episode], graver: list[Episode], now: datetime
) -> None:
    """What came up, became graver or was kept back until now, if it has come often enough to matter; what was announced is not again."""
    policy = subject.policy.ticket
    for row in graver:
        if episodes.has_come_often(policy, row):
            announcing.graver(row, now, guards_people=subject.policy.safety)
    say = announcing.released if cause is Cause.SHELF_IS_OVER else announcing.raised
    for row in came_up if cause in (Cause.SIGNAL, Cause.LATE_SIGNAL) else standing:
        if episodes.has_come_often(policy, row):
            say(row, now, guards_people=subject.policy.safety)


def _ticket_at(subject: Subject, standing: list[Episode], now: datetime) -> datetime | None:
    """When an episode without a ticket will have stood long enough for one, if its code still waits for that."""
    policy = subject.policy.ticket
    if policy.opening != Opening.AFTER or not standing or standing[0].ticket_id is not None:
        return None
    at = standing[0].started_at + timedelta(seconds=policy.after_s or 0)
    if policy.after_working_s is not None:
        at = calendars.present().add_working(at, timedelta(seconds=policy.after_working_s))
    return at if at > now else None


def _is_of_old(standing: list[Episode], now: datetime) -> bool:
    """Whether what has no ticket yet began some time ago: while messages still wait to be read, they may say that it is over."""
    return bool(standing) and standing[0].ticket_id is None and standing[0].started_at < now - FRESH


def _wake_children(parent: Alarm) -> None:
    """What ``parent`` suppressed, and what still stands, speaks for itself with the next timers (T14)."""
    children = Alarm.update(suppressed_by=None, due_at=parent.last_event_at, version=Alarm.version + 1)
    children.where(Alarm.machine == parent.machine_id, Alarm.suppressed_by == parent.code).execute()


def _settle(
    subject: Subject, alarm: Alarm, found: list[Signal], state: State, *, came_up: list[Episode], ticket_at: datetime | None
) -> None:
    """Write the alarm row itself; its version counts what a person decides on, not repetitions (T4) and no coming and going (T8)."""
    seen: dict[str, Any] = {}
    if came_up:
        seen |= {"is_acknowledged": False, "severity": came_up[-1].severity}
    waiting = (due_at(state, subject.parameters), alarm.shelved_until, ticket_at)
    columns = _columns(state) | {"due_at": min((at for at in waiting if at is not None), default=None)}
    changed = {name: value for name, value in columns.items() if getattr(alarm, name) != value}
    is_news = bool(seen) or _shown(alarm.condition) != _shown(state.condition) or "is_chattering" in changed
    spoken = [signal.at for signal in found if signal.kind != SignalKind.ABSENT or "condition" in changed]
    last_event_at = max([alarm.last_event_at, *spoken])
    if is_news:
        changed["version"] = alarm.version + 1
    if last_event_at != alarm.last_event_at:
        changed["last_event_at"] = last_event_at
    if changed or seen:
        _set.count(changed | seen, alarm.id)
    if is_news or (found and state.condition != Condition.PENDING):
        live.touch("alarms")  # counts and times stand on the board, too


_set = PreparedUpdate(Alarm, lambda changes, alarm_id: Alarm.update(changes).where(Alarm.id == alarm_id))


def _shown(condition: str) -> str:
    """What a person decides on: whether it stands, and whether it waits for a reset."""
    return Condition.LATCHED if condition == Condition.LATCHED else Condition.ACTIVE if condition in STANDING else Condition.NORMAL


def _columns(state: State) -> dict[str, Any]:
    is_pending = state.condition == Condition.PENDING and state.occurrence is not None
    return {
        "condition": state.condition,
        "pending_since": state.occurrence.started_at if is_pending and state.occurrence else None,
        "clearing_since": state.gone_at,
        "fleeting_count": state.fleeting,
        "is_chattering": state.is_chattering,
        "memory": memory.written(state),
    }
