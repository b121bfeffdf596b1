"""A customer's account: what was owed and paid in a period, with the balance after each line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from peewee import fn

from app.billing.models import Payment, Receivable
from app.billing.payments import COUNTS
from app.core import clock
from app.core.money import FEN, ZERO
from app.customers.models import Customer

COLUMNS = ("on", "kind", "about", "debit", "credit", "balance")
OWED, PAID, WRITTEN_OFF = "owed", "paid", "written_off"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """``debit`` is owed from then on, ``credit`` paid or written off; ``balance`` what is owed after it (negative: paid ahead)."""

    on: date
    kind: str
    about: str
    href: str
    debit: Decimal
    credit: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of a period between its two balances."""

    from_on: date
    to_on: date
    opening: Decimal
    lines: list[StatementLine]

    @property
    def closing(self) -> Decimal:
        """What is owed at its end."""
        return self.lines[-1].balance if self.lines else self.opening


def of(customer: Customer, from_on: date, to_on: date) -> Statement:
    """The statement from ``from_on`` to ``to_on``, both included."""
    balance = opening = _balance_before(customer, from_on)
    lines = []
    for on, _rank, kind, about, href, amount in sorted(_entries(customer, from_on, to_on)):
        debit, credit = (amount, ZERO) if kind == OWED else (ZERO, amount)
        balance += debit - credit
        lines.append(StatementLine(on, kind, about, href, debit, credit, balance))
    return Statement(from_on, to_on, opening, lines)


def _balance_before(customer: Customer, day: date) -> Decimal:
    owed = _sum(Receivable.amount, Receivable.customer == customer, Receivable.since_on < day)
    paid = _sum(Payment.amount, Payment.customer == customer, COUNTS, Payment.received_on < day)
    gone = (Receivable.customer == customer) & (Receivable.written_off_at < clock.start_of(day))
    return owed - paid - _sum(Receivable.amount - Receivable.paid, gone)


def _sum(column: Any, *conditions: Any) -> Decimal:
    model = Payment if column is Payment.amount else Receivable
    return int(model.select(fn.SUM(column).coerce(False)).where(*conditions).scalar() or 0) * FEN


def _entries(customer: Customer, from_on: date, to_on: date) -> Iterator[tuple[date, int, str, str, str, Decimal]]:
    for one in Receivable.select().where(Receivable.customer == customer, Receivable.since_on.between(from_on, to_on)):
        yield one.since_on, 0, OWED, one.about, f"/receivables/{one.id}", one.amount
    for one in Payment.select().where(Payment.customer == customer, COUNTS, Payment.received_on.between(from_on, to_on)):
        yield one.received_on, 1, PAID, one.number, f"/payments/{one.number}", one.amount
    within = (Receivable.written_off_at >= clock.start_of(from_on)) & (Receivable.written_off_at < clock.end_of(to_on))
    for one in Receivable.select().where(Receivable.customer == customer, within):
        on = clock.day_of(one.written_off_at)
        yield on, 2, WRITTEN_OFF, one.about, f"/receivables/{one.id}", one.amount - one.paid
