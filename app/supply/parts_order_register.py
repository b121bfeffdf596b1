"""The list of customers' orders of parts."""

from collections.abc import Iterator
from typing import Any

from peewee import JOIN, ModelSelect

from app.core import paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Page
from app.customers.models import Customer
from app.machines.models import Machine
from app.parts.models import Part
from app.supply import registers
from app.supply.models import PartsOrder, PartsOrderLine
from app.supply.parts_orders import OPEN_STATUSES
from app.supply.registers import PaperFilter
from app.tickets.models import Ticket

COLUMNS = (
    "number", "status", "customer", "machine", "ticket", "created_at", "by_name", "released_at", "released_by", "release_reason",
    "shipped_at", "received_at", "part", "name", "unit", "quantity", "price", "tax_rate", "amount",
)  # fmt: skip
SORTS = {
    "created_at": Sort(PartsOrder.created_at, lambda row: row.created_at),
    "total": Sort(PartsOrder.total, lambda row: int(row.total * 100)),
    "number": Sort(PartsOrder.number, lambda row: row.number),
}
DEFAULT_SORT = "-created_at"


def every() -> ModelSelect:
    """All orders, with customer, machine and ticket."""
    return (
        PartsOrder.select(PartsOrder, Customer, Machine, Ticket)
        .join_from(PartsOrder, Customer)
        .join_from(PartsOrder, Machine, JOIN.LEFT_OUTER)
        .join_from(PartsOrder, Ticket, JOIN.LEFT_OUTER)
    )


def by_number(number: str) -> PartsOrder:
    """The order of this number. Raises ``NotFound``."""
    row = every().where(PartsOrder.number == number).get_or_none()
    if row is None:
        raise NotFound(N_("There is no parts order of this number."))
    found: PartsOrder = row
    return found


def listed(wanted: PaperFilter) -> ModelSelect:
    """The orders of the list."""
    query = registers.narrowed(every(), wanted, PartsOrder.created_at, OPEN_STATUSES)
    if wanted.who:
        query = query.where(PartsOrder.customer == wanted.who)
    if wanted.q:
        words = PartsOrder.number.contains(wanted.q) | Customer.name.contains(wanted.q) | Machine.serial.contains(wanted.q)
        query = query.where(words | PartsOrder.id.in_(registers.with_part(PartsOrderLine, PartsOrderLine.order, wanted.q)))
    return query


def page(wanted: PaperFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[PartsOrder]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(wanted), SORTS, sort, after=after, before=before)


def lines_of(rows: Page[PartsOrder]) -> dict[int, list[PartsOrderLine]]:
    """The lines of the orders on a page."""
    return registers.lines_by_paper(PartsOrderLine, PartsOrderLine.order, rows.rows)


def exported(wanted: PaperFilter, sort: str) -> Iterator[list[Any]]:
    """One row of ``COLUMNS`` for each part of each order."""
    query = paging.whole(listed(wanted), SORTS, sort)
    query = query.select_extend(PartsOrderLine, Part).join_from(PartsOrder, PartsOrderLine, attr="line").join(Part)
    for row in query.iterator():
        line, part = row.line, row.line.part
        yield [
            row.number, row.status, row.customer.name, row.machine.serial if row.machine_id else "",
            row.ticket.number if row.ticket_id else "", row.created_at, row.by_name, row.released_at, row.released_by_name,
            row.release_reason, row.shipped_at, row.received_at, part.number, part.name, part.unit, line.quantity, line.price,
            line.tax_rate, line.amount,
        ]  # fmt: skip


def of_ticket(ticket: Ticket) -> list[PartsOrder]:
    """The orders that came of ``ticket``, oldest first."""
    return list(PartsOrder.select().where(PartsOrder.ticket == ticket).order_by(PartsOrder.id))
