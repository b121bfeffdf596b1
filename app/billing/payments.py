"""Payments: recorded with their proof, allocated to what is owed, voided with the reason (2C-11, 2E-13, F-49).

A payment counts on the customer's account from its confirmation on; what a technician took on a job waits for the clerk (``cash``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from peewee import ModelSelect

from app.billing import accounts
from app.billing.models import Allocation, Payment, PaymentWay, Receivable
from app.core import clock, db, files, history, live, numbering, submissions
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.files import Incoming
from app.core.money import ZERO
from app.core.types import Actor
from app.customers.models import Customer
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

READ, RECORD = "money.read", "payments.record"
NUMBER_PREFIX = "S"
MISSING = N_("Something is missing or wrong. See the words beside the fields.")
NOT_YET = N_("The clerk has not confirmed this money yet.")
COUNTS = Payment.confirmed_at.is_null(False) & Payment.void_at.is_null()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDetails:
    """What is known of money that came; ``amount`` in yuan, ``bank_reference`` the bank's own number of the line."""

    way: str
    amount: Decimal | None
    received_on: date | None
    payer_name: str = ""
    bank_reference: str = ""
    bill_number: str = ""
    bill_due_on: date | None = None
    remark: str = ""


Wish = tuple[Receivable, Decimal]


def record(
    *,
    by: Actor,
    customer: Customer | None,
    details: PaymentDetails,
    proof: Incoming | None = None,
    wishes: Sequence[Wish] = (),
    order: WorkOrder | None = None,
    form_token: str | None = None,
    at: datetime | None = None,
) -> Payment:
    """Record money that came in and allocate it as ``wishes`` say; a form sent again answers with the payment of the first sending.

    Raises ``Invalid`` with the words beside each field, ``Conflict`` when somebody else allocated meanwhile, ``NotAllowed``.
    """
    by.require(RECORD)
    now = at or clock.now()
    check(details, now, customer)
    assert customer is not None
    assert details.amount is not None
    if sum((amount for _receivable, amount in wishes), ZERO) > details.amount:
        raise Invalid(MISSING, fields={"wishes": N_("More is allocated than was paid.")})
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Payment.get_by_id(int(submissions.result_of(form_token)))
        payment = enter(by=by, customer=customer, details=details, proof=proof, order=order, at=now, is_confirmed=True)
        if form_token:
            submissions.settle(form_token, payment.id)
        for receivable, amount in wishes:
            _allocate(by, payment, receivable, amount, now)
    return payment


def check(details: PaymentDetails, now: datetime, customer: Customer | None) -> None:
    """Raise ``Invalid`` with the words beside each field of ``details`` that cannot be."""
    wrong = {}
    if customer is None:
        wrong["customer"] = N_("Choose the customer.")
    if details.way not in list(PaymentWay):
        wrong["way"] = N_("Say how the money came.")
    if details.amount is None or details.amount <= 0:
        wrong["amount"] = N_("An amount is more than nothing.")
    if details.received_on is None or details.received_on > clock.day_of(now):
        wrong["received_on"] = N_("The day on which the money came: today or earlier.")
    if details.way == PaymentWay.ACCEPTANCE and details.bill_due_on is None:
        wrong["bill_due_on"] = N_("An acceptance bill has a day on which it falls due.")
    if details.bank_reference and Payment.select().where(Payment.bank_reference == details.bank_reference).exists():
        wrong["bank_reference"] = N_("A payment with this bank reference is recorded already.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def enter(
    *,
    by: Actor,
    customer: Customer,
    details: PaymentDetails,
    at: datetime,
    is_confirmed: bool,
    proof: Incoming | None = None,
    order: WorkOrder | None = None,
    is_taken_on_the_job: bool = False,
) -> Payment:
    """Write the payment in the running transaction; ``details`` are checked already."""
    is_bill = details.way == PaymentWay.ACCEPTANCE
    payment = Payment.create(
        number=numbering.next_number(NUMBER_PREFIX, at),
        customer=customer,
        area=order.area_id if order is not None and order.area_id else customer.area_id,
        way=details.way,
        amount=details.amount,
        received_on=details.received_on,
        payer_name=details.payer_name,
        bank_reference=details.bank_reference or None,
        bill_number=details.bill_number if is_bill else "",
        bill_due_on=details.bill_due_on if is_bill else None,
        remark=details.remark,
        proof=files.keep(by=by, incoming=proof, at=at) if proof is not None else None,
        order=order,
        technician=by.user_id if is_taken_on_the_job else None,
        recorded_at=at,
        by=by.user_id,
        by_name=by.name,
        confirmed_at=at if is_confirmed else None,
        confirmed_by=by.user_id if is_confirmed else None,
        confirmed_by_name=by.name if is_confirmed else "",
    )
    if is_confirmed:
        accounts.paid_in(payment)
    note(by, "recorded", payment, customer=customer.name, amount=payment.amount, way=payment.way, received_on=payment.received_on)
    return payment


