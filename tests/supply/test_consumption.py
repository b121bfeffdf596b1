"""Signed reports take their parts from the van; too little there never holds up a signature and is settled afterwards."""

from datetime import datetime
from decimal import Decimal

import pytest
from peewee import Database

from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import system
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PartUnit, PlaceKind, StockMovement, StockPlace
from app.supply import consumption, requisitions, unsettled, vans
from app.supply.consumption import Fitted, Job
from app.supply.models import Requisition, RequisitionStatus
from app.supply.writing import Wanted
from app.work_orders.models import WorkOrder
from tests import factories, money_factories
from tests.personas import People, actor_of, people

BY = system("tests")


def load(who: People, part: Part, quantity: object, serial: str = "") -> StockPlace:
    with db.transaction():
        van = vans.of(BY, who.li)
        supplier = ledger.place_of(PlaceKind.SUPPLIER)
        move = Move(
            kind=MovementKind.TRANSFER, part=part, quantity=Decimal(str(quantity)), from_place=supplier, to_place=van, serial=serial
        )  # fmt: skip
        ledger.move(BY, move, clock.now())
    return van


def use(who: People, *lines: Fitted, order: WorkOrder | None = None, at: datetime | None = None) -> WorkOrder:
    mine = order or factories.work_order(lead=who.li)
    with db.transaction():
        consumption.take(BY, Job(mine, f"R-{mine.number}", mine.machine, [who.li]), lines, at or clock.now())
    return mine


def test_it_works(database: Database) -> None:
    who, part = people(), money_factories.part(number="HX-250")
    van = load(who, part, 3, serial="")
    order = use(who, Fitted("HX-250", 2), Fitted("not in the catalogue", 1))
    assert ledger.held(van, part) == 1
    used = StockMovement.get(StockMovement.kind == MovementKind.USED)
    assert (used.machine, used.about) == (order.machine, f"R-{order.number}")
    assert unsettled.unsettled() == []
    assert ledger.differences() == []


def test_too_little_in_the_van_is_booked_and_settled_afterwards(database: Database) -> None:
    who, part = people(), money_factories.stocked(number="HX-250")
    van = load(who, part, 1)
    order = use(who, Fitted("HX-250", 3))
    assert ledger.held(van, part) == 0
    report = f"R-{order.number}"
    [open_one] = unsettled.unsettled()
    assert (open_one.report, open_one.part, open_one.quantity) == (report, part, 2)
    main = ledger.place_of(PlaceKind.MAIN)
    with pytest.raises(NotAllowed):
        consumption.settle(by=actor_of(who.li), report=report, part=part, from_place=main)
    with pytest.raises(Invalid):
        consumption.settle(by=actor_of(who.chen), report=report, part=part, from_place=ledger.place_of(PlaceKind.SCRAP))
    consumption.settle(by=actor_of(who.chen), report=report, part=part, from_place=main)
    assert ledger.held(main, part) == 8
    assert unsettled.unsettled() == []
    assert ledger.differences() == []
    with pytest.raises(Conflict):
        consumption.settle(by=actor_of(who.chen), report=report, part=part, from_place=main)


def test_a_serial_number_goes_onto_the_machine_and_the_old_one_off(database: Database) -> None:
    who, part = people(), money_factories.part(number="PUMP")
    load(who, part, 1, serial="NEW")
    order = factories.work_order(lead=who.li)
    with db.transaction():
        old = PartUnit.create(part=part, serial="OLD", machine=order.machine, changed_at=clock.now())
    use(who, Fitted("PUMP", 1, serial="NEW", serial_off="OLD"), order=order)
    assert PartUnit.get(PartUnit.serial == "NEW").machine == order.machine
    assert PartUnit.get_by_id(old.id).place == ledger.place_of(PlaceKind.CUSTOMER)


@pytest.mark.parametrize("where", ["store", "machine", "unknown"])
def test_a_serial_number_that_the_books_have_elsewhere_holds_up_nothing(database: Database, where: str) -> None:
    who, part = people(), money_factories.part(number="PUMP")
    van = load(who, part, 1)
    values = {"store": {"place": ledger.place_of(PlaceKind.MAIN)}, "machine": {"machine": factories.machine()}}
    if where != "unknown":
        with db.transaction():
            PartUnit.create(part=part, serial="X", changed_at=clock.now(), **values[where])
    order = use(who, Fitted("PUMP", 1, serial="X"))
    assert PartUnit.get().machine == order.machine
    assert ledger.held(van, part) == 0
    assert ledger.differences() == []


def test_what_is_used_counts_on_the_requisition_of_the_order_first_and_closes_it(database: Database) -> None:
    who = people()
    part, order = money_factories.stocked(), factories.work_order(lead=who.li)
    rows = [money_factories.requisition(technician=who.li, lines=[Wanted(part, Decimal(2))], order=one) for one in (None, order)]
    for row in rows:
        line = requisitions.lines_of(row)[0]
        requisitions.approve(by=actor_of(who.zhao), requisition=row, version=1)
        requisitions.issue(by=actor_of(who.chen), requisition=row, version=2, quantities={line.id: line.asked})
    use(who, Fitted(part.number, 3), order=order)
    first, own = (Requisition.get_by_id(row.id) for row in rows)
    assert own.status == RequisitionStatus.CLOSED
    assert (first.status, requisitions.lines_of(first)[0].used) == (RequisitionStatus.ISSUED, 1)
