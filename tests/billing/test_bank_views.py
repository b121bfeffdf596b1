"""The bank's file on screen: seen first, taken in as confirmed."""

import io
import re

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.billing.models import Payment
from tests import factories
from tests.personas import people, sign_in

CONTENT = "交易日期,贷方发生额,对方户名,交易流水号\n2026-11-20,100,云岭环卫,A1\n2026-11-20,200,市财政局,A2\n"


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens are the same on every database."""
    return sqlite_database


def test_it_works(client: FlaskClient) -> None:
    sign_in(client, people().chen)
    factories.customer(name="云岭环卫"), factories.customer(name="南方环卫")
    assert client.get("/payments/bank").status_code == 200
    assert client.post("/payments/bank").status_code == 422
    page = client.post("/payments/bank", data={"bank": (io.BytesIO(CONTENT.encode("gb18030")), "流水.csv")}).text
    assert "市财政局" in page
    assert Payment.select().count() == 0
    kept = re.findall(r'name="bank-kept" value="([^"]+)"', page)
    confirm = {"bank-kept": kept, "shown": "1", "confirm": "1", "take-2": "1", "customer-2": "云岭环卫", "take-3": "1"}
    refused = client.post("/payments/bank", data=confirm)
    assert refused.status_code == 422
    assert Payment.select().count() == 0
    assert client.post("/payments/bank", data=confirm | {"customer-3": "南方环卫"}).status_code == 303
    assert {row.customer.name for row in Payment.select()} == {"云岭环卫", "南方环卫"}
