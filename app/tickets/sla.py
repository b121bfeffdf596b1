"""How long the clocks of a ticket may run, and when they run out (workflows, Clocks; 1E-02, 5-07); pure.

Time that the ticket waits for its customer does not count, save for the two clocks of a complaint: their 24 hours are
24 hours. What is said of a clock is said at moments of counted time, so that an escalation of a clock that runs on
the working calendar reaches nobody at night.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple

from app.core.calendar import Interval, Why, WorkingCalendar
from app.tickets.models import ClockKind, Priority, TicketKind, TicketStatus

WARN_AT = 0.75
STEP_MINUTES = 30
DAY = 450  # the minutes of a working day by the default hours
MAX_MINUTES = 366 * 24 * 60
ANSWER, DISPATCH, ARRIVAL, REPAIR = ClockKind.ANSWER, ClockKind.DISPATCH, ClockKind.ARRIVAL, ClockKind.REPAIR
COMPLAINT_CLOCKS = (ClockKind.INTERNAL_ANSWER, ClockKind.CUSTOMER_ANSWER)


class Target(NamedTuple):
    """How long a clock may run, on the working calendar or round the clock."""

    minutes: int
    is_round_the_clock: bool = False


Key = tuple[TicketKind, Priority, ClockKind]


def _row(kind: TicketKind, priority: Priority, *minutes: int | None, round_the_clock: bool = False) -> dict[Key, Target]:
    clocks = zip((ANSWER, DISPATCH, ARRIVAL, REPAIR), minutes, strict=False)
    return {(kind, priority, clock): Target(one, round_the_clock) for clock, one in clocks if one is not None}


# Two answers within 24 hours, round the clock, whatever the priority (1E-02): no deployment may soften these.
FIXED: dict[Key, Target] = {
    (TicketKind.COMPLAINT, priority, clock): Target(24 * 60, True) for priority in Priority for clock in COMPLAINT_CLOCKS
}
DEFAULTS: dict[Key, Target] = FIXED | {
    **_row(TicketKind.FAULT_REPORT, Priority.CRITICAL, 15, 30, 4 * 60, 24 * 60, round_the_clock=True),
    **_row(TicketKind.FAULT_REPORT, Priority.HIGH, 30, 120, DAY, 3 * DAY),
    **_row(TicketKind.FAULT_REPORT, Priority.LOW, 60, DAY, 3 * DAY, 5 * DAY),
    **_row(TicketKind.COMPLAINT, Priority.CRITICAL, 15, round_the_clock=True),
    **_row(TicketKind.COMPLAINT, Priority.HIGH, 30),
    **_row(TicketKind.COMPLAINT, Priority.LOW, 60),
    **_row(TicketKind.ENQUIRY, Priority.CRITICAL, 30, None, None, DAY),
    **_row(TicketKind.ENQUIRY, Priority.HIGH, 60, None, None, 2 * DAY),
    **_row(TicketKind.ENQUIRY, Priority.LOW, 120, None, None, 3 * DAY),
    **_row(TicketKind.PARTS_ORDER, Priority.CRITICAL, 60),
    **_row(TicketKind.PARTS_ORDER, Priority.HIGH, 120),
    **_row(TicketKind.PARTS_ORDER, Priority.LOW, DAY),
    **_row(TicketKind.SUGGESTION, Priority.CRITICAL, DAY),
    **_row(TicketKind.SUGGESTION, Priority.HIGH, DAY),
    **_row(TicketKind.SUGGESTION, Priority.LOW, 2 * DAY),
}


class Step(IntEnum):
    """What is said of a clock that goes on running, in order."""

    WARNED = 1
    LATE = 2
    DEPUTY = 3
    MANAGER = 4


class Ending(StrEnum):
    """How a clock ends."""

    MET = "met"
    STOPPED = "stopped"


class Pause(NamedTuple):
    """Time that does not count; ``end`` is None while it lasts."""

    start: datetime
    end: datetime | None


class Moved(NamedTuple):
    """A change of state, as far as clocks are concerned."""

    at: datetime
    to: str


def pauses(moves: Iterable[Moved]) -> list[Pause]:
    """When the ticket waited for its customer, by its changes of state in order; a clock of the host that went back makes none."""
    found: list[Pause] = []
    for move in moves:
        is_waiting = move.to == TicketStatus.WAITING_CUSTOMER
        if found and found[-1].end is None:
            if not is_waiting:
                found[-1] = Pause(found[-1].start, max(move.at, found[-1].start))
        elif is_waiting:
            found.append(Pause(max(move.at, found[-1].end) if found and found[-1].end else move.at, None))
    return found


class Course(NamedTuple):
    """How time runs for one clock: by ``calendar`` (None: round the clock), less its pauses."""

    calendar: WorkingCalendar | None
    pauses: Sequence[Pause] = ()

    def after(self, start: datetime, amount: timedelta) -> datetime | None:
        """When ``amount`` will have been counted since ``start``; None while a pause that came before goes on."""
        at, left = start, amount
        for pause in self.pauses:
            if pause.end is not None and pause.end <= at:
                continue
            begins = max(at, pause.start)
            counted = self._counted(at, begins)
            if counted >= left:
                break
            if pause.end is None:
                return None
            left -= counted
            at = pause.end
        return self._add(at, left)

    def counted(self, start: datetime, end: datetime) -> timedelta:
        """How much counts between ``start`` and ``end``."""
        return sum((self._counted(one, other) for one, other in self._open(start, end)), timedelta())

    def intervals(self, start: datetime, end: datetime) -> list[Interval]:
        """Everything between ``start`` and ``end``, with why it counted or not; sums exactly to the time that went by."""
        found: list[Interval] = []
        at = start
        for open_from, open_to in self._open(start, end):
            if open_from > at:
                found.append(Interval(at, open_from, False, Why.WAITING_CUSTOMER))
            found += self._explained(open_from, open_to)
            at = open_to
        if end > at:
            found.append(Interval(at, end, False, Why.WAITING_CUSTOMER))
        return found

    def _open(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The parts between ``start`` and ``end`` that are no pause."""
        at = start
        for pause in self.pauses:
            if pause.start >= end:
                break
            if pause.start > at:
                yield at, pause.start
            at = max(at, pause.end or end)
        if at < end:
            yield at, end

    def _explained(self, start: datetime, end: datetime) -> list[Interval]:
        return self.calendar.intervals(start, end) if self.calendar else [Interval(start, end, True, Why.ROUND_THE_CLOCK)]

    def _counted(self, start: datetime, end: datetime) -> timedelta:
        if end <= start:
            return timedelta()
        return self.calendar.worked(start, end) if self.calendar else end - start

    def _add(self, start: datetime, amount: timedelta) -> datetime:
        return self.calendar.add_working(start, amount) if self.calendar else start + amount


