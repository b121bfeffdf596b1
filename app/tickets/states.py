"""The states of a ticket and the ways between them (workflows.md, Ticket); pure.

``merged`` is reached by merging alone, which is an operation of its own.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from app.tickets.models import OPEN_STATUSES, Priority, TicketStatus

TO_VERIFY, NEW, TRIAGED, WAITING_DISPATCH = TicketStatus.TO_VERIFY, TicketStatus.NEW, TicketStatus.TRIAGED, TicketStatus.WAITING_DISPATCH
IN_WORK, WAITING_CUSTOMER, RESOLVED = TicketStatus.IN_WORK, TicketStatus.WAITING_CUSTOMER, TicketStatus.RESOLVED
CLOSED, CANCELLED, MERGED = TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.MERGED

# The first way of each state is its next step; the others follow in the order they are offered.
TRANSITIONS: dict[TicketStatus, tuple[TicketStatus, ...]] = {
    TO_VERIFY: (TRIAGED, WAITING_DISPATCH, WAITING_CUSTOMER, RESOLVED, CANCELLED),
    NEW: (TRIAGED, WAITING_DISPATCH, WAITING_CUSTOMER, RESOLVED, CANCELLED),
    TRIAGED: (WAITING_DISPATCH, WAITING_CUSTOMER, RESOLVED, CANCELLED),
    WAITING_DISPATCH: (IN_WORK, WAITING_CUSTOMER, RESOLVED, CANCELLED),
    IN_WORK: (RESOLVED, WAITING_DISPATCH, WAITING_CUSTOMER, CANCELLED),
    WAITING_CUSTOMER: (TRIAGED, WAITING_DISPATCH, RESOLVED, CANCELLED),  # and back into work while an order is out
    RESOLVED: (CLOSED, TRIAGED),
    CLOSED: (TRIAGED,),
    CANCELLED: (),
    MERGED: (),
}


class Outcome(StrEnum):
    """What becomes of a request while it is taken down: the three buttons of the intake."""

    DISPATCH = "dispatch"
    SOLVED = "solved"
    SAVE = "save"


# The state in which a ticket begins.
FIRST: dict[Outcome, TicketStatus] = {Outcome.DISPATCH: WAITING_DISPATCH, Outcome.SOLVED: RESOLVED, Outcome.SAVE: NEW}

REOPEN_BY_HAND_WITHIN = timedelta(days=30)
REOPEN_BY_MONITORING_WITHIN = timedelta(hours=24)
UNDO_WITHIN = timedelta(hours=1)

# Words that the program itself gives as the reason of a transition.
UNDONE = "undone"
RECURRED = "the fault came back"
GONE = "the fault went away and nobody had taken it up"
TAKEN_OUT = "taken out again"
DISPATCHED = "dispatched"
FINISHED = "the work is finished"
RETURNED = "the order came back"
TAKEN_BACK = "finishing was taken back"
# These follow from what was done to a work order; they are undone there.
BY_ORDER = (DISPATCHED, FINISHED, RETURNED, TAKEN_BACK)

# How grave a priority is.
RANK = {Priority.LOW: 0, Priority.HIGH: 1, Priority.CRITICAL: 2}


def is_open(status: TicketStatus) -> bool:
    """Whether a ticket in ``status`` still stands for its faults (monitoring §4)."""
    return status in OPEN_STATUSES


def is_reopening(present: TicketStatus, target: TicketStatus) -> bool:
    """Whether going from ``present`` to ``target`` opens a ticket again."""
    return is_open(target) and not is_open(present)


def needs_reason(present: TicketStatus, target: TicketStatus) -> bool:
    """Whether the person must say why: cancelling, and opening again what was finished."""
    return target == CANCELLED or is_reopening(present, target)


def ways(present: TicketStatus, ended_at: datetime | None, at: datetime, open_orders: int = 0) -> tuple[TicketStatus, ...]:
    """Where a person may move a ticket in ``present`` at ``at``; ``ended_at`` is when it was resolved or closed last.

    Into work it comes by its work order alone. While ``open_orders`` are out it can only wait for the customer, or go on.
    """
    if open_orders:
        return {IN_WORK: (WAITING_CUSTOMER,), WAITING_CUSTOMER: (IN_WORK,)}.get(present, ())
    is_too_late = ended_at is not None and at - ended_at > REOPEN_BY_HAND_WITHIN
    return tuple(target for target in TRANSITIONS[present] if target != IN_WORK and not (is_too_late and is_reopening(present, target)))
