"""Which receivables a sum of money is likely meant for: an exact amount, else the oldest first (duty 2E-13)."""

from collections.abc import Sequence
from decimal import Decimal

from peewee import JOIN

from app.billing.models import Invoice, Receivable
from app.core.money import ZERO
from app.customers.models import Customer

MOST = 200
LARGEST_PAIR = 60


def open_of(customer: Customer) -> list[Receivable]:
    """What a customer still owes, longest due first, with the invoices."""
    query = Receivable.select(Receivable, Invoice).join(Invoice, JOIN.LEFT_OUTER).where(Receivable.customer == customer, Receivable.is_open)
    return list(query.order_by(Receivable.due_on, Receivable.id).limit(MOST))


def left_of(receivable: Receivable) -> Decimal:
    """What is still owed of it."""
    return Decimal(receivable.amount - receivable.paid)


def proposed(amount: Decimal, owed: Sequence[Receivable], remark: str = "") -> dict[int, Decimal]:
    """How much of each of ``owed`` (longest due first) the ``amount`` should pay, by id.

    One whose invoice number stands in ``remark`` comes first; then one of exactly this sum, two that add up to it; else the oldest first.
    """
    named = [one for one in owed if one.invoice_id and one.invoice.number in remark]
    if named:
        return _in_turn(amount, [*named, *(one for one in owed if one not in named)])
    exact = next((one for one in owed if left_of(one) == amount), None)
    if exact is not None:
        return {exact.id: amount}
    return _pair(amount, owed[:LARGEST_PAIR]) or _in_turn(amount, owed)


def _pair(amount: Decimal, owed: Sequence[Receivable]) -> dict[int, Decimal]:
    seen: dict[Decimal, Receivable] = {}
    for one in owed:
        other = seen.get(amount - left_of(one))
        if other is not None:
            return {other.id: left_of(other), one.id: left_of(one)}
        seen.setdefault(left_of(one), one)
    return {}


def _in_turn(amount: Decimal, owed: Sequence[Receivable]) -> dict[int, Decimal]:
    found, left = {}, amount
    for one in owed:
        if left <= ZERO:
            break
        found[one.id] = min(left, left_of(one))
        left -= found[one.id]
    return found
