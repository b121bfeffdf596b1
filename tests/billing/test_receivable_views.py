"""What is owed on screen: lists, sums, one amount, a customer's account."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.billing.models import Receivable
from tests import factories, money_factories
from tests.personas import People, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens are the same on every database."""
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.liu)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    one = money_factories.receivable(customer=factories.customer(name="云岭环卫", area=who.north), overdue=40)
    for path in ("/receivables", "/receivables?age=d60", "/receivables/summary", f"/customers/{one.customer_id}/account"):
        assert "云岭环卫" in client.get(path).text
    for by in ("person", "area"):
        assert "¥100.00" in client.get(f"/receivables/summary?by={by}").text
    client.post(f"/receivables/{one.id}/retention", data={"amount": "10", "due_on": "2099-01-01"})
    assert "¥90.00" in client.get(f"/receivables/{one.id}").text
    client.post(f"/receivables/{one.id}/write-off", data={"version": Receivable.get_by_id(one.id).version, "reason": "破产"})
    assert "破产" in client.get(f"/receivables/{one.id}").text


def test_what_is_wrong_stands_beside_its_field(client: FlaskClient, who: People) -> None:
    one = money_factories.receivable()
    for data in ({"amount": "x", "due_on": "2099-01-01"}, {"amount": "1", "due_on": "soon"}, {"amount": "100", "due_on": "2099-01-01"}):
        assert client.post(f"/receivables/{one.id}/retention", data=data).status_code == 422
    assert client.post(f"/receivables/{one.id}/write-off", data={"version": one.version}).status_code == 422
    assert client.post(f"/receivables/{one.id}/write-off", data={"version": 99, "reason": "x"}).status_code == 409


@pytest.mark.parametrize("name", ["receivables", "receivables/summary", "customers/{customer}/account"])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_every_list_can_be_taken_along(client: FlaskClient, who: People, name: str, suffix: str) -> None:
    one = money_factories.receivable()
    assert client.get(f"/{name.format(customer=one.customer_id)}.{suffix}").status_code == 200


@pytest.mark.parametrize("query", ["state=none", "state=", "age=none", "kind=none", "customer=x", "sort=none"])
def test_an_address_that_nobody_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/receivables?{query}").status_code == 422


def test_money_of_another_area_is_not_to_be_seen(client: FlaskClient, who: People) -> None:
    far = money_factories.receivable(customer=factories.customer(name="南方环卫", area=who.south))
    sign_in(client, who.li)
    assert client.get(f"/receivables/{far.id}").status_code == 404
    assert client.get(f"/customers/{far.customer_id}/account").status_code == 404
    for path in ("/receivables", "/receivables.csv", "/receivables/summary", "/receivables/summary.csv"):
        assert "南方环卫" not in client.get(path).text
