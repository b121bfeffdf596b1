"""Payments: recorded once, allocated exactly, voided with all they paid; seen only by those whose area or job it is."""

from datetime import timedelta
from decimal import Decimal

import pytest
from peewee import Database

from app.billing import accounts, payments
from app.billing.models import Payment, Receivable
from app.billing.payments import PaymentDetails
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.types import Actor
from app.customers.models import Customer
from tests import factories, money_factories
from tests.personas import People, actor_of, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def chen(who: People) -> Actor:
    return actor_of(who.chen)


def came(amount: Decimal | int | None, **values: object) -> PaymentDetails:
    return PaymentDetails(**{"way": "transfer", "amount": amount and Decimal(amount), "received_on": clock.today()} | values)


def record(by: Actor, customer: Customer, amount: int, *wishes: tuple[Receivable, int], **values: object) -> Payment:
    asked = [(receivable, Decimal(sum_)) for receivable, sum_ in wishes]
    return payments.record(by=by, customer=customer, details=came(amount), wishes=asked, **values)


def test_it_works(chen: Actor) -> None:
    customer = factories.customer()
    one, two = money_factories.receivable(customer=customer, amount=Decimal(100)), money_factories.receivable(customer=customer)
    payment = record(chen, customer, 170, (one, 100), (two, 50))
    assert Payment.get_by_id(payment.id).allocated == 150
    assert not Receivable.get_by_id(one.id).is_open
    payments.allocate(by=chen, payment=payment, wishes=[(two, Decimal(20))])
    payments.release(by=chen, allocation=payments.allocations_of(payment)[0])
    assert Payment.get_by_id(payment.id).allocated == 70
    assert accounts.differences() == []


def test_a_form_sent_twice_makes_one_payment(chen: Actor) -> None:
    customer = factories.customer()
    assert record(chen, customer, 100, form_token="one") == record(chen, customer, 100, form_token="one")


def test_all_is_allocated_or_nothing(chen: Actor) -> None:
    customer = factories.customer()
    mine, foreign = money_factories.receivable(customer=customer), money_factories.receivable()
    with pytest.raises(Invalid):
        record(chen, customer, 200, (mine, 100), (foreign, 100))
    with pytest.raises(Invalid, match="See the words"):
        record(chen, customer, 100, (mine, 101))
    assert Payment.select().count() == 0
    assert Receivable.get_by_id(mine.id).paid == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": None}, "amount"),
        ({"way": "acceptance"}, "bill_due_on"),
        ({"way": "barter"}, "way"),
        ({"received_on": clock.now().date() + timedelta(days=2)}, "received_on"),
        ({"bank_reference": "known"}, "bank_reference"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(chen: Actor, values: dict[str, object], field: str) -> None:
    money_factories.payment(bank_reference="known")
    with pytest.raises(Invalid) as refused:
        payments.record(by=chen, customer=factories.customer(), details=came(**{"amount": 100} | values))
    assert field in refused.value.fields


def test_a_void_payment_pays_nothing_and_stays_with_its_reason(chen: Actor) -> None:
    owed = money_factories.receivable()
    payment = record(chen, owed.customer, 100, (owed, 100))
    present = Payment.get_by_id(payment.id)
    with pytest.raises(Invalid):
        payments.void(by=chen, payment=present, version=present.version, reason=" ")
    payments.void(by=chen, payment=present, version=present.version, reason="支票退回")
    assert Receivable.get_by_id(owed.id).is_open
    assert Payment.get_by_id(payment.id).void_reason == "支票退回"
    assert accounts.differences() == []
    with pytest.raises(Conflict):
        payments.void(by=chen, payment=present, version=present.version, reason="again")


def test_only_who_keeps_the_books_records(who: People) -> None:
    for user in (who.li, who.zhao, who.area_manager):
        with pytest.raises(NotAllowed):
            record(actor_of(user), factories.customer(), 100)


def test_a_technician_sees_the_payments_of_own_areas_and_own_jobs(who: People) -> None:
    near = money_factories.payment(area=who.north)
    far = money_factories.payment(area=who.south)
    job = money_factories.payment(area=who.south, order=factories.work_order(lead=who.li))
    li = actor_of(who.li)
    assert {row.id for row in payments.visible(li)} == {near.id, job.id}
    with pytest.raises(NotFound):
        payments.by_number(li, far.number)
