"""What customers owe and have paid: receivables are opened, payments allocated to them and taken off again.

``Receivable.paid``, ``Payment.allocated`` and ``AccountBalance`` are kept in step with ``Allocation``; ``differences`` proves it.
Everything runs in the caller's transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from peewee import JOIN, fn

from app.billing.models import AccountBalance, Allocation, Payment, Receivable, ReceivableKind
from app.core import db, live
from app.core.errors import N_, Conflict, Invalid
from app.core.money import FEN, ZERO
from app.customers.models import Customer

LIVE = "money"
# Who follows a receivable whose paid amount changed, in the same transaction; ``contract_progress`` adds itself.
FOLLOWERS: list[Callable[[Receivable, datetime], None]] = []


def owe(
    *, kind: ReceivableKind, customer: Customer, amount: Decimal, since_on: date, due_on: date, at: datetime, **about: Any
) -> Receivable:
    """Open a receivable; ``about`` names invoice, order, contract, person, area, words. Raises ``Invalid`` for an amount that is none."""
    db.current()
    if amount <= 0:
        raise Invalid(N_("An amount is more than nothing."), fields={"amount": N_("An amount is more than nothing.")})
    row: Receivable = Receivable.create(
        kind=kind, customer=customer, amount=amount, since_on=since_on, due_on=due_on, created_at=at, **about
    )
    _account(customer.id, owed=amount)
    live.touch(LIVE)
    return row


def allocate(*, payment: Payment, receivable: Receivable, amount: Decimal, at: datetime, by_name: str) -> Allocation:
    """Let a payment pay ``amount`` of a receivable of the same customer.

    Raises ``Invalid`` when the payment has not so much left or so much is not owed, ``Conflict`` when somebody else was faster.
    """
    db.current()
    _check(payment, receivable, amount)
    left = (Payment.id == payment.id) & (Payment.allocated + amount <= Payment.amount) & Payment.void_at.is_null()
    if Payment.update(allocated=Payment.allocated + amount, version=Payment.version + 1).where(left).execute() != 1:
        raise Conflict(N_("This payment was allocated or taken back meanwhile. Look at its present state."))
    owed = (Receivable.id == receivable.id) & (Receivable.paid + amount <= Receivable.amount) & Receivable.is_open
    paid = {"paid": Receivable.paid + amount, "is_open": Receivable.paid + amount < Receivable.amount, "version": Receivable.version + 1}
    if Receivable.update(paid).where(owed).execute() != 1:
        raise Conflict(N_("Somebody else has paid this meanwhile. Look at what is still open."))
    row = Allocation.get_or_none(Allocation.payment == payment, Allocation.receivable == receivable)
    if row is None:
        row = Allocation.create(payment=payment, receivable=receivable, amount=amount, at=at, by_name=by_name)
    else:
        Allocation.update(amount=Allocation.amount + amount).where(Allocation.id == row.id).execute()
    _account(receivable.customer_id, owed=-amount, ahead=-amount)
    _tell(receivable, at)
    return row


def _tell(receivable: Receivable, at: datetime) -> None:
    for follow in FOLLOWERS:
        follow(receivable, at)
    live.touch(LIVE)


def _check(payment: Payment, receivable: Receivable, amount: Decimal) -> None:
    words = None
    if amount <= 0:
        words = N_("An amount is more than nothing.")
    elif payment.customer_id != receivable.customer_id:
        words = N_("This payment is another customer's.")
    elif payment.allocated + amount > payment.amount:
        words = N_("So much is not left of this payment.")
    elif receivable.paid + amount > receivable.amount:
        words = N_("So much is not owed any more.")
    if words:
        raise Invalid(words, fields={"amount": words})


def release(*, allocation: Allocation, at: datetime) -> None:
    """Take an allocation back: the receivable is open again, the payment has so much more left."""
    db.current()
    if Allocation.delete().where(Allocation.id == allocation.id, Allocation.amount == allocation.amount).execute() != 1:
        raise Conflict(N_("This was taken back meanwhile."))
    amount = allocation.amount
    Payment.update(allocated=Payment.allocated - amount, version=Payment.version + 1).where(Payment.id == allocation.payment_id).execute()
    still_owed = {"paid": Receivable.paid - amount, "is_open": Receivable.written_off_at.is_null(), "version": Receivable.version + 1}
    Receivable.update(still_owed).where(Receivable.id == allocation.receivable_id).execute()
    receivable = Receivable.get_by_id(allocation.receivable_id)
    _account(receivable.customer_id, owed=allocation.amount if receivable.is_open else ZERO, ahead=allocation.amount)
    _tell(receivable, at)


def paid_in(payment: Payment) -> None:
    """A payment counts from now on: it stands on the customer's account as paid ahead until it is allocated."""
    _account(payment.customer_id, ahead=payment.amount)
    live.touch(LIVE)


def taken_back(payment: Payment) -> None:
    """A payment counts no longer; nothing of it may be allocated."""
    _account(payment.customer_id, ahead=-payment.amount)
    live.touch(LIVE)


def no_longer_owed(receivable: Receivable) -> None:
    """What is left of a receivable is written off or taken back."""
    _account(receivable.customer_id, owed=receivable.paid - receivable.amount)
    live.touch(LIVE)


