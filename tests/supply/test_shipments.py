"""Shipments: through the gate or for a released order, out of a store, received; what is off warranty is charged."""

from dataclasses import replace
from decimal import Decimal

import pytest
from peewee import Database

from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.parts import ledger
from app.parts.models import PlaceKind
from app.supply import consumption, parts_orders, shipments, unsettled, vans
from app.supply.consumption import Fitted, Job
from app.supply.models import Route, Shipment
from app.supply.writing import Wanted
from app.work_orders import gate
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories, money_factories, supply_factories
from tests.personas import actor_of, people


def test_it_works(database: Database) -> None:
    who = people()
    order = factories.work_order(lead=who.li, status=OrderStatus.WAITING_PARTS)
    part = money_factories.stocked()
    wanted = supply_factories.sending(Wanted(part, Decimal(2), ("A",)), order=order)
    sent = shipments.send(by=actor_of(who.chen), wanted=wanted)
    assert (sent.is_chargeable, sent.gate_way) == (False, "in_warranty")
    assert ledger.held(ledger.place_of(PlaceKind.MAIN), part) == 8
    assert [(line.quantity, line.unit.serial if line.unit else "") for line in shipments.lines_of(sent)] == [(1, "A"), (1, "")]
    assert shipments.receive(by=actor_of(who.chen), shipment=sent, version=1)
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.DRAFT
    with pytest.raises(Conflict):
        shipments.receive(by=actor_of(who.chen), shipment=sent, version=2)


def test_off_warranty_the_gate_must_be_open_and_it_is_charged(database: Database) -> None:
    who = people()
    order = factories.work_order(lead=who.li, warranty="off")
    wanted = supply_factories.sending(order=order)
    with pytest.raises(Conflict, match="Off warranty"):
        shipments.send(by=actor_of(who.chen), wanted=wanted)
    assert Shipment.select().count() == 0
    gate.override(by=actor_of(who.zhao), order=order, reason="停机")
    sent = shipments.send(by=actor_of(who.chen), wanted=wanted)
    assert (sent.is_chargeable, sent.gate_way) == (True, "override")
    assert "停机" in sent.gate_proof


def test_into_the_van_of_the_technician_no_gate_is_asked(database: Database) -> None:
    who = people()
    order = factories.work_order(lead=who.li, warranty="off")
    sent = shipments.send(by=actor_of(who.chen), wanted=supply_factories.sending(order=order, is_to_van=True, address=""))
    assert not sent.is_chargeable
    assert sent.to_place == vans.find(who.li)


def test_nothing_ships_before_it_is_paid_nor_more_than_was_ordered(database: Database) -> None:
    who = people()
    row = supply_factories.parts_order(by=who.chen)
    line = parts_orders.lines_of(row)[0]
    with pytest.raises(Conflict, match="not paid"):
        shipments.send(by=actor_of(who.chen), wanted=supply_factories.sending(Wanted(line.part, Decimal(1)), parts_order=row))
    parts_orders.release(by=actor_of(who.chen), order=row, reason="S2611-0001")
    with pytest.raises(Invalid):
        shipments.send(by=actor_of(who.chen), wanted=supply_factories.sending(Wanted(line.part, Decimal(3)), parts_order=row))
    with pytest.raises(NotAllowed):
        shipments.send(by=actor_of(who.li), wanted=supply_factories.sending(Wanted(line.part, Decimal(1)), parts_order=row))


def test_what_is_missing_stands_beside_its_field(database: Database) -> None:
    who = people()
    order = factories.work_order(lead=who.li)
    wanted = supply_factories.sending(order=order, receiver=" ", address="", route=Route.OUTSIDE)
    with pytest.raises(Invalid) as refused:
        shipments.send(by=actor_of(who.chen), wanted=wanted)
    assert set(refused.value.fields) == {"receiver", "address", "carrier"}
    with pytest.raises(Invalid) as refused:
        part = money_factories.part()
        shipments.send(by=actor_of(who.chen), wanted=replace(supply_factories.sending(order=order), lines=[Wanted(part, Decimal(1))]))
    assert set(refused.value.fields) == {"line-0-quantity"}


def test_what_was_shipped_for_the_order_is_used_from_there(database: Database) -> None:
    who, part = people(), money_factories.stocked(number="HX-250")
    order = factories.work_order(lead=who.li)
    shipments.send(by=actor_of(who.chen), wanted=supply_factories.sending(Wanted(part, Decimal(2), ("A",)), order=order))
    with db.transaction():
        job = Job(order, "R1", order.machine, [who.li])
        consumption.take(actor_of(who.li), job, [Fitted("HX-250", 2, serial="A")], clock.now())
    assert unsettled.unsettled() == []
    assert part.units.get().machine == order.machine
