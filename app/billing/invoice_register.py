"""The list of invoices (维修发票登记, F-22) and that of their deliveries (寄票/送票记录, F-23), with filters, sums and exports."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from peewee import ModelSelect, fn

from app.billing.invoice_queries import joined, within
from app.billing.models import Invoice, InvoiceDelivery, InvoiceStatus, Receivable
from app.core import clock, paging
from app.core.money import FEN
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.work_orders.models import WorkOrder

COLUMNS = (
    "number", "code", "kind", "status", "issued_on", "customer", "buyer_name", "buyer_tax_number", "amount", "tax", "total", "paid",
    "due_on", "statutory_on", "contract", "order", "red_of", "remark", "registered_at", "by_name",
)  # fmt: skip
SORTS = {
    "issued_on": Sort(Invoice.issued_on, lambda invoice: invoice.issued_on.isoformat()),
    "total": Sort(Invoice.total, lambda invoice: str(invoice.total)),
    "number": Sort(Invoice.number, lambda invoice: invoice.number),
}
DEFAULT_SORT = "-issued_on"
# Of the states, and of what was paid.
UNDERWAY = "underway"
NOT_RECEIVED = (InvoiceStatus.ISSUED, InvoiceStatus.POSTED, InvoiceStatus.DELIVERED)
PAID, PARTLY, UNPAID, OVERDUE = "paid", "partly", "unpaid", "overdue"
PAYMENTS = (UNPAID, OVERDUE, PARTLY, PAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFilter:
    """What the list is narrowed to; empty values do not narrow. ``status`` may be ``underway``: issued and not received."""

    q: str = ""
    status: str = ""
    kind: str = ""
    paid: str = ""
    customer: int | None = None
    from_on: date | None = None
    to_on: date | None = None


def listed(actor: Actor, wanted: InvoiceFilter, today: date) -> ModelSelect:
    """The invoices of the list, each with its customer and what is owed by it."""
    return _narrowed(joined(), actor, wanted, today)


def _narrowed(query: ModelSelect, actor: Actor, wanted: InvoiceFilter, today: date) -> ModelSelect:
    query = within(query, actor)
    if wanted.status:
        query = query.where(Invoice.status.in_(NOT_RECEIVED if wanted.status == UNDERWAY else (wanted.status,)))
    if wanted.kind:
        query = query.where(Invoice.kind == wanted.kind)
    if wanted.customer:
        query = query.where(Invoice.customer == wanted.customer)
    if wanted.paid:
        query = query.where(_payment(wanted.paid, today))
    if wanted.from_on is not None:
        query = query.where(Invoice.issued_on >= wanted.from_on)
    if wanted.to_on is not None:
        query = query.where(Invoice.issued_on <= wanted.to_on)
    return query.where(_found(wanted.q)) if wanted.q else query


def _payment(wanted: str, today: date) -> Any:
    conditions = {
        PAID: Receivable.paid == Receivable.amount,
        PARTLY: Receivable.is_open & (Receivable.paid > 0),
        UNPAID: Receivable.is_open,
        OVERDUE: Receivable.is_open & (Receivable.due_on < today),
    }
    return conditions[wanted]


def _found(q: str) -> Any:
    columns = (Invoice.buyer_name, Invoice.buyer_tax_number, Invoice.remark, Customer.name, WorkOrder.number)
    condition = Invoice.number.contains(q)
    for column in columns:
        condition |= column.contains(q)
    return condition


def page(
    actor: Actor, wanted: InvoiceFilter, today: date, *, sort: str, after: str | None = None, before: str | None = None
) -> Page[Invoice]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted, today), SORTS, sort, after=after, before=before)


def in_order(actor: Actor, wanted: InvoiceFilter, today: date, sort: str) -> ModelSelect:
    """All of the list in its order. Raises ``Invalid`` for an unknown sort."""
    return paging.whole(listed(actor, wanted, today), SORTS, sort)


def sums(actor: Actor, wanted: InvoiceFilter, today: date) -> tuple[Decimal, Decimal]:
    """What all invoices of the list come to, void ones left out, and what of it is still owed."""
    if wanted.q or wanted.paid:
        issued = owing = listed(actor, wanted, today)
    else:  # each from the one table or two that it takes
        issued = _narrowed(Invoice.select(), actor, wanted, today)
        owing = _narrowed(Invoice.select().join(Receivable, on=(Receivable.invoice == Invoice.id)), actor, wanted, today)
    is_counted = Invoice.status != InvoiceStatus.VOID
    total = issued.where(is_counted).select(fn.SUM(Invoice.total).coerce(False)).scalar() or 0
    left = fn.SUM(Receivable.amount - Receivable.paid).coerce(False)
    owed = owing.where(is_counted, Receivable.is_open).select(left).scalar() or 0
    return int(total) * FEN, int(owed) * FEN


def exported(actor: Actor, wanted: InvoiceFilter, today: date, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    blue = {row.id: row.number for row in Invoice.select(Invoice.id, Invoice.number).where(Invoice.id.in_(_taken_back()))}
    for row in in_order(actor, wanted, today, sort).iterator():
        owed = getattr(row, "owed", None)
        owed = owed if owed is not None and owed.id else None
        yield [
            row.number, row.code, row.kind, row.status, row.issued_on, row.customer.name, row.buyer_name, row.buyer_tax_number, row.amount,
            row.tax, row.total, owed and owed.paid, owed and owed.due_on, owed and owed.statutory_on,
            row.contract.number if row.contract_id else "", row.order.number if row.order_id else "", blue.get(row.red_of_id, ""),
            row.remark, row.registered_at, row.by_name,
        ]  # fmt: skip


def _taken_back() -> ModelSelect:
    return Invoice.select(Invoice.red_of).where(Invoice.red_of.is_null(False))


# --- deliveries -----------------------------------------------------------------

DELIVERY_COLUMNS = (
    "at", "invoice", "customer", "total", "way", "carrier", "waybill", "receiver", "address", "by_name", "confirmed_at", "confirmed_by",
)  # fmt: skip
DELIVERY_SORTS = {"at": Sort(InvoiceDelivery.at, lambda delivery: delivery.at)}
DELIVERY_SORT = "-at"
OPEN, CONFIRMED = "open", "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """What the list of deliveries is narrowed to; ``state`` is open (not confirmed yet) or confirmed."""

    q: str = ""
    way: str = ""
    state: str = ""
    from_on: date | None = None
    to_on: date | None = None


def deliveries(actor: Actor, wanted: DeliveryFilter) -> ModelSelect:
    """The deliveries of the list, each with its invoice and customer."""
    query = within(InvoiceDelivery.select(InvoiceDelivery, Invoice, Customer).join(Invoice).join(Customer), actor)
    if wanted.way:
        query = query.where(InvoiceDelivery.way == wanted.way)
    if wanted.state:
        query = query.where(InvoiceDelivery.confirmed_at.is_null(wanted.state == OPEN))
    if wanted.from_on is not None:
        query = query.where(InvoiceDelivery.at >= _start_of(wanted.from_on))
    if wanted.to_on is not None:
        query = query.where(InvoiceDelivery.at < _start_of(wanted.to_on + timedelta(days=1)))
    if wanted.q:
        condition = Invoice.number.contains(wanted.q) | Customer.name.contains(wanted.q) | InvoiceDelivery.waybill.contains(wanted.q)
        query = query.where(condition | InvoiceDelivery.receiver.contains(wanted.q))
    return query


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.zone())


def deliveries_page(
    actor: Actor, wanted: DeliveryFilter, *, sort: str, after: str | None = None, before: str | None = None
) -> Page[InvoiceDelivery]:
    """One page of ``deliveries``. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(deliveries(actor, wanted), DELIVERY_SORTS, sort, after=after, before=before)


def deliveries_exported(actor: Actor, wanted: DeliveryFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``DELIVERY_COLUMNS`` for an export."""
    for row in paging.whole(deliveries(actor, wanted), DELIVERY_SORTS, sort).iterator():
        yield [
            row.at, row.invoice.number, row.invoice.customer.name, row.invoice.total, row.way, row.carrier, row.waybill, row.receiver,
            row.address, row.by_name, row.confirmed_at, row.confirmed_by_name,
        ]  # fmt: skip
