"""The clocks of tickets: started with the ticket, ended by what is done, set anew when the calendar changes.

``sla`` says how long and what counts; this module keeps the rows and ``Ticket.due_at``, the earliest deadline still
running, in step with them. Everything here runs inside the caller's transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from app.core import bulk, clock, db, known_settings
from app.core.calendar import WorkingCalendar
from app.core.clock import to_ms
from app.core.errors import N_
from app.core.known_settings import Group, KnownSetting, SettingKind
from app.core.live import LiveVersion
from app.core.prepared import Prepared
from app.roster import calendars
from app.tickets import sla
from app.tickets.models import (
    ClockKind,
    ClockTarget,
    Priority,
    Ticket,
    TicketClock,
    TicketKind,
    TicketSource,
    TicketStatus,
    TicketTransition,
)
from app.tickets.sla import Ending, Moved, Pause, Step, Target

# The live version that every change of the targets moves.
TARGETS = "clock-targets"
_VERSIONS = (*calendars.VERSIONS, TARGETS)

ESCALATION_STEP = known_settings.register(
    KnownSetting(
        "escalation_minutes", N_("Minutes from one step of an escalation to the next"), sla.STEP_MINUTES, SettingKind.WHOLE, Group.CLOCKS,
        least=1, most=24 * 60,
        hint=N_("A deadline that has passed goes to the clerk at once, then to the deputy, then to the manager."),
    )
)  # fmt: skip


class Rules(NamedTuple):
    """What clocks go by at one moment: calendar, targets, and the minutes between steps of an escalation."""

    calendar: WorkingCalendar
    targets: Mapping[sla.Key, Target]
    step_minutes: int


class Planned(NamedTuple):
    """A clock about to start."""

    kind: ClockKind
    target: Target
    due_at: datetime | None
    next_look_at: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The clocks of a ticket about to be opened, so that its row is written with its deadline."""

    started_at: datetime
    clocks: tuple[Planned, ...] = ()

    @property
    def due_at(self) -> datetime | None:
        """The first deadline; None when no clock runs."""
        return min((one.due_at for one in self.clocks if one.due_at), default=None)

    def begin(self, ticket_id: int) -> None:
        """Start the clocks for the ticket that has been written."""
        start = to_ms(self.started_at)
        rows = [
            (ticket_id, one.kind, start, one.target.minutes, one.target.is_round_the_clock, _ms(one.due_at), _ms(one.next_look_at), 0)
            for one in self.clocks
        ]
        bulk.insert(TicketClock, _STARTED, rows)


_STARTED = ("ticket", "kind", "started_at", "target_minutes", "is_round_the_clock", "due_at", "next_look_at", "escalated")
_TIMED = ("due_at", "next_look_at", "warned_at", "breached_at", "escalated")

_versions = Prepared(
    lambda one, two, three: LiveVersion.select(LiveVersion.name, LiveVersion.value).where(LiveVersion.name.in_((one, two, three))).tuples()
)
_running = Prepared(
    lambda ticket_id: TicketClock.select().where(
        TicketClock.ticket == ticket_id, TicketClock.met_at.is_null(), TicketClock.stopped_at.is_null()
    )
)
_moves = Prepared(
    lambda ticket_id: (
        TicketTransition.select(TicketTransition.at, TicketTransition.to_status)
        .where(TicketTransition.ticket == ticket_id)
        .order_by(TicketTransition.id)
        .tuples()
    )
)
_kept: tuple[tuple[object, int, int, object], Rules] | None = None


def rules() -> Rules:
    """What clocks go by now; read anew only after a change."""
    global _kept
    found = dict(_versions.rows(*_VERSIONS))
    calendar_version = sum(found.get(name, 0) for name in calendars.VERSIONS)
    key = (db.database.obj, calendar_version, found.get(TARGETS, 0), clock.zone())
    if _kept is None or _kept[0] != key:
        _kept = (key, Rules(calendars.at_version(calendar_version), present_targets(), ESCALATION_STEP.value()))
    return _kept[1]


def present_targets() -> dict[sla.Key, Target]:
    """The defaults with what the deployment set otherwise; a clock that is not named does not run."""
    found = dict(sla.DEFAULTS)
    for row in ClockTarget.select():
        key = (TicketKind(row.ticket_kind), Priority(row.priority), ClockKind(row.clock))
        if key in sla.FIXED:
            continue
        found.pop(key, None)
        if row.minutes is not None:
            found[key] = Target(row.minutes, row.is_round_the_clock)
    return found


