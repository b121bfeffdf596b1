"""Purchase requests: drafted, sent, received whole or in parts; the order that waited goes back into the queue."""

from decimal import Decimal

import pytest
from peewee import Database

from app.accounts.models import Notice
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.outbox import OutboxMessage
from app.parts import ledger
from app.parts.models import PlaceKind, StockMovement
from app.supply import purchases
from app.supply.models import PurchaseRequest, PurchaseStatus
from app.supply.purchases import Came, Purchase
from app.supply.writing import Wanted
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories, money_factories, supply_factories
from tests.personas import People, actor_of, people


def came(**values: object) -> Came:
    return Came(**{"quantities": {}, "serials": {}, "costs": {}} | values)


def sent(who: People, **values: object) -> PurchaseRequest:
    part = money_factories.part(number="HX-250")
    row = supply_factories.purchase(by=who.chen, wanted=[Wanted(part, Decimal(5))], **values)
    purchases.send(by=actor_of(who.chen), request=row, version=row.version)
    return row


def receive(who: People, row: PurchaseRequest, quantity: object) -> bool:
    line = purchases.lines_of(row)[0]
    return purchases.receive(
        by=actor_of(who.chen), request=row, version=row.version, came=came(quantities={line.id: Decimal(str(quantity))})
    )


def test_it_works(database: Database) -> None:
    who = people()
    row = sent(who)
    mail = OutboxMessage.get()
    assert "HX-250" in mail.body
    assert row.number in mail.subject
    receive(who, row, 2)
    assert row.status == PurchaseStatus.PARTLY_RECEIVED
    receive(who, row, 3)
    assert row.status == PurchaseStatus.RECEIVED
    part = purchases.lines_of(row)[0].part
    assert ledger.held(ledger.place_of(PlaceKind.MAIN), part) == 5
    assert ledger.differences() == []


def test_the_order_that_waited_goes_back_into_the_queue_with_the_last_part(database: Database) -> None:
    who = people()
    order = factories.work_order(lead=who.li, status=OrderStatus.WAITING_PARTS)
    row, other = sent(who, order=order), supply_factories.purchase(by=who.chen, order=order)
    assert not receive(who, row, 2)
    assert not receive(who, row, 3)  # the other request is still to come
    purchases.cancel(by=actor_of(who.chen), request=other, version=other.version)
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.WAITING_PARTS
    last = sent_again(who, order)
    assert receive(who, last, 1)
    present = WorkOrder.get_by_id(order.id)
    assert (present.status, present.lead) == (OrderStatus.DRAFT, None)
    assert {notice.user for notice in Notice.select().where(Notice.message.contains("are here"))} >= {who.zhao, who.li}


def sent_again(who: People, order: WorkOrder) -> PurchaseRequest:
    row = supply_factories.purchase(by=who.chen, order=order, wanted=[Wanted(money_factories.part(), Decimal(1))])
    purchases.send(by=actor_of(who.chen), request=row, version=row.version)
    return row


def test_no_more_comes_than_was_asked_for(database: Database) -> None:
    who = people()
    row = sent(who)
    with pytest.raises(Invalid):
        receive(who, row, 6)
    with pytest.raises(Invalid):
        receive(who, PurchaseRequest.get_by_id(row.id), 0)
    assert StockMovement.select().count() == 0


def test_nothing_is_received_that_was_not_sent_nor_changed_that_was(database: Database) -> None:
    who = people()
    draft = supply_factories.purchase(by=who.chen)
    with pytest.raises(Conflict):
        receive(who, draft, 1)
    row = sent(who)
    place = ledger.place_of(PlaceKind.MAIN)
    with pytest.raises(Conflict):
        purchases.change(
            by=actor_of(who.chen), request=row, version=row.version, wanted=Purchase(to_place=place, lines=supply_factories.lines())
        )
    with pytest.raises(NotAllowed):
        purchases.send(by=actor_of(who.li), request=draft, version=1)


def test_what_does_not_come_any_more_holds_up_nothing(database: Database) -> None:
    who = people()
    order = factories.work_order(lead=who.li, status=OrderStatus.WAITING_PARTS)
    row = sent(who, order=order)
    receive(who, row, 1)
    with pytest.raises(Conflict):
        purchases.cancel(by=actor_of(who.chen), request=row, version=row.version)
    assert purchases.end(by=actor_of(who.chen), request=row, version=row.version)
    assert row.status == PurchaseStatus.RECEIVED


def test_the_cost_goes_into_the_ledger_for_the_whole_quantity(database: Database) -> None:
    who = people()
    row = sent(who)
    line = purchases.lines_of(row)[0]
    given = came(quantities={line.id: Decimal(3)}, costs={line.id: Decimal("2.35")}, serials={line.id: ["A"]})
    purchases.receive(by=actor_of(who.chen), request=row, version=row.version, came=given)
    assert [move.cost for move in StockMovement.select().order_by(StockMovement.id)] == [Decimal("2.35"), Decimal("4.70")]
