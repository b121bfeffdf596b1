"""What screens show of the clocks of a ticket: how far each is, and why its time did or did not count."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.calendar import Interval
from app.core.errors import N_, NotFound
from app.core.prepared import Prepared
from app.tickets import clocks, sla
from app.tickets.models import ClockKind, Ticket, TicketClock


class ClockState(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    SOON = "soon"
    LATE = "late"
    PAUSED = "paused"
    MET = "met"
    MET_LATE = "met_late"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock at one moment; ``counted`` is what has been counted of ``target``, ``share`` of it in per cent, at most 100."""

    row: TicketClock
    state: ClockState
    course: sla.Course
    until: datetime

    @property
    def counted(self) -> timedelta:
        return self.course.counted(self.row.started_at, self.until)

    @property
    def target(self) -> timedelta:
        return timedelta(minutes=self.row.target_minutes)

    @property
    def share(self) -> int:
        return min(100, int(self.counted * 100 / self.target))

    @property
    def over(self) -> timedelta:
        """How much more than the target was counted; nothing before the deadline."""
        return max(timedelta(), self.counted - self.target)

    @property
    def intervals(self) -> list[Interval]:
        """Everything since the clock started, with why it counted or not."""
        return self.course.intervals(self.row.started_at, self.until)

    @property
    def elapsed(self) -> timedelta:
        """What went by since the clock started, counted or not."""
        return max(timedelta(), self.until - self.row.started_at)


_all = Prepared(lambda ticket_id: TicketClock.select().where(TicketClock.ticket == ticket_id).order_by(TicketClock.id))


def of_ticket(ticket: Ticket, at: datetime) -> list[ClockView]:
    """The last clock of each kind, in the order of the work; none for what is finished long ago but kept its rows."""
    last = {row.kind: row for row in _all.rows(ticket.id)}
    return _views(ticket, [last[kind] for kind in ClockKind if kind in last], at)


def one(ticket: Ticket, clock_id: int, at: datetime) -> ClockView:
    """One clock of ``ticket``. Raises ``NotFound`` when it is none of its."""
    rows = [row for row in _all.rows(ticket.id) if row.id == clock_id]
    if not rows:
        raise NotFound(N_("This ticket has no such clock."))
    return _views(ticket, rows, at)[0]


def _views(ticket: Ticket, rows: list[TicketClock], at: datetime) -> list[ClockView]:
    if not rows:
        return []
    by, waits = clocks.rules(), clocks.waits_of_one(ticket.id)
    is_waiting = bool(waits) and waits[-1].end is None
    views = []
    for row in rows:
        course = sla.course(row.kind, is_round_the_clock=row.is_round_the_clock, calendar=by.calendar, waits=waits)
        until = row.met_at or row.stopped_at or at
        views.append(ClockView(row, _state(row, is_waiting and bool(course.pauses), at, course), course, until))
    return views


def _state(row: TicketClock, is_waiting: bool, at: datetime, course: sla.Course) -> ClockState:
    if row.met_at:
        return ClockState.MET_LATE if row.due_at and row.met_at > row.due_at else ClockState.MET
    if row.stopped_at:
        return ClockState.STOPPED
    if row.due_at and row.due_at <= at:
        return ClockState.LATE
    if is_waiting:
        return ClockState.PAUSED
    is_soon = course.counted(row.started_at, at) >= timedelta(minutes=row.target_minutes * sla.WARN_AT)
    return ClockState.SOON if is_soon else ClockState.RUNNING
