"""What every change of a ticket goes through: the row is claimed at its version, and the change stands in the history."""

from datetime import datetime
from typing import Any

from app.core import history, live
from app.core.errors import N_, Conflict, NotFound
from app.core.prepared import PreparedInsert, PreparedUpdate
from app.core.types import Actor
from app.tickets.models import Ticket, TicketStatus, TicketTransition

MISSING = N_("Something is missing. See the words beside the fields.")


def claim(ticket: Ticket, version: int, **fields: Any) -> None:
    """Set ``fields`` if the ticket still has ``version``, in the running transaction. Raises ``Conflict`` when it has not."""
    if _claim.count(fields, ticket.id, version) != 1:
        raise stale(ticket.id)
    for name, value in fields.items():
        setattr(ticket, name, value)
    ticket.version = version + 1


_claim = PreparedUpdate(
    Ticket,
    lambda changes, ticket_id, version: Ticket.update(changes, version=Ticket.version + 1).where(
        Ticket.id == ticket_id, Ticket.version == version
    ),
)


def stale(ticket_id: int) -> Conflict:
    """The refusal of a request made for a state that is over. Raises ``NotFound`` when there is no such ticket."""
    present = Ticket.get_or_none(Ticket.id == ticket_id)
    if present is None:
        raise NotFound(N_("There is no such ticket."))
    return Conflict(N_("This ticket has changed meanwhile. Look at its present state, then decide again."), status=present.status)


def note_transition(by: Actor, ticket: Ticket, at: datetime, present: TicketStatus | None, reason: str = "") -> None:
    """Write the row of a change of state from ``present`` to the one the ticket has now."""
    _transitions.add(
        TicketTransition(
            ticket=ticket.id, at=at, by=by.user_id, by_name=by.name, from_status=present, to_status=ticket.status, reason=reason
        )
    )


_transitions = PreparedInsert(TicketTransition)


def record(
    by: Actor,
    action: str,
    ticket: Ticket,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    personal: dict[str, str] | None = None,
) -> None:
    """Note the change in the history and tell the live screens."""
    history.record(by, f"ticket.{action}", "ticket", ticket.number, before=before, after=after, personal=personal)
    live.touch("tickets")
