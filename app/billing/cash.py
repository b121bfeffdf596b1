"""Money that technicians take on the job: confirmed against the clerk's books, settled daily with the cashier (2C-11, 2C-12, F-25)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from peewee import JOIN, Case, fn

from app.accounts.models import User
from app.billing import accounts, payments
from app.billing.models import Payment, PaymentWay
from app.billing.payments import PaymentDetails
from app.core import clock, db, submissions
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.files import Incoming
from app.core.money import FEN, ZERO
from app.core.types import Actor
from app.customers.models import Customer
from app.service_reports.models import ServiceReport
from app.work_orders.models import WorkOrder

TAKE, CONFIRM, SETTLE = "payments.take", "payments.confirm", "payments.settle"
# What a technician can be given on the job; a transfer reaches the bank and is recorded from there.
MOST_WAITING = 200
WAYS = (PaymentWay.CASH, PaymentWay.CODE, PaymentWay.ACCEPTANCE)


def take(
    *,
    by: Actor,
    order: WorkOrder,
    details: PaymentDetails,
    proof: Incoming | None = None,
    form_token: str | None = None,
    at: datetime | None = None,
) -> Payment:
    """Note what the customer paid on the job; it counts once the clerk has confirmed it. A form sent again makes no second payment.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    by.require(TAKE)
    now = at or clock.now()
    customer: Customer | None = order.customer if order.customer_id else None
    payments.check(details, now, customer)
    assert customer is not None
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Payment.get_by_id(int(submissions.result_of(form_token)))
        payment = payments.enter(
            by=by, customer=customer, details=details, proof=proof, order=order, at=now, is_confirmed=False, is_taken_on_the_job=True
        )
        if form_token:
            submissions.settle(form_token, payment.id)
    return payment


def waits(payment: Payment) -> bool:
    """Whether the clerk has still to confirm it."""
    return payment.confirmed_at is None and payment.void_at is None


def confirm(*, by: Actor, payment: Payment, at: datetime | None = None) -> None:
    """The money is there and right: it counts on the customer's account from now on.

    Raises ``NotAllowed`` for one's own, ``Conflict`` when it was confirmed or voided meanwhile.
    """
    by.require(CONFIRM)
    if payment.technician_id is not None and payment.technician_id == by.user_id:
        raise NotAllowed(N_("Nobody confirms the money that they took themselves."))
    now = at or clock.now()
    with db.transaction():
        is_open = (Payment.id == payment.id) & Payment.confirmed_at.is_null() & Payment.void_at.is_null()
        said = {"confirmed_at": now, "confirmed_by": by.user_id, "confirmed_by_name": by.name, "version": Payment.version + 1}
        if Payment.update(said).where(is_open).execute() != 1:
            raise Conflict(N_("This was confirmed or voided meanwhile."))
        accounts.paid_in(payment)
        payments.note(by, "confirmed", payment, amount=payment.amount)


# --- settling with the cashier --------------------------------------------------


@dataclass(frozen=True, slots=True)
class CashDay:
    """What a technician took in cash on a day and has not settled: how often, how much, how much of it is confirmed."""

    technician_id: int
    name: str
    on: date
    count: int
    total: Decimal
    confirmed: Decimal

    @property
    def is_confirmed(self) -> bool:
        """Whether all of it is confirmed, so that it can be settled."""
        return self.total == self.confirmed


_IN_HAND = Payment.technician.is_null(False) & Payment.settled_at.is_null() & Payment.void_at.is_null() & (Payment.way == PaymentWay.CASH)


def days(technician: int | None = None) -> list[CashDay]:
    """The unsettled days of all technicians (of one), oldest first."""
    total = fn.SUM(Payment.amount).coerce(False)
    confirmed = fn.SUM(Case(None, [(Payment.confirmed_at.is_null(False), Payment.amount)], 0)).coerce(False)
    columns = (Payment.technician, User.name, Payment.received_on, fn.COUNT(Payment.id), total, confirmed)
    query = Payment.select(*columns).join(User, on=Payment.technician).where(_IN_HAND)
    if technician is not None:
        query = query.where(Payment.technician == technician)
    found = query.group_by(Payment.technician, User.name, Payment.received_on).order_by(Payment.received_on, User.name)
    return [CashDay(who, name, on, count, int(all_) * FEN, int(sure) * FEN) for who, name, on, count, all_, sure in found.tuples()]


def settle(*, by: Actor, technician: int, on: date, total: Decimal, at: datetime | None = None) -> int:
    """The cashier has the technician's cash of the day, ``total`` in all; returns how many payments that were.

    Raises ``NotAllowed`` for one's own, ``Invalid`` while something is unconfirmed, ``Conflict`` when the sum is another by now.
    """
    by.require(SETTLE)
    if technician == by.user_id:
        raise NotAllowed(N_("Nobody settles the money that they took themselves."))
    with db.transaction():
        of_day = _IN_HAND & (Payment.technician == technician) & (Payment.received_on == on)
        rows = list(Payment.select().where(of_day))
        if any(row.confirmed_at is None for row in rows):
            raise Invalid(N_("Something of this day is not confirmed yet. Confirm it first, or void it."))
        settled: dict[Any, Any] = {"settled_at": at or clock.now(), "settled_by_name": by.name, "version": Payment.version + 1}
        done = Payment.update(settled).where(of_day, Payment.id.in_([row.id for row in rows])).execute()
        if not rows or done != len(rows) or sum(row.amount for row in rows) != total:
            raise Conflict(N_("The cash of this day is another by now. Count it again."))
        for row in rows:
            payments.note(by, "settled", row, amount=row.amount)
    return len(rows)


def waiting(technician: int | None = None) -> list[Payment]:
    """What technicians (one of them) took and the clerk has not confirmed, oldest first."""
    query = Payment.select(Payment, Customer, User, WorkOrder.id, WorkOrder.number).join(Customer)
    query = query.join_from(Payment, User, on=Payment.technician).join_from(Payment, WorkOrder, JOIN.LEFT_OUTER, on=Payment.order)
    query = query.where(Payment.confirmed_at.is_null(), Payment.void_at.is_null())
    if technician is not None:
        query = query.where(Payment.technician == technician)
    return list(query.order_by(Payment.received_on, Payment.id).limit(MOST_WAITING))


def of_order(order: WorkOrder) -> list[Payment]:
    """What was taken on a job, the latest first."""
    return list(Payment.select().where(Payment.order == order).order_by(Payment.id.desc()))


def proposal(order: WorkOrder) -> Decimal | None:
    """What the report says was taken and is not noted yet."""
    report = ServiceReport.get_or_none(ServiceReport.order == order)
    said = (report.money_fen if report is not None else 0) * FEN
    left = said - sum((row.amount for row in of_order(order) if row.void_at is None), ZERO)
    return left if left > 0 else None
