"""Statements of account (对账函): each quarter one per customer (facts, Receivables); what was owed, added, paid, and what is left.

A statement that went out stands among the demands: a reminder with the PDF, of no step of the ladder, whose result is the quarter.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from peewee import JOIN, Case, ModelSelect, fn

from app.accounts.models import Area
from app.billing import debtors, dunning
from app.billing.models import DunningAct, DunningRecord, Payment, Receivable
from app.core import clock, db, files, history, live, paging, submissions
from app.core.errors import N_, Invalid
from app.core.file_kinds import ANY
from app.core.money import FEN, ZERO
from app.core.paging import Sort
from app.core.types import Actor
from app.customers.models import Customer

KEEP = "payments.record"  # who keeps the accounts
WITHOUT, WITH = "without", "with"
COLUMNS = ("customer", "area", "owed", "sent_at")
SORTS = {"customer": Sort(Customer.name, lambda customer: customer.name)}
DEFAULT_SORT = "customer"
IS_STATEMENT = (DunningRecord.act == DunningAct.REMINDER) & DunningRecord.letter.is_null(False) & DunningRecord.step.is_null()
COUNTS = Payment.confirmed_at.is_null(False) & Payment.void_at.is_null()


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a year."""

    year: int
    number: int

    @property
    def code(self) -> str:
        """2026-Q3."""
        return f"{self.year}-Q{self.number}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        following = self.next
        return following.first - timedelta(days=1)

    @property
    def next(self) -> "Quarter":
        """The one after it."""
        return Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)

    @property
    def previous(self) -> "Quarter":
        """The one before it."""
        return Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)


def quarter_of(on: date) -> Quarter:
    """The quarter that ``on`` is in."""
    return Quarter(on.year, (on.month + 2) // 3)


def quarter_from(text: str, today: date) -> Quarter:
    """The quarter that ``text`` names (2026-Q3), the last whole one without any. Raises ``Invalid``."""
    if not text:
        return quarter_of(today).previous
    year, _sign, number = text.partition("-Q")
    if not (year.isdecimal() and len(year) == 4 and number in ("1", "2", "3", "4") and 2000 <= int(year) <= today.year + 1):
        raise Invalid(N_("That is not a quarter; write it like 2026-Q3."))
    return Quarter(int(year), int(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a statement: a debt that arose or a payment that came; ``balance`` after it."""

    on: date
    words: str
    kind: str
    owed: Decimal | None
    paid: Decimal | None
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the books say of one customer over a quarter; below zero: paid ahead."""

    opening: Decimal
    entries: list[Entry]
    closing: Decimal


def of_customer(customer: Customer, quarter: Quarter) -> Statement:
    """The statement of ``customer``; written-off debts count no longer from the day on which they were written off."""
    opening, entries = ZERO, []
    balance = ZERO
    for on, change, kind, words in sorted(_changes(customer, quarter.last), key=lambda one: one[0]):
        balance += change
        if on < quarter.first:
            opening = balance
            continue
        owed, paid = (change, None) if change > 0 else (None, -change)
        entries.append(Entry(on=on, words=words, kind=kind, owed=owed, paid=paid, balance=balance))
    return Statement(opening=opening, entries=entries, closing=balance)


def _changes(customer: Customer, until: date) -> Iterator[tuple[date, Decimal, str, str]]:
    for row in Receivable.select().where(Receivable.customer == customer, Receivable.since_on <= until):
        yield row.since_on, row.amount, row.kind, row.about
        if row.written_off_at and (on := clock.day_of(row.written_off_at)) <= until:
            yield on, row.paid - row.amount, "written_off", row.about
    for payment in Payment.select().where(Payment.customer == customer, COUNTS, Payment.received_on <= until):
        yield payment.received_on, -payment.amount, "payment", payment.number


# --- which customers have theirs ------------------------------------------------


def listed(actor: Actor, quarter: Quarter, state: str, q: str) -> ModelSelect:
    """Customers with debts or payments up to the end of ``quarter`` that were not settled before it, with ``sent_at`` and ``owed_fen``."""
    sent = DunningRecord.select(fn.MAX(DunningRecord.at)).where(
        DunningRecord.customer == Customer.id, IS_STATEMENT, DunningRecord.result == quarter.code
    )
    left = Case(None, [(Receivable.is_open, debtors.LEFT)], 0)
    owed = fn.SUM(left).coerce(False).alias("owed_fen")
    query = Customer.select(Customer, Area, owed, sent.alias("sent_ms")).join(Receivable)
    query = query.switch(Customer).join(Area, JOIN.LEFT_OUTER).where(Receivable.since_on <= quarter.last)
    is_lively = Receivable.is_open | (Receivable.since_on >= quarter.first)
    query = debtors.visible(actor, query.where(is_lively)).group_by(Customer.id, Area.id)
    if state:
        exists = fn.EXISTS(sent.select(DunningRecord.id))
        query = query.where(exists if state == WITH else ~exists)
    return query.where(Customer.name.contains(q) | Customer.short_name.contains(q)) if q else query


def owed(row: Any) -> Decimal:
    """What the customer of a row of ``listed`` still owes."""
    return Decimal(int(row.owed_fen)) * FEN


def sent_at(row: Any) -> datetime | None:
    """When the statement of a row of ``listed`` went out."""
    return clock.from_ms(row.sent_ms) if isinstance(row.sent_ms, int) else row.sent_ms


def exported(actor: Actor, quarter: Quarter, state: str, q: str, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for row in paging.whole(listed(actor, quarter, state, q), SORTS, sort):
        yield [row.name, row.area.name if row.area else "", owed(row), sent_at(row)]


def count_without(actor: Actor, quarter: Quarter) -> int:
    """How many customers have no statement of ``quarter`` yet."""
    return int(listed(actor, quarter, WITHOUT, "").count())


def send(
    *, by: Actor, customer: Customer, quarter: Quarter, pdf: bytes, form_token: str | None = None, at: datetime | None = None
) -> DunningRecord:
    """Keep the statement and note that it went out. It is no demand: it interrupts no limitation before the customer confirms it."""
    by.require(KEEP)
    done_at = at or clock.now()
    if quarter.first > clock.day_of(done_at):
        raise Invalid(N_("This quarter has not begun yet."))
    incoming = files.take_in(name=f"statement-{quarter.code}-{customer.id}.pdf", stream=io.BytesIO(pdf), kinds=ANY)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return DunningRecord.get_by_id(int(submissions.result_of(form_token)))
        kept = files.keep(by=by, incoming=incoming, at=done_at)
        row: DunningRecord = DunningRecord.create(
            customer=customer, act=DunningAct.REMINDER, at=done_at, by=by.user_id, by_name=by.name, letter=kept, result=quarter.code
        )
        if form_token:
            submissions.settle(form_token, row.id)
        history.record(by, "statement.sent", "customer", customer.id, after={"quarter": quarter.code})
        live.touch(dunning.LIVE)
    return row
