"""Shipments on screen: sent from an order, listed by what is open and charged, received, printed."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.parts.ledger import place_of
from app.parts.models import PlaceKind
from app.supply.models import Shipment
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories, money_factories, supply_factories
from tests.personas import People, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def given(order: WorkOrder, number: str, **values: str) -> dict[str, str]:
    filled = {
        "from_place": str(place_of(PlaceKind.MAIN).id),
        "route": "outside",
        "carrier": "顺丰",
        "waybill": "SF123",
        "receiver": "张站长",
    }
    lines = {"line-0-part": number, "line-0-quantity": "2", "line-0-serials": "A1 A2"}
    return filled | lines | {"address": "河滨路 1 号", "order": order.number, "form_token": "one", "cost": "35"} | values


def test_it_works(client: FlaskClient, who: People) -> None:
    part, order = money_factories.stocked(name="回油滤芯"), factories.work_order(lead=who.li, status=OrderStatus.WAITING_PARTS)
    for _ in range(2):  # a double click
        client.post("/shipments/new", data=given(order, part.number))
    row = Shipment.get()
    assert "SF123" in client.get("/shipments?route=outside").text
    assert row.number not in client.get("/shipments?status=charged").text
    assert "A1" in client.get(f"/shipments/{row.number}").text
    answer = client.post(f"/shipments/{row.number}/arrival", data={"version": "1", "receiver": "王班长"})
    assert answer.status_code == 303
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.DRAFT
    assert "王班长" in client.get(f"/shipments/{row.number}").text
    assert "回油滤芯" in client.get("/shipments.csv?status=received").text
    assert client.get("/shipments.xlsx?status=").status_code == 200
    assert "SF123" in client.get(f"/shipments/{row.number}/print").text


def test_off_warranty_it_is_refused_in_words_and_nothing_typed_is_lost(client: FlaskClient, who: People) -> None:
    part, order = money_factories.stocked(), factories.work_order(lead=who.li, warranty="off")
    answer = client.post("/shipments/new", data=given(order, part.number))
    assert answer.status_code == 409
    assert "SF123" in answer.text
    assert Shipment.select().count() == 0


def test_a_second_arrival_is_refused(client: FlaskClient, who: People) -> None:
    row = supply_factories.shipment()
    client.post(f"/shipments/{row.number}/arrival", data={"version": "1"})
    assert client.post(f"/shipments/{row.number}/arrival", data={"version": "2"}).status_code == 409
