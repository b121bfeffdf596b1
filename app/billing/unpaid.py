"""Jobs off warranty whose money is checked between technician and clerk (未回款核对, 2C-12, F-25).

What the signed report says was taken is set beside what stands in the books; what was not paid on the spot becomes a receivable
(not invoiced yet), which the invoice of the order replaces.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import User
from app.billing import accounts
from app.billing.models import Allocation, Invoice, Payment, Receivable, ReceivableKind
from app.core import clock, db, history, paging
from app.core.errors import N_, Conflict, Invalid
from app.core.money import FEN
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines.warranty import WarrantyState
from app.service_reports.models import ServiceReport
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

NOTE = "payments.record"
COLUMNS = ("number", "finished_at", "customer", "technician", "said", "taken", "difference", "owed")
SORTS = {"finished_at": Sort(WorkOrder.finished_at, lambda order: order.finished_at)}
DEFAULT_SORT = "-finished_at"
TO_CHECK, ALL = "", "all"
USUAL_DAYS = 30
MISSING = N_("Something is missing or wrong. See the words beside the fields.")

_taken = Payment.select(fn.COALESCE(fn.SUM(Payment.amount), 0).coerce(False)).where(
    Payment.order == WorkOrder.id, Payment.technician.is_null(False), Payment.void_at.is_null()
)
_owed = Receivable.select(fn.COALESCE(fn.SUM(Receivable.amount - Receivable.paid), 0).coerce(False)).where(
    Receivable.order == WorkOrder.id, Receivable.is_open
)
_booked = fn.EXISTS(Receivable.select(Receivable.id).where(Receivable.order == WorkOrder.id))
_invoiced = fn.EXISTS(Invoice.select(Invoice.id).where(Invoice.order == WorkOrder.id))
_SAID = fn.COALESCE(ServiceReport.money_fen, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """An order with what the report says was taken, what stands in the books, and what is owed by it."""

    order: WorkOrder
    said: Decimal
    taken: Decimal
    owed: Decimal

    @property
    def difference(self) -> Decimal:
        """What the report says above what is in the books."""
        return self.said - self.taken


def listed(actor: Actor, state: str, technician: int | None = None) -> ModelSelect:
    """Finished orders off warranty that ``actor`` may see.

    Unless ``state`` is ``ALL`` only those where report and books differ, or nothing was taken, owed or invoiced.
    """
    query = WorkOrder.select(WorkOrder, Customer, User, _SAID.alias("said"), _taken.alias("taken"), _owed.alias("owed"))
    query = query.join_from(WorkOrder, Customer).join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=WorkOrder.lead)
    query = query.join_from(WorkOrder, ServiceReport, JOIN.LEFT_OUTER, on=(ServiceReport.order == WorkOrder.id))
    query = query.where(WorkOrder.finished_at.is_null(False), WorkOrder.warranty == WarrantyState.OFF)
    if state != ALL:
        is_nowhere = (_SAID == 0) & (_taken == 0) & ~_booked & ~_invoiced
        query = query.where((_taken != _SAID) | is_nowhere)
    if technician is not None:
        query = query.where(WorkOrder.lead == technician)
    return orders.within(query, actor)


def page(
    actor: Actor, state: str, technician: int | None, *, sort: str, after: str | None = None, before: str | None = None
) -> Page[WorkOrder]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, state, technician), SORTS, sort, after=after, before=before)


def line_of(order: Any) -> Line:
    """What a row of the list says."""
    report = getattr(order, "servicereport", order)
    return Line(order, int(getattr(report, "said", 0) or 0) * FEN, int(order.taken) * FEN, int(order.owed) * FEN)


def exported(actor: Actor, state: str, technician: int | None, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for order in paging.whole(listed(actor, state, technician), SORTS, sort).iterator():
        line = line_of(order)
        lead = order.lead.name if order.lead_id else ""
        yield [order.number, order.finished_at, order.customer.name, lead, line.said, line.taken, line.difference, line.owed]


def waiting(actor: Actor) -> int:
    """How many orders have to be checked; counted no further than lists count."""
    return paging.capped_count(listed(actor, TO_CHECK).select(WorkOrder.id))[0]


def note_owed(*, by: Actor, order: WorkOrder, amount: Decimal | None, due_on: date | None, at: datetime | None = None) -> Receivable:
    """What the customer did not pay on the spot is owed from now on, until the order is invoiced.

    Raises ``Invalid`` with the words beside the fields, ``Conflict`` when the order is in the books already.
    """
    by.require(NOTE)
    now = at or clock.now()
    wrong = {}
    if amount is None or amount <= 0:
        wrong["amount"] = N_("An amount is more than nothing.")
    if due_on is None:
        wrong["due_on"] = N_("By when is it to be paid?")
    if wrong or amount is None or due_on is None:
        raise Invalid(MISSING, fields=wrong)
    with db.transaction():
        # One after the other: the row of the order is held while the books are looked at.
        WorkOrder.update(version=WorkOrder.version).where(WorkOrder.id == order.id).execute()
        if Receivable.select().where(Receivable.order == order, Receivable.is_open).exists() or _is_invoiced(order):
            raise Conflict(N_("This order stands in the books already. Look at what is owed by it."))
        kind, customer, since_on = ReceivableKind.UNINVOICED, order.customer, clock.day_of(now)
        about = {"order": order, "area": order.area_id, "person": order.lead_id, "about": order.number}
        row = accounts.owe(kind=kind, customer=customer, amount=amount, since_on=since_on, due_on=due_on, at=now, **about)
        history.record(by, "receivable.noted", "receivable", row.id, after={"order": order.number, "amount": amount, "due_on": due_on})
    return row


def _is_invoiced(order: WorkOrder) -> bool:
    return Invoice.select().where(Invoice.order == order).exists()


def usual_due_on(today: date) -> date:
    """By when it is usually paid."""
    return today + timedelta(days=USUAL_DAYS)


def replace(*, order: WorkOrder, invoice_number: str, at: datetime) -> None:
    """The invoice of ``order`` takes the place of what was noted as not invoiced; what was paid of that is paid ahead again."""
    for row in Receivable.select().where(
        Receivable.order == order, Receivable.kind == ReceivableKind.UNINVOICED, Receivable.written_off_at.is_null()
    ):
        for allocation in Allocation.select().where(Allocation.receivable == row):
            accounts.release(allocation=allocation, at=at)
        present = Receivable.get_by_id(row.id)
        accounts.no_longer_owed(present)
        done = {"written_off_at": at, "written_off_reason": invoice_number, "is_open": False, "version": Receivable.version + 1}
        Receivable.update(done).where(Receivable.id == row.id).execute()
