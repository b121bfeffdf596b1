"""Cash of technicians: noted on the job, confirmed by another, settled by day; it counts from its confirmation on."""

from decimal import Decimal

import pytest
from peewee import Database

from app.accounts.models import Role
from app.billing import accounts, cash, payments
from app.billing.models import Payment, PaymentWay
from app.billing.payments import PaymentDetails
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories, money_factories
from tests.personas import People, actor_of, make_user, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


def taken(who: People, amount: int = 350, way: str = "cash", order: WorkOrder | None = None, token: str | None = None) -> Payment:
    today = clock.today()
    details = PaymentDetails(way=way, amount=Decimal(amount), received_on=today)
    job = order or factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)
    return cash.take(by=actor_of(who.li), order=job, details=details, form_token=token)


def test_it_works(who: People) -> None:
    chen, payment = actor_of(who.chen), taken(who)
    assert accounts.debt_of(payment.customer_id, payment.received_on).ahead == 0
    assert [row.id for row in cash.waiting()] == [payment.id]
    cash.confirm(by=chen, payment=payment)
    assert accounts.debt_of(payment.customer_id, payment.received_on).ahead == 350
    (day,) = cash.days()
    assert (day.name, day.total, day.is_confirmed) == ("李师傅", 350, True)
    assert cash.settle(by=chen, technician=who.li.id, on=day.on, total=day.total) == 1
    assert cash.days() == []
    assert accounts.differences() == []


def test_a_form_sent_twice_makes_one_payment(who: People) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)
    assert taken(who, order=order, token="one") == taken(who, order=order, token="one")


def test_nobody_confirms_or_settles_their_own(who: People) -> None:
    payment = taken(who)
    both = make_user(Role.TECHNICIAN, Role.CLERK)
    Payment.update(technician=both).where(Payment.id == payment.id).execute()
    with pytest.raises(NotAllowed):
        cash.confirm(by=actor_of(both), payment=Payment.get())
    with pytest.raises(NotAllowed):
        cash.settle(by=actor_of(both), technician=both.id, on=payment.received_on, total=payment.amount)
    with pytest.raises(NotAllowed):
        cash.confirm(by=actor_of(who.li), payment=payment)


def test_only_one_of_two_confirms(who: People) -> None:
    payment, chen = taken(who), actor_of(who.chen)
    cash.confirm(by=chen, payment=payment)
    with pytest.raises(Conflict):
        cash.confirm(by=chen, payment=payment)


def test_a_day_is_settled_whole_and_as_it_was_counted(who: People) -> None:
    chen, first, second = actor_of(who.chen), taken(who, 100), taken(who, 50)
    cash.confirm(by=chen, payment=first)
    with pytest.raises(Invalid):
        cash.settle(by=chen, technician=who.li.id, on=first.received_on, total=Decimal(150))
    cash.confirm(by=chen, payment=second)
    with pytest.raises(Conflict):
        cash.settle(by=chen, technician=who.li.id, on=first.received_on, total=Decimal(100))
    assert Payment.select().where(Payment.settled_at.is_null(False)).count() == 0
    assert cash.settle(by=chen, technician=who.li.id, on=first.received_on, total=Decimal(150)) == 2


def test_what_is_not_cash_needs_no_cashier(who: People) -> None:
    taken(who, way=PaymentWay.CODE)
    assert cash.days() == []


def test_money_that_is_not_confirmed_pays_nothing(who: People) -> None:
    payment = taken(who)
    owed = money_factories.receivable(customer=payment.customer)
    with pytest.raises(Conflict):
        payments.allocate(by=actor_of(who.chen), payment=payment, wishes=[(owed, Decimal(100))])


def test_what_the_report_says_is_proposed_until_it_is_noted(who: People) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)
    assert cash.proposal(order) is None
    factories.service_report(order=order, money_fen=35_000)
    assert cash.proposal(order) == 350
    taken(who, 300, order=order)
    assert cash.proposal(order) == 50
