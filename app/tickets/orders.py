"""What work orders do to their ticket: it is in work while one is out, and resolved by the last that is finished.

``Ticket.open_orders`` counts those that are out, so that nothing here has to know what an order is. Everything runs in the
caller's transaction.
"""

from datetime import datetime

from app.core import db
from app.core.errors import N_, Conflict
from app.core.types import Actor
from app.tickets import complaints, moving, searching, states, writing
from app.tickets.models import Ticket, TicketStatus


def went_out(*, by: Actor, ticket_id: int, at: datetime) -> Ticket:
    """An order of the ticket has somebody now: the ticket is in work. Raises ``Conflict`` when the ticket is no longer open."""
    ticket = _locked(ticket_id)
    if not ticket.is_open:
        raise Conflict(N_("Ticket %(number)s is finished by now; nobody needs to go there."), number=ticket.number)
    out = ticket.open_orders + 1
    if ticket.status == TicketStatus.IN_WORK:
        _count(ticket, out)
    else:
        moving.move(by, ticket, TicketStatus.IN_WORK, ticket.version, at=at, reason=states.DISPATCHED, open_orders=out)
    return ticket


def came_back(*, by: Actor, ticket_id: int, at: datetime, is_done: bool, has_queued: bool = False) -> Ticket:
    """An order of the ticket has nobody any more: finished (``is_done``), returned or called off.

    With the last one the ticket is resolved, or waits for dispatch again; it also waits while another order of it stands in the
    queue (``has_queued``).
    """
    ticket = _locked(ticket_id)
    out = max(ticket.open_orders - 1, 0)
    if out or ticket.status not in (TicketStatus.IN_WORK, TicketStatus.WAITING_CUSTOMER):
        _count(ticket, out)
    elif is_done and not has_queued:
        moving.move(by, ticket, TicketStatus.RESOLVED, ticket.version, at=at, reason=states.FINISHED, open_orders=0)
    else:
        moving.move(by, ticket, TicketStatus.WAITING_DISPATCH, ticket.version, at=at, reason=states.RETURNED, open_orders=0)
    return ticket


def close_when_at_rest(*, by: Actor, ticket_id: int, at: datetime) -> None:
    """The last order of a resolved ticket was archived: the ticket is closed with it; a complaint is closed by hand."""
    ticket = _locked(ticket_id)
    if ticket.status == TicketStatus.RESOLVED and not complaints.is_complaint(ticket.kind, ticket.source):
        moving.move(by, ticket, TicketStatus.CLOSED, ticket.version, at=at, reason="")


def work_again(*, by: Actor, ticket_id: int, at: datetime) -> None:
    """Finishing was taken back. Raises ``Conflict`` when the ticket was closed meanwhile."""
    ticket = _locked(ticket_id)
    if ticket.open_orders:
        _count(ticket, ticket.open_orders + 1)
        return
    if not ticket.is_open and ticket.status != TicketStatus.RESOLVED:
        raise Conflict(N_("Ticket %(number)s is finished by now; open it again first."), number=ticket.number)
    moving.move(by, ticket, TicketStatus.IN_WORK, ticket.version, at=at, reason=states.TAKEN_BACK, open_orders=ticket.open_orders + 1)


def mark_major(*, by: Actor, ticket_id: int, at: datetime) -> None:
    """Somebody on site needs help with it: the ticket is difficult or major (疑难, 重大; 2B-07)."""
    ticket = _locked(ticket_id)
    if not ticket.is_major:
        writing.claim(ticket, ticket.version, is_major=True, changed_at=at)
        searching.index(ticket)
        writing.record(by, "edited", ticket, before={"is_major": False}, after={"is_major": True})


def _locked(ticket_id: int) -> Ticket:
    """The ticket, or the one that stands for it since it was merged."""
    ticket: Ticket = db.for_update(Ticket.select().where(Ticket.id == ticket_id)).get()
    return ticket if ticket.merged_into_id is None else _locked(ticket.merged_into_id)


def _count(ticket: Ticket, out: int) -> None:
    Ticket.update(open_orders=out).where(Ticket.id == ticket.id).execute()
    ticket.open_orders = out
