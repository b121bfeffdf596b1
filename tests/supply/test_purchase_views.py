"""Purchase requests on screen: written by hand, from the minimum stock and for an order; sent, received, listed, printed."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.core import db
from app.parts.ledger import place_of
from app.parts.models import PlaceKind, StockBalance
from app.supply import purchases
from app.supply.models import PurchaseRequest, PurchaseStatus
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


def test_it_works(client: FlaskClient, who: People) -> None:
    part, department = money_factories.part(number="HX-250", name="回油滤芯"), factories.department(name="采购办")
    order = factories.work_order(lead=who.li, status=OrderStatus.WAITING_PARTS)
    given = {"to_place": str(place_of(PlaceKind.MAIN).id), "department": str(department.id), "order": order.number}
    given |= {"line-0-part": part.number, "line-0-quantity": "4", "form_token": "one", "wanted_on": "2026-12-01"}
    for _ in range(2):  # a double click
        client.post("/purchases/new", data=given)
    row = PurchaseRequest.get()
    at = f"/purchases/{row.number}"
    assert "回油滤芯" in client.get(at).text
    client.post(f"{at}/edit", data=given | {"line-0-quantity": "5", "version": "1"})
    client.post(f"{at}/sending", data={"version": "2"})
    line = purchases.lines_of(row)[0]
    assert client.post(f"{at}/receipt", data={"version": "3", f"line-{line.id}": "5", f"cost-{line.id}": "12.5"}).status_code == 303
    assert PurchaseRequest.get().status == PurchaseStatus.RECEIVED
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.DRAFT
    assert row.number in client.get("/purchases?status=received&q=HX").text
    assert "HX-250" in client.get("/purchases.csv?status=").text
    assert client.get("/purchases.xlsx?status=").status_code == 200
    assert "HX-250" in client.get(f"{at}/print").text


def test_what_is_below_the_minimum_and_not_on_its_way_is_proposed(client: FlaskClient, who: People) -> None:
    part, main = money_factories.stocked(quantity=1), place_of(PlaceKind.MAIN)
    with db.transaction():
        StockBalance.update(minimum=Decimal(3)).where(StockBalance.part == part, StockBalance.place == main).execute()
    page = client.get(f"/purchases/new?below={main.id}").text
    assert f'value="{part.number}"' in page
    assert 'value="5"' in page  # up to twice the minimum
    supply_factories.purchase(by=who.chen, wanted=[supply_factories.Wanted(part, Decimal(5))])
    assert f'name="line-0-part" value="{part.number}"' not in client.get(f"/purchases/new?below={main.id}").text


def test_a_wrong_quantity_comes_back_beside_its_field(client: FlaskClient, who: People) -> None:
    row = supply_factories.purchase(by=who.chen)
    client.post(f"/purchases/{row.number}/sending", data={"version": "1"})
    line = purchases.lines_of(row)[0]
    answer = client.post(f"/purchases/{row.number}/receipt", data={"version": "2", f"line-{line.id}": "很多"})
    assert answer.status_code == 422
    assert 'value="很多"' in answer.text
    assert client.post(f"/purchases/{row.number}/receipt", data={"version": "1", f"line-{line.id}": "1"}).status_code == 409
