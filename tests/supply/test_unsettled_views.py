"""Parts used without stock on screen: listed until the clerk says where they came from."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.core import clock, db
from app.parts.ledger import held, place_of
from app.parts.models import PlaceKind
from app.supply import consumption, requisitions
from app.supply.consumption import Fitted, Job
from app.supply.writing import Wanted
from app.work_orders.models import OrderStatus
from tests import factories, money_factories
from tests.personas import actor_of, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def test_it_works(client: FlaskClient) -> None:
    who, part = people(), money_factories.stocked(number="HX-250", quantity=3)
    order = factories.work_order(lead=who.li)
    with db.transaction():
        consumption.take(actor_of(who.li), Job(order, "R2611-0001", order.machine, [who.li]), [Fitted("HX-250", 2)], clock.now())
    sign_in(client, who.chen)
    assert "无库存已使用配件：1" in client.get("/").text
    assert "R2611-0001" in client.get("/supply/unsettled").text
    assert "R2611-0001,HX-250" in client.get("/supply/unsettled.csv").text
    assert client.get("/supply/unsettled.xlsx").data.startswith(b"PK")
    given = {"report": "R2611-0001", "part": "HX-250", "from_place": ""}
    assert client.post("/supply/unsettled/settlement", data=given).status_code == 422
    main = place_of(PlaceKind.MAIN)
    assert client.post("/supply/unsettled/settlement", data=given | {"from_place": str(main.id)}).status_code == 303
    assert held(main, part) == 1
    assert "R2611-0001" not in client.get("/supply/unsettled").text


def test_the_papers_of_parts_stand_on_the_order_and_the_ticket(client: FlaskClient) -> None:
    who = people()
    order = factories.work_order(lead=who.li)
    row = money_factories.requisition(technician=who.li, order=order)
    ticket = factories.ticket(kind="parts_order")
    sign_in(client, who.chen)
    page = client.get(f"/work-orders/{order.number}").text
    assert row.number in page
    assert f"/shipments/new?order={order.number}" in page
    assert f"/parts-orders/new?ticket={ticket.number}" in client.get(f"/tickets/{ticket.number}").text
    assert "/my/jobs" not in page
    sign_in(client, who.li)
    assert f"/my/jobs/{order.number}/parts" in client.get(f"/my/jobs/{order.number}").text


def test_the_report_offers_what_the_van_holds_and_the_machine_shows_what_is_on_it(client: FlaskClient) -> None:
    who, part = people(), money_factories.stocked(number="HX-250", name="回油滤芯")
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)
    row = money_factories.requisition(technician=who.li, lines=[Wanted(part, Decimal(2))], order=order)
    requisitions.approve(by=actor_of(who.zhao), requisition=row, version=1)
    quantities = {line.id: line.asked for line in requisitions.lines_of(row)}
    serials = {line.id: ("A1",) for line in requisitions.lines_of(row)}
    requisitions.issue(by=actor_of(who.chen), requisition=row, version=2, quantities=quantities, serials=serials)
    sign_in(client, who.li)
    assert '<option value="HX-250">' in client.get(f"/my/jobs/{order.number}/report?step=parts").text
    with db.transaction():
        consumption.take(actor_of(who.li), Job(order, "R1", order.machine, [who.li]), [Fitted("HX-250", 1, serial="A1")], clock.now())
    sign_in(client, who.chen)
    assert "A1" in client.get(f"/machines/{order.machine.serial}").text
