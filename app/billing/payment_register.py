"""The list of payments (F-49)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import Area, User
from app.billing.models import Payment
from app.billing.payments import COUNTS, visible
from app.core import paging
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.work_orders.models import WorkOrder

COLUMNS = (
    "number", "received_on", "customer", "area", "way", "amount", "allocated", "left", "payer", "bank_reference", "bill_number",
    "bill_due_on", "order", "technician", "recorded_at", "by", "confirmed_at", "confirmed_by", "settled_at", "void_at", "reason", "remark",
)  # fmt: skip
SORTS = {
    "received_on": Sort(Payment.received_on, lambda payment: payment.received_on.isoformat()),
    "amount": Sort(Payment.amount, lambda payment: str(payment.amount)),
    "number": Sort(Payment.number, lambda payment: payment.number),
}
DEFAULT_SORT = "-received_on"
COUNTING, LEFT, UNCONFIRMED, UNSETTLED, VOID = "counting", "left", "unconfirmed", "unsettled", "void"
# Written as the index of what is in technicians' hands has it; nothing is settled before it is confirmed.
_TAKEN = Payment.technician.is_null(False) & Payment.settled_at.is_null() & Payment.void_at.is_null()
STATES: dict[str, Any] = {
    COUNTING: COUNTS,
    LEFT: COUNTS & (Payment.allocated < Payment.amount),
    UNCONFIRMED: _TAKEN & Payment.confirmed_at.is_null(),
    UNSETTLED: _TAKEN & (Payment.way == "cash"),
    VOID: Payment.void_at.is_null(False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """What the list is narrowed to; empty values do not narrow."""

    q: str = ""
    state: str = ""
    way: str = ""
    customer: int | None = None
    technician: int | None = None
    from_on: date | None = None
    to_on: date | None = None


def listed(actor: Actor, wanted: PaymentFilter) -> ModelSelect:
    """The payments of the list with customer, area, technician and order."""
    query = visible(actor).select_extend(Customer, Area, User, WorkOrder.id, WorkOrder.number).join_from(Payment, Customer)
    query = query.join_from(Payment, Area, JOIN.LEFT_OUTER).join_from(Payment, User, JOIN.LEFT_OUTER, on=Payment.technician)
    query = query.join_from(Payment, WorkOrder, JOIN.LEFT_OUTER, on=Payment.order)
    plain = ((Payment.way, wanted.way), (Payment.customer, wanted.customer), (Payment.technician, wanted.technician))
    for column, value in plain:
        if value:
            query = query.where(column == value)
    if wanted.state:
        query = query.where(STATES[wanted.state])
    if wanted.from_on is not None:
        query = query.where(Payment.received_on >= wanted.from_on)
    if wanted.to_on is not None:
        query = query.where(Payment.received_on <= wanted.to_on)
    return query.where(_found(wanted.q)) if wanted.q else query


def _found(q: str) -> Any:
    names = Customer.name.contains(q) | Customer.short_name.contains(q) | Payment.payer_name.contains(q)
    return names | Payment.number.contains(q) | (Payment.bank_reference == q) | Payment.bill_number.contains(q) | Payment.remark.contains(q)


def page(actor: Actor, wanted: PaymentFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Payment]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: PaymentFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for one in paging.whole(listed(actor, wanted), SORTS, sort).iterator():
        yield [
            one.number, one.received_on, one.customer.name, one.area.name if one.area_id else "", one.way, one.amount, one.allocated,
            one.amount - one.allocated, one.payer_name, one.bank_reference, one.bill_number, one.bill_due_on,
            one.order.number if one.order_id else "", one.technician.name if one.technician_id else "", one.recorded_at, one.by_name,
            one.confirmed_at, one.confirmed_by_name, one.settled_at, one.void_at, one.void_reason, one.remark,
        ]  # fmt: skip
