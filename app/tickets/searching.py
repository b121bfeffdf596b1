"""What a ticket is found by: its number, words and notes, who called, and marks of what it is about, so that filters combine at no cost.

Machines and customers are looked for in their own indexes and then meant by their marks: renaming one changes no ticket's document.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.core import bulk, indexing, textsearch
from app.core.indexing import Document
from app.core.prepared import Prepared
from app.core.textsearch import Clause, Term
from app.customers import searching as customers
from app.customers.models import Contact
from app.machines import searching as machines
from app.tickets.models import Ticket, TicketNote

TABLE = "ticket_search"
MACHINE, CUSTOMER, AREA, KIND, SOURCE, PRIORITY, OPEN, URGED, MAJOR = "m", "c", "a", "k", "s", "p", "o", "u", "j"
# A word that fits more machines, customers or people than this is not meant as one of them.
MAX_NAMED = 60

_notes = Prepared(lambda ticket_id: TicketNote.select(TicketNote.text).where(TicketNote.ticket == ticket_id).tuples())


def index(ticket: Ticket, *, is_new: bool = False) -> None:
    """Write the ticket's search document anew, in the running transaction; a new one has no notes to look for."""
    notes = [] if is_new else [text for (text,) in _notes.rows(ticket.id)]
    textsearch.write(TABLE, ticket.id, _tokens(ticket, notes))


def _tokens(ticket: Ticket, notes: Iterable[str]) -> set[str]:
    found = textsearch.parts(ticket.number) | customers.wholes(ticket.number)
    found |= textsearch.parts(ticket.caller_phone) | textsearch.name_tokens(ticket.caller_name)
    return found | textsearch.tokens(" ".join([ticket.title, ticket.text, ticket.solution, *notes])) | marks(ticket)


def _tickets(keys: Sequence[int]) -> Iterator[Document]:
    notes: dict[int, list[str]] = defaultdict(list)
    for ticket_id, text in bulk.lookup(TicketNote, ("ticket", "text"), "ticket", keys):
        notes[ticket_id].append(text)
    for ticket in Ticket.select().where(Ticket.id.in_(keys)):
        yield ticket.id, _tokens(ticket, notes[ticket.id])


indexing.register(TABLE, Ticket, _tickets)


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
        URGED: "" if ticket.urged_count else None,
        MAJOR: "" if ticket.is_major else None,
    }
    return {textsearch.mark(name, key) for name, key in about.items() if key is not None}


def is_one_of(name: str, keys: Iterable[Any]) -> textsearch.Clause:
    """The clause that a ticket carries the mark ``name`` with one of ``keys``."""
    return [[Term(textsearch.mark(name, key))] for key in keys]


def clause(word: str) -> Clause:
    """What a ticket must have to be found by ``word``: the word itself, or the machine, customer or person there that it names.

    Empty for signs alone, which nothing is found by.
    """
    needed = textsearch.terms(word)
    if not needed:
        return []
    people = _few(textsearch.keys(customers.CONTACTS, [[needed]], MAX_NAMED + 1))
    owners = {owner for (owner,) in bulk.lookup(Contact, ("customer",), "id", people)}
    owners.update(_few(textsearch.keys(customers.CUSTOMERS, [[needed]], MAX_NAMED + 1)))
    fitting = _few(textsearch.keys(machines.TABLE, [[needed]], MAX_NAMED + 1))
    return [needed, *is_one_of(MACHINE, fitting), *is_one_of(CUSTOMER, sorted(owners))]


def _few(keys: list[int]) -> list[int]:
    return keys if len(keys) <= MAX_NAMED else []
