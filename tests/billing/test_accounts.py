"""Payments allocate exactly; what is kept on receivables, payments and accounts is the sum of the allocations."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.billing import accounts
from app.billing.models import AccountBalance, Allocation, Payment, Receivable, ReceivableKind
from app.core import clock, db
from app.core.errors import Conflict, DomainError, Invalid
from app.customers.models import Customer
from tests import factories, money_factories


def owed(customer: Customer, amount: object) -> Receivable:
    today = clock.now().date()
    with db.transaction():
        return accounts.owe(
            kind=ReceivableKind.OPENING, customer=customer, amount=Decimal(str(amount)), since_on=today, due_on=today + timedelta(days=30),
            at=clock.now(),
        )  # fmt: skip


def pay(payment: Payment, receivable: Receivable, amount: object) -> Allocation:
    with db.transaction():
        return accounts.allocate(
            payment=Payment.get_by_id(payment.id), receivable=Receivable.get_by_id(receivable.id), amount=Decimal(str(amount)),
            at=clock.now(), by_name="陈文员",
        )  # fmt: skip


def account(customer: Customer) -> tuple[Decimal, Decimal]:
    row = AccountBalance.get(AccountBalance.customer == customer)
    return row.owed, row.ahead


def test_it_works(database: Database) -> None:
    customer = factories.customer()
    one, two = owed(customer, 100), owed(customer, "50.50")
    payment = money_factories.payment(customer=customer, amount=Decimal(120))
    pay(payment, one, 100)
    pay(payment, two, 20)
    assert (Receivable.get_by_id(one.id).is_open, Receivable.get_by_id(two.id).is_open) == (False, True)
    assert account(customer) == (Decimal("30.50"), Decimal(0))
    with db.transaction():
        accounts.release(allocation=Allocation.get(Allocation.receivable == one), at=clock.now())
    assert Receivable.get_by_id(one.id).is_open
    assert account(customer) == (Decimal("130.50"), Decimal(100))
    assert accounts.differences() == []


def test_no_more_is_allocated_than_there_is_and_than_is_owed(database: Database) -> None:
    customer = factories.customer()
    receivable, payment = owed(customer, 100), money_factories.payment(customer=customer, amount=Decimal(60))
    with pytest.raises(Invalid, match="not left"):
        pay(payment, receivable, 61)
    pay(payment, receivable, 60)
    with pytest.raises(Invalid, match="not owed"):
        pay(money_factories.payment(customer=customer, amount=Decimal(60)), receivable, 41)
    with pytest.raises(Invalid, match="another customer"):
        pay(money_factories.payment(customer=factories.customer(), amount=Decimal(60)), receivable, 1)


def test_of_two_who_allocate_the_same_the_second_is_told(database: Database) -> None:
    customer = factories.customer()
    receivable, payment = owed(customer, 100), money_factories.payment(customer=customer, amount=Decimal(100))
    seen_payment, seen = Payment.get_by_id(payment.id), Receivable.get_by_id(receivable.id)
    pay(payment, receivable, 100)
    with pytest.raises(Conflict), db.transaction():
        accounts.allocate(payment=seen_payment, receivable=seen, amount=Decimal(100), at=clock.now(), by_name="x")
    assert accounts.differences() == []


STEPS = st.lists(
    st.tuples(st.sampled_from(["owe", "pay", "allocate", "release"]), st.integers(0, 3), st.integers(0, 3), st.integers(1, 9_999)),
    max_size=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_walk_keeps_the_books_right(sqlite_database: Database, steps: list[tuple[str, int, int, int]]) -> None:
    customer = factories.customer()
    owings: list[Receivable] = []
    payments: list[Payment] = []
    for act, one, two, fen in steps:
        amount = Decimal(fen) / 100
        try:
            if act == "owe":
                owings.append(owed(customer, amount))
            elif act == "pay":
                payments.append(money_factories.payment(customer=customer, amount=amount))
            elif act == "allocate" and owings and payments:
                pay(payments[one % len(payments)], owings[two % len(owings)], amount)
            elif act == "release" and (found := Allocation.select().first()) is not None:
                with db.transaction():
                    accounts.release(allocation=found, at=clock.now())
        except DomainError:
            continue
    assert accounts.differences() == []
    open_sum = sum(
        (row.amount - row.paid for row in Receivable.select().where(Receivable.customer == customer, Receivable.is_open)), Decimal(0)
    )
    if owings or payments:
        assert account(customer)[0] == open_sum
