"""How tickets change their state: moved on, undone, opened again by their fault. ``states`` says which ways there are."""

from datetime import datetime
from typing import Any

from peewee import IntegrityError

from app.core import clock, db
from app.core.errors import N_, Conflict, Invalid
from app.core.prepared import Prepared
from app.core.types import Actor
from app.tickets import clocks, complaints, hotline, reasons, searching, states, watching
from app.tickets.models import Priority, Ticket, TicketFault, TicketStatus, TicketTransition
from app.tickets.reasons import AlarmReason
from app.tickets.writing import claim, note_transition, record, stale

MAX_REASON = 2_000


def change_status(
    *,
    by: Actor,
    ticket: Ticket,
    to: TicketStatus,
    version: int,
    reason: str = "",
    solution: str | None = None,
    at: datetime | None = None,
) -> None:
    """Move a ticket on along ``states.TRANSITIONS``; ``solution`` says what solved it when it is resolved.

    Raises ``Conflict`` when it is no longer in the state of ``version`` or the way does not exist, ``Invalid`` without a needed reason,
    or with a ``solution`` that says nothing (None: the caller knows it from elsewhere).
    """
    by.require("tickets.edit")
    changed_at = at or clock.now()
    present = TicketStatus(ticket.status)
    if ticket.version != version:
        raise stale(ticket.id)
    if to not in states.ways(present, ended_at(ticket), changed_at, ticket.open_orders):
        raise _no_way(ticket, to)
    if states.needs_reason(present, to) and not reason.strip():
        raise Invalid(N_("Say why, in a few words."), fields={"reason": N_("A reason is needed here.")})
    solved: dict[str, Any] = {}
    if to == TicketStatus.RESOLVED and solution is not None:
        solved = {"solution": solution.strip()}
        if not solved["solution"]:
            raise Invalid(N_("Say what solved it."), fields={"solution": N_("Say what solved it.")})
    with db.transaction():
        move(by, ticket, to, version, at=changed_at, reason=reason.strip()[:MAX_REASON], **solved)


def _no_way(ticket: Ticket, to: TicketStatus) -> Exception:
    if ticket.open_orders:
        return Conflict(N_("Somebody is on the way to it or at work. What becomes of the work order moves the ticket."))
    if to == TicketStatus.IN_WORK:
        return Conflict(N_("A ticket comes into work with its work order: dispatch it."))
    return stale(ticket.id)


def ended_at(ticket: Ticket) -> datetime | None:
    """When the ticket was resolved, or closed without that; None while it is open."""
    return None if ticket.is_open else ticket.resolved_at or ticket.closed_at


def undo(*, by: Actor, ticket: Ticket, version: int, at: datetime | None = None) -> None:
    """Take the last change of state back, within ``states.UNDO_WITHIN``. Raises ``Conflict`` when it can no longer be."""
    by.require("tickets.edit")
    undone_at = at or clock.now()
    with db.transaction():
        last = undoable(ticket, undone_at)
        if last is None or ticket.version != version:
            raise stale(ticket.id)
        move(by, ticket, TicketStatus(last.from_status), version, at=undone_at, reason=states.UNDONE, undone=last)


_last_transition = Prepared(
    lambda ticket_id: TicketTransition.select().where(TicketTransition.ticket == ticket_id).order_by(TicketTransition.id.desc()).limit(1)
)


def last_transition(ticket: Ticket) -> TicketTransition | None:
    """The last change of state."""
    return _last_transition.first(ticket.id)


def undoable(ticket: Ticket, at: datetime, last: TicketTransition | None = None) -> TicketTransition | None:
    """The last change of state (``last`` where it was read already) if a person made it lately and it was not itself an undoing."""
    last = last or last_transition(ticket)
    if last is None or last.from_status is None or last.by_id is None or last.to_status == TicketStatus.MERGED:
        return None
    is_fresh = at - last.at <= states.UNDO_WITHIN and last.to_status == ticket.status
    return last if is_fresh and last.reason not in (states.UNDONE, *states.BY_ORDER) and not ticket.open_orders else None


