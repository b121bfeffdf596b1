"""Cash on screen: taken on the job, confirmed, settled; jobs to be checked."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.billing.models import Payment, Receivable
from app.core import clock
from app.machines.warranty import WarrantyState
from app.work_orders.models import OrderStatus
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens are the same on every database."""
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    return people()


def test_it_works(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE, warranty=WarrantyState.OFF, area=who.north)
    factories.service_report(order=order, money_fen=35_000)
    sign_in(client, who.li)
    assert f"/my/jobs/{order.number}/payment" in client.get(f"/my/jobs/{order.number}").text
    assert 'value="350"' in client.get(f"/my/jobs/{order.number}/payment").text
    for _ in range(2):  # a double click
        answer = client.post(f"/my/jobs/{order.number}/payment", data={"amount": "350", "way": "cash", "form_token": "one"})
    assert answer.headers["Location"] == f"/my/jobs/{order.number}"
    payment = Payment.get()
    assert "¥350.00" in client.get(f"/my/jobs/{order.number}").text
    assert order.number in client.get("/cash").text
    assert order.number in client.get("/payments.csv").text
    assert client.post(f"/payments/{payment.number}/confirmation").status_code == 403
    sign_in(client, who.chen)
    assert client.post(f"/payments/{payment.number}/confirmation", data={"from_cash": "1"}).headers["Location"] == "/cash"
    day = {"technician": str(who.li.id), "on": payment.received_on.isoformat(), "total": "350.00"}
    client.post("/cash/settlements", data=day)
    assert Payment.get().settled_by_name == "陈文员"


def test_a_wrong_amount_comes_back_with_words(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)
    sign_in(client, who.li)
    assert client.post(f"/my/jobs/{order.number}/payment", data={"amount": "-5", "way": "cash"}).status_code == 422
    assert client.post(f"/my/jobs/{order.number}/payment", data={"amount": "5", "way": "acceptance"}).status_code == 422
    foreign = factories.work_order(lead=who.wang, status=OrderStatus.ON_SITE)
    assert client.get(f"/my/jobs/{foreign.number}/payment").status_code == 404


def test_the_clerk_notes_what_was_not_paid(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.FINISHED, warranty=WarrantyState.OFF)
    sign_in(client, who.chen)
    assert "/cash/unpaid" in client.get("/cash").text
    today = clock.now().date().isoformat()
    answer = client.post(f"/cash/unpaid/{order.number}", data={"amount": "abc", "due_on": today})
    assert answer.status_code == 422
    assert 'value="abc"' in answer.text
    client.post(f"/cash/unpaid/{order.number}", data={"amount": "800", "due_on": today})
    assert Receivable.get().amount == 800
    assert client.get("/receivables.csv").text.count(order.number) == 2  # what for, and the order
    assert client.post(f"/cash/unpaid/{order.number}", data={"amount": "800", "due_on": today}).status_code == 409
    assert order.number not in client.get("/cash/unpaid").text
    for path in ("/cash/unpaid?state=all", "/cash/unpaid.csv?state=all"):
        assert order.number in client.get(path).text
    assert client.get("/cash/unpaid.xlsx").status_code == 200