def plan(*, kind: TicketKind, priority: Priority, source: TicketSource, status: TicketStatus, at: datetime) -> Plan:
    """The clocks that start with a ticket; imported history runs none, what is solved at once only those of a complaint."""
    if source == TicketSource.IMPORT:
        return Plan(at)
    by = rules()
    wanted = _targets_of(by, kind, priority, status)
    return Plan(at, tuple(_planned(by, name, target, at) for name, target in wanted.items()))


def _planned(by: Rules, kind: ClockKind, target: Target, at: datetime) -> Planned:
    course = sla.course(kind, is_round_the_clock=target.is_round_the_clock, calendar=by.calendar, waits=())
    minutes = timedelta(minutes=target.minutes)
    return Planned(kind, target, course.after(at, minutes), course.after(at, sla.moment_of(Step.WARNED, target.minutes, by.step_minutes)))


def _targets_of(by: Rules, kind: TicketKind, priority: Priority, status: TicketStatus) -> dict[ClockKind, Target]:
    names = sla.clocks_in(status)
    return {name: by.targets[kind, priority, name] for name in names if (kind, priority, name) in by.targets}


def _wanted(ticket: Ticket) -> dict[ClockKind, Target]:
    return _targets_of(rules(), TicketKind(ticket.kind), Priority(ticket.priority), TicketStatus(ticket.status))


def start(ticket: Ticket, at: datetime) -> None:
    """Start the clocks that ``ticket`` should have and that are not running."""
    running = {row.kind for row in _running.rows(ticket.id)}
    _begin(ticket, {name: target for name, target in _wanted(ticket).items() if name not in running}, at)
    _settle(ticket, at)


def _begin(ticket: Ticket, wanted: Mapping[ClockKind, Target], at: datetime) -> None:
    by = rules()
    Plan(at, tuple(_planned(by, name, target, at) for name, target in wanted.items())).begin(ticket.id)


def meet(ticket: Ticket, kind: ClockKind, at: datetime) -> None:
    """What the clock ``kind`` waits for has been done; nothing happens when it does not run."""
    _end(ticket, {kind: Ending.MET}, at)
    _settle(ticket, at)


def stop(ticket: Ticket, at: datetime, kinds: Iterable[ClockKind] = tuple(ClockKind)) -> None:
    """These clocks no longer matter."""
    _end(ticket, dict.fromkeys(kinds, Ending.STOPPED), at)
    _settle(ticket, at)


def on_move(ticket: Ticket, present: TicketStatus, to: TicketStatus, at: datetime, *, undone_at: datetime | None = None) -> None:
    """Follow a change of state whose transition has been written; ``undone_at`` is when the change was made that this one takes back.

    Opening again starts new clocks; taking a change back lets those run on that it had ended.
    """
    if undone_at is not None:
        _take_back(ticket, at, undone_at)
    elif _is_over(present) and not _is_over(to):
        start(ticket, at)
        return
    else:
        _end(ticket, sla.endings(present, to), at)
    _settle(ticket, at)


def retarget(ticket: Ticket, at: datetime) -> None:
    """Kind or priority changed: running clocks get the new time from when they started, those never had start now, others stop."""
    wanted = _wanted(ticket)
    for row in _running.rows(ticket.id):
        target = wanted.get(ClockKind(row.kind))
        if target is None:
            _end(ticket, {ClockKind(row.kind): Ending.STOPPED}, at)
        elif target != (row.target_minutes, row.is_round_the_clock):
            changed = TicketClock.update(target_minutes=target.minutes, is_round_the_clock=target.is_round_the_clock)
            changed.where(TicketClock.id == row.id).execute()
    had = {name for (name,) in TicketClock.select(TicketClock.kind).where(TicketClock.ticket == ticket).tuples()}
    _begin(ticket, {name: target for name, target in wanted.items() if name not in had and ticket.is_open}, at)
    _settle(ticket, at)


def _is_over(status: TicketStatus) -> bool:
    return status in (TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.MERGED)


def _end(ticket: Ticket, endings: Mapping[ClockKind, Ending], at: datetime) -> None:
    for ending, column in ((Ending.MET, "met_at"), (Ending.STOPPED, "stopped_at")):
        kinds = [kind for kind, how in endings.items() if how == ending]
        if kinds:
            query = TicketClock.update({column: at, "next_look_at": None})
            query.where(_is_running(ticket.id), TicketClock.kind.in_(kinds)).execute()


