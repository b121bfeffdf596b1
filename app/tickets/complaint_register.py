"""The list of complaints: open and closed ones, whose answer is overdue, by cause and verdict (1A-17, 1E-01)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as day_time
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import User
from app.core import clock, paging
from app.core.paging import Sort
from app.core.prepared import Prepared
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines.models import Machine
from app.tickets import complaints, queries
from app.tickets.models import ClockKind, Complaint, Ticket, TicketClock, TicketKind, TicketSource

COLUMNS = (
    "number", "opened_at", "customer", "machine", "title", "status", "major", "responsible", "forwarded_at", "answered_at",
    "customer_answered_at", "cause", "justified", "measure", "measure_owner", "measure_due_on", "measure_done_at", "closed_at",
)  # fmt: skip
SORTS = {
    "opened_at": Sort(Ticket.opened_at, lambda row: row.ticket.opened_at),
    "due_at": Sort(fn.COALESCE(Ticket.due_at, Ticket.opened_at), lambda row: row.ticket.due_at or row.ticket.opened_at),
    "responsible": Sort(fn.COALESCE(User.name, ""), lambda row: row.responsible.name if row.responsible else ""),
}
DEFAULT_SORT = "-opened_at"
OPEN, LATE, CLOSED = "open", "late", "closed"
STATES = (OPEN, LATE, CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFilter:
    """What the list is narrowed to; empty values do not narrow. ``state`` is open, late (an answer is overdue) or closed."""

    q: str = ""
    state: str = OPEN
    responsible: int | None = None
    cause: str = ""
    is_justified: bool | None = None
    is_major: bool = False
    from_on: date | None = None
    to_on: date | None = None


def visible(actor: Actor) -> ModelSelect:
    """The complaints whose tickets ``actor`` may see, with ticket, customer, machine and the responsible person."""
    tickets = queries.visible(actor).where(Ticket.kind == TicketKind.COMPLAINT, Ticket.source != TicketSource.IMPORT)
    return (
        Complaint.select(Complaint, Ticket, Customer, Machine, User)
        .join_from(Complaint, Ticket)
        .join_from(Ticket, Customer, JOIN.LEFT_OUTER)
        .join_from(Ticket, Machine, JOIN.LEFT_OUTER)
        .join_from(Complaint, User, JOIN.LEFT_OUTER, on=Complaint.responsible)
        .where(Complaint.ticket.in_(tickets.select(Ticket.id)))
    )


def listed(actor: Actor, wanted: ComplaintFilter, at: datetime) -> ModelSelect:
    """The complaints of the list at ``at``."""
    query = visible(actor)
    if wanted.state == CLOSED:
        query = query.where(~Ticket.is_open)
    elif wanted.state:
        query = query.where(Ticket.is_open | Complaint.customer_answered_at.is_null())
    if wanted.state == LATE:
        query = query.where(Complaint.ticket.in_(_late(at)))
    if wanted.responsible is not None:
        query = query.where(Complaint.responsible == wanted.responsible)
    if wanted.cause:
        query = query.where(Complaint.cause == wanted.cause)
    if wanted.is_justified is not None:
        query = query.where(Complaint.is_justified == wanted.is_justified)
    if wanted.is_major:
        query = query.where(Ticket.is_major)
    if wanted.from_on:
        query = query.where(Ticket.opened_at >= _start_of(wanted.from_on))
    if wanted.to_on:
        query = query.where(Ticket.opened_at < _start_of(wanted.to_on + timedelta(days=1)))
    if wanted.q:
        query = query.where(
            Ticket.number.contains(wanted.q) | Ticket.title.contains(wanted.q) | Customer.name.contains(wanted.q)
            | Machine.serial.contains(wanted.q) | Ticket.caller_name.contains(wanted.q)
        )  # fmt: skip
    return query


def _late(at: datetime) -> ModelSelect:
    is_answer = TicketClock.kind.in_((ClockKind.INTERNAL_ANSWER, ClockKind.CUSTOMER_ANSWER))
    is_running = TicketClock.met_at.is_null() & TicketClock.stopped_at.is_null()
    return TicketClock.select(TicketClock.ticket).where(is_answer, is_running, TicketClock.due_at <= at)


def _start_of(day: date) -> datetime:
    return datetime.combine(day, day_time(), clock.zone())


def page(
    actor: Actor, wanted: ComplaintFilter, at: datetime, *, sort: str = DEFAULT_SORT, after: str | None = None, before: str | None = None
) -> Page[Complaint]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted, at), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: ComplaintFilter, at: datetime, sort: str = DEFAULT_SORT) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    people = dict(User.select(User.id, User.name).tuples())
    for row in paging.whole(listed(actor, wanted, at), SORTS, sort).iterator():
        ticket = row.ticket
        yield [
            ticket.number, ticket.opened_at, ticket.customer.name if ticket.customer else ticket.caller_name,
            ticket.machine.serial if ticket.machine else None, ticket.title, ticket.status, ticket.is_major,
            row.responsible.name if row.responsible else None, row.forwarded_at, row.answered_at, row.customer_answered_at, row.cause,
            row.is_justified, row.measure, people.get(row.measure_owner_id), row.measure_due_on, row.measure_done_at, ticket.closed_at,
        ]  # fmt: skip


def count_waiting_for(actor: Actor) -> int:
    """How many open complaints wait for ``actor``'s own answer."""
    return int(_waiting_for.rows(actor.user_id)[0][0]) if actor.user_id is not None else 0


_waiting_for = Prepared(
    lambda user_id: (
        Complaint.select(fn.COUNT(Complaint.id))
        .join(Ticket)
        .where(Complaint.responsible == user_id, Complaint.answered_at.is_null(), Ticket.is_open)
        .tuples()
    )
)


def clocks_of(complaint: Complaint) -> dict[str, TicketClock]:
    """The last clock of each of its two answers."""
    kinds = (ClockKind.INTERNAL_ANSWER, ClockKind.CUSTOMER_ANSWER)
    rows = TicketClock.select().where(TicketClock.ticket == complaint.ticket_id, TicketClock.kind.in_(kinds)).order_by(TicketClock.id)
    return {row.kind: row for row in rows}


def of_ticket(ticket: Ticket, at: datetime) -> dict[str, Any]:
    """What the ticket page says of its complaint at ``at``; nothing for other tickets."""
    complaint = complaints.of_ticket(ticket)
    if complaint is None:
        return {}
    return {"complaint": complaint, "complaint_clocks": clocks_of(complaint), "lacking": complaints.lacking(complaint), "now": at}
