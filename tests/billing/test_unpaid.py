"""The check of unpaid amounts: report and books side by side; what was not paid is owed until the invoice takes its place."""

from datetime import timedelta
from decimal import Decimal

import pytest
from peewee import Database

from app.billing import accounts, cash, unpaid
from app.billing.models import AccountBalance, Receivable
from app.billing.payments import PaymentDetails
from app.core import clock, db
from app.core.errors import Conflict, Invalid
from app.machines.warranty import WarrantyState
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories, money_factories
from tests.personas import People, actor_of, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


def finished(who: People, said: int | None = None, **values: object) -> WorkOrder:
    order = factories.work_order(lead=who.li, status=OrderStatus.FINISHED, warranty=WarrantyState.OFF, **values)
    if said is not None:
        factories.service_report(order=order, money_fen=said * 100)
    return order


def to_check(who: People) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    rows = unpaid.page(actor_of(who.chen), unpaid.TO_CHECK, None, sort="finished_at").rows
    return {line.order.number: (line.said, line.taken, line.owed) for line in map(unpaid.line_of, rows)}


def test_it_works(who: People) -> None:
    silent, told, other = finished(who), finished(who, 350), factories.work_order(lead=who.li, status=OrderStatus.FINISHED)
    assert to_check(who) == {silent.number: (0, 0, 0), told.number: (350, 0, 0)}
    assert other.number not in to_check(who)
    today = clock.today()
    cash.take(by=actor_of(who.li), order=told, details=PaymentDetails(way="cash", amount=Decimal(350), received_on=today))
    unpaid.note_owed(by=actor_of(who.chen), order=silent, amount=Decimal(800), due_on=today + timedelta(days=30))
    assert to_check(who) == {}
    assert accounts.debt_of(silent.customer_id, today).owed == 800


def test_an_order_is_noted_once(who: People) -> None:
    order, today = finished(who), clock.now().date()
    for amount, due_on in ((None, today), (Decimal(0), today), (Decimal(1), None)):
        with pytest.raises(Invalid):
            unpaid.note_owed(by=actor_of(who.chen), order=order, amount=amount, due_on=due_on)
    unpaid.note_owed(by=actor_of(who.chen), order=order, amount=Decimal(800), due_on=today)
    with pytest.raises(Conflict):
        unpaid.note_owed(by=actor_of(who.chen), order=order, amount=Decimal(800), due_on=today)


def test_the_invoice_takes_the_place_of_what_was_noted(who: People) -> None:
    order = finished(who)
    noted = unpaid.note_owed(by=actor_of(who.chen), order=order, amount=Decimal(800), due_on=clock.now().date())
    payment = money_factories.payment(customer=order.customer)
    with db.transaction():
        accounts.allocate(payment=payment, receivable=noted, amount=Decimal(100), at=clock.now(), by_name="陈文员")
    with db.transaction():
        unpaid.replace(order=order, invoice_number="26370000", at=clock.now())
    row = AccountBalance.get(AccountBalance.customer == order.customer)
    assert (row.owed, row.ahead) == (0, 100)
    assert Receivable.get_by_id(noted.id).written_off_reason == "26370000"
    assert accounts.differences() == []
