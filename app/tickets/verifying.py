"""Tickets from monitoring: the customer is phoned before anybody is sent (workflows, Ticket)."""

from datetime import datetime, timedelta

from app.core import clock, db
from app.core.errors import N_, Conflict, Invalid
from app.core.spoken import say
from app.core.types import Actor
from app.tickets import moving
from app.tickets.models import Ticket, TicketStatus
from app.tickets.operations import leave_words
from app.tickets.writing import claim, record

LATEST = timedelta(days=7)


def confirm(*, by: Actor, ticket: Ticket, version: int, note: str = "", at: datetime | None = None) -> None:
    """The customer confirmed the fault: the ticket goes to dispatch, with what was said. Raises ``Conflict`` when it is verified by now."""
    check_is_to_verify(ticket)
    moving.change_status(by=by, ticket=ticket, to=TicketStatus.WAITING_DISPATCH, version=version, reason=note, at=at)


def dismiss(*, by: Actor, ticket: Ticket, version: int, reason: str, at: datetime | None = None) -> None:
    """A false alarm: the ticket is cancelled. Raises ``Invalid`` without the reason, ``Conflict`` when it is verified by now."""
    check_is_to_verify(ticket)
    moving.change_status(by=by, ticket=ticket, to=TicketStatus.CANCELLED, version=version, reason=reason, at=at)


def check_is_to_verify(ticket: Ticket) -> None:
    """Raise ``Conflict`` for a ticket whose customer need not be phoned any more."""
    if ticket.status != TicketStatus.TO_VERIFY:
        raise Conflict(N_("This ticket is verified by now. Look at its present state."), status=ticket.status)


def not_reached(*, by: Actor, ticket: Ticket, version: int, again_at: datetime, note: str = "", at: datetime | None = None) -> None:
    """Nobody answered: the ticket stays, and says when to phone again; it waits below the others until then.

    Raises ``Invalid`` for a time that is over or more than ``LATEST`` away, ``Conflict`` when the ticket is verified by now.
    """
    by.require("tickets.edit")
    tried_at = at or clock.now()
    if not tried_at < again_at <= tried_at + LATEST:
        raise Invalid(N_("Choose a time within the next seven days."), fields={"again_at": N_("Choose a time within the next seven days.")})
    check_is_to_verify(ticket)
    with db.transaction():
        claim(ticket, version, changed_at=tried_at, call_again_at=again_at)
        leave_words(by, ticket, note.strip() or say(None, N_("Not reached by phone.")), tried_at)
        record(by, "not_reached", ticket, after={"again_at": again_at})
