"""The ticket list as a table for other programs (interfaces.md, ``/tickets.csv``)."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from app.core import clock
from app.core.types import Actor
from app.customers.models import Customer
from app.machines.models import Machine
from app.machines.warranty import warranty_on
from app.tickets import queries, reasons
from app.tickets.models import Ticket
from app.tickets.queries import TicketFilter

COLUMNS = (
    "number", "opened_at", "source", "kind", "status", "priority", "machine", "device",
    "codes", "customer", "warranty", "order", "technician", "resolved_at", "closed_at",
)  # fmt: skip

# The enumerations of the columns that hold codes.
LABELS = {"source": "TicketSource", "kind": "TicketKind", "status": "TicketStatus", "priority": "Priority", "warranty": "WarrantyState"}

_READ = (
    Ticket.number,
    Ticket.source,
    Ticket.kind,
    Ticket.status,
    Machine.serial,
    Machine.device,
    Machine.accepted_on,
    Machine.shipped_on,
    Machine.warranty_months,
    Ticket.reason,
    Customer.name,
    Ticket.resolved_at,
    Ticket.closed_at,
    *queries.LAST_COLUMNS,
)


class _Exported(NamedTuple):
    number: str
    source: str
    kind: str
    status: str
    serial: str | None
    device: str | None
    accepted_on: date | None
    shipped_on: date | None
    warranty_months: int | None
    reason: str
    customer: str | None
    resolved_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    priority: str
    urged_count: int
    opened_at: datetime
    id: int


def rows(actor: Actor, wanted: TicketFilter) -> Iterator[list[Any]]:
    """The tickets of the list in its order; the warranty is that of the day the ticket was opened, empty without a machine.

    ``order`` and ``technician`` stay empty for a ticket that nobody was sent to.
    """
    for one in queries.every(actor, wanted, _READ, _Exported):
        yield [
            one.number, one.opened_at, one.source, one.kind, one.status, one.priority, one.serial, one.device,
            " ".join(reasons.codes(one.reason)), one.customer, _warranty(one), "", "",
            one.resolved_at, one.closed_at,
        ]  # fmt: skip


def _warranty(one: _Exported) -> str:
    if one.serial is None:
        return ""
    day = one.opened_at.astimezone(clock.zone()).date()
    terms = warranty_on(day, accepted_on=one.accepted_on, shipped_on=one.shipped_on, months=one.warranty_months or 0)
    return terms.state.value
