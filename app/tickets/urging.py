"""Urging (催单): each is counted with its time, moves the ticket up, and is told to the deputy on duty and to whoever is out for it."""

from collections.abc import Callable
from datetime import datetime

from app.accounts.models import Role
from app.core import clock, db, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.prepared import Prepared, PreparedInsert, PreparedWrite
from app.core.types import Actor
from app.roster import queries as roster
from app.roster import telling
from app.tickets import searching, watching
from app.tickets.models import Ticket, TicketUrging
from app.tickets.writing import record

MAX_WORDS = 500
# Who else is told of each urging, however it came in: orders stand above tickets, so they add whoever is out for the ticket.
ALSO_TOLD: list[Callable[[Actor, Ticket, TicketUrging], None]] = []

_urgings = PreparedInsert(TicketUrging)
# Urging is no change of what the ticket says: who edits it meanwhile is not stale by it.
_count = PreparedWrite(
    lambda at, ticket_id: Ticket.update(urged_count=Ticket.urged_count + 1, urged_at=at).where(Ticket.id == ticket_id, Ticket.is_open)
)
_of_ticket = Prepared(lambda ticket_id: TicketUrging.select().where(TicketUrging.ticket == ticket_id).order_by(TicketUrging.id))


def urge(*, by: Actor, ticket: Ticket, text: str = "", form_token: str = "", at: datetime | None = None) -> TicketUrging:
    """Note that the customer urges. A form sent again (``form_token``) counts once.

    Raises ``Conflict`` for a ticket that is finished, ``Invalid`` for too many words, ``NotAllowed``.
    """
    by.require("tickets.open")
    if len(text) > MAX_WORDS:
        raise Invalid(N_("That is too long."), fields={"text": N_("At most 500 characters.")})
    urged_at = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return TicketUrging.get_by_id(int(submissions.result_of(form_token)))
        if not _count.count(clock.to_ms(urged_at), ticket.id):
            raise Conflict(N_("This ticket is finished. Open it again if the customer is not content."))
        urging = _urgings.add(TicketUrging(ticket=ticket.id, at=urged_at, by=by.user_id, by_name=by.name, text=text.strip()))
        if form_token:
            submissions.settle(form_token, urging.id)
        ticket.urged_count, ticket.urged_at = ticket.urged_count + 1, urged_at
        searching.index(ticket)
        record(by, "urged", ticket, after={"count": ticket.urged_count, "text": urging.text})
        _tell(by, ticket, urging)
    return urging


def _tell(by: Actor, ticket: Ticket, urging: TicketUrging) -> None:
    message = N_("The customer urges, for the %(count)s. time: %(number)s %(title)s")
    deputies = {user.id for user in roster.on_duty(Role.DEPUTY, urging.at)} - {by.user_id}
    words = {"count": ticket.urged_count, "title": ticket.title}
    key = f"urged:{urging.id}"
    telling.tell(sorted(deputies), message, href=watching.address(ticket), key=key, at=urging.at, number=ticket.number, **words)
    watching.tell(by, ticket, message, besides=frozenset(deputies), **words)
    for tell in ALSO_TOLD:
        tell(by, ticket, urging)


def of_ticket(ticket: Ticket) -> list[TicketUrging]:
    """Every urging, oldest first."""
    return _of_ticket.rows(ticket.id) if ticket.urged_count else []
