"""The ticket list as a table for other programs (interfaces.md, ``/tickets.csv``)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from app.core import clock
from app.core.types import Actor
from app.customers.models import Customer
from app.machines import terms
from app.machines.models import Machine
from app.machines.warranty import prolonged, warranty_on
from app.tickets import queries, reasons
from app.tickets.models import Ticket
from app.tickets.queries import TicketFilter

COLUMNS = (
    "number", "opened_at", "source", "kind", "status", "priority", "machine", "device",
    "codes", "customer", "warranty", "order", "technician", "resolved_at", "closed_at", "parent",
)  # fmt: skip

BATCH = 500
# The enumerations of the columns that hold codes.
LABELS = {"source": "TicketSource", "kind": "TicketKind", "status": "TicketStatus", "priority": "Priority", "warranty": "WarrantyState"}

_READ = (
    Ticket.number,
    Ticket.source,
    Ticket.kind,
    Ticket.status,
    Machine.id,
    Machine.serial,
    Machine.device,
    Machine.accepted_on,
    Machine.shipped_on,
    Machine.warranty_months,
    Ticket.reason,
    Customer.name,
    Ticket.resolved_at,
    Ticket.closed_at,
    queries.PARENT_NUMBER,
    *queries.LAST_COLUMNS,
)


class _Exported(NamedTuple):
    number: str
    source: str
    kind: str
    status: str
    machine_id: int | None
    serial: str | None
    device: str | None
    accepted_on: date | None
    shipped_on: date | None
    warranty_months: int | None
    reason: str
    customer: str | None
    resolved_at: datetime | None
    closed_at: datetime | None
    parent: str | None
    due_at: datetime | None
    priority: str
    urged_count: int
    opened_at: datetime
    id: int


class SentOut(NamedTuple):
    """The last order of a ticket, and who has or had it."""

    order: str = ""
    technician: str = ""


# Which orders were sent out for tickets; orders stand above tickets, so whoever exports gives this.
OrdersOf = Callable[[Sequence[int]], Mapping[int, SentOut]]
NOBODY = SentOut()


def rows(actor: Actor, wanted: TicketFilter, orders_of: OrdersOf) -> Iterator[list[Any]]:
    """The tickets of the list in its order; the warranty is that of the day the ticket was opened, with its extensions, and empty
    without a machine.

    ``order`` and ``technician`` stay empty for a ticket that nobody was sent to.
    """
    every, longer = queries.every(actor, wanted, _READ, _Exported), terms.extended()
    while batch := list(islice(every, BATCH)):
        orders = orders_of([one.id for one in batch])
        yield from (_row(one, orders.get(one.id, NOBODY), longer) for one in batch)


def _row(one: _Exported, sent: SentOut, longer: Mapping[int, date]) -> list[Any]:
    return [
        one.number, one.opened_at, one.source, one.kind, one.status, one.priority, one.serial, one.device,
        " ".join(reasons.codes(one.reason)), one.customer, _warranty(one, longer), sent.order, sent.technician,
        one.resolved_at, one.closed_at, one.parent,
    ]  # fmt: skip


def _warranty(one: _Exported, longer: Mapping[int, date]) -> str:
    if one.machine_id is None:
        return ""
    day = clock.day_of(one.opened_at)
    found = warranty_on(day, accepted_on=one.accepted_on, shipped_on=one.shipped_on, months=one.warranty_months or 0)
    return prolonged(found, longer.get(one.machine_id), day).state.value