def corrected(receivable: Receivable, *, amount: Decimal, **about: Any) -> None:
    """Let ``receivable`` be of another ``amount``, open again as far as it is not paid; ``about`` as in ``owe``.

    Raises ``Conflict`` when more was paid of it, or it was changed meanwhile.
    """
    db.current()
    if amount < receivable.paid:
        raise Conflict(N_("More was paid of this than it would come to. Take the payment off it first."))
    present = (Receivable.id == receivable.id) & (Receivable.version == receivable.version)
    anew = {"amount": amount, "is_open": receivable.paid < amount, "written_off_at": None, "written_off_reason": ""}
    if Receivable.update(anew | about | {"version": Receivable.version + 1}).where(present).execute() != 1:
        raise Conflict(N_("This was paid or changed meanwhile. Look at its present state."))
    before = receivable.amount - receivable.paid if receivable.is_open else ZERO
    _account(receivable.customer_id, owed=amount - receivable.paid - before)
    live.touch(LIVE)


def set_apart(*, receivable: Receivable, amount: Decimal, due_on: date, at: datetime) -> Receivable:
    """Owe ``amount`` of a receivable as retention money with its own due date; the rest stays as it is.

    Raises ``Invalid`` for an amount that leaves nothing, ``Conflict`` when so much is not open any more.
    """
    db.current()
    if not 0 < amount < receivable.amount - receivable.paid:
        words = N_("Retention money is a part of what is still owed.")
        raise Invalid(words, fields={"amount": words})
    is_there = (Receivable.id == receivable.id) & Receivable.is_open & (Receivable.paid + amount < Receivable.amount)
    if Receivable.update(amount=Receivable.amount - amount, version=Receivable.version + 1).where(is_there).execute() != 1:
        raise Conflict(N_("Somebody else has paid this meanwhile. Look at what is still open."))
    _account(receivable.customer_id, owed=-amount)
    same = {name: getattr(receivable, name) for name in ("area", "person", "order", "contract", "about")}
    kind, customer, since_on = ReceivableKind.RETENTION, receivable.customer, receivable.since_on
    return owe(kind=kind, customer=customer, amount=amount, since_on=since_on, due_on=due_on, at=at, **same)


@dataclass(frozen=True, slots=True)
class Debt:
    """What a customer owes: in all, overdue and since when; what is paid ahead; whether off-warranty service is suspended for it."""

    owed: Decimal
    overdue: Decimal
    oldest_due_on: date | None
    ahead: Decimal
    is_stopped: bool


def debt_of(customer_id: int, today: date) -> Debt:
    """What stands at intake, dispatch and shipping; two reads by index."""
    kept = Customer.select(Customer.service_stopped_at, AccountBalance.owed, AccountBalance.ahead).where(Customer.id == customer_id)
    row = kept.join(AccountBalance, JOIN.LEFT_OUTER).tuples().first()
    stopped_at, owed, paid_ahead = row or (None, None, None)
    ahead = paid_ahead or ZERO
    if not owed:
        return Debt(ZERO, ZERO, None, ahead, stopped_at is not None)
    late = (Receivable.customer == customer_id) & Receivable.is_open & (Receivable.due_on < today)
    sums = Receivable.select(fn.SUM(Receivable.amount - Receivable.paid).coerce(False), fn.MIN(Receivable.due_on)).where(late)
    overdue, oldest = sums.tuples().first()
    return Debt(owed, int(overdue or 0) * FEN, oldest, ahead, stopped_at is not None)


def _account(customer_id: int, *, owed: Decimal = ZERO, ahead: Decimal = ZERO) -> None:
    AccountBalance.insert(customer=customer_id).on_conflict_ignore().execute()
    changes = {
        "owed": AccountBalance.owed + owed,
        "ahead": AccountBalance.ahead + ahead,
    }
    AccountBalance.update(changes).where(AccountBalance.customer == customer_id).execute()


def differences() -> list[str]:
    """What is kept and is not the sum of its parts, in words for the administrator; empty when the books are right."""
    found = []
    allocated = dict(Allocation.select(Allocation.payment, fn.SUM(Allocation.amount).coerce(False)).group_by(Allocation.payment).tuples())
    for row in Payment.select():
        if int(row.allocated * 100) != int(allocated.get(row.id, 0)):
            found.append(f"payment {row.number}: allocated {row.allocated}")
    paid = dict(Allocation.select(Allocation.receivable, fn.SUM(Allocation.amount).coerce(False)).group_by(Allocation.receivable).tuples())
    for row in Receivable.select():
        if int(row.paid * 100) != int(paid.get(row.id, 0)):
            found.append(f"receivable {row.id}: paid {row.paid}")
    return found + _wrong_accounts()


def _wrong_accounts() -> list[str]:
    open_rows = Receivable.select(Receivable.customer, fn.SUM(Receivable.amount - Receivable.paid).coerce(False)).where(Receivable.is_open)
    owed = dict(open_rows.group_by(Receivable.customer).tuples())
    counting = Payment.confirmed_at.is_null(False) & Payment.void_at.is_null()
    left = Payment.select(Payment.customer, fn.SUM(Payment.amount - Payment.allocated).coerce(False)).where(counting)
    ahead = dict(left.group_by(Payment.customer).tuples())
    return [
        f"account of customer {row.customer_id}: owed {row.owed}, ahead {row.ahead}"
        for row in AccountBalance.select()
        if (int(row.owed * 100), int(row.ahead * 100)) != (int(owed.get(row.customer_id, 0)), int(ahead.get(row.customer_id, 0)))
    ]