def allocate(*, by: Actor, payment: Payment, wishes: Sequence[Wish], at: datetime | None = None) -> None:
    """Let a payment pay receivables of its customer, all of them or none.

    Raises ``Invalid`` without any or for amounts that are not there, ``Conflict`` when it is not confirmed or somebody was faster.
    """
    by.require(RECORD)
    if not wishes:
        raise Invalid(N_("Say how much of which amount is paid."), fields={"wishes": N_("Say how much of which amount is paid.")})
    with db.transaction():
        for receivable, amount in wishes:
            _allocate(by, Payment.get_by_id(payment.id), receivable, amount, at or clock.now())


def _allocate(by: Actor, payment: Payment, receivable: Receivable, amount: Decimal, at: datetime) -> None:
    if payment.confirmed_at is None:
        raise Conflict(NOT_YET)
    present = Payment.get_by_id(payment.id)
    accounts.allocate(payment=present, receivable=receivable, amount=amount, at=at, by_name=by.name)
    note(by, "allocated", payment, receivable=receivable.id, amount=amount)


def release(*, by: Actor, allocation: Allocation, at: datetime | None = None) -> None:
    """Take an allocation back: so much is open again, and left of the payment. Raises ``Conflict`` when it is gone already."""
    by.require(RECORD)
    with db.transaction():
        accounts.release(allocation=allocation, at=at or clock.now())
        note(by, "released", allocation.payment, receivable=allocation.receivable_id, amount=allocation.amount)


def void(*, by: Actor, payment: Payment, version: int, reason: str, at: datetime | None = None) -> None:
    """The money did not come, or was written down wrongly: every allocation is taken back, the payment counts no longer.

    Raises ``Invalid`` without a reason, ``Conflict`` when it changed meanwhile or the cashier has it already.
    """
    by.require(RECORD)
    now, why = at or clock.now(), reason.strip()
    if not why or len(why) > 300:
        raise Invalid(MISSING, fields={"reason": N_("Say why, in at most 300 characters.")})
    with db.transaction():
        is_same = (Payment.id == payment.id) & (Payment.version == version) & Payment.void_at.is_null() & Payment.settled_at.is_null()
        if Payment.update(version=Payment.version + 1).where(is_same).execute() != 1:
            raise Conflict(N_("This payment was changed, voided or settled meanwhile. Look at its present state."))
        for allocation in Allocation.select().where(Allocation.payment == payment):
            accounts.release(allocation=allocation, at=now)
        Payment.update(void_at=now, void_reason=why).where(Payment.id == payment.id).execute()
        if payment.confirmed_at is not None:
            accounts.taken_back(payment)
        note(by, "voided", payment, amount=payment.amount, reason=why)


def note(by: Actor, action: str, payment: Payment, **after: object) -> None:
    """Write a change of a payment into the history and tell the live screens."""
    history.record(by, f"payment.{action}", "payment", payment.number, after=after)
    live.touch(accounts.LIVE)


# --- reading --------------------------------------------------------------------


def visible(actor: Actor) -> ModelSelect:
    """The payments that ``actor`` may see: all, or those of own areas, those taken by oneself, those of own jobs."""
    query = Payment.select()
    if actor.area_ids is None:
        return query
    own = WorkOrder.select(WorkOrder.id).where(orders.works_on(actor.user_id))
    is_near = (Payment.area + 0).in_(sorted(actor.area_ids)) | (Payment.technician == actor.user_id) | Payment.order.in_(own)
    return query.where(is_near)


def by_number(actor: Actor, number: str) -> Payment:
    """The payment of this number. Raises ``NotFound`` for one that ``actor`` may not see."""
    payment = visible(actor).where(Payment.number == number).get_or_none()
    if payment is None:
        raise NotFound(N_("There is no payment of this number, or it is not for you to see."))
    return payment


def allocations_of(payment: Payment) -> list[Allocation]:
    """What a payment pays, with the receivables, oldest due first."""
    query = Allocation.select(Allocation, Receivable).join(Receivable).where(Allocation.payment == payment)
    return list(query.order_by(Receivable.due_on, Allocation.id))


def allocation_of(payment: Payment, allocation_id: int) -> Allocation:
    """One allocation of ``payment``. Raises ``NotFound``."""
    found = Allocation.get_or_none(Allocation.id == allocation_id, Allocation.payment == payment)
    if found is None:
        raise NotFound(N_("This was taken back meanwhile."))
    return found
