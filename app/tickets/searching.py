"""What a ticket is found by: its number, words and notes, and marks of what it is about, so that filters combine at no cost."""

from collections.abc import Iterable
from typing import Any

from app.core import textsearch
from app.core.prepared import Prepared
from app.core.textsearch import Term
from app.tickets.models import Ticket, TicketNote

TABLE = "ticket_search"
MACHINE, CUSTOMER, AREA, KIND, SOURCE, PRIORITY, OPEN = "m", "c", "a", "k", "s", "p", "o"


_notes = Prepared(lambda ticket_id: TicketNote.select(TicketNote.text).where(TicketNote.ticket == ticket_id).tuples())


def index(ticket: Ticket, *, is_new: bool = False) -> None:
    """Write the ticket's search document anew, in the running transaction; a new one has no notes to look for."""
    notes = [] if is_new else [text for (text,) in _notes.rows(ticket.id)]
    said = [ticket.number, ticket.title, ticket.text, ticket.solution, ticket.caller_name, ticket.caller_phone, *notes]
    textsearch.write(TABLE, ticket.id, textsearch.tokens(" ".join(said)) | marks(ticket))


def marks(ticket: Ticket) -> set[str]:
    """The marks of one ticket."""
    about = {
        MACHINE: ticket.machine_id,
        CUSTOMER: ticket.customer_id,
        AREA: ticket.area_id,
        KIND: ticket.kind,
        SOURCE: ticket.source,
        PRIORITY: ticket.priority,
        OPEN: "" if ticket.is_open else None,
    }
    return {textsearch.mark(name, key) for name, key in about.items() if key is not None}


def is_one_of(name: str, keys: Iterable[Any]) -> textsearch.Clause:
    """The clause that a ticket carries the mark ``name`` with one of ``keys``."""
    return [[Term(textsearch.mark(name, key))] for key in keys]