def _is_running(ticket_id: int) -> Any:
    return (TicketClock.ticket == ticket_id) & TicketClock.met_at.is_null() & TicketClock.stopped_at.is_null()


def _take_back(ticket: Ticket, at: datetime, undone_at: datetime) -> None:
    """Stop what the undone change started, let run what it ended."""
    if undone_at > ticket.opened_at:
        begun_then = TicketClock.update(stopped_at=at, next_look_at=None).where(_is_running(ticket.id), TicketClock.started_at == undone_at)
        begun_then.execute()
    ended_then = (TicketClock.met_at == undone_at) | (TicketClock.stopped_at == undone_at)
    running = [row.kind for row in _running.rows(ticket.id)]
    TicketClock.update(met_at=None, stopped_at=None).where(
        TicketClock.ticket == ticket, ended_then, TicketClock.kind.not_in(running) if running else True
    ).execute()


def _settle(ticket: Ticket, at: datetime) -> None:
    """Time the running clocks anew and give the ticket its first deadline."""
    rows = _running.rows(ticket.id)
    if rows:
        time_anew(rows, {ticket.id: waits_of_one(ticket.id)}, rules(), at)
    due_at = min((row.due_at for row in rows if row.due_at), default=None)
    if due_at != ticket.due_at:
        ticket.due_at = due_at
        Ticket.update(due_at=due_at).where(Ticket.id == ticket.id).execute()


def time_anew(rows: Sequence[TicketClock], waits: Mapping[int, Sequence[Pause]], by: Rules, at: datetime) -> None:
    """Compute deadline and next look of running clocks; what was said too early by the new deadline counts as not said."""
    before = [_timing(row) for row in rows]
    for row in rows:
        _time(row, waits.get(row.ticket_id, ()), by, at)
    store_timing([row for row, timing in zip(rows, before, strict=True) if _timing(row) != timing])


def store_timing(rows: Sequence[TicketClock]) -> None:
    """Write deadline, next look and what was said of ``rows``."""
    bulk.update(TicketClock, _TIMED, [(*_timing(row), row.id) for row in rows])


def _timing(row: TicketClock) -> tuple[int | None, ...]:
    return (_ms(row.due_at), _ms(row.next_look_at), _ms(row.warned_at), _ms(row.breached_at), row.escalated)


def _time(row: TicketClock, waits: Sequence[Pause], by: Rules, at: datetime) -> None:
    course = sla.course(row.kind, is_round_the_clock=row.is_round_the_clock, calendar=by.calendar, waits=waits)
    row.due_at = course.after(row.started_at, timedelta(minutes=row.target_minutes))
    if row.breached_at and (row.due_at is None or row.due_at > at):
        row.breached_at, row.escalated = None, 0
    if row.warned_at:
        warning_at = course.after(row.started_at, sla.moment_of(Step.WARNED, row.target_minutes, by.step_minutes))
        if warning_at is None or warning_at > at:
            row.warned_at = None
    row.next_look_at = next_look(row, course, by.step_minutes)


def next_look(row: TicketClock, course: sla.Course, step_minutes: int) -> datetime | None:
    """When the next thing may have to be said of a running clock; None when all is said, or while it pauses."""
    said = said_of(row)
    if said == Step.MANAGER:
        return None
    return course.after(row.started_at, sla.moment_of(Step(said + 1), row.target_minutes, step_minutes))


def said_of(row: TicketClock) -> int:
    """The last step that was said of a clock; 0 before the first."""
    if row.breached_at:
        return Step.LATE + row.escalated
    return Step.WARNED if row.warned_at else 0


def waits_of_one(ticket_id: int) -> list[Pause]:
    """When the ticket waited for its customer."""
    return sla.pauses(Moved(moved_at, to) for moved_at, to in _moves.rows(ticket_id))


def waits_of(ticket_ids: Sequence[int]) -> dict[int, list[Pause]]:
    """When each of these tickets waited for its customer."""
    moves: dict[int, list[Moved]] = defaultdict(list)
    query = TicketTransition.select(TicketTransition.ticket, TicketTransition.at, TicketTransition.to_status)
    for ticket_id, at, to in query.where(TicketTransition.ticket.in_(ticket_ids)).order_by(TicketTransition.id).tuples():
        moves[ticket_id].append(Moved(at, to))
    return {ticket_id: sla.pauses(found) for ticket_id, found in moves.items()}


def _ms(at: datetime | None) -> int | None:
    return to_ms(at) if at is not None else None