def reopen_for_fault(*, by: Actor, ticket: Ticket, at: datetime) -> None:
    """Open a finished ticket again because its fault came back (T12); the caller holds the row and its transaction."""
    move(by, ticket, TicketStatus.TO_VERIFY, ticket.version, at=at, reason=states.RECURRED, is_recurring=True)


def join_reasons(*, by: Actor, ticket: Ticket, priority: Priority, joined: list[AlarmReason], at: datetime) -> None:
    """Add what ``joined`` a ticket to why it exists, and raise its priority; the caller holds the row and its transaction."""
    before = {"priority": ticket.priority}
    claim(ticket, ticket.version, changed_at=at, priority=priority, reason=reasons.extended(ticket.reason, joined))
    if priority != before["priority"]:
        clocks.retarget(ticket, at)
        searching.index(ticket)
    record(by, "joined", ticket, before=before, after={"priority": priority, "reason": reasons.to_json(joined)})


def move(
    by: Actor,
    ticket: Ticket,
    to: TicketStatus,
    version: int,
    *,
    at: datetime,
    reason: str,
    undone: TicketTransition | None = None,
    **more: Any,
) -> None:
    """Put the ticket into ``to`` with ``more`` fields, in the running transaction; the caller has checked that the way exists.

    ``undone`` is the change that this one takes back.
    Raises ``Conflict`` for another ``version``, or when a fault of the ticket has another open ticket by now.
    """
    present = TicketStatus(ticket.status)
    claim(ticket, version, changed_at=at, **_fields_of(ticket, to, at), **more)
    if to == TicketStatus.CLOSED:  # with the ticket's row in hand, for which every assessment of its complaint waits
        complaints.check_may_close(ticket)
    _keep_faults(ticket)
    if ticket.is_open != states.is_open(present):
        searching.index(ticket)
    note_transition(by, ticket, at, present, reason)
    if to == TicketStatus.IN_WORK and undone is None and by.user_id is not None and by.may(hotline.SIGN):
        hotline.sign_by_dispatch(by, ticket, at)
    clocks.on_move(ticket, present, to, at, undone_at=undone.at if undone else None)
    record(by, "moved", ticket, before={"status": present}, after={"status": to, "reason": reason})
    watching.tell(by, ticket, TOLD[to], who=by.name)


# What who watches a ticket is told when it comes into a state.
TOLD = {
    TicketStatus.TO_VERIFY: N_("%(number)s: the fault came back; to verify again"),
    TicketStatus.NEW: N_("%(who)s took the last step of %(number)s back: it is new again"),
    TicketStatus.TRIAGED: N_("%(who)s accepted %(number)s"),
    TicketStatus.WAITING_DISPATCH: N_("%(who)s sent %(number)s to dispatch"),
    TicketStatus.IN_WORK: N_("%(who)s dispatched %(number)s: it is in work"),
    TicketStatus.WAITING_CUSTOMER: N_("%(number)s now waits for the customer (%(who)s)"),
    TicketStatus.RESOLVED: N_("%(who)s resolved %(number)s"),
    TicketStatus.CLOSED: N_("%(who)s closed %(number)s"),
    TicketStatus.CANCELLED: N_("%(who)s cancelled %(number)s"),
    TicketStatus.MERGED: N_("%(who)s merged %(number)s into another ticket"),
}


def _fields_of(ticket: Ticket, to: TicketStatus, at: datetime) -> dict[str, Any]:
    if states.is_open(to):
        return {"status": to, "is_open": True, "resolved_at": None, "closed_at": None}
    if to == TicketStatus.RESOLVED:
        return {"status": to, "is_open": False, "resolved_at": ticket.resolved_at or at, "closed_at": None}
    return {"status": to, "is_open": False, "closed_at": at}


def _keep_faults(ticket: Ticket) -> None:
    """Faults of a ticket are open while it is; raises ``Conflict`` when another ticket stands for one of them by now."""
    query = TicketFault.update(is_open=ticket.is_open).where(TicketFault.ticket == ticket, TicketFault.is_open != ticket.is_open)
    try:
        with db.savepoint():
            query.execute()
    except IntegrityError as error:
        raise Conflict(N_("Another open ticket stands for this fault of the machine by now; go on there.")) from error
