"""A call becomes a ticket, or joins one: what the buttons of the intake do, each in one transaction with the end of the draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts.models import User
from app.core import clock, db, files, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.files import Incoming
from app.core.types import Actor
from app.customers import operations as customers
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.tickets import drafts, inbox, moving, operations, states, urging
from app.tickets.drafts import Writing
from app.tickets.models import InboundMail, IntakeChannel, Priority, Ticket, TicketAttachment, TicketKind, TicketSource, TicketStatus
from app.tickets.states import Outcome
from app.tickets.writing import MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it was taken: who, about what, what was said, what is to become of it.

    ``new_customer`` is the name of a customer to be registered with it, ``keeps_contact`` makes the caller a contact of the customer.
    ``handed_in`` came with the form, beside those that the draft holds already.
    """

    writing: Writing
    channel: IntakeChannel | None = None
    kind: TicketKind = TicketKind.FAULT_REPORT
    priority: Priority = Priority.HIGH
    title: str = ""
    text: str = ""
    machine: Machine | None = None
    customer: Customer | None = None
    contact: Contact | None = None
    caller_name: str = ""
    caller_phone: str = ""
    called_at: datetime | None = None
    is_major: bool = False
    outcome: Outcome = Outcome.SAVE
    solution: str = ""
    repeat_of: Ticket | None = None
    new_customer: str = ""
    keeps_contact: bool = False
    responsible: User | None = None
    mail: InboundMail | None = None
    handed_in: Sequence[Incoming] = ()


def file_call(*, by: Actor, call: Call, at: datetime | None = None) -> Ticket:
    """Open the ticket of a call; the same form sent again leads to the same ticket.

    Raises ``Invalid`` as ``open_ticket`` and as registering customers and contacts do, ``Conflict`` when this form became a ticket
    before and says something else now: then nothing is written and the words are still the sender's.
    """
    filed_at = at or clock.now()
    token = call.writing.draft_id
    with db.transaction():
        if token and not submissions.claim(token):
            return _first_of(token, call)
        customer = _customer(by, call)
        ticket = operations.open_ticket(
            by=by, source=TicketSource(call.channel.source) if call.channel else TicketSource.HOTLINE, channel=call.channel,
            kind=call.kind, priority=call.priority, title=call.title, text=call.text, machine=call.machine, customer=customer,
            contact=_contact(by, call, customer), caller_name=call.caller_name, caller_phone=call.caller_phone,
            called_at=call.called_at, is_major=call.is_major, outcome=call.outcome, solution=call.solution,
            repeat_of=call.repeat_of, is_recurring=call.repeat_of is not None, responsible=call.responsible, at=filed_at,
        )  # fmt: skip
        if call.mail is not None:
            inbox.settle(by=by, mail=call.mail, ticket=ticket, at=filed_at)
        _attach(by, ticket, call, filed_at)
        if token:
            submissions.settle(token, ticket.id)
    return ticket


def _first_of(token: str, call: Call) -> Ticket:
    filed: Ticket = Ticket.get_by_id(int(submissions.result_of(token)))
    if not drafts.says_the_same({"title": call.title.strip(), "text": call.text.strip()}, filed):
        raise Conflict(
            N_("This call was filed already as %(number)s, and what stands here now differs. It can be filed as a call of its own."),
            number=filed.number,
        )
    return filed


def _customer(by: Actor, call: Call) -> Customer | None:
    if call.customer is not None or not call.new_customer:
        return call.customer
    try:
        return customers.create_customer(by=by, details=customers.CustomerDetails(name=call.new_customer))
    except Invalid as error:
        raise Invalid(error.message, fields={"customer": next(iter(error.fields.values()))}) from error


def _contact(by: Actor, call: Call, customer: Customer | None) -> Contact | None:
    if call.contact is not None or not call.keeps_contact or customer is None:
        return call.contact
    try:
        return customers.add_contact(
            by=by, customer=customer, details=customers.ContactDetails(name=call.caller_name, phone=call.caller_phone)
        )
    except Invalid as error:
        raise Invalid(error.message, fields={"caller_name": next(iter(error.fields.values()))}) from error


def _attach(by: Actor, ticket: Ticket, call: Call, at: datetime) -> None:
    new = [files.keep(by=by, incoming=one, at=at) for one in call.handed_in]
    for file in drafts.become_ticket(by, call.writing, ticket) + new:
        TicketAttachment.create(ticket=ticket, file=file, at=at, by=by.user_id, by_name=by.name)


def join_call(
    *, by: Actor, call: Call, ticket: Ticket, is_urging: bool = False, opens_again: bool = False, at: datetime | None = None
) -> None:
    """Note a call on the ticket that stands for it already, instead of opening a second one.

    ``is_urging`` counts it as an urging, ``opens_again`` opens a finished ticket again. Raises ``Invalid`` when nothing was said,
    ``Conflict`` when the ticket can no longer be opened again.
    """
    joined_at = at or clock.now()
    token = call.writing.draft_id
    with db.transaction():
        if token and not submissions.claim(token):
            return
        if opens_again:
            to = TicketStatus.TRIAGED
            if to not in states.ways(TicketStatus(ticket.status), moving.ended_at(ticket), joined_at, ticket.open_orders):
                raise Conflict(N_("This ticket can no longer be opened again. File a new one that is linked to it."))
            if not call.title.strip():
                raise Invalid(MISSING, fields={"title": operations.NO_TITLE})
            moving.change_status(by=by, ticket=ticket, to=to, version=ticket.version, reason=call.title, at=joined_at)
        said = _note(call)
        if is_urging:
            urging.urge(by=by, ticket=ticket, text=said[: urging.MAX_WORDS], at=joined_at)
        if said or not is_urging:
            operations.add_note(by=by, ticket=ticket, text=said, at=joined_at)
        _attach(by, ticket, call, joined_at)
        if token:
            submissions.settle(token, ticket.id)


def _note(call: Call) -> str:
    caller = " ".join(filter(None, (call.caller_name.strip(), call.caller_phone.strip())))
    return "\n".join(filter(None, (caller, call.title.strip(), call.text.strip())))