def course(clock: str, *, is_round_the_clock: bool, calendar: WorkingCalendar, waits: Sequence[Pause]) -> Course:
    """How time runs for ``clock``."""
    return Course(None if is_round_the_clock else calendar, () if clock in COMPLAINT_CLOCKS else waits)


def moment_of(step: Step, minutes: int, step_minutes: int) -> timedelta:
    """The counted time at which ``step`` is due for a target of ``minutes``."""
    if step == Step.WARNED:
        return timedelta(minutes=minutes * WARN_AT)
    return timedelta(minutes=minutes + (step - Step.LATE) * step_minutes)


def clocks_in(status: TicketStatus) -> tuple[ClockKind, ...]:
    """The clocks that make sense to start for a ticket in ``status``.

    What has been accepted was answered; a complaint that was solved at once still owes its two answers.
    """
    if status in (TicketStatus.NEW, TicketStatus.TO_VERIFY):
        return tuple(ClockKind)
    if status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        return COMPLAINT_CLOCKS
    if status in (TicketStatus.CANCELLED, TicketStatus.MERGED):
        return ()
    return tuple(kind for kind in ClockKind if kind != ANSWER and not (kind == DISPATCH and status == TicketStatus.IN_WORK))


def endings(present: TicketStatus, to: TicketStatus) -> dict[ClockKind, Ending]:
    """The clocks that end when a ticket goes from ``present`` to ``to``, and how.

    Until visits report it, whoever resolves a ticket in work has arrived. A complaint's clocks end with its answers;
    only a ticket that is dropped takes them along.
    """
    met, stopped = Ending.MET, Ending.STOPPED
    if to in (TicketStatus.CANCELLED, TicketStatus.MERGED):
        return dict.fromkeys(ClockKind, stopped)
    if to == TicketStatus.CLOSED:
        return dict.fromkeys((ANSWER, DISPATCH, ARRIVAL, REPAIR), stopped)
    if to == TicketStatus.RESOLVED:
        went_there = met if present == TicketStatus.IN_WORK else stopped
        return {ANSWER: met, DISPATCH: stopped, ARRIVAL: went_there, REPAIR: met}
    if to == TicketStatus.IN_WORK:
        return {ANSWER: met, DISPATCH: met}
    if present in (TicketStatus.NEW, TicketStatus.TO_VERIFY):
        return {ANSWER: met}
    return {}
