"""Customers' orders of parts on screen: quoted, paid or credit approved, listed, printed."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.supply.models import PartsOrder, PartsOrderStatus
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


def quoted(number: str, customer: str, **values: str) -> dict[str, str]:
    line = {"line-0-part": number, "line-0-quantity": "3", "line-0-amount": "1,234.50", "line-0-rate": "13"}
    return {"customer": customer, "form_token": "one", "address": "河滨路 1 号"} | line | values


def test_it_works(client: FlaskClient, who: People) -> None:
    part, ticket = money_factories.stocked(name="回油滤芯"), factories.ticket(kind="parts_order", machine=factories.machine())
    customer = ticket.machine.customer.name
    assert customer in client.get(f"/parts-orders/new?ticket={ticket.number}").text
    for _ in range(2):  # a double click
        client.post("/parts-orders/new", data=quoted(part.number, customer, ticket=ticket.number))
    row = PartsOrder.get()
    assert (row.total, row.ticket) == (3703.5, ticket)
    at = f"/parts-orders/{row.number}"
    assert "3,703.50" in client.get(at).text
    assert "叁仟柒佰零叁元伍角" in client.get(f"{at}/print").text
    assert client.get(f"{at}/quote.pdf").data.startswith(b"%PDF")
    client.post(f"{at}/edit", data=quoted(part.number, customer, version="1") | {"line-0-quantity": "2"})
    client.post(f"{at}/payment", data={"paid_by": "S2611-0001"})
    assert PartsOrder.get().status == PartsOrderStatus.PAID
    assert f"/shipments/new?parts_order={row.number}" in client.get(at).text
    assert f'value="{part.number}"' in client.get(f"/shipments/new?parts_order={row.number}").text
    assert row.number in client.get("/parts-orders?q=滤芯").text
    assert part.number in client.get("/parts-orders.csv").text
    assert client.get("/parts-orders.xlsx").status_code == 200


def test_without_a_price_the_one_of_the_catalogue_is_taken(client: FlaskClient, who: People) -> None:
    part, customer = money_factories.part(price=80), factories.customer()
    client.post("/parts-orders/new", data=quoted(part.number, customer.name) | {"line-0-amount": ""})
    assert PartsOrder.get().total == 240
    other = money_factories.part()
    answer = client.post("/parts-orders/new", data=quoted(other.number, customer.name, form_token="two") | {"line-0-amount": ""})
    assert answer.status_code == 422
    assert "单价是多少" in answer.text


def test_only_another_manager_approves_the_credit(client: FlaskClient, who: People) -> None:
    row = supply_factories.parts_order(by=who.chen)
    assert client.post(f"/parts-orders/{row.number}/credit", data={"version": "1", "reason": "老客户"}).status_code == 403
    sign_in(client, who.liu)
    assert client.post(f"/parts-orders/{row.number}/credit", data={"version": "1", "reason": ""}).status_code == 422
    assert client.post(f"/parts-orders/{row.number}/credit", data={"version": "1", "reason": "老客户"}).status_code == 303
    assert PartsOrder.get().status == PartsOrderStatus.CREDIT_APPROVED


def test_an_unknown_customer_is_said_beside_the_field(client: FlaskClient, who: People) -> None:
    answer = client.post("/parts-orders/new", data=quoted(money_factories.part().number, "没有这个客户"))
    assert answer.status_code == 422
    assert "没有这个客户" in answer.text
