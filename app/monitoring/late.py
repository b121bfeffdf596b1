"""A late message is put in its place (T17): the course of its neighbourhood is computed again from everything that was said there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import UTC
from app.monitoring import signals
from app.monitoring.alarm_machine.parameters import Parameters
from app.monitoring.alarm_machine.state import DEVICE, Condition, Held, Occurrence, Signal, SignalKind, State
from app.monitoring.alarm_machine.transitions import Course, fold
from app.monitoring.episodes import occurrence
from app.monitoring.models import Alarm, AlarmReset, Episode
from app.monitoring.sources import sources
from app.monitoring.subjects import Subject

_NEVER = datetime.max.replace(tzinfo=UTC)
HORIZON = timedelta(days=7)  # how far back one late message may make episodes that hang together be computed again


@dataclass(frozen=True, slots=True)
class Placed:
    """The rows that a late message may change, what they become, and whether that reaches the present."""

    rows: list[Episode]
    course: Course
    found: list[Signal]
    reaches_present: bool


def place(alarm: Alarm, subject: Subject, times: list[datetime], upto_position: int, until: datetime | None) -> Placed:
    """Compute again from the last settled moment before ``times`` up to the next one, which is the present if need be.

    However old they are: the register becomes right, but what is over opens no ticket. ``until`` is how far timers have run.
    """
    parameters = subject.parameters
    since = _settled_before(alarm, parameters, min(times))
    next_start = _next_start(alarm, max(times))
    heard = sources(subject.machine)
    for end in (next_start, None):
        found = signals.stored(
            heard, alarm.code, upto_position, machine_id=subject.machine.id, since=since, until=end, watched=subject.watches()
        )
        found += _resets(alarm, since, end)
        rows = _rows_between(alarm, since, end)
        course = fold(found, parameters, _start(rows, since, found), end or until)
        if end is not None and _is_settled(course.state, rows, parameters, end):
            return Placed(rows, course, found, reaches_present=False)
    return Placed(rows, course, found, reaches_present=True)


def _settled_before(alarm: Alarm, parameters: Parameters, at: datetime) -> datetime:
    """The latest moment not after ``at`` before which nothing matters any more: every off-delay over, every raise forgotten.

    That is the start of an episode with quiet before it, or a moment far enough from all of them; what became true within the longest
    on-delay before ``at`` is then seen as well, and what waits even longer, since timers do not run ahead of a backlog.
    """
    since = at - parameters.longest_on_delay
    if alarm.pending_since is not None:
        since = min(since, alarm.pending_since)
    earlier = Episode.select().where(Episode.alarm == alarm).order_by(Episode.started_at.desc())
    row = earlier.where(Episode.started_at <= at).first()
    while row is not None and _matters_until(row, parameters) >= since and row.started_at > at - HORIZON:
        since = row.started_at
        row = earlier.where(Episode.started_at < since).first()
    return row.started_at if row is not None and (row.ended_at is None or row.ended_at >= since) else since


def _matters_until(row: Episode, parameters: Parameters) -> datetime:
    if row.ended_at is None:
        return _NEVER
    return max(row.last_raised_at, row.ended_at) + parameters.longest_memory


def _next_start(alarm: Alarm, at: datetime) -> datetime | None:
    row = Episode.select().where(Episode.alarm == alarm, Episode.started_at > at).order_by(Episode.started_at).first()
    return row.started_at if row else None


def _rows_between(alarm: Alarm, since: datetime, until: datetime | None) -> list[Episode]:
    rows = Episode.select().where(Episode.alarm == alarm, Episode.started_at >= since)
    return list((rows.where(Episode.started_at < until) if until else rows).order_by(Episode.started_at))


def _resets(alarm: Alarm, since: datetime, until: datetime | None) -> list[Signal]:
    query = AlarmReset.select().where(AlarmReset.alarm == alarm, AlarmReset.at >= since)
    rows = query.where(AlarmReset.at < until) if until else query
    return [Signal(row.at, "", -1, row.id, SignalKind.RESET) for row in rows]


def _start(rows: list[Episode], since: datetime, found: list[Signal]) -> State:
    """Normal, unless what raised the first of ``rows`` is no longer stored: then that row itself, as far as it is known."""
    first = rows[0] if rows and rows[0].started_at == since else None
    if first is None or any(signal.at == since for signal in found):
        return State()
    began = Occurrence(first.started_at, first.started_at, 1, first.text, rank=occurrence(first).rank)
    return State(Condition.ACTIVE, began, (Held(DEVICE, 0, since),))


def _is_settled(state: State, rows: list[Episode], parameters: Parameters, end: datetime) -> bool:
    """Whether what comes from ``end`` on is the same with these rows as with what they become."""
    forgotten = end - parameters.longest_memory
    is_quiet = state.condition == Condition.NORMAL and not state.is_chattering and all(at < forgotten for at in state.raises)
    return is_quiet and all(_matters_until(row, parameters) < end for row in rows)
