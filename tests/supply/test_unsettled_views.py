"""Parts used without stock on screen: listed until the clerk says where they came from."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.core import clock, db
from app.parts.ledger import held, place_of
from app.parts.models import PlaceKind
from app.supply import consumption
from app.supply.consumption import Fitted, Job
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
