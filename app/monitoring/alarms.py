"""Alarm rows and their episodes: brings what is stored in step with what the rules say (monitoring §3, T3, T4, T9, T17)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import db, live
from app.machines.models import Machine
from app.machines.profiles import CodePolicy
from app.monitoring import rules, signals
from app.monitoring.models import Alarm, Condition, Episode
from app.monitoring.rules import Occurrence, Signal, SignalKind, State
from app.monitoring.signals import Stream
from app.monitoring.sources import sources


@dataclass(frozen=True, slots=True)
class Reach:
    """How far evaluation goes in this step, and what of the terminal came before it: its last state, and whether it spoke of this code."""

    upto_position: int
    last_state_at: datetime | None
    was_heard: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose signals they are and what its profile says about their code."""

    machine: Machine
    policy: CodePolicy


@dataclass(frozen=True, slots=True)
class Raised:
    """An episode that began (or began again) and is still there: it may want a ticket."""

    subject: Subject
    episode: Episode


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm as it is stored, with its open episode if it has one."""

    alarm: Alarm
    open_row: Episode | None


def load(machine_ids: Iterable[int], codes: Iterable[str]) -> dict[tuple[int, str], Standing]:
    """The alarms of these machines and codes, locked against acknowledgement until the running transaction ends."""
    query = Alarm.select().where(Alarm.machine.in_(list(machine_ids)), Alarm.code.in_(list(codes))).order_by(Alarm.id)
    found = list(db.for_update(query))
    active = [alarm.id for alarm in found if alarm.condition != Condition.NORMAL]
    open_rows = Episode.select().where(Episode.alarm.in_(active), Episode.ended_at.is_null()) if active else ()
    by_alarm = {row.alarm_id: row for row in open_rows}
    return {(alarm.machine_id, alarm.code): Standing(alarm, by_alarm.get(alarm.id)) for alarm in found}


def advance(subject: Subject, stream: Stream, known: Standing | None, reach: Reach) -> list[Raised]:
    """Take the signals of ``stream`` in, in order of event time or, if one is late, by computing its neighbourhood again."""
    if known is None:
        return _begin(subject, stream, reach)
    alarm, open_row = known.alarm, known.open_row
    settled_until = max(filter(None, (alarm.last_event_at, reach.last_state_at)))
    if all(signal.at > settled_until for signal in stream.signals):
        computed = rules.fold(stream.signals, State(_occurrence(open_row) if open_row else None))
        return _bring_in_step(subject, alarm, stream.signals, [open_row] if open_row else [], computed, is_late=False)
    return _put_in_place(subject, alarm, stream, reach)


def _begin(subject: Subject, stream: Stream, reach: Reach) -> list[Raised]:
    """The first alarm of a code: what was said before, a lone "gone" or a birth for instance, is read from the inbox too."""
    found = stream.signals
    since = min(signal.at for signal in found)
    if reach.was_heard or (reach.last_state_at is not None and reach.last_state_at >= since):
        found = signals.stored(sources(subject.machine), stream.code, since, reach.upto_position)
    computed = rules.fold(found)
    if not computed:
        return []
    alarm = Alarm.create(
        machine=subject.machine,
        code=stream.code,
        condition=Condition.NORMAL,
        severity=subject.policy.severity,
        last_event_at=max(signal.at for signal in found),
    )
    return _bring_in_step(subject, alarm, found, [], computed, is_late=False)


def _put_in_place(subject: Subject, alarm: Alarm, stream: Stream, reach: Reach) -> list[Raised]:
    """Compute again from the last settled moment before the late signals up to the next one, which is the present if need be.

    However old they are: the register becomes right, but what is over opens no ticket.
    """
    since = _settled_before(alarm, min(signal.at for signal in stream.signals))
    next_start = _next_start(alarm, max(signal.at for signal in stream.signals))
    heard = sources(subject.machine)
    for until in (next_start, None):
        found = signals.stored(heard, stream.code, since, reach.upto_position, until)
        rows = _rows_between(alarm, since, until)
        computed = rules.fold(found, _start(rows, since, found))
        if until is not None and all(occurrence.is_over for occurrence in computed):
            _write(subject, alarm, rows, computed, is_late=True)
            live.touch("alarms")
            return []
    return _bring_in_step(subject, alarm, found, rows, computed, is_late=True)


def _settled_before(alarm: Alarm, at: datetime) -> datetime:
    """The latest moment not after ``at`` before which nothing can change: outside of any episode, or the start of one."""
    since = at
    earlier = Episode.select().where(Episode.alarm == alarm).order_by(Episode.started_at.desc())
    row = earlier.where(Episode.started_at <= since).first()
    while row is not None and _occurrence(row).reaches(since):
        since = row.started_at
        row = earlier.where(Episode.started_at < since).first()
    return since


def _next_start(alarm: Alarm, at: datetime) -> datetime | None:
    row = Episode.select().where(Episode.alarm == alarm, Episode.started_at > at).order_by(Episode.started_at).first()
    return row.started_at if row else None


def _rows_between(alarm: Alarm, since: datetime, until: datetime | None) -> list[Episode]:
    rows = Episode.select().where(Episode.alarm == alarm, Episode.started_at >= since)
    return list((rows.where(Episode.started_at < until) if until else rows).order_by(Episode.started_at))


def _start(rows: list[Episode], since: datetime, found: list[Signal]) -> State:
    """Normal, unless the message that raised the first of ``rows`` is no longer in the inbox: then that row itself."""
    first = rows[0] if rows and rows[0].started_at == since else None
    if first is None or any(signal.at == since for signal in found):
        return State()
    return State(Occurrence(first.started_at, first.started_at, 1, first.text))


def _occurrence(row: Episode) -> Occurrence:
    return Occurrence(row.started_at, row.last_raised_at, row.count, row.text, row.ended_at)


def _bring_in_step(
    subject: Subject,
    alarm: Alarm,
    found: list[Signal],
    rows: list[Episode],
    computed: list[Occurrence],
    *,
    is_late: bool,
) -> list[Raised]:
    """Write what differs between ``rows`` and ``computed``; returns what came up and is still there."""
    was_open = {row.id for row in rows if row.ended_at is None}
    kept, added = _write(subject, alarm, rows, computed, is_late=is_late)
    standing = [row for row in (*kept, *added) if row.ended_at is None]
    came_up = [row for row in standing if row.id not in was_open]
    _settle(alarm, subject.policy, found, is_active=bool(standing), came_up=came_up or ([] if is_late else added))
    return [Raised(subject, row) for row in came_up if row.ticket_id is None]


def _write(
    subject: Subject, alarm: Alarm, rows: list[Episode], computed: list[Occurrence], *, is_late: bool
) -> tuple[list[Episode], list[Episode]]:
    """Make ``rows`` what was computed; returns those that stay and those that are new."""
    plan = rules.reconcile([_occurrence(row) for row in rows], computed)
    for index, heir in plan.removed:
        _remove(rows[index], next((rows[kept] for kept, occurrence in plan.kept if occurrence == heir), None))
    kept = [_update(rows[index], occurrence, is_late=is_late) for index, occurrence in plan.kept]
    return kept, [_insert(subject, alarm, occurrence, is_late=is_late) for occurrence in plan.added]


def _update(row: Episode, occurrence: Occurrence, *, is_late: bool) -> Episode:
    if _occurrence(row) == occurrence:
        return row
    row.is_late = row.is_late or is_late
    row.started_at, row.ended_at = occurrence.started_at, occurrence.ended_at
    row.last_raised_at, row.count, row.text = occurrence.last_raised_at, occurrence.count, occurrence.text
    row.save(only=[Episode.is_late, Episode.started_at, Episode.ended_at, Episode.last_raised_at, Episode.count, Episode.text])
    if row.ended_at is not None and row.ticket_id is not None:
        live.touch("tickets")  # its page shows the episode
    return row


def _insert(subject: Subject, alarm: Alarm, occurrence: Occurrence, *, is_late: bool) -> Episode:
    return Episode.create(
        alarm=alarm,
        machine=subject.machine,
        code=alarm.code,
        severity=subject.policy.severity,
        started_at=occurrence.started_at,
        ended_at=occurrence.ended_at,
        last_raised_at=occurrence.last_raised_at,
        count=occurrence.count,
        text=occurrence.text,
        is_late=is_late,
    )


def _remove(row: Episode, heir: Episode | None) -> None:
    """An episode that turns out to be part of another; its acknowledgement and ticket go over to that one."""
    if heir is not None:
        heir.ticket = heir.ticket_id or row.ticket_id
        heir.acknowledged_at = heir.acknowledged_at or row.acknowledged_at
        heir.acknowledged_by = heir.acknowledged_by_id or row.acknowledged_by_id
        heir.save(only=[Episode.ticket, Episode.acknowledged_at, Episode.acknowledged_by])
    row.delete_instance()


def _settle(alarm: Alarm, policy: CodePolicy, found: list[Signal], *, is_active: bool, came_up: list[Episode]) -> None:
    """Write the alarm row itself; its version counts what a person sees, not repetitions (T4)."""
    condition = Condition.ACTIVE if is_active else Condition.NORMAL
    changed: dict[str, Any] = {}
    if alarm.condition != condition:
        changed["condition"] = condition
    if came_up:
        changed |= {"is_acknowledged": False, "severity": policy.severity}
    spoken = [signal.at for signal in found if signal.kind != SignalKind.ABSENT or alarm.condition != condition]
    last_event_at = max([alarm.last_event_at, *spoken])
    if changed:
        changed["version"] = alarm.version + 1
        live.touch("alarms")
    if changed or last_event_at != alarm.last_event_at:
        Alarm.update(last_event_at=last_event_at, **changed).where(Alarm.id == alarm.id).execute()
        live.touch("alarms")  # counts and times stand on the board, too
