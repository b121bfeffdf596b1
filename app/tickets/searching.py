"""What a ticket is found by: its number, words, notes, machine and customer."""

from app.core import textsearch
from app.tickets.models import Ticket, TicketNote

TABLE = "ticket_search"
MACHINE, CUSTOMER = "m", "c"


def index(ticket: Ticket) -> None:
    """Write the ticket's search document anew, in the running transaction."""
    notes = [text for (text,) in TicketNote.select(TicketNote.text).where(TicketNote.ticket == ticket.id).tuples()]
    textsearch.write(TABLE, ticket.id, document(ticket.number, [ticket.title, ticket.text, *notes], ticket.machine_id, ticket.customer_id))


def document(number: str, texts: list[str], machine_id: int | None, customer_id: int | None) -> set[str]:
    """The tokens of one ticket."""
    found = textsearch.tokens(" ".join([number, *texts]))
    if machine_id is not None:
        found.add(textsearch.mark(MACHINE, machine_id))
    if customer_id is not None:
        found.add(textsearch.mark(CUSTOMER, customer_id))
    return found
