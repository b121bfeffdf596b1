"""Customers' orders of parts: quoted, paid first or credit approved by another, shipped, received, invoiced."""

from decimal import Decimal

import pytest
from peewee import Database

from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.customers.models import Customer
from app.supply import parts_orders, shipments
from app.supply.models import PartsOrder, PartsOrderStatus
from app.supply.parts_orders import Quote
from app.supply.writing import Wanted
from tests import factories, money_factories, supply_factories
from tests.personas import actor_of, people


def test_it_works(database: Database) -> None:
    who = people()
    row = supply_factories.parts_order(by=who.chen)
    assert row.total == 200
    parts_orders.release(by=actor_of(who.chen), order=row, reason="S2611-0001")
    wanted = [Wanted(line.part, line.quantity) for line in parts_orders.lines_of(row)]
    sent = shipments.send(by=actor_of(who.chen), wanted=supply_factories.sending(*wanted, parts_order=row))
    assert sent.is_chargeable
    assert PartsOrder.get_by_id(row.id).status == PartsOrderStatus.SHIPPED
    shipments.receive(by=actor_of(who.chen), shipment=sent, version=1)
    assert PartsOrder.get_by_id(row.id).status == PartsOrderStatus.RECEIVED
    with db.transaction():
        parts_orders.mark_invoiced(by=actor_of(who.chen), order=row)
    assert PartsOrder.get_by_id(row.id).status == PartsOrderStatus.INVOICED


def test_who_made_the_offer_does_not_approve_the_credit(database: Database) -> None:
    who = people()
    own = supply_factories.parts_order(by=who.liu)
    with pytest.raises(NotAllowed, match="somebody else"):
        parts_orders.approve_credit(by=actor_of(who.liu), order=own, version=1, reason="老客户")
    row = supply_factories.parts_order(by=who.chen)
    with pytest.raises(NotAllowed):
        parts_orders.approve_credit(by=actor_of(who.zhao), order=row, version=1, reason="老客户")
    with pytest.raises(Invalid):
        parts_orders.approve_credit(by=actor_of(who.liu), order=row, version=1, reason=" ")
    parts_orders.approve_credit(by=actor_of(who.liu), order=row, version=1, reason="老客户")
    assert row.status == PartsOrderStatus.CREDIT_APPROVED


def test_no_credit_for_whom_the_service_is_suspended(database: Database) -> None:
    who = people()
    row = supply_factories.parts_order(by=who.chen)
    with db.transaction():
        Customer.update(service_stopped_at=clock.now()).where(Customer.id == row.customer_id).execute()
    with pytest.raises(Conflict, match="suspended"):
        parts_orders.approve_credit(by=actor_of(who.liu), order=PartsOrder.get_by_id(row.id), version=1, reason="老客户")
    parts_orders.release(by=actor_of(who.chen), order=row, reason="S2611-0001")


def test_a_quote_needs_a_customer_and_a_price(database: Database) -> None:
    who, line = people(), Wanted(money_factories.part(), Decimal(1))
    with pytest.raises(Invalid) as refused:
        parts_orders.quote(by=actor_of(who.chen), wanted=Quote(customer=None, lines=[line]))
    assert set(refused.value.fields) == {"customer"}
    with pytest.raises(Invalid) as refused:
        parts_orders.quote(by=actor_of(who.chen), wanted=Quote(customer=factories.customer(), lines=[line]))
    assert set(refused.value.fields) == {"line-0-amount"}


def test_a_released_order_is_not_written_anew(database: Database) -> None:
    who = people()
    row = supply_factories.parts_order(by=who.chen)
    wanted = Quote(customer=row.customer, lines=supply_factories.lines(Wanted(money_factories.part(), Decimal(1), amount=Decimal("3.33"))))
    parts_orders.change(by=actor_of(who.chen), order=row, version=1, wanted=wanted)
    assert PartsOrder.get_by_id(row.id).total == Decimal("3.33")
    parts_orders.release(by=actor_of(who.chen), order=row, reason="S2611-0001")
    with pytest.raises(Conflict):
        parts_orders.change(by=actor_of(who.chen), order=row, version=row.version, wanted=wanted)


def test_it_is_not_withdrawn_once_something_was_shipped(database: Database) -> None:
    who = people()
    row = supply_factories.parts_order(by=who.chen)
    parts_orders.release(by=actor_of(who.chen), order=row, reason="S2611-0001")
    line = parts_orders.lines_of(row)[0]
    wanted = supply_factories.sending(Wanted(line.part, Decimal(1)), parts_order=row)
    shipments.send(by=actor_of(who.chen), wanted=wanted)
    with pytest.raises(Conflict):
        parts_orders.cancel(by=actor_of(who.chen), order=row, version=row.version)
    assert parts_orders.still_to_ship(row) == {line.part_id: 1}
    assert PartsOrder.get_by_id(row.id).status == PartsOrderStatus.PAID


def test_a_form_sent_twice_offers_once(database: Database) -> None:
    who = people()
    rows = [supply_factories.parts_order(by=who.chen, form_token="one") for _ in range(2)]
    assert rows[0] == rows[1]
