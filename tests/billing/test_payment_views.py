"""Payments on screen: recorded with a proposal, listed, allocated, voided, printed."""

import io
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.billing.models import Payment
from app.core import clock
from app.customers.models import Customer
from tests import factories, money_factories
from tests.personas import People, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens are the same on every database."""
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def came(customer: Customer, **values: object) -> dict[str, object]:
    today = clock.today()
    typed = {"customer": customer.name, "amount": "1,100", "way": "transfer", "received_on": today.isoformat(), "form_token": "one"}
    return typed | values


def test_it_works(client: FlaskClient, who: People) -> None:
    owed = money_factories.receivable(customer=factories.customer(name="云岭环卫"), amount=Decimal("1000.50"))
    for _ in range(2):  # a double click
        sent = came(owed.customer, **{f"wish-{owed.id}": "1000.50", "proof": (io.BytesIO(factories.picture()), "回单.png")})
        answer = client.post("/payments/new", data=sent)
    payment = Payment.get()
    assert answer.headers["Location"] == f"/payments/{payment.number}"
    assert "¥99.50" in client.get(f"/payments/{payment.number}").text
    assert "云岭环卫" in client.get("/payments?state=left").text
    assert "壹仟壹佰元整" in client.get(f"/payments/{payment.number}/receipt").text
    assert client.get(f"/payments/{payment.number}/proof?preview=1").status_code == 200
    allocation = payment.allocations.get()
    client.post(f"/payments/{payment.number}/allocations/{allocation.id}/release")
    client.post(f"/payments/{payment.number}/allocations", data={f"wish-{owed.id}": "500"})
    assert Payment.get().allocated == 500
    client.post(f"/payments/{payment.number}/voiding", data={"version": Payment.get().version, "reason": "重复"})
    assert Payment.get().void_reason == "重复"
    assert client.get(f"/payments/{payment.number}/receipt").status_code == 404


def test_amounts_are_proposed_for_customer_and_sum(client: FlaskClient, who: People) -> None:
    owed = money_factories.receivable(amount=Decimal(300))
    page = client.get("/payments/new", query_string={"customer": owed.customer.name, "amount": "300"}).text
    assert f'name="wish-{owed.id}" value="300"' in page


def test_what_is_missing_is_said_and_what_was_typed_stays(client: FlaskClient, who: People) -> None:
    owed = money_factories.receivable()
    answer = client.post("/payments/new", data=came(owed.customer, way="acceptance", remark="银承", **{f"wish-{owed.id}": "abc"}))
    assert answer.status_code == 422
    assert "银承" in answer.text
    assert 'value="abc"' in answer.text
    answer = client.post("/payments/new", data=came(owed.customer) | {"customer": "nobody"})
    assert answer.status_code == 422
    assert Payment.select().count() == 0


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_list_can_be_taken_along(client: FlaskClient, who: People, suffix: str) -> None:
    money_factories.payment()
    assert client.get(f"/payments.{suffix}").status_code == 200


@pytest.mark.parametrize("query", ["state=none", "way=none", "from=yesterday", "customer=x", "sort=none", "after=x"])
def test_an_address_that_nobody_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/payments?{query}").status_code == 422


@pytest.mark.parametrize("sort", ["received_on", "-received_on", "amount", "-amount", "number"])
def test_pages_follow_each_other(client: FlaskClient, who: People, sort: str) -> None:
    customer = factories.customer()
    for number in range(60):
        money_factories.payment(customer=customer, amount=Decimal(number + 1))
    first = client.get(f"/payments?sort={sort}").text
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(following).text
    assert first.count("data-row") + second.count("data-row") == 60
